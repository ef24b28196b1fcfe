package score

import "firewolf/registry/term"

// DORISRule are the parameters of remission.
type DORISRule struct {
	PGABelow float64 // 0.5, on the scale of 0 to 3
	GC       float64 // 5 mg/d prednisolone equivalent
	// GCBelow asks for less than GC instead of at most: the text of the definition says "5 mg/day or less", its table "<5".
	GCBelow bool
	// StableDays is for how long an immunosuppressive or biologic must have been taken to count as stable. The definition says "stable" and no
	// number; 0 asks for nothing.
	StableDays int
}

// DORIS2021 is the definition of 2021. It needs no duration: it is met at a point in time, and serology is ignored.
// van Vollenhoven RF et al. Lupus Sci Med 2021;8:e000538. https://doi.org/10.1136/lupus-2021-000538
func DORIS2021() DORISRule { return DORISRule{PGABelow: 0.5, GC: 5, StableDays: 30} }

// DORISInput is what remission is judged by.
type DORISInput struct {
	Clinical Points
	PGA      Value
	GC       Value
	// Stable says that immunosuppressives and biologics, which are allowed, are on a stable dose.
	Stable Fact
}

// Assess judges remission.
func (r DORISRule) Assess(in DORISInput) Outcome {
	low := in.GC.AtMost(r.GC)
	if r.GCBelow {
		low = in.GC.Below(r.GC)
	}
	return conclude(term.DORIS2021,
		Criterion{"criterion-csledai-zero", in.Clinical.AtMost(0), []Input{points(term.CSLEDAI2K, in.Clinical)}},
		Criterion{"criterion-pga-low", in.PGA.Below(r.PGABelow), []Input{number(term.PGA, in.PGA)}},
		Criterion{"criterion-gc-low", low, []Input{number(term.GCDose, in.GC)}},
		Criterion{"criterion-therapy-stable", in.Stable.Truth, []Input{fact("therapy-stable", in.Stable)}},
	)
}
