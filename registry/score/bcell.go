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
	Confirmed      bool    // the return needs a second sample in turn; else one sample is enough
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
	Aplasia Truth // there was an aplastic sample after the infusion
	// Result of the return: not-met says that they had not come back by Day, where the time is censored; not-evaluable that samples after the
	// aplasia do not tell.
	Result     term.Result
	Day        int  // of the first sample with B cells, or of the last sample; 0 without aplasia
	LowerBound int  // the last sample without B cells before Day
	Confirmed  bool // a second sample in turn says so too
	Sources    []string
}

// Assess finds the return of B cells in samples of any order. Samples before the infusion say nothing, nor do those without a result.
func (r BCellRule) Assess(samples []Sample) Return {
	after := slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool { return s.Day <= 0 || !s.Count.Known && !s.Percent.Known })
	slices.SortStableFunc(after, func(a, b Sample) int { return cmp.Compare(a.Day, b.Day) })
	out, back := Return{Result: term.NotEvaluable}, No
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
		if out.Aplasia != Yes {
			continue
		}
		here := r.returnedAt(after, k)
		if back = Any(back, here); here == Yes {
			out.Result, out.Day = term.Met, s.Day
			out.Confirmed = k+1 < len(after) && r.returned(after[k+1]) == Yes
			out.Sources = append(out.Sources, s.From)
			return out
		}
	}
	if out.Aplasia == Yes {
		if out.Day = after[len(after)-1].Day; back == No {
			out.Result = term.NotMet
		}
		out.Sources = append(out.Sources, after[len(after)-1].From)
	}
	return out
}

// returnedAt says whether the cells are back at sample k: it says so, and the next too where that is asked for.
func (r BCellRule) returnedAt(l []Sample, k int) Truth {
	switch here := r.returned(l[k]); {
	case !r.Confirmed:
		return here
	case k+1 < len(l):
		return All(here, r.returned(l[k+1]))
	default:
		return No
	}
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

// returned judges by the count. A share of lymphocytes says only that there are none: where there is no threshold of it nobody knows whether a
// larger one is a return.
func (r BCellRule) returned(s Sample) Truth {
	back := s.Count.Above(r.ReturnOver)
	if r.ReturnAtLLN {
		back = Unknown
		if s.LLN.Exact() {
			back = s.Count.AtLeast(s.LLN.X)
		}
	}
	if !back.Known() && r.aplastic(s) == Yes {
		return No
	}
	return back
}
