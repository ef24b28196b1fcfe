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

// Formulary is what a question says of drugs.
type Formulary struct {
	Names *Names // of codes that this field does not know; nil for none
	// GivenDays is for how many days, its own the first, a drug counts as taken that was given once.
	GivenDays int
	// VisitDays is how far a day that tells of a drug may lie from the visit that it counts for.
	VisitDays int
}

// Usual is the Formulary that holds where nobody says others.
func Usual() Formulary { return Formulary{GivenDays: GivenDays, VisitDays: VisitDays} }

// GivenDays are those that hold where nobody says others: who is given a drug every four weeks goes on with it, also if it is a week late.
const GivenDays = 28 + VisitDays

// class is what a medicine is, by what the question says of its codes, or by the groups of those of ATC; "" for what nobody knows.
func (f Formulary) class(m Medicine) term.Class {
	if m.place != noDrug {
		return drugs[m.place].Class
	}
	elsewhere, within := false, false
	for code := range strings.FieldsSeq(m.codes.Value()) {
		if f.Names != nil {
			if c, ok := (*f.Names)[code]; ok {
				return c
			}
		}
		if in, ok := strings.CutPrefix(code, term.ATC+"|"); ok {
			if term.ElsewhereByATC(in) {
				elsewhere = true
			} else {
				within = true
			}
		}
	}
	if elsewhere && !within {
		return Other
	}
	return ""
}

// may is what is so of a drug as far as it is one of a class: of one that nobody knows it is unknown, and of one of another class it is not.
func (f Formulary) may(m Medicine, class term.Class, t score.Truth) score.Truth {
	switch f.class(m) {
	case class:
		return t
	case "":
		return min(t, score.Unknown)
	default:
		return score.No
	}
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

// Drug returns the drug that a medicine is, without a name where this field does not know it.
func Drug(m Medicine) term.Drug {
	if m.place == noDrug {
		return term.Drug{}
	}
	return drugs[m.place]
}

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
	out := score.All(begun, ended.Not())
	if t.Unsure {
		return min(out, score.Unknown)
	}
	return out
}

// covers says whether a drug that was given counts as taken on a day.
func (g Given) covers(day Day, f Formulary) score.Truth {
	over := g.Lasted + Day(max(f.GivenDays, 1))
	on := Span{g.Day, g.Day + g.Later, true}
	return score.All(between(on, day), between(Span{on.From + over, on.To + over, true}, day).Not())
}

// counts reports whether a drug that was given is one against lupus after the cells. What was given before them, or with them, is over.
// Of one in the month of the cells nobody knows.
func (c *Course) counts(g Given) bool { return !g.Aside && g.last() > c.T0() }

// last is the last day on which a drug can have been given.
func (g Given) last() Day { return g.Day + g.Later + g.Lasted }

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

// toldOf reports whether anything is told of what is taken for lupus. That something was given with the cells says nothing of it.
func (c *Course) toldOf() bool { return c.Untaken || len(c.Therapies)+len(c.Takings) > 0 }

// taken is all that is told of drugs on a day. What was given against a toxicity or to prepare for cells is over with that day.
func (c *Course) taken(day Day, f Formulary) []Taking {
	l := c.visit(day, f.VisitDays)
	for _, t := range c.Therapies {
		l = append(l, Taking{Day: day, Drug: t.Drug, Taken: t.covers(day), Source: t.Source})
	}
	for _, g := range c.Given {
		if c.counts(g) {
			taken := g.covers(day, f)
			if g.Day <= c.T0() && g.Day+g.Lasted <= c.T0() {
				taken = min(taken, score.Unknown)
			}
			l = append(l, Taking{Day: day, Drug: g.Drug, Taken: taken, Source: g.Source})
		}
	}
	return l
}

// free says whether no drug of a class is among those that are taken. It is unknown where nothing at all is told of drugs, where one is taken
// that nobody knows, and where a drug that other visits tell of is not told of at this one.
func (c *Course) free(class term.Class, of []Taking, f Formulary) score.Fact {
	taken := score.Fact{Truth: score.No}
	if !c.toldOf() {
		taken = score.Fact{}
	}
	for _, t := range of {
		taken = worse(taken, f.may(t.Drug, class, t.Taken), t.Source)
	}
	taken.Truth = taken.Not()
	return taken
}

// visit is what the visit on a day tells of each drug that visits tell of: from the day itself, or else from the nearest within so many
// days, the later of two that are as near. A drug that only other visits tell of is unknown, unless it ended since. Before another infusion no visit
// goes beyond its day.
func (c *Course) visit(day Day, within int) []Taking {
	end := c.OwnUntil()
	if day > end {
		end = Forever
	}
	type told struct{ nearest, last int }
	var drugs []told
	for k, t := range c.Takings {
		d := slices.IndexFunc(drugs, func(d told) bool { return c.Takings[d.nearest].Drug == t.Drug })
		if d < 0 {
			drugs = append(drugs, told{k, -1})
			d = len(drugs) - 1
		}
		if t.Day <= end && abs(int(t.Day-day)) <= abs(int(c.Takings[drugs[d].nearest].Day-day)) {
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
		case t.Day <= end && abs(int(t.Day-day)) <= within:
			l = append(l, t)
		case d.last < 0 || !c.ended(c.Takings[d.last], day):
			l = append(l, Taking{Day: day, Drug: t.Drug})
		}
	}
	return l
}

// ended reports whether a therapy with a drug ended before a day, and not before a visit that tells of the drug.
func (c *Course) ended(last Taking, day Day) bool {
	_, ended := c.endOf(last, day)
	return ended
}

// endOf is the day on which such a therapy had ended at the latest, the last of several.
func (c *Course) endOf(last Taking, day Day) (Day, bool) {
	end := Never
	for _, t := range c.Therapies {
		if t.Drug == last.Drug && t.To.There && t.To.To <= day && t.To.From >= last.Day {
			end = max(end, t.To.To)
		}
	}
	return end, end.Known()
}

// worse is the fact that says more of a drug being taken.
func worse(f score.Fact, t score.Truth, source string) score.Fact {
	if t > f.Truth {
		return score.Fact{Truth: t, From: source}
	}
	return f
}

// Stable says whether no immunosuppressive or biologic that is taken on a day was started in so many days before. Of no days all are stable.
func (c *Course) Stable(day Day, days int, f Formulary) score.Fact {
	if days == 0 {
		return score.Fact{Truth: score.Yes}
	}
	started := c.started(day-Day(days), day, f)
	started.Truth = started.Not()
	return started
}

// started says whether an immunosuppressive or biologic that is taken on a day was started after another. What was said of single days decides
// only if both the first and the last such day lie in between.
func (c *Course) started(after, until Day, f Formulary) score.Fact {
	if !c.toldOf() {
		return score.Fact{}
	}
	out := score.Fact{Truth: score.No}
	for _, t := range c.Therapies {
		if c.begins(t, f) {
			out = worse(out, f.may(t.Drug, term.Immunosuppressive, score.All(t.begun().in(after, until), t.covers(until))), t.Source)
		}
	}
	for _, g := range c.Given {
		if c.gives(g, f) {
			out = worse(out, f.may(g.Drug, term.Immunosuppressive, score.All(g.begun().in(after, until), g.covers(until, f))), g.Source)
		}
	}
	for _, t := range c.visit(until, f.VisitDays) {
		if t.Taken == score.Yes {
			out = worse(out, f.may(t.Drug, term.Immunosuppressive, c.tookUp(t, after)), t.Source)
		}
	}
	return out
}

// tookUp says whether a drug that is taken on a day was not taken since another: where it was not on the last day before that tells of it, or ended
// since, it is yes if that was not before after, and unknown if it was.
func (c *Course) tookUp(t Taking, after Day) score.Truth {
	last := c.toldBefore(t.Drug, t.Day)
	if last < 0 {
		return score.No
	}
	without := c.Takings[last].Day
	if c.Takings[last].Taken == score.Yes {
		end, ended := c.endOf(c.Takings[last], t.Day)
		if !ended {
			return score.No
		}
		without = end
	}
	if without >= after {
		return score.Yes
	}
	return score.Unknown
}

// toldBefore is the place of the last of the Takings that tells whether a drug was taken before a day, -1 for none.
func (c *Course) toldBefore(d Medicine, day Day) int {
	for k := len(c.Takings) - 1; k >= 0; k-- {
		if t := c.Takings[k]; t.Day < day && t.Drug == d && t.Taken.Known() {
			return k
		}
	}
	return -1
}

// Freedom says of which drugs a patient was free at the visit on a day.
func (c *Course) Freedom(day Day, f Formulary) score.Freedom {
	l := c.taken(day, f)
	return score.Freedom{
		GC: c.GCAt(day, f.VisitDays), Steroids: c.free(term.Glucocorticoid, l, f), IS: c.free(term.Immunosuppressive, l, f), Antimalarial: c.free(term.Antimalarial, l, f),
	}
}

// Recognized says whether all drugs that are taken on a day are known.
func (c *Course) Recognized(day Day, f Formulary) score.Truth {
	for _, t := range c.taken(day, f) {
		if f.class(t.Drug) == "" && t.Taken != score.No {
			return score.Unknown
		}
	}
	if !c.toldOf() {
		return score.Unknown
	}
	return score.Yes
}
