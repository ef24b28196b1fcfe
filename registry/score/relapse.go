package score

import "firewolf/registry/term"

// RelapseRule are the parameters of a relapse.
type RelapseRule struct {
	Clinical int     // clinical SLEDAI-2K above 0
	PGA      float64 // at least 0.5
	GC       float64 // more than 5 mg/d for lupus
}

// Relapses is the definition of this registry: the first assessment after one in remission with activity, or a return to
// treatment. A change of serology alone is no relapse.
func Relapses() RelapseRule { return RelapseRule{PGA: 0.5, GC: 5} }

// Visit is one assessment in the order of time.
type Visit struct {
	Day       int
	Remission Truth // DORIS
	Clinical  Points
	PGA, GC   Value
	Restarted Fact  // an immunosuppressive or biologic was started since the last remission
	Retreated Fact  // a second CAR-T infusion or another therapy against B cells
	Lupus     Truth // the clinician attributes what is found to lupus; No takes the visit out. Unknown counts as lupus
}

// Relapse is the first relapse after a remission.
type Relapse struct {
	Result  term.Result // not-evaluable without a remission before; not-met says that there was none until Day
	Day     int         // of the relapse, or of the last assessment that could tell
	Visit   int         // index of the visit, -1 for none
	Reasons []string    // local codes: reason-csledai
	Sources []string
}

// Assess finds the first relapse.
func (r RelapseRule) Assess(visits []Visit) Relapse {
	out := Relapse{Result: term.NotEvaluable, Visit: -1}
	remission := false
	for k, v := range visits {
		if remission {
			reasons, truth := r.reasons(v)
			if truth == Yes {
				return Relapse{Result: term.Met, Day: v.Day, Visit: k, Reasons: reasons, Sources: v.sources()}
			}
			if truth == No {
				out.Day, out.Visit = v.Day, k
			}
		}
		if v.Remission == Yes {
			remission = true
			out.Result, out.Day, out.Visit = term.NotMet, v.Day, k
		}
	}
	return out
}

// reasons are what speaks for a relapse at a visit.
func (r RelapseRule) reasons(v Visit) ([]string, Truth) {
	if v.Lupus == No {
		return nil, No
	}
	var out []string
	var all []Truth
	for _, c := range r.Criteria(v) {
		all = append(all, c.Truth)
		if c.Truth == Yes {
			out = append(out, c.Code)
		}
	}
	return out, Any(all...)
}

// Criteria are what may show a relapse at a visit, each of which is enough.
func (r RelapseRule) Criteria(v Visit) []Criterion {
	return []Criterion{
		{"reason-csledai", v.Clinical.AtMost(r.Clinical).Not(), []Input{points(term.CSLEDAI2K, v.Clinical)}},
		{"reason-pga", v.PGA.AtLeast(r.PGA), []Input{number(term.PGA, v.PGA)}},
		{"reason-gc", v.GC.Above(r.GC), []Input{number(term.GCDose, v.GC)}},
		{"reason-restart", v.Restarted.Truth, []Input{fact("restarted", v.Restarted)}},
		{"reason-b-cell-therapy", v.Retreated.Truth, []Input{fact("retreated", v.Retreated)}},
	}
}

func (v Visit) sources() []string {
	var l []string
	for _, from := range []string{v.Clinical.From, v.PGA.From, v.GC.From, v.Restarted.From, v.Retreated.From} {
		if from != "" {
			l = append(l, from)
		}
	}
	return l
}
