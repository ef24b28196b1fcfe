package registry

import (
	"fmt"
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/stats"
	"firewolf/registry/course"
	"firewolf/registry/disclose"
	"firewolf/registry/term"
)

// biomarker is $biomarker: a laboratory value or a score by time point.
func biomarker() aggregate {
	return aggregate{
		name: "biomarker", title: "A laboratory value or a score by time point",
		doc: "For each time point and group: median and quartiles of the value that is nearest to the nominal day within the window, and of its change since the baseline. PGA and dose of glucocorticoid have their own nearest day, as laboratory values do. Who has an incomplete score, a value in a unit that does not convert or, as a ratio, none with the limit of its laboratory, or one of a day that is not known, is counted as not-evaluable, apart from who has no value; such a value hides no other. As a ratio the value is told by the limit of the laboratory that measured it, which is how values of different assays compare. A value beyond a limit of detection counts as that limit. Values after the day as-of, and after a second infusion, are left out before the nearest is looked for.",
		inputs: append([]input{
			{name: "analyte", typ: "code", choices: markers(), preset: "dsdna", doc: "What was measured: an analyte, or sledai-2k, csledai-2k, selena-sledai (whose wording differs, so that it stands apart), pga, gc-dose."},
			{name: "timepoint", typ: "code", many: true, choices: append([]string{term.Baseline}, timepointCodes()...), preset: "tp-base,tp-m03,tp-m06,tp-m12,tp-m24", doc: "When; several by comma."},
			{name: "scale", typ: "code", choices: []string{"value", "ratio"}, doc: "The value in its canonical unit, or, of a laboratory value, its ratio to the own laboratory's limit. Of antibodies only the ratio is told: the units of different assays do not compare."},
			{name: "limit", typ: "code", choices: []string{"high", "low"}, doc: "Of a ratio, to which limit; by default the lower one of complement and immunoglobulins, else the upper one."},
		}, windows()...),
		run: measured,
	}
}

// scores are what is not measured in a laboratory.
var scores = []string{term.SLEDAI2K, term.CSLEDAI2K, term.SELENASLEDAI, term.PGA, term.GCDose}

func markers() []string {
	l := slices.Clone(scores)
	for _, a := range term.Analytes() {
		l = append(l, a.Name)
	}
	return l
}

// marker reads one value of a course.
type marker struct {
	name  string
	a     course.Analyte
	lab   bool
	ratio bool
	low   bool
	point func(code string) (term.Timepoint, bool)
}

func (q *question) marker() (marker, error) {
	m := marker{point: q.timepoint, name: q.in.one("analyte"), ratio: q.in.one("scale") == "ratio", low: q.in.one("limit") == "low"}
	m.a, m.lab = course.AnalyteNamed(m.name)
	if q.in.one("limit") == "" {
		m.low = slices.Contains([]string{"c3", "c4", "igg", "iga", "igm"}, m.name)
	}
	if m.lab && m.a.Of().Unit == "" {
		if q.in.one("scale") == "value" {
			return m, fhir.NewIssue(fhir.BusinessRule, "the values of "+m.name+" are in the units of their assays, which do not compare: ask for scale=ratio")
		}
		m.ratio = true
	}
	switch {
	case m.ratio && !m.lab:
		return m, fhir.NewIssue(fhir.Value, "scale: a score such as "+m.name+" has no limit of a laboratory that a ratio could be to", "http.scale")
	case q.in.one("limit") != "" && !m.ratio:
		return m, fhir.NewIssue(fhir.Value, "limit: nothing is compared with the limit of a laboratory; ask for scale=ratio of a laboratory value", "http.limit")
	}
	return m, nil
}

func measured(q *question) error {
	m, err := q.marker()
	if err != nil {
		return err
	}
	for _, at := range q.in["timepoint"] {
		read := map[*course.Course]pair{}
		for _, c := range q.all.courses {
			read[c] = m.pair(c, at, q.asOf)
		}
		t := q.countAs(func(part string) disclose.Fact { return valueFact(m.name, at, part) }, valueParts, func(c *course.Course) int { return int(read[c].is) })
		pairs := q.countAs(func(part string) disclose.Fact { return valueFact(m.name, at, part) }, []string{"paired", "unpaired", "without"}, func(c *course.Course) int { return read[c].part() })
		for _, row := range q.rows() {
			q.marked(m, at, row, t, pairs, read)
		}
	}
	return nil
}

// valueParts are the parts that a cohort falls into at a time point, by presence.
var valueParts = []string{"measured", "not-evaluable", "not-measured"}

// pair is the value of a patient and its change since the baseline.
type pair struct {
	found
	change  float64
	changed bool
}

func (m marker) pair(c *course.Course, at string, until course.Day) pair {
	p := pair{found: m.at(c, at, until)}
	if p.is != there || at == term.Baseline {
		return p
	}
	before := m.at(c, term.Baseline, until)
	p.change, p.changed = p.x-before.x, before.is == there
	return p
}

// part is 0 for a value with a baseline, 1 for one without, 2 for none.
func (p pair) part() int {
	switch {
	case p.changed:
		return 0
	case p.is == there:
		return 1
	default:
		return 2
	}
}

// valueFact is what a part of $biomarker tells. Of SLEDAI-2K and its clinical part one holds who has the other; so do a value and its ratio to a
// limit. Who has no value is told by $completeness too, which counts one that cannot be used as none.
func valueFact(name, at, part string) disclose.Fact {
	switch part {
	case "measured":
		return measuredFact(name, at, true)
	case "not-measured", "without":
		return measuredFact(name, at, false)
	}
	if name == term.CSLEDAI2K {
		name = term.SLEDAI2K
	}
	return disclose.Fact{Key: strings.Join([]string{"value", name, at, part}, "|")}
}

// measuredFact is that a value is there, or that it is not.
func measuredFact(name, at string, there bool) disclose.Fact {
	if name == term.CSLEDAI2K {
		name = term.SLEDAI2K
	}
	return disclose.Fact{Key: fmt.Sprint("measured|", name, "|", at, "|", there)}
}

func (q *question) marked(m marker, at string, row int, t, pairs *counted, read map[*course.Course]pair) {
	var values, changes []float64
	used := disclose.Fact{Key: fmt.Sprint(q.op, "|", m.name, "|", at, "|", m.ratio, "|", m.low, "|values"), Whole: true}
	for _, c := range q.group(row).courses {
		p := read[c]
		if p.is == there {
			values = append(values, p.x)
			used.Patients = append(used.Patients, fmt.Sprint(c.Patient, " ", p.day))
		}
		if p.changed {
			changes = append(changes, p.change)
		}
	}
	s := stats.Describe(values)
	_, visible := t.of(row, 0)
	visible = q.tellValues(visible && (q.enough(s.N) || s.N == 0), used)
	cells := append([]cell{code("analyte", m.name), text("unit", m.unit()), code("timepoint", at)}, t.cells(row)...)
	for _, x := range []struct {
		name  string
		value float64
	}{{"median", s.Median}, {"q1", s.Q1}, {"q3", s.Q3}, {"mean", s.Mean}, {"sd", s.SD}} {
		cells = append(cells, decimal(x.name, x.value).when(visible))
	}
	if q.k <= 1 {
		cells = append(cells, decimal("min", s.Min), decimal("max", s.Max))
	}
	// How many have a pair is a count of its own: it is told only if who has none may be told too.
	paired := stats.Describe(changes)
	_, ok := pairs.sum(row, 0, 1)
	ok = ok && visible && (q.enough(paired.N) || q.k <= 1)
	q.answer.add("value", append(cells, integer("change-n", paired.N).when(ok), decimal("change-median", paired.Median).when(ok),
		decimal("change-q1", paired.Q1).when(ok), decimal("change-q3", paired.Q3).when(ok))...)
}

// unit is what the numbers are in.
func (m marker) unit() string {
	switch {
	case m.ratio:
		return "1"
	case m.lab:
		return m.a.Of().Unit
	case m.name == term.GCDose:
		return "mg/d"
	default:
		return "{score}"
	}
}

// presence says whether there is a value.
type presence int

const (
	there    presence = iota
	unusable          // a score that is incomplete, a value in a unit that does not convert or, as a ratio, without the limit, or without a full date
	missing
)

// found is a value with its day.
type found struct {
	x   float64
	day course.Day
	is  presence
}

// foundOf is a value that is there, or cannot be used.
func foundOf(x float64, day course.Day, ok bool) found {
	if !ok {
		return found{day: day, is: unusable}
	}
	return found{x: x, day: day}
}

// at returns the value that stands for a time point, of those not after a day and not after a second infusion. What is no SLEDAI is not looked
// for at the visit of one: each has its own nearest day.
func (m marker) at(c *course.Course, at string, until course.Day) found {
	w := c.Baseline()
	if p, planned := m.point(at); planned {
		w = c.Window(p, min(until, c.OwnUntil()))
	}
	f := m.in(c, w)
	kinds := []string{m.name}
	if m.name == term.SLEDAI2K || m.name == term.CSLEDAI2K { // an assessment may tell of one, and is one of both
		kinds = []string{term.SLEDAI2K, term.CSLEDAI2K}
	}
	if f.is == missing && c.MayHold(w, kinds...) {
		f.is = unusable
	}
	return f
}

// in returns what stands in a window.
func (m marker) in(c *course.Course, w course.Window) found {
	switch {
	case m.lab:
		return m.measured(c, w)
	case m.name == term.PGA:
		return readingOf(c.PGA, w)
	case m.name == term.GCDose:
		return readingOf(c.GC, w)
	default:
		return m.assessed(c, w)
	}
}

func readingOf(l []course.Reading, w course.Window) found {
	if r, ok := course.ReadingIn(l, w); ok {
		return foundOf(r.X, r.Day, r.Known)
	}
	return found{is: missing}
}

func (m marker) measured(c *course.Course, w course.Window) found {
	k := c.LabIn(m.a, w, func(l course.Lab) bool {
		_, ok := m.scaled(l)
		return ok
	})
	if k < 0 {
		return found{is: missing}
	}
	x, ok := m.scaled(c.Labs[k])
	return foundOf(x, c.Labs[k].Day, ok)
}

// scaled is a value, or its ratio to the limit of its laboratory.
func (m marker) scaled(l course.Lab) (float64, bool) {
	v, limits := l.Value(), l.Limits()
	limit := limits.High
	if m.low {
		limit = limits.Low
	}
	switch {
	case !v.Known:
		return 0, false
	case !m.ratio:
		return v.X, true
	case !limit.Exact() || limit.X == 0:
		return 0, false
	default:
		return v.X / limit.X, true
	}
}

// assessed returns the score of the assessment that stands for a time point; an incomplete one has none.
func (m marker) assessed(c *course.Course, w course.Window) found {
	if m.name == term.SELENASLEDAI {
		c = c.BySELENA()
	}
	k := c.AssessmentIn(w)
	if k < 0 {
		return found{is: missing}
	}
	a := c.Assessments[k]
	p := a.Score()
	if m.name == term.CSLEDAI2K {
		p = a.ClinicalScore()
	}
	return foundOf(float64(p.Min), a.Day, p.Complete)
}
