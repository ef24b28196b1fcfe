package registry

import (
	"strings"

	"firewolf/fhir/stats"
	"firewolf/registry/course"
	"firewolf/registry/term"
)

// toxicity is $toxicity: the highest grades of CRS, ICANS and other toxicities of the cells, by product.
func toxicity() aggregate {
	return aggregate{
		name: "toxicity", title: "Toxicity of the cells by grade and product",
		doc: "For each kind and group (by product, unless strata are given): how many had which highest grade - a grade of 0 was looked for and was not there, unknown was not recorded -, the rates of any grade, of grade 2 or more and of grade 3 or more among those whose grade is known, the days of onset and the duration, and how many were treated with tocilizumab or glucocorticoids, and on intensive care if icu says what that is, within 30 days.",
		inputs: []input{
			{name: "kind", typ: "code", many: true, choices: []string{"crs", "icans", "licats", "icaht"}, preset: "crs,icans", doc: "The toxicities; several by comma."},
			{name: "late", typ: "boolean", preset: "false", doc: "Count only what began more than 28 days after the infusion."},
			{name: "icu", typ: "string", doc: "A search for the Encounters that are stays on an intensive care unit, such as Encounter?type=http://snomed.info/sct|305351004: centers code them in ways of their own. Counted are the patients of whom one began on the day of the infusion or within 30 days after it; who has only such whose beginning is not known well enough is unknown, and counts as not treated where small groups are hidden."},
		},
		run: grades,
	}
}

var gradeParts = []string{"grade-0", "grade-1", "grade-2", "grade-3", "grade-4", "grade-5", "unknown"}

const (
	gradeUnknown = 6
	lateAfter    = 28 // days
)

func grades(q *question) error {
	q.by((*course.Course).Product)
	late := q.in.one("late") == "true"
	for _, kind := range q.in["kind"] {
		// What began late is a part of all there was, so that both are one thing to the ledger.
		t := q.count(strings.Join([]string{q.op, kind}, "|"), gradeParts, func(c *course.Course) int { return gradeOf(c, kind, late) })
		for _, row := range q.rows() {
			cells := append([]cell{code("kind", kind)}, t.cells(row)...)
			for _, from := range []int{1, 2, 3} {
				cells = append(cells, q.atLeast(t, row, from)...)
			}
			onset, duration := spells(q.group(row), kind, late)
			_, told := t.size(row)
			cells = append(cells, q.spread("onset", onset, told)...)
			q.answer.add("toxicity", append(cells, q.spread("duration", duration, told)...)...)
		}
	}
	q.treatments()
	if q.in.one("icu") != "" {
		q.intensiveCare()
	}
	return nil
}

// gradeOf is the part of a patient: the highest grade that is recorded.
func gradeOf(c *course.Course, kind string, late bool) int {
	top := -1
	for _, g := range c.Grades {
		if g.Kind == kind && c.OfFirst(g) {
			top = max(top, g.Grade)
		}
	}
	switch {
	case top < 0:
		return gradeUnknown
	case late && top > 0:
		return min(top, lateGrade(c, kind, top))
	default:
		return top
	}
}

// episodes are those of a kind whose onset is known, after the first infusion and before another one; late ones only if that is asked for.
func episodes(c *course.Course, kind string, late bool) []course.Episode {
	var l []course.Episode
	again := c.Reinfused()
	for _, e := range c.Episodes {
		if e.Kind == kind && e.Onset.Known() && (!again.Known() || e.Onset < again) && (!late || int(e.Onset-c.T0()) > lateAfter) {
			l = append(l, e)
		}
	}
	return l
}

// lateGrade is the highest grade of what began late: 0 for nothing, top where no episode tells its own.
func lateGrade(c *course.Course, kind string, top int) int {
	highest := 0
	for _, e := range episodes(c, kind, true) {
		if e.Grade < 0 {
			return top
		}
		highest = max(highest, e.Grade)
	}
	return highest
}

// atLeast is the rate of a grade or more among those whose grade is known.
func (q *question) atLeast(t *counted, row, from int) []cell {
	var above []int
	for g := from; g < gradeUnknown; g++ {
		above = append(above, g)
	}
	name := []string{"", "any", "grade-2-or-more", "grade-3-or-more"}[from]
	x, visible := t.sum(row, above...)
	n, ok := t.sum(row, 0, 1, 2, 3, 4, 5)
	return append([]cell{integer(name, x).when(visible)}, q.proportion(name, x, n, visible && ok)...)
}

// spells are the days of onset and the durations of a kind in a group.
func spells(g group, kind string, late bool) (onset, duration []float64) {
	for _, c := range g.courses {
		for _, e := range episodes(c, kind, late) {
			onset = append(onset, float64(e.Onset-c.T0()))
			if e.End.Known() && e.End >= e.Onset {
				duration = append(duration, float64(e.End-e.Onset))
			}
		}
	}
	return onset, duration
}

// spread is the median and the quartiles of numbers, of a group that is told; where nothing is hidden their number and the extremes too.
func (q *question) spread(name string, x []float64, told bool) []cell {
	s := stats.Describe(x)
	visible := told && (q.enough(s.N) || s.N == 0)
	l := []cell{
		integer(name+"-n", s.N).when(q.k <= 1),
		decimal(name+"-median", s.Median).when(visible),
		decimal(name+"-q1", s.Q1).when(visible),
		decimal(name+"-q3", s.Q3).when(visible),
	}
	if q.k <= 1 {
		l = append(l, decimal(name+"-min", s.Min), decimal(name+"-max", s.Max))
	}
	return l
}

// treatedWithin is how long after the infusion a treatment counts as one of its toxicity.
const treatedWithin = 30

// treatments tell how many were treated for a toxicity.
func (q *question) treatments() {
	for _, drug := range []struct {
		name string
		is   func(d term.Drug) bool
	}{
		{"tocilizumab", func(d term.Drug) bool { return d.Name == "tocilizumab" }},
		{"glucocorticoid", func(d term.Drug) bool { return d.Class == term.Glucocorticoid }},
	} {
		t := q.count(q.op+"|"+drug.name, []string{"treated", "not-treated"}, func(c *course.Course) int {
			for _, g := range c.Given {
				if day := int(g.Day - c.T0()); day >= 0 && day <= treatedWithin && drug.is(course.Drug(g.Drug)) {
					return 0
				}
			}
			return 1
		})
		for _, row := range q.rows() {
			x, visible := t.of(row, 0)
			n, ok := t.size(row)
			q.answer.add("treatment", append(append([]cell{code("drug", drug.name)}, t.cells(row)...), q.proportion("rate", x, n, visible && ok)...)...)
		}
	}
}

// intensiveCare tells how many had a stay on an intensive care unit. Who that is a search of the caller says, so that the ledger takes them
// for a cohort, and a part of nobody is hidden as one of few: it would answer a question about one patient. Where small groups are
// hidden who is unknown counts as not treated, for the same reason.
func (q *question) intensiveCare() {
	parts := []string{"treated", "not-treated", "unknown"}
	if q.k > 1 {
		parts = parts[:2]
	}
	t := q.countAs(aCohort, parts, func(c *course.Course) int { return min(stayed(c, q.stays[c.Patient]), len(parts)-1) })
	for _, row := range q.rows() {
		x, visible := t.of(row, 0)
		n, ok := t.sum(row, 0, 1)
		cells := t.cells(row)
		if q.k > 1 {
			cells = append(cells, integer("unknown", 0).when(false))
		}
		q.answer.add("icu", append(cells, q.proportion("treated", x, n, visible && ok)...)...)
	}
}

// stayed is the part of a patient: 0 for a stay that began within 30 days, 1 for none, 2 for one whose beginning is not known well enough.
func stayed(c *course.Course, began []course.Span) int {
	part := 1
	for _, b := range began {
		switch first, last := c.T0(), c.T0()+treatedWithin; {
		case b.There && b.From >= first && b.To <= last:
			return 0
		case !b.There || b.To >= first && b.From <= last:
			part = 2
		}
	}
	return part
}
