package course

import (
	"slices"

	"firewolf/registry/score"
)

// Highest is the highest grade of a kind of toxicity that began within a stretch of days, by what is told until a day. ok is false where no
// highest grade was recorded until then: that there is no episode does not say that anybody looked for one.
//
// A recorded highest grade says nothing of when that was. It is the grade of the stretch if it was recorded before the stretch had ended, that of
// the episodes if one of them is as grave, and else somewhere up to it: low and high differ then.
func (c *Course) Highest(kind string, in Span, until Day) (g score.Grade, ok bool) {
	records := c.recorded(kind, in, until)
	if len(records) == 0 {
		return score.Grade{}, false
	}
	top := slices.MaxFunc(records, func(a, b Grade) int { return a.Grade - b.Grade }).Grade
	episodes := c.ownEpisodes(kind)
	for _, r := range records {
		g = g.Or(r.within(in, c.T0(), episodes))
	}
	for _, e := range episodes {
		g = g.Or(e.within(in, until, top))
	}
	return g, true
}

// Unrecorded reports whether an episode of a kind is known to have begun within a stretch of days and until a day, of which no highest grade was
// recorded until then.
func (c *Course) Unrecorded(kind string, in Span, until Day) bool {
	const worst = 5 // that an episode without a grade may have had
	return len(c.recorded(kind, in, until)) == 0 &&
		slices.ContainsFunc(c.ownEpisodes(kind), func(e Episode) bool { return e.within(in, until, worst).Min > 0 })
}

// recorded are the highest grades of the first infusion that were complete by a day, or that speak of a stretch which was over by then.
func (c *Course) recorded(kind string, in Span, until Day) []Grade {
	over := in.To <= until || in.To == Forever && in.From <= until
	return slices.DeleteFunc(slices.Clone(c.Grades), func(g Grade) bool {
		return g.Kind != kind || !c.OfFirst(g) || g.Days.To > until && (g.Days.From > until || !over)
	})
}

// ownEpisodes are those of a kind that began, as far as is known, after the first infusion and before another one. Each began at the latest
// when it ended, and toxicity of the cells not before they were given.
func (c *Course) ownEpisodes(kind string) []Episode {
	var l []Episode
	for _, e := range c.Episodes {
		if e.Kind != kind {
			continue
		}
		if !e.Began.There {
			e.Began = Span{Never, Forever, true}
		}
		if e.Began.To < c.T0() || e.Began.From >= c.OwnUntil() {
			continue
		}
		e.Began.From = max(e.Began.From, c.T0())
		if e.End.Known() {
			e.Began.To = max(e.Began.From, min(e.Began.To, e.End))
		}
		l = append(l, e)
	}
	return l
}

// within is what a recorded grade says of a stretch.
func (g Grade) within(in Span, t0 Day, episodes []Episode) score.Grade {
	explains := func(e Episode) bool { return e.Grade < 0 || e.Grade >= g.Grade }
	switch {
	case g.Grade == 0:
		return score.Grade{}
	case g.Days.To < in.From:
		return score.Grade{} // it is of what began before
	case in.From <= t0 && g.Days.To <= in.To:
		return score.Grade{Min: g.Grade, Max: g.Grade}
	case slices.ContainsFunc(episodes, explains):
		return score.Grade{}
	default:
		return score.Grade{Max: g.Grade}
	}
}

// within is what an episode says of a stretch; top is the highest grade that is recorded.
func (e Episode) within(in Span, until Day, top int) score.Grade {
	began, to := e.Began, min(in.To, until)
	g := score.Grade{Min: e.Grade, Max: e.Grade}
	if e.Grade < 0 {
		g = score.Grade{Min: min(1, top), Max: top}
	}
	switch {
	case began.To < in.From || began.From > to:
		return score.Grade{}
	case in.From <= began.From && began.To <= to:
		return g
	default:
		return score.Grade{Max: g.Max}
	}
}

// BeganIn reports whether an episode is known to have begun, on a day that is known, within a stretch and until a day.
func (e Episode) BeganIn(in Span, until Day) bool {
	return e.Onset.Known() && in.From <= e.Onset && e.Onset <= min(in.To, until)
}

// Spells are the episodes of a kind of the first infusion that began in a stretch and until a day.
func (c *Course) Spells(kind string, in Span, until Day) []Episode {
	return slices.DeleteFunc(c.ownEpisodes(kind), func(e Episode) bool { return !e.BeganIn(in, until) })
}
