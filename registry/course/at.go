package course

import (
	"slices"
	"sort"

	"firewolf/registry/score"
	"firewolf/registry/term"
)

// VisitDays is how far apart the parts of one visit may lie where nobody says otherwise: PGA and dose are taken from the day of the SLEDAI-2K, or
// else from the nearest day within so many. No definition gives a number.
const VisitDays = 7

// nearest returns the place of the item nearest to a day within so many days, the later of two that are as near; -1 for none.
func nearest[T any](l []T, day func(T) Day, at Day, within int) int {
	best, distance := -1, within+1
	for k := range l {
		d := int(day(l[k]) - at)
		if d < 0 {
			d = -d
		}
		if d < distance || d == distance && best >= 0 {
			best, distance = k, d
		}
	}
	return best
}

// valueAt returns the reading of the visit on a day, whose parts lie within so many days.
func valueAt(l []Reading, at Day, within int) score.Value {
	if k := nearest(l, func(r Reading) Day { return r.Day }, at, within); k >= 0 {
		return l[k].Value
	}
	return score.Value{}
}

func findingAt(l []Finding, at Day, within int) score.Fact {
	if k := nearest(l, func(f Finding) Day { return f.Day }, at, within); k >= 0 {
		return l[k].Fact
	}
	return score.Fact{}
}

// PGAAt returns the physician's global assessment of the visit on a day: of that day, or else of the nearest within so many.
func (c *Course) PGAAt(at Day, within int) score.Value { return valueAt(c.PGA, at, within) }

// GCAt returns the dose of glucocorticoid of the visit on a day.
func (c *Course) GCAt(at Day, within int) score.Value { return valueAt(c.GC, at, within) }

// HemolysisAt and GutAt are what LLDAS asks for beside the items of SLEDAI-2K.
func (c *Course) HemolysisAt(at Day, within int) score.Fact {
	return findingAt(c.Hemolysis, at, within)
}

// GutAt says whether the gut was active at the visit on a day.
func (c *Course) GutAt(at Day, within int) score.Fact { return findingAt(c.Gut, at, within) }

// Window is the days in which a value stands for a time point, and the day to which it must be nearest.
type Window struct{ From, Nominal, To Day }

// never holds no day.
var never = Window{From: 0, Nominal: 0, To: -1}

// Window returns the days of a planned time point, of those not after a day.
func (c *Course) Window(p term.Timepoint, until Day) Window {
	t0 := c.T0()
	if !t0.Known() {
		return never
	}
	return Window{t0 + Day(p.From), t0 + Day(p.Nominal), min(t0+Day(p.To), until)}
}

// Baseline returns the days of which the last value is a baseline: the 60 before lymphodepletion starts, and that day too, since what
// is taken on it is taken before the first dose. Without a known lymphodepletion they end before the infusion.
func (c *Course) Baseline() Window {
	to := c.Depletion
	switch {
	case !c.T0().Known():
		return never
	case !to.Known():
		to = c.T0() - 1
	}
	return Window{to - term.BaselineDays, to, to}
}

// MayHold reports whether a fact of one of some kinds whose day is not known can lie in the window.
func (c *Course) MayHold(w Window, kinds ...string) bool {
	return slices.ContainsFunc(c.Vague, func(v Vague) bool {
		return max(v.From, w.From) <= min(v.To, w.To) && slices.Contains(kinds, v.Kind)
	})
}

// VagueAfter is the first day on which a fact of a kind can be whose day is not known, or of which clinicians disagree, of those that can be after a
// day; Forever for none.
func (c *Course) VagueAfter(kind string, day Day) Day {
	first := Forever
	for _, v := range c.Vague {
		if v.Kind == kind && v.To > day {
			first = min(first, v.From)
		}
	}
	for _, s := range c.Stated {
		if s.Disputed && s.Code == kind && s.Day > day {
			first = min(first, s.Day)
		}
	}
	return first
}

// DeadBy says whether the patient had died by a day. Of a death in some month that can be unknown.
func (c *Course) DeadBy(day Day) score.Truth {
	switch {
	case !c.Dead:
		return score.No
	case !c.Died.There:
		return score.Unknown
	default:
		return between(c.Died, day)
	}
}

// place returns the place of the item that stands for a time point: the nearest to its nominal day within its window, the later of two that
// are as near; -1 for none. One that cannot be used stands only if no other is there. Items are never averaged.
func place[T any](l []T, day func(T) Day, w Window, usable func(T) bool) int {
	best, distance, good := -1, 0, false
	for k := range l {
		d := day(l[k])
		if d < w.From || d > w.To {
			continue
		}
		near, ok := abs(int(d-w.Nominal)), usable(l[k])
		if best < 0 || ok && !good || ok == good && near <= distance {
			best, distance, good = k, near, ok
		}
	}
	return best
}

// AssessmentIn returns the place of the assessment that stands for a time point, -1 for none. One that is incomplete stands as well.
func (c *Course) AssessmentIn(w Window) int {
	return place(c.Assessments, func(a Assessment) Day { return a.Day }, w, func(Assessment) bool { return true })
}

// OtherwiseIn reports whether an assessment by the other instrument lies in a window.
func (c *Course) OtherwiseIn(w Window) bool {
	return slices.ContainsFunc(c.Others, func(a Assessment) bool { return w.From <= a.Day && a.Day <= w.To })
}

// BaselineAssessment returns the place of the last assessment of the baseline, -1 for none.
func (c *Course) BaselineAssessment() int { return c.AssessmentIn(c.Baseline()) }

// In returns the place of the assessment that stands for a planned time point, of those not after a day; -1 for none.
func (c *Course) In(p term.Timepoint, until Day) int { return c.AssessmentIn(c.Window(p, until)) }

// ReadingIn returns the reading of a list that stands for a time point, wherever SLEDAI-2K was assessed.
func ReadingIn(l []Reading, w Window) (Reading, bool) {
	k := place(l, func(r Reading) Day { return r.Day }, w, func(Reading) bool { return true })
	if k < 0 {
		return Reading{}, false
	}
	return l[k], true
}

// StatedIn returns the place of what a clinician said of an endpoint at a time point, -1 for nothing.
func (c *Course) StatedIn(endpoint string, w Window) int {
	ours := func(s Stated) bool { return s.Clinician && s.Code == endpoint }
	k := place(c.Stated, func(s Stated) Day { return s.Day }, w, ours)
	if k < 0 || !ours(c.Stated[k]) {
		return -1
	}
	return k
}

// LabsOf returns the values of an analyte in order of time, and the place of the first in Labs.
func (c *Course) LabsOf(a Analyte) (first int, values []Lab) {
	first = sort.Search(len(c.Labs), func(k int) bool { return c.Labs[k].Analyte >= a })
	end := first
	for end < len(c.Labs) && c.Labs[end].Analyte == a {
		end++
	}
	return first, c.Labs[first:end]
}

// LabIn returns the place of the value of an analyte that stands for a time point, of those that can be used if one can; -1 for none.
func (c *Course) LabIn(a Analyte, w Window, usable func(Lab) bool) int {
	first, labs := c.LabsOf(a)
	k := place(labs, func(l Lab) Day { return l.Day }, w, usable)
	if k < 0 {
		return -1
	}
	return first + k
}

// Measured reports whether a value is known: one in a unit that does not convert is not.
func Measured(l Lab) bool { return l.known }

// Value returns the value of an analyte that stands for a time point and its day, Never where nothing was measured.
func (c *Course) Value(a Analyte, w Window) (score.Value, Day) {
	k := c.LabIn(a, w, Measured)
	if k < 0 {
		return score.Value{}, Never
	}
	return c.Labs[k].Value(), c.Labs[k].Day
}

func abs(n int) int { return max(n, -n) }

// LastSeen is the last day on which the patient is known to have lived: a contact, an assessment, what a clinician stated of one, a value, a
// treatment, or the beginning of a toxicity.
func (c *Course) LastSeen() Day {
	last := max(c.LastAlive, lastOf(c.Infusions, func(i Infusion) Day { return i.Day }))
	if c.Seen != 0 {
		last = max(last, c.Seen)
	}
	for _, l := range [][]Reading{c.PGA, c.GC, c.Damage} {
		last = max(last, lastOf(l, func(r Reading) Day { return r.Day }))
	}
	for _, l := range [][]Finding{c.Hemolysis, c.Gut} {
		last = max(last, lastOf(l, func(f Finding) Day { return f.Day }))
	}
	return max(last,
		lastOf(c.Assessments, func(a Assessment) Day { return a.Day }),
		lastOf(c.Others, func(a Assessment) Day { return a.Day }),
		lastOf(c.Labs, func(l Lab) Day { return l.Day }),
		lastOf(c.Takings, func(t Taking) Day { return t.Day }),
		lastOf(c.Given, func(g Given) Day { return g.Day + g.Lasted }),
		lastOf(c.Stated, func(s Stated) Day { return s.Day }),
		lastOf(c.Bilag, func(g Bilag) Day { return g.Day }),
		lastOf(c.Episodes, func(e Episode) Day { return e.Onset }),
		lastOf(c.Depletions, func(d Day) Day { return d }),
	)
}

// lastOf is the last day of a list, Never of none.
func lastOf[T any](l []T, day func(T) Day) Day {
	last := Never
	for k := range l {
		last = max(last, day(l[k]))
	}
	return last
}
