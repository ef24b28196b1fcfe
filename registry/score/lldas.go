package score

import "firewolf/registry/term"

// LLDASRule are the parameters of low disease activity.
type LLDASRule struct {
	Sledai int     // at most 4
	PGA    float64 // at most 1, on the scale of 0 to 3
	GC     float64 // at most 7.5 mg/d prednisolone equivalent
	// ProductInvestigational lets the infused cells count as an investigational drug, so that nobody can be in low
	// disease activity after them. By default they do not count.
	ProductInvestigational bool
}

// LLDAS is the definition of 2016. Franklyn K et al. Ann Rheum Dis 2016;75:1615-1621.
// https://doi.org/10.1136/annrheumdis-2015-207726
func LLDAS() LLDASRule { return LLDASRule{Sledai: 4, PGA: 1, GC: 7.5} }

// LLDASInput is what low disease activity is judged by.
type LLDASInput struct {
	Now, Before    Sledai // Before is the assessment before this one
	Hemolysis, Gut Fact   // hemolytic anemia, gastrointestinal activity: no items of SLEDAI-2K
	PGA, GC        Value
	Standard       Fact // only standard maintenance immunosuppressives and approved biologics
	AfterProduct   bool // CAR-T cells were infused before
}

// Assess judges low disease activity: all five must hold.
func (r LLDASRule) Assess(in LLDASInput) Outcome {
	total := in.Now.Score()
	low := All(total.AtMost(r.Sledai), in.Now.major().Not(), in.Hemolysis.Not(), in.Gut.Not())
	standard := in.Standard
	if r.ProductInvestigational && in.AfterProduct {
		standard.Truth = No
	}
	return conclude(term.LLDAS,
		Criterion{"criterion-sledai-low", low, []Input{
			points(term.SLEDAI2K, total), fact("hemolytic-anemia", in.Hemolysis), fact("gi-activity", in.Gut),
		}},
		Criterion{"criterion-no-new", in.Now.newSince(in.Before).Not(), []Input{
			points(term.SLEDAI2K, total), points("sledai-2k-before", in.Before.Score()),
		}},
		Criterion{"criterion-pga-one", in.PGA.AtMost(r.PGA), []Input{number(term.PGA, in.PGA)}},
		Criterion{"criterion-gc-7-5", in.GC.AtMost(r.GC), []Input{number(term.GCDose, in.GC)}},
		Criterion{"criterion-standard", standard.Truth, []Input{fact("standard-therapy", standard)}},
	)
}
