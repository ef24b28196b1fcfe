package course

import (
	"math"
	"slices"
	"strings"
	"unique"

	"firewolf/registry/score"
	"firewolf/registry/term"
)

// drugs is term.Drugs, made once: a Therapy names its drug by the place in it.
var drugs = term.Drugs()

// Medicine is a drug of this field, or one that is told by codes that this field does not know.
type Medicine struct {
	place uint8
	codes unique.Handle[string] // of one that is not known: system|code, several with spaces between
}

// noDrug is the place of a medicine that is none of term.Drugs.
const noDrug = math.MaxUint8

// unknownMedicine is told by codes that nobody here knows.
func unknownMedicine(codes string) Medicine { return Medicine{noDrug, unique.Make(codes)} }

// Names says what codes mean that this field does not know. Other is the class of what is no drug of it.
type Names map[string]term.Class

// Other is a drug that is neither a glucocorticoid, nor an immunosuppressive, nor an antimalarial.
const Other term.Class = "other"

// class is what a medicine is, "" for what nobody knows.
func (m Medicine) class(names *Names) term.Class {
	if m.place != noDrug {
		return drugs[m.place].Class
	}
	if names != nil {
		for code := range strings.FieldsSeq(m.codes.Value()) {
			if c, ok := (*names)[code]; ok {
				return c
			}
		}
	}
	return ""
}

func (m Medicine) againstBCells() bool { return m.place != noDrug && drugs[m.place].BCell }

// drugOf returns the place of the drug that a code means.
func drugOf(system, code string) (uint8, bool) {
	d, ok := term.DrugOf(system, code)
	if !ok {
		return 0, false
	}
	for k := range drugs {
		if drugs[k].Name == d.Name {
			return uint8(k), true
		}
	}
	return 0, false
}

// Drug returns the drug of a place.
func Drug(place uint8) term.Drug { return drugs[place] }

// covers says whether a drug was taken on a day. Of a date that is known to the month only it can be unknown.
func (t Therapy) covers(day Day) score.Truth {
	begun := score.Yes
	if t.From.There {
		begun = between(t.From, day)
	}
	ended := score.No
	if t.To.There {
		ended = between(t.To, day)
	}
	return score.All(begun, ended.Not())
}

// between says whether a span lies at or before a day.
func between(s Span, day Day) score.Truth {
	switch {
	case s.To <= day:
		return score.Yes
	case s.From > day:
		return score.No
	default:
		return score.Unknown
	}
}

// Free says whether a patient took no drug of a class on a day. It is unknown where nothing at all is told of drugs, where one is taken
// that nobody knows, and where a drug that other visits tell of is not told of at this one.
func (c *Course) Free(class term.Class, day Day, names *Names) score.Fact {
	if len(c.Therapies)+len(c.Takings) == 0 {
		return score.Fact{}
	}
	taken := score.Fact{Truth: score.No}
	add := func(d Medicine, t score.Truth, source string) {
		if of := d.class(names); of == class {
			taken = worse(taken, t, source)
		} else if of == "" {
			taken = worse(taken, min(t, score.Unknown), source)
		}
	}
	for _, t := range c.Therapies {
		add(t.Drug, t.covers(day), t.Source)
	}
	for _, t := range c.visit(day) {
		add(t.Drug, t.Taken, t.Source)
	}
	taken.Truth = taken.Not()
	return taken
}

// visit is what the visit on a day tells of each drug that visits tell of: from the day itself, or else from the nearest within a week, the
// later of two that are as near. A drug that only other visits tell of is unknown, unless it ended since.
func (c *Course) visit(day Day) []Taking {
	type told struct{ nearest, last int }
	var drugs []told
	for k, t := range c.Takings {
		d := slices.IndexFunc(drugs, func(d told) bool { return c.Takings[d.nearest].Drug == t.Drug })
		if d < 0 {
			drugs = append(drugs, told{k, -1})
			d = len(drugs) - 1
		}
		if abs(int(t.Day-day)) <= abs(int(c.Takings[drugs[d].nearest].Day-day)) {
			drugs[d].nearest = k
		}
		if t.Day <= day {
			drugs[d].last = k
		}
	}
	l := make([]Taking, 0, len(drugs))
	for _, d := range drugs {
		t := c.Takings[d.nearest]
		switch {
		case abs(int(t.Day-day)) <= VisitDays:
			l = append(l, t)
		case d.last < 0 || !c.ended(c.Takings[d.last], day):
			l = append(l, Taking{Day: day, Drug: t.Drug})
		}
	}
	return l
}

// ended reports whether a therapy with a drug ended before a day, and not before a visit that tells of the drug.
func (c *Course) ended(last Taking, day Day) bool {
	return slices.ContainsFunc(c.Therapies, func(t Therapy) bool {
		return t.Drug == last.Drug && t.To.There && t.To.To <= day && t.To.From >= last.Day
	})
}

// worse is the fact that says more of a drug being taken.
func worse(f score.Fact, t score.Truth, source string) score.Fact {
	if t > f.Truth {
		return score.Fact{Truth: t, From: source}
	}
	return f
}

// Stable says whether no immunosuppressive or biologic that is taken on a day was started in so many days before. Of no days all are stable.
func (c *Course) Stable(day Day, days int) score.Fact {
	if days == 0 {
		return score.Fact{Truth: score.Yes}
	}
	started := c.Started(day-Day(days), day)
	started.Truth = started.Not()
	return started
}

// Started says whether an immunosuppressive or biologic was started after one day and at the latest on another. What was
// said of single days decides only if both the first and the last such day lie in between.
func (c *Course) Started(after, until Day) score.Fact {
	if len(c.Therapies)+len(c.Takings) == 0 {
		return score.Fact{}
	}
	out := score.Fact{Truth: score.No}
	for _, t := range c.Therapies {
		if t.Drug.class(nil) != term.Immunosuppressive || !t.From.There {
			continue
		}
		begun := score.All(between(t.From, until), between(t.From, after).Not())
		out = worse(out, score.All(begun, t.covers(until)), t.Source)
	}
	for _, t := range c.visit(until) {
		if t.Taken == score.Yes && t.Drug.class(nil) == term.Immunosuppressive {
			out = worse(out, c.tookUp(t, after), t.Source)
		}
	}
	return out
}

// tookUp says whether a drug that is taken on a day was not taken on the last day before that tells of it: yes if that
// day is not before after, unknown if it is.
func (c *Course) tookUp(t Taking, after Day) score.Truth {
	last := -1
	for k, b := range c.Takings {
		if b.Drug == t.Drug && b.Day < t.Day && (last < 0 || b.Day >= c.Takings[last].Day) {
			last = k
		}
	}
	switch {
	case last < 0, c.Takings[last].Taken == score.Yes:
		return score.No
	case c.Takings[last].Day >= after:
		return score.Yes
	default:
		return score.Unknown
	}
}

// Freedom says of which drugs a patient was free at the visit on a day. names are those of medicines that this field does not know; nil for none.
func (c *Course) Freedom(day Day, names *Names) score.Freedom {
	return score.Freedom{GC: c.GCAt(day), IS: c.Free(term.Immunosuppressive, day, names), Antimalarial: c.Free(term.Antimalarial, day, names)}
}

// Recognized says whether all drugs that are taken on a day are known.
func (c *Course) Recognized(day Day, names *Names) score.Truth {
	if len(c.Therapies)+len(c.Takings) == 0 {
		return score.Unknown
	}
	for _, t := range c.Therapies {
		if t.Drug.class(names) == "" && t.covers(day) != score.No {
			return score.Unknown
		}
	}
	for _, t := range c.visit(day) {
		if t.Drug.class(names) == "" && t.Taken != score.No {
			return score.Unknown
		}
	}
	return score.Yes
}

// Retreated says whether another therapy against B cells, cells or antibodies, was given after one day and at the latest on another.
func (c *Course) Retreated(after, until Day) score.Fact {
	for _, i := range c.again() {
		if after < i.Day && i.Day <= until {
			return score.Fact{Truth: score.Yes, From: "Procedure/" + i.ID}
		}
	}
	for _, t := range c.Therapies {
		if d := t.From.Exact(); t.Drug.againstBCells() && after < d && d <= until {
			return score.Fact{Truth: score.Yes, From: t.Source}
		}
	}
	return score.Fact{Truth: score.No}
}
