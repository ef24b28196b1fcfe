package registry

import (
	"slices"
	"strings"

	"firewolf/registry/course"
	"firewolf/registry/disclose"
	"firewolf/registry/term"
)

// form is what is expected of a patient.
type form struct {
	name string
	once bool // of an infusion, not of a time point
	// expected says whether it is at a time point, "" for what is expected once.
	expected func(q *question, c *course.Course, at string) bool
	there    func(q *question, c *course.Course, at string) bool
	// lacks is the key of another operation's count of those who do not have it; "" for a count of its own.
	lacks func(at string) string
}

// forms are the values of $biomarker, and what else a registry asks for.
func forms() []string {
	return slices.Concat(markers(), []string{term.CARTDose, term.SDI, term.LastKnownAlive}, gradeForms(), endpoints())
}

const ofMaxGrade = "-max-grade"

func gradeForms() []string {
	var l []string
	for _, kind := range toxicityKinds {
		l = append(l, kind+ofMaxGrade)
	}
	return l
}

// formOf returns a form by its name.
func (q *question) formOf(name string) form {
	kind, graded := strings.CutSuffix(name, ofMaxGrade)
	switch {
	case name == term.CARTDose:
		return form{name: name, once: true, expected: always, there: func(_ *question, c *course.Course, _ string) bool { return c.HasDose() }}
	case graded:
		return gradeForm(name, kind)
	case name == term.SDI:
		return form{name: name, expected: (*question).expected, there: (*question).hasDamage}
	case name == term.LastKnownAlive:
		return form{name: name, expected: (*question).expectedAfter, there: (*question).seenAlive}
	case slices.Contains(endpoints(), name):
		return form{name: name, expected: (*question).expectedAfter, there: func(q *question, c *course.Course, at string) bool {
			p, _ := q.timepoint(at)
			return c.StatedIn(name, c.Window(p, min(q.asOf, c.OwnUntil()))) >= 0
		}, lacks: func(at string) string { // as of $outcome-rate with source=clinician
			return strings.Join([]string{"outcome-rate", family(name), at, "clinician", rateParts[notAssessed]}, "|")
		}}
	default:
		return q.markerForm(name)
	}
}

func always(*question, *course.Course, string) bool { return true }

// markerForm is a value that $biomarker tells.
func (q *question) markerForm(name string) form {
	m := marker{point: q.timepoint, name: name}
	m.a, m.lab = course.AnalyteNamed(name)
	return form{name: name, expected: (*question).expected, there: func(q *question, c *course.Course, at string) bool {
		return m.at(c, at, q.asOf).is == there
	}}
}

// gradeForm is a highest grade, which is expected once day 30 is over.
func gradeForm(name, kind string) form {
	days := func(c *course.Course) course.Span {
		return course.Span{From: c.T0(), To: c.T0() + acuteDays, There: true}
	}
	return form{
		name: name, once: true,
		expected: func(q *question, c *course.Course, _ string) bool { return days(c).To <= q.asOf },
		there: func(q *question, c *course.Course, _ string) bool {
			_, ok := c.Highest(kind, days(c), min(q.asOf, c.OwnUntil()))
			return ok
		},
		lacks: func(string) string { return strings.Join([]string{"toxicity", kind, gradeParts[gradeUnknown]}, "|") },
	}
}

// expectedAfter is expected, of what there is after an infusion only.
func (q *question) expectedAfter(c *course.Course, at string) bool {
	_, planned := q.timepoint(at)
	return planned && q.expected(c, at)
}

// hasDamage reports whether a damage index is there at a time point.
func (q *question) hasDamage(c *course.Course, at string) bool {
	w := c.Baseline()
	if p, planned := q.timepoint(at); planned {
		w = c.Window(p, c.OwnUntil())
	}
	return slices.ContainsFunc(c.Damage, func(r course.Reading) bool { return w.From <= r.Day && r.Day <= min(w.To, q.asOf) })
}

// seenAlive reports whether a patient is known to have lived in the window of a time point or after it.
func (q *question) seenAlive(c *course.Course, at string) bool {
	p, _ := q.timepoint(at)
	return c.LastAlive.Known() && c.LastAlive >= c.T0()+course.Day(p.From)
}

// fact is what a part of a form tells: of what is there and of what is not as $biomarker and the operations do that tell the same, and of who is not
// expected, of any form, as of whose window has not closed.
func (f form) fact(at, part string) disclose.Fact {
	switch {
	case part == "present":
		return measuredFact(f.name, at, true)
	case part == "missing" && f.lacks != nil:
		return disclose.Fact{Key: f.lacks(at)}
	case part == "missing":
		return measuredFact(f.name, at, false)
	default:
		return disclose.Fact{Key: rateParts[notDue]}
	}
}
