package score

import (
	"cmp"
	"slices"

	"firewolf/registry/term"
)

// BCellRule are the parameters of B-cell aplasia and its end. There is no consensus on them, so that every result says which were used.
type BCellRule struct {
	AplasiaMax     float64 // CD19+ cells per microliter, at most
	AplasiaPercent float64 // or CD19+ cells below this share of lymphocytes, %
	ReturnOver     float64 // CD19+ cells per microliter, more than
	ReturnAtLLN    bool    // more strictly: at the lower limit of the own laboratory or above
	Confirmed      bool    // the return needs a second sample in turn; a last sample alone does not count
}

// BCells are the thresholds that are used where nobody says others.
func BCells() BCellRule {
	return BCellRule{AplasiaMax: 10, AplasiaPercent: 1, ReturnOver: 10, Confirmed: true}
}

// Sample is one count of B cells.
type Sample struct {
	Day     int   // after the infusion
	Count   Value // per microliter
	Percent Value // of lymphocytes
	LLN     Value // lower limit of the own laboratory, per microliter
	From    string
}

// Return is the end of B-cell aplasia. The cells returned at some time after LowerBound and at Day at the latest.
type Return struct {
	Aplasia    Truth       // there was an aplastic sample after the infusion
	Result     term.Result // of the return: not-met says that they had not come back by Day, where the time is censored
	Day        int         // of the first sample with B cells, or of the last sample
	LowerBound int         // the last sample without B cells before Day
	Confirmed  bool        // a second sample in turn says so too
	Sources    []string
}

// Assess finds the return of B cells in samples of any order. Samples before the infusion say nothing.
func (r BCellRule) Assess(samples []Sample) Return {
	after := slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool { return s.Day <= 0 })
	slices.SortStableFunc(after, func(a, b Sample) int { return cmp.Compare(a.Day, b.Day) })
	out := Return{Result: term.NotEvaluable}
	for k, s := range after {
		switch r.aplastic(s) {
		case Yes:
			out.Aplasia, out.LowerBound = Yes, s.Day
			out.Sources = []string{s.From}
		case No:
			if out.Aplasia == Unknown {
				out.Aplasia = No
			}
		case Unknown:
		}
		if out.Aplasia == Yes && r.returned(s) == Yes && r.confirmedAt(after, k, &out) {
			out.Result, out.Day = term.Met, s.Day
			out.Sources = append(out.Sources, s.From)
			return out
		}
	}
	if out.Aplasia == Yes {
		out.Result, out.Day = term.NotMet, after[len(after)-1].Day
		out.Sources = append(out.Sources, after[len(after)-1].From)
	}
	return out
}

// confirmedAt reports whether the return at sample k counts.
func (r BCellRule) confirmedAt(l []Sample, k int, out *Return) bool {
	next := k + 1
	out.Confirmed = next < len(l) && r.returned(l[next]) == Yes
	return out.Confirmed || !r.Confirmed && next == len(l)
}

// aplastic judges by what was measured: either of the two is enough.
func (r BCellRule) aplastic(s Sample) Truth {
	count, percent := s.Count.AtMost(r.AplasiaMax), s.Percent.Below(r.AplasiaPercent)
	switch {
	case !count.Known():
		return percent
	case !percent.Known():
		return count
	default:
		return Any(count, percent)
	}
}

func (r BCellRule) returned(s Sample) Truth {
	if !r.ReturnAtLLN {
		return s.Count.Above(r.ReturnOver)
	}
	if !s.LLN.Exact() {
		return Unknown
	}
	return s.Count.AtLeast(s.LLN.X)
}
