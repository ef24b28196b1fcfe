package course

import (
	"slices"
	"strings"
	"time"

	"firewolf/fhir/tree"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// Instrument is a score or a grade as it is stored, with the parts that it is made of. Only a course with sources has them.
type Instrument struct {
	Kind     string // local code
	Infusion string // id of the Procedure that it is about; "" where none is told
	At       string // the date as it is told
	Days     Span
	Stated   score.Value
	Parts    []Answer
	From     string
}

// Answer is a part of an instrument: yes or no, a number, or a local code.
type Answer struct {
	Code   string // local
	Truth  score.Truth
	Number score.Value
	Choice string
}

// instruments are the local codes of what is read as an Instrument, beside SLEDAI-2K, which each Assessment is.
var instruments = []string{term.SDI, term.ICEScore, term.CRSMaxGrade, term.ICANSMaxGrade, term.EULARACR2019, term.ANA}

// instrument takes an Observation that is one, or a component of a panel.
func (b *Builder) instrument(root, one tree.Node, kind string) {
	k := slices.Index(instruments, kind)
	if !b.sources || k < 0 {
		return
	}
	i := Instrument{Kind: instruments[k], Infusion: b.procedureOf(root.Member("focus")), Days: effective(root), From: b.from(root)}
	i.At = strings.Clone(dateOf(started(root, "effective")))
	if kind == term.SDI { // of the day of its assessment, as Course.Damage is
		i.At = strings.Clone(dateOf(judgedAt(root, kind)))
		if on := ParseDay(i.At); on.There {
			i.Days = on
		}
	}
	i.Stated = scored(one, i.Kind, i.From)
	for part := range one.Member("component").Items() {
		i.Parts = append(i.Parts, answer(part, i.From))
	}
	b.c.Instruments = append(b.c.Instruments, i)
}

// dateOf is the date of a dateTime.
func dateOf(at string) string {
	date, _, _ := strings.Cut(at, "T")
	return date
}

func answer(part tree.Node, from string) Answer {
	a := Answer{Code: strings.Clone(local(part.Member("code"))), Choice: strings.Clone(local(part.Member("valueCodeableConcept")))}
	if v := part.Member("valueBoolean"); v.Exists() {
		a.Truth = truth(v.Text() == "true")
	}
	a.Number = scored(part, a.Code, from)
	return a
}

// Part returns a part of an instrument by its code; the zero Answer is of one that is not told.
func (i Instrument) Part(code string) Answer {
	for _, a := range i.Parts {
		if a.Code == code {
			return a
		}
	}
	return Answer{}
}

// Told reports whether an answer says anything.
func (a Answer) Told() bool { return a.Truth.Known() || a.Number.Known || a.Choice != "" }

// Mine reports whether an instrument is of the first infusion: it names it, or names none and is of a day from it to the next.
func (c *Course) Mine(i Instrument) bool {
	if i.Infusion != "" {
		own := c.first()
		return slices.ContainsFunc(own, func(x Infusion) bool { return x.ID == i.Infusion })
	}
	return c.T0().Known() && c.T0() <= i.Days.From && i.Days.From <= c.OwnUntil()
}

// AgeAt returns the full years on a day: from low to high where the birth is known to the month or year only.
func (c *Course) AgeAt(day Day) (low, high int, ok bool) {
	if !c.Born.There || !day.Known() {
		return 0, 0, false
	}
	return years(c.Born.To, day), years(c.Born.From, day), true
}

// years are the full years from a day to another.
func years(from, to Day) int {
	a, b := time.Unix(int64(from)*86400, 0).UTC(), time.Unix(int64(to)*86400, 0).UTC()
	n := b.Year() - a.Year()
	if b.Month() < a.Month() || b.Month() == a.Month() && b.Day() < a.Day() {
		n--
	}
	return n
}
