package course

import (
	"unique"

	"firewolf/fhir/tree"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// Lab is a laboratory value in the canonical unit of its analyte (or, without one, as the laboratory says), with the
// limits of the laboratory itself in the same unit. A course has more of them than of all else, so that they are kept small: 32 bytes.
type Lab struct {
	Day     Day
	Analyte Analyte
	sign    score.Comparator
	known   bool
	x       float64
	limits  unique.Handle[Limits] // many values share them
	from    *string               // nil where sources are not kept
}

// Limits are those of a laboratory.
type Limits struct{ Low, High score.Value }

// newLab returns the value of an analyte on a day.
func newLab(day Day, a Analyte, v score.Value, l Limits) Lab {
	out := Lab{Day: day, Analyte: a, sign: v.Sign, known: v.Known, x: v.X, limits: unique.Make(l)}
	if v.From != "" {
		out.from = &v.From
	}
	return out
}

// Value is what was measured.
func (l Lab) Value() score.Value {
	v := score.Value{X: l.x, Sign: l.sign, Known: l.known}
	if l.from != nil {
		v.From = *l.from
	}
	return v
}

// Limits are those that the laboratory told with the value.
func (l Lab) Limits() Limits {
	if l.limits == (unique.Handle[Limits]{}) {
		return Limits{}
	}
	return l.limits.Value()
}

// limitsOf are those of the normal range that a laboratory tells with a value in a unit. A limit without a unit is in that of
// the value. An analyte without a canonical unit is compared with limits in its own unit only.
func limitsOf(n tree.Node, a term.Analyte, unit string) Limits {
	r := normalRange(n.Member("referenceRange"))
	limit := func(name string) score.Value {
		v, of := quantity(r.Member(name), "")
		if of == "" {
			of = unit
		}
		if a.Unit == "" && of != unit {
			return score.Value{}
		}
		return canonical(a, v, of)
	}
	return Limits{Low: limit("low"), High: limit("high")}
}

// normalRange is the first range with a limit that says that it is of healthy people, or else that does not say of whom it is.
// https://hl7.org/fhir/R4/observation-definitions.html#Observation.referenceRange.type
func normalRange(ranges tree.Node) (found tree.Node) {
	for r := range ranges.Items() {
		if !r.Member("low").Exists() && !r.Member("high").Exists() {
			continue
		}
		meaning := ""
		codes(r.Member("type"), func(system, code string) bool {
			if system == term.HL7+"referencerange-meaning" {
				meaning = code
			}
			return meaning == ""
		})
		switch {
		case meaning == "normal":
			return r
		case meaning == "" && !found.Exists():
			found = r
		}
	}
	return found
}
