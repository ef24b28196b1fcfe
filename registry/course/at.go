package course

import (
	"sort"

	"firewolf/registry/score"
	"firewolf/registry/term"
)

// VisitDays is how far apart the parts of one visit may lie: PGA and dose are taken from the day of the SLEDAI-2K, or else
// from the nearest day within so many.
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

// valueAt returns the reading of the visit on a day.
func valueAt(l []Reading, at Day) score.Value {
	if k := nearest(l, func(r Reading) Day { return r.Day }, at, VisitDays); k >= 0 {
		return l[k].Value
	}
	return score.Value{}
}

func findingAt(l []Finding, at Day) score.Fact {
	if k := nearest(l, func(f Finding) Day { return f.Day }, at, VisitDays); k >= 0 {
		return l[k].Fact
	}
	return score.Fact{}
}

// PGAAt returns the physician's global assessment of the visit on a day.
func (c *Course) PGAAt(at Day) score.Value { return valueAt(c.PGA, at) }

// GCAt returns the dose of glucocorticoid of the visit on a day.
func (c *Course) GCAt(at Day) score.Value { return valueAt(c.GC, at) }

// HemolysisAt and GutAt are what LLDAS asks for beside the items of SLEDAI-2K.
func (c *Course) HemolysisAt(at Day) score.Fact { return findingAt(c.Hemolysis, at) }

// GutAt says whether the gut was active at the visit on a day.
func (c *Course) GutAt(at Day) score.Fact { return findingAt(c.Gut, at) }

// baseline is the time in which a value is a baseline: the 60 days before lymphodepletion starts, that day too, since what
// is taken on it is taken before the first dose. Without a known lymphodepletion it ends before the infusion.
func (c *Course) baseline() (from, to Day) {
	to = c.Depletion
	if !to.Known() {
		to = c.T0() - 1
	}
	return to - term.BaselineDays, to
}

// lastIn returns the place of the last item in from..to, -1 for none.
func lastIn[T any](l []T, day func(T) Day, from, to Day) int {
	last := -1
	for k := range l {
		if d := day(l[k]); from <= d && d <= to {
			last = k
		}
	}
	return last
}

// BaselineAssessment returns the place of the last SLEDAI-2K of the baseline, -1 for none.
func (c *Course) BaselineAssessment() int {
	if !c.T0().Known() {
		return -1
	}
	from, to := c.baseline()
	return lastIn(c.Assessments, func(a Assessment) Day { return a.Day }, from, to)
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

// BaselineLab returns the place of the last value of an analyte of the baseline, -1 for none.
func (c *Course) BaselineLab(a Analyte) int {
	if !c.T0().Known() {
		return -1
	}
	from, to := c.baseline()
	first, labs := c.LabsOf(a)
	for k := len(labs) - 1; k >= 0; k-- {
		if from <= labs[k].Day && labs[k].Day <= to {
			return first + k
		}
	}
	return -1
}

// In returns the place of the assessment that stands for a time point: the nearest to its nominal day within its window,
// the later of two that are as near, of those not after a day; -1 for none. Assessments are never averaged.
func (c *Course) In(p term.Timepoint, until Day) int {
	t0 := c.T0()
	best, distance := -1, 0
	for k, a := range c.Assessments {
		d := int(a.Day - t0)
		if d < p.From || d > p.To || a.Day > until {
			continue
		}
		if near := abs(d - p.Nominal); best < 0 || near <= distance {
			best, distance = k, near
		}
	}
	return best
}

// LabIn returns the place of the value of an analyte that stands for a time point, as In does.
func (c *Course) LabIn(a Analyte, p term.Timepoint, until Day) int {
	t0 := c.T0()
	best, distance := -1, 0
	first, labs := c.LabsOf(a)
	for k := range labs {
		d := int(labs[k].Day - t0)
		if d < p.From || d > p.To || labs[k].Day > until {
			continue
		}
		if near := abs(d - p.Nominal); best < 0 || near <= distance {
			best, distance = first+k, near
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// LabNear returns the value of an analyte of the visit on a day.
func (c *Course) LabNear(a Analyte, at Day) score.Value {
	_, labs := c.LabsOf(a)
	if k := nearest(labs, func(l Lab) Day { return l.Day }, at, VisitDays); k >= 0 {
		return labs[k].Value()
	}
	return score.Value{}
}

// LastSeen is the last day on which the patient is known to have lived: a contact, an assessment, a value or a treatment.
func (c *Course) LastSeen() Day {
	last := max(c.LastAlive, lastOf(c.Infusions, func(i Infusion) Day { return i.Day }))
	for _, l := range [][]Reading{c.PGA, c.GC, c.Damage} {
		last = max(last, lastOf(l, func(r Reading) Day { return r.Day }))
	}
	for _, l := range [][]Finding{c.Hemolysis, c.Gut} {
		last = max(last, lastOf(l, func(f Finding) Day { return f.Day }))
	}
	return max(last,
		lastOf(c.Assessments, func(a Assessment) Day { return a.Day }),
		lastOf(c.Labs, func(l Lab) Day { return l.Day }),
		lastOf(c.Takings, func(t Taking) Day { return t.Day }),
		lastOf(c.Given, func(g Given) Day { return g.Day }),
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
