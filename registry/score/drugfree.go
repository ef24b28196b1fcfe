package score

import "firewolf/registry/term"

// Freedom says of which drugs a patient is free at a point in time. The three are kept apart, because "drug-free" means
// different things to different studies.
type Freedom struct {
	GC           Value // mg/d prednisolone equivalent: 0 is free
	Steroids     Fact  // free of glucocorticoids by what is told of drugs
	IS           Fact  // free of immunosuppressives and biologics
	Antimalarial Fact
}

// gc judges by the dose. A drug that is taken beside a dose of 0 contradicts it, so that nobody knows; without a dose it decides. That no
// glucocorticoid is among the drugs says nothing: few who tell of drugs tell of all.
func (f Freedom) gc() Criterion {
	c := Criterion{"gc-free", f.GC.AtMost(0), []Input{number(term.GCDose, f.GC)}}
	if f.Steroids.Truth == No {
		c.Inputs = append(c.Inputs, fact("glucocorticoid-free", f.Steroids))
		if c.Truth = No; f.GC.AtMost(0) == Yes {
			c.Truth = Unknown
		}
	}
	return c
}

func (f Freedom) is() Criterion {
	return Criterion{"is-free", f.IS.Truth, []Input{fact("is-free", f.IS)}}
}

func (f Freedom) antimalarial() Criterion {
	return Criterion{"antimalarial-free", f.Antimalarial.Truth, []Input{fact("antimalarial-free", f.Antimalarial)}}
}

// Criteria returns the three freedoms and, as the fourth, whether all hold.
func (f Freedom) Criteria() []Criterion {
	l := []Criterion{f.gc(), f.is(), f.antimalarial()}
	return append(l, Criterion{Code: "drug-free", Truth: All(l[0].Truth, l[1].Truth, l[2].Truth)})
}

// DrugFree is remission by DORIS without glucocorticoid, immunosuppressive and antimalarial.
func DrugFree(doris Outcome, f Freedom) Outcome {
	return conclude(term.DrugFreeRemission, InRemission(doris), f.gc(), f.is(), f.antimalarial())
}

// OffTreatment is remission by DORIS without glucocorticoid and immunosuppressive; antimalarials are allowed, as in the
// definition "off therapy" of 2016. https://doi.org/10.1136/annrheumdis-2016-209519
func OffTreatment(doris Outcome, f Freedom) Outcome {
	return conclude(term.DORISOffTreatment, InRemission(doris), f.gc(), f.is())
}

// GCFree and ISFree are remission by DORIS free of one kind of drug, whatever is taken of the other.
func GCFree(doris Outcome, f Freedom) Outcome {
	return conclude("gc-free-remission", InRemission(doris), f.gc())
}

// ISFree is remission without immunosuppressives and biologics.
func ISFree(doris Outcome, f Freedom) Outcome {
	return conclude("is-free-remission", InRemission(doris), f.is())
}

// InRemission is that DORIS is met, with all that it was judged by.
func InRemission(doris Outcome) Criterion {
	c := Criterion{Code: "criterion-doris", Truth: doris.Truth()}
	for _, part := range doris.Criteria {
		c.Inputs = append(c.Inputs, part.Inputs...)
	}
	return c
}
