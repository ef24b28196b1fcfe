package score

import "firewolf/registry/term"

// ResponseRule are the parameters of a response to treatment.
type ResponseRule struct {
	Fall     int     // of SLEDAI-2K, at least 4
	PGARise  float64 // less than 0.3, on the scale of 0 to 3
	NewA     int     // new BILAG A at most 0
	NewB     int     // new BILAG B at most 1
	Baseline int     // SLEDAI-2K at baseline from which on a fall can be judged: 4
}

// SRI4 is the SLE responder index. Furie RA et al. Arthritis Rheum 2009;61:1143-1151.
// https://doi.org/10.1002/art.24698 The numbers beside the fall are parameters: read them in the protocol of a trial.
func SRI4() ResponseRule { return ResponseRule{Fall: 4, PGARise: 0.3, NewA: 0, NewB: 1, Baseline: 4} }

// Assessment is what a response compares.
type Assessment struct {
	Total Points
	PGA   Value
}

// ResponseInput is what a response is judged by.
type ResponseInput struct {
	Baseline, Now Assessment
	NewA, NewB    Value   // organ systems with a new BILAG A or B since baseline; unknown without BILAG
	Rescue        Fact    // a treatment was given that the protocol does not allow
	Grades        []Input // of BILAG, that were counted
}

// Sledai judges the fall of SLEDAI-2K alone.
func (r ResponseRule) Sledai(in ResponseInput) Outcome {
	return within(term.SledaiResponse4, r.active(in), r.fall(in))
}

// Assess judges SRI. Without BILAG it is not evaluable, unless another criterion fails.
func (r ResponseRule) Assess(in ResponseInput) Outcome {
	bilag := All(in.NewA.AtMost(float64(r.NewA)), in.NewB.AtMost(float64(r.NewB)))
	return within(term.SRI4, r.active(in), r.fall(in),
		Criterion{"criterion-bilag", bilag, append([]Input{number("bilag-new-a", in.NewA), number("bilag-new-b", in.NewB)}, in.Grades...)},
		Criterion{"criterion-pga-stable", r.stable(in), []Input{number("pga-baseline", in.Baseline.PGA), number(term.PGA, in.Now.PGA)}},
		Criterion{"criterion-no-rescue", in.Rescue.Not(), []Input{fact("rescue", in.Rescue)}},
	)
}

// Among says whether a baseline has enough activity to fall from, without which there is no response to judge.
func (r ResponseRule) Among(baseline Assessment) Truth { return baseline.Total.AtLeast(r.Baseline) }

func (r ResponseRule) active(in ResponseInput) Criterion {
	return Criterion{"criterion-active-baseline", r.Among(in.Baseline), []Input{points("sledai-2k-baseline", in.Baseline.Total)}}
}

func (r ResponseRule) fall(in ResponseInput) Criterion {
	t := Unknown
	before, now := in.Baseline.Total, in.Now.Total
	switch {
	case before.Max-now.Min < r.Fall:
		t = No
	case before.Min-now.Max >= r.Fall:
		t = Yes
	}
	return Criterion{"criterion-sledai-fall", t, []Input{points("sledai-2k-baseline", before), points(term.SLEDAI2K, now)}}
}

// stable compares in thousandths, so that a rise from 0.1 to 0.4 is 0.3 and not a little more.
func (r ResponseRule) stable(in ResponseInput) Truth {
	before, now := in.Baseline.PGA, in.Now.PGA
	if !before.Exact() || !now.Exact() {
		return Unknown
	}
	return Is(thousandths(now.X)-thousandths(before.X) < thousandths(r.PGARise))
}
