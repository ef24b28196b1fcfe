package course

import (
	"slices"

	"firewolf/registry/score"
	"firewolf/registry/term"
)

// beginning is that a drug was taken up, or cells were given, at some time in first..last.
type beginning struct {
	drug        Medicine
	cells       bool // an infusion; drug says nothing
	first, last Day
	unsure      bool // it may not have been
	source      string
}

// in says whether it lies after one day and at the latest on another.
func (b beginning) in(after, until Day) score.Truth {
	at := Span{From: b.first, To: b.last, There: true}
	out := score.All(between(at, until), between(at, after).Not())
	if b.unsure {
		return min(out, score.Unknown)
	}
	return out
}

func (t Therapy) begun() beginning {
	return beginning{drug: t.Drug, first: t.From.From, last: t.From.To, unsure: t.Unsure, source: t.Source}
}

func (g Given) begun() beginning {
	return beginning{drug: g.Drug, first: g.Day, last: g.Day + g.Later, source: g.Source}
}

// begins reports whether a therapy is a beginning: its start is told, it is about lupus, and the drug was not taken until then.
func (c *Course) begins(t Therapy, f Formulary) bool {
	return t.From.There && !t.Aside && !c.wentOn(t.Drug, t.From.From, f)
}

// gives reports whether the giving of a drug is a beginning, and not one of a row.
func (c *Course) gives(g Given, f Formulary) bool { return c.counts(g) && !c.wentOn(g.Drug, g.Day, f) }

// wentOn reports whether a drug was taken until a day, so that what is told to begin on it is the next prescription, or the next giving, of the
// same. That a visit before the cells told of it says nothing: they end what was taken before.
func (c *Course) wentOn(d Medicine, day Day, f Formulary) bool {
	if k := c.toldBefore(d, day); k >= 0 {
		if t := c.Takings[k]; t.Taken == score.Yes && t.Day > c.T0() && !c.ended(t, day) {
			return true
		}
	}
	return slices.ContainsFunc(c.Therapies, func(t Therapy) bool {
		return t.Drug == d && (!t.From.There || t.From.To < day) && (!t.To.There || t.To.From >= day-1)
	}) || slices.ContainsFunc(c.Given, func(g Given) bool {
		return g.Drug == d && c.counts(g) && g.Day+g.Later < day && day <= g.last()+Day(f.GivenDays)
	})
}

// Resumed is what was taken up after a day: drugs, and cells that were given again. It is not what goes on, nor what prepares for cells or treats
// their toxicity.
type Resumed struct {
	after Day
	told  bool // of drugs
	f     Formulary
	l     []beginning
}

// Resumed returns what was taken up after a day. With cells it counts infusions after the first.
func (c *Course) Resumed(after Day, f Formulary, cells bool) Resumed {
	r := Resumed{after: after, told: c.toldOf(), f: f}
	if cells {
		for _, i := range c.again() {
			r.add(beginning{cells: true, first: i.Day, last: i.Day, source: "Procedure/" + i.ID})
		}
	}
	for _, t := range c.Therapies {
		if t.From.There && t.From.To > after && c.begins(t, f) {
			r.add(t.begun())
		}
	}
	for _, g := range c.Given {
		if g.Day+g.Later > after && c.gives(g, f) {
			r.add(g.begun())
		}
	}
	for _, t := range c.Takings {
		if t.Taken == score.Yes && t.Day > after {
			r.takenUp(c, t)
		}
	}
	return r
}

func (r *Resumed) add(b beginning) {
	if b.last > r.after {
		r.l = append(r.l, b)
	}
}

// takenUp adds that a drug is taken that was not, when last it was told of, or that had ended since: since then, or since the visit of the day
// after which is asked.
func (r *Resumed) takenUp(c *Course, t Taking) {
	last := c.toldBefore(t.Drug, t.Day)
	if last < 0 {
		return
	}
	first := c.Takings[last].Day + 1
	if c.Takings[last].Taken == score.Yes {
		end, ended := c.endOf(c.Takings[last], t.Day)
		if !ended {
			return
		}
		first = end + 1
	}
	if first+Day(r.f.VisitDays) > r.after {
		first = max(first, r.after+1)
	}
	r.add(beginning{drug: t.Drug, first: first, last: t.Day, source: t.Source})
}

// Days are those on which it is known at the latest that something was taken up.
func (r Resumed) Days() []Day {
	var l []Day
	for _, b := range r.l {
		l = append(l, b.last)
	}
	return l
}

// Immunosuppressive says whether an immunosuppressive or biologic was taken up by a day. It is unknown where nothing is told of drugs.
func (r Resumed) Immunosuppressive(until Day) score.Fact {
	out := score.Fact{Truth: score.No}
	if !r.told {
		out = score.Fact{}
	}
	for _, b := range r.l {
		if !b.cells && r.f.class(b.drug) == term.Immunosuppressive {
			out = worse(out, b.in(r.after, until), b.source)
		}
	}
	return out
}

// BCells says whether another therapy against B cells, cells or antibodies, was given by a day.
func (r Resumed) BCells(until Day) score.Fact {
	out := score.Fact{Truth: score.No}
	for _, b := range r.l {
		if b.cells || b.drug.againstBCells() {
			out = worse(out, b.in(r.after, until), b.source)
		}
	}
	return out
}

// Rescue says whether treatment of lupus was taken up by a day: an immunosuppressive, a biologic, or cells. Of a drug that nobody knows it is unknown.
func (r Resumed) Rescue(until Day) score.Fact {
	out, again := r.Immunosuppressive(until), r.BCells(until)
	if again.Truth > out.Truth {
		out = again
	}
	for _, b := range r.l {
		if !b.cells && r.f.class(b.drug) == "" {
			out = worse(out, min(b.in(r.after, until), score.Unknown), b.source)
		}
	}
	return out
}
