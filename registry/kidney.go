package registry

import (
	"cmp"
	"slices"

	"firewolf/registry/course"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// sitting is what was measured of the kidney and judged together, on the laboratory's own days: no SLEDAI-2K need be assessed on them.
type sitting struct {
	score.Kidney
	day   course.Day // of the later of both values that stand for a time point, or of the protein/creatinine ratio
	point string     // the time point that they stand for; "" for none
}

// sittings are those after an infusion and until the next: for each time point the values that $outcome-rate takes for it, and for each day of a
// protein/creatinine ratio that ratio with the eGFR of its visit, where the two were not judged for a time point.
func (j judge) sittings() []sitting {
	var l []sitting
	for _, p := range term.Timepoints() {
		if s := j.kidneyIn(j.c.Window(p, j.c.OwnUntil())); s.day.Known() {
			s.point = p.Code
			l = append(l, s)
		}
	}
	_, ratios := j.c.LabsOf(j.upcr)
	for k, r := range ratios {
		if !j.c.Own(r.Day) || k > 0 && ratios[k-1].Day == r.Day {
			continue
		}
		s := j.kidneyAt(r.Day)
		if !slices.ContainsFunc(l, func(o sitting) bool { return o.Kidney == s.Kidney }) {
			l = append(l, s)
		}
	}
	slices.SortStableFunc(l, func(a, b sitting) int { return cmp.Compare(a.day, b.day) })
	return l
}

// kidneyIn is what stands in a window, each value the nearest of its own. It is known on the day of the later one, Never where there is none.
func (j judge) kidneyIn(w course.Window) sitting {
	protein, on := j.c.Value(j.upcr, w)
	filtered, also := j.c.Value(j.egfr, w)
	return sitting{Kidney: score.Kidney{UPCR: protein, EGFR: filtered}, day: max(on, also)}
}

// kidneyAt is the ratio of a day with the eGFR of its visit, of the same infusion.
func (j judge) kidneyAt(day course.Day) sitting {
	within := course.Day(j.drugs.VisitDays)
	s := j.kidneyIn(course.Window{From: max(day-within, j.c.T0()+1), Nominal: day, To: min(day+within, j.c.OwnUntil())})
	s.UPCR, _ = j.c.Value(j.upcr, course.Window{From: day, Nominal: day, To: day})
	s.day = day
	return s
}

// renal are the renal responses that are asked for, at each sitting.
func (j judge) renalOutcomes(want func(code string) bool) []judged {
	var l []judged
	sat := j.sittings()
	days := make([]course.Day, len(sat))
	for k, s := range sat {
		days[k] = s.day
	}
	for _, s := range sat {
		for _, e := range kidneys {
			if want(e) {
				l = append(l, judged{Outcome: j.renalOutcome(e, s), c: j.c, day: s.day, visits: days, within: j.drugs.VisitDays, sat: &s})
			}
		}
	}
	return l
}

// renalOutcome judges a renal response. No rescue may have been given until the day on which it is known.
func (j judge) renalOutcome(endpoint string, s sitting) score.Outcome {
	in := score.RenalInput{Nephritis: j.c.Nephritis, Rescue: j.rescue(s.day), Now: s.Kidney, Baseline: j.renalBaseline()}
	if endpoint == term.CRR {
		return j.renal.Complete(in)
	}
	return j.renal.Partial(in)
}

func (j judge) renalBaseline() (k score.Kidney) {
	k.UPCR, _ = j.c.Value(j.upcr, j.c.Baseline())
	k.EGFR, _ = j.c.Value(j.egfr, j.c.Baseline())
	return k
}
