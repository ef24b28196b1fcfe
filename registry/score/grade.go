package score

import "strconv"

// Grade is a grade whose parameters may be missing: it lies in Min..Max.
type Grade struct{ Min, Max int }

// Graded is a toxicity with its grade and what each parameter says of it.
type Graded struct {
	Code  string // local: crs
	Grade Grade
	Parts []Part
}

// Part is one parameter of a grade. A grade is that of its worst parameter.
type Part struct {
	Code  string
	Grade Grade
	From  string // the resource, "" where there is none
}

// Known reports whether the grade is one number.
func (g Grade) Known() bool { return g.Min == g.Max }

// AtLeast says whether the grade is n or more.
func (g Grade) AtLeast(n int) Truth {
	switch {
	case g.Min >= n:
		return Yes
	case g.Max < n:
		return No
	default:
		return Unknown
	}
}

// Or is the higher of two grades.
func (g Grade) Or(o Grade) Grade { return Grade{max(g.Min, o.Min), max(g.Max, o.Max)} }

// String returns the grade, or its bounds.
func (g Grade) String() string {
	if g.Known() {
		return strconv.Itoa(g.Min)
	}
	return strconv.Itoa(g.Min) + "-" + strconv.Itoa(g.Max)
}

// worst is the grade of the worst of parts.
func worst(parts []Part) Grade {
	var g Grade
	for _, p := range parts {
		g = g.Or(p.Grade)
	}
	return g
}

// exactly is a grade that is known.
func exactly(n int) Grade { return Grade{n, n} }

// sign is a parameter that has one grade if it is present and none if it is absent.
func sign(t Truth, grade int) Grade {
	switch t {
	case Yes:
		return exactly(grade)
	case No:
		return exactly(0)
	default:
		return Grade{0, grade}
	}
}
