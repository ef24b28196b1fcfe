package score

import (
	"math"

	"firewolf/registry/term"
)

// RenalRule are the parameters of a renal response.
type RenalRule struct {
	UPCRBelow   float64 // of a complete response: 0.5 g/g; trials have used 0.7
	PartialFall float64 // of a partial response: at least half
	PartialMax  float64 // and below 3 g/g
	Tolerance   float64 // how much of the baseline's eGFR may be lost: 0.15; EULAR/ERA says 0.10
	Baseline    float64 // UPCR at baseline from which on a response can be judged: 0.5 g/g
}

// KDIGO2024 are the responses of lupus nephritis. KDIGO 2024 guideline, Kidney Int 2024;105(1S):S1-S69.
// https://doi.org/10.1016/j.kint.2023.09.002
func KDIGO2024() RenalRule {
	return RenalRule{UPCRBelow: 0.5, PartialFall: 0.5, PartialMax: 3, Tolerance: 0.15, Baseline: 0.5}
}

// Kidney is a measurement of the kidney.
type Kidney struct {
	UPCR Value // g/g
	EGFR Value // mL/min/1.73 m2
}

// RenalInput is what a renal response is judged by.
type RenalInput struct {
	Nephritis     Fact // lupus nephritis at baseline
	Baseline, Now Kidney
	Rescue        Fact
}

// Complete judges a complete response.
func (r RenalRule) Complete(in RenalInput) Outcome {
	return within(term.CRR, r.nephritis(in),
		Criterion{"criterion-upcr-low", in.Now.UPCR.Below(r.UPCRBelow), []Input{number("upcr", in.Now.UPCR)}},
		r.filtration(in), rescue(in))
}

// Partial judges a partial response. A complete one is a partial one too.
func (r RenalRule) Partial(in RenalInput) Outcome {
	half := in.Baseline.UPCR.compare(1-r.PartialFall, in.Now.UPCR.rounded().AtMost)
	return within(term.PRR, r.nephritis(in),
		Criterion{"criterion-upcr-half", half, []Input{number("upcr-baseline", in.Baseline.UPCR), number("upcr", in.Now.UPCR)}},
		Criterion{"criterion-upcr-partial", in.Now.UPCR.Below(r.PartialMax), []Input{number("upcr", in.Now.UPCR)}},
		r.filtration(in), rescue(in))
}

// Among says whether there is something to respond.
func (r RenalRule) Among(nephritis Fact, baseline Kidney) Truth {
	return All(nephritis.Truth, baseline.UPCR.AtLeast(r.Baseline))
}

func (r RenalRule) nephritis(in RenalInput) Criterion {
	return Criterion{"criterion-nephritis", r.Among(in.Nephritis, in.Baseline), []Input{fact("nephritis", in.Nephritis), number("upcr-baseline", in.Baseline.UPCR)}}
}

func (r RenalRule) filtration(in RenalInput) Criterion {
	t := in.Baseline.EGFR.compare(1-r.Tolerance, in.Now.EGFR.rounded().AtLeast)
	return Criterion{"criterion-egfr-stable", t, []Input{number("egfr-baseline", in.Baseline.EGFR), number("egfr", in.Now.EGFR)}}
}

func rescue(in RenalInput) Criterion {
	return Criterion{"criterion-no-rescue", in.Rescue.Not(), []Input{fact("rescue", in.Rescue)}}
}

// thousandths rounds so that a sum of decimals compares as it does on paper.
func thousandths(x float64) float64 { return math.Round(x * 1000) }
