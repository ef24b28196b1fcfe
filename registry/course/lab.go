package course

import (
	"unique"

	"firewolf/registry/score"
)

// Lab is a laboratory value in the canonical unit of its analyte (or, without one, as the laboratory says), with the
// limits of the laboratory itself in the same unit. A course has more of them than of all else, so that they are kept small: 32 bytes.
type Lab struct {
	Day     Day
	Analyte Analyte
	sign    score.Comparator
	known   bool
	x       float64
	limits  unique.Handle[Limits] // many values share them
	from    *string               // nil where sources are not kept
}

// Limits are those of a laboratory.
type Limits struct{ Low, High score.Value }

// newLab returns the value of an analyte on a day.
func newLab(day Day, a Analyte, v score.Value, l Limits) Lab {
	out := Lab{Day: day, Analyte: a, sign: v.Sign, known: v.Known, x: v.X, limits: unique.Make(l)}
	if v.From != "" {
		out.from = &v.From
	}
	return out
}

// Value is what was measured.
func (l Lab) Value() score.Value {
	v := score.Value{X: l.x, Sign: l.sign, Known: l.known}
	if l.from != nil {
		v.From = *l.from
	}
	return v
}

// Limits are those that the laboratory told with the value.
func (l Lab) Limits() Limits {
	if l.limits == (unique.Handle[Limits]{}) {
		return Limits{}
	}
	return l.limits.Value()
}
