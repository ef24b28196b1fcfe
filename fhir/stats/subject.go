package stats

import (
	"cmp"
	"slices"
)

// Subject is one who was followed for some time. Cause is what happened then: 0 for nothing (censored), 1 for the event
// that is asked about, more for events that compete with it.
type Subject struct {
	Time  float64
	Cause int
}

// tally is what happened at one time. Events come before censorings at the same time: who is censored at t was at risk at t.
type tally struct {
	time     float64
	atRisk   int
	events   int // of any cause
	ours     int // of cause 1
	censored int
}

// tallies groups subjects by time, in ascending order.
func tallies(subjects []Subject) []tally {
	l := slices.Clone(subjects)
	slices.SortFunc(l, func(a, b Subject) int { return cmp.Compare(a.Time, b.Time) })
	var out []tally
	for k, s := range l {
		if k == 0 || l[k-1].Time != s.Time {
			out = append(out, tally{time: s.Time, atRisk: len(l) - k})
		}
		t := &out[len(out)-1]
		switch s.Cause {
		case 0:
			t.censored++
		case 1:
			t.ours++
			t.events++
		default:
			t.events++
		}
	}
	return out
}
