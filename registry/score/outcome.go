package score

import (
	"slices"

	"firewolf/registry/term"
)

// Outcome is what a rule says of a patient at a point in time. Result is that all of Criteria hold.
type Outcome struct {
	Code     string // local: doris-2021
	Result   term.Result
	Criteria []Criterion
	Beside   []Criterion // told too, without deciding
}

// Criterion is one condition of an outcome with its own result.
type Criterion struct {
	Code   string // local: criterion-pga-low
	Truth  Truth
	Inputs []Input
}

// Input is what a criterion was decided by.
type Input struct {
	Name  string // pga
	Value string // as it was used; "unknown" where it is missing
	From  string // the resource, "Observation/1"; "" where there is none
}

// ResultOf returns the result that a truth stands for.
func ResultOf(t Truth) term.Result {
	switch t {
	case Yes:
		return term.Met
	case No:
		return term.NotMet
	default:
		return term.NotEvaluable
	}
}

// conclude makes an outcome of its criteria. One that does not hold decides, also where another is not known.
func conclude(code string, criteria ...Criterion) Outcome {
	truths := make([]Truth, len(criteria))
	for k, c := range criteria {
		truths[k] = c.Truth
	}
	return Outcome{Code: code, Result: ResultOf(All(truths...)), Criteria: criteria}
}

// within makes an outcome that is judged only of those for whom the gate holds: the others are not in its denominator, so it
// is not evaluable whatever the criteria say.
func within(code string, gate Criterion, criteria ...Criterion) Outcome {
	o := conclude(code, criteria...)
	o.Criteria = append([]Criterion{gate}, o.Criteria...)
	if gate.Truth != Yes {
		o.Result = term.NotEvaluable
	}
	return o
}

// Truth returns the result as a truth.
func (o Outcome) Truth() Truth {
	switch o.Result {
	case term.Met:
		return Yes
	case term.NotMet:
		return No
	default:
		return Unknown
	}
}

// Sources returns the resources that the outcome was computed from, each once, in the order of the criteria.
func (o Outcome) Sources() []string {
	var l []string
	for _, c := range append(slices.Clone(o.Criteria), o.Beside...) {
		for _, in := range c.Inputs {
			if in.From != "" && !slices.Contains(l, in.From) {
				l = append(l, in.From)
			}
		}
	}
	return l
}

func number(name string, v Value) Input { return Input{name, v.String(), v.From} }

func fact(name string, f Fact) Input { return Input{name, f.String(), f.From} }
