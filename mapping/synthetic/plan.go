package synthetic

import (
	"cmp"
	"slices"
)

// plan are the assessments, with the days around which they fall.
var plan = []struct {
	code   string
	day    int
	spread int
}{{"base", -14, 3}, {"d28", 28, 3}, {"m03", 91, 8}, {"m06", 182, 10}, {"m09", 273, 12}, {"m12", 365, 14}, {"m18", 546, 20}, {"m24", 730, 25}, {"a03", 1095, 30}, {"a04", 1460, 30}}

// appointment is a day on which a patient comes.
type appointment struct {
	code string
	day  int
}

// appointments are the planned days and, of some, others beside them: a flare, a question, a value that is looked at again.
func (p *patient) appointments() []appointment {
	var l []appointment
	for _, x := range plan {
		day := x.day + p.IntN(2*x.spread+1) - x.spread
		l = append(l, appointment{x.code, day})
		if beside := day + 7 + p.IntN(18); x.day > 28 && p.chance(0.06) {
			l = append(l, appointment{"unscheduled", beside})
		}
	}
	if flare := p.relapses + 3 + p.IntN(20); flare < never && p.chance(0.5) {
		l = append(l, appointment{"unscheduled", flare})
	}
	slices.SortStableFunc(l, func(a, b appointment) int { return cmp.Compare(a.day, b.day) })
	return slices.CompactFunc(l, func(a, b appointment) bool { return a.day == b.day })
}

func (p *patient) writeVisits(c *chart) {
	var before *visit
	relapsed := false
	for _, a := range p.appointments() {
		v := p.visit(a.code, a.day)
		if p.failed && v.day > 0 || v.day > p.lost {
			break
		}
		if v.code != "base" && p.chance(0.03) {
			continue // missed
		}
		v.phone = v.day > 100 && p.chance(0.02)
		v.gaps = p.forget(v.day)
		p.writeVisit(c, v)
		if v.day > 0 {
			relapsed = p.writeOutcome(c, v, before, relapsed)
		}
		before = v
	}
}
