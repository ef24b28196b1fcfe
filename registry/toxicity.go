package registry

import (
	"fmt"
	"strconv"
	"strings"

	"firewolf/fhir/stats"
	"firewolf/registry/course"
	"firewolf/registry/disclose"
	"firewolf/registry/term"
)

// toxicity is $toxicity: the highest grades of CRS, ICANS and other toxicities of the cells, by product.
func toxicity() aggregate {
	return aggregate{
		name: "toxicity", title: "Toxicity of the cells by grade and product",
		doc: "For each kind and group (by product, unless strata are given): how many had which highest grade - a grade of 0 was looked for and was not there, unknown was not recorded -, the rates of any grade, of grade 2 or more and of grade 3 or more among those whose grade is known, the days of onset and the duration, and how many were treated with tocilizumab or glucocorticoids, and on intensive care if icu says what that is (who was given such a drug in some month or year that may hold one of the days, and on none that is known, is unknown, and counts as not treated where small groups are hidden). All of it is of what began from the day of the infusion to day 30, of what is told until the day as-of and before a second infusion. A highest grade whose episode is not known to have begun within these days, nor after them, is unknown; who has no highest grade recorded is too, whatever else is told. Of these unrecorded are those of whom an episode is told that began in these days: they are in no rate, since of who had none it is not recorded either that it was looked for.",
		inputs: []input{
			{name: "kind", typ: "code", many: true, choices: toxicityKinds, preset: "crs,icans", doc: "The toxicities; several by comma."},
			{name: "late", typ: "boolean", preset: "false", doc: "Count what began later than within, in place of what began within: nothing is in both."},
			{name: "within", typ: "integer", preset: strconv.Itoa(acuteDays), within: &[2]float64{1, 365}, doc: "The last day after the infusion on which toxicity, a treatment of it or a stay on intensive care may begin to count. ICANS is told of 28 days too."},
			{name: "icu", typ: "string", doc: "A search for the Encounters that are stays on an intensive care unit, such as Encounter?type=http://snomed.info/sct|305351004: centers code them in ways of their own. Counted are the patients of whom one began on the day of the infusion or within 30 days after it (within); who has only such whose beginning is not known well enough is unknown, and counts as not treated where small groups are hidden."},
		},
		run: grades,
	}
}

var toxicityKinds = []string{term.CRS, term.ICANS, "licats", "icaht"}

// acuteDays is how long after the infusion toxicity begins that is not late, where nobody says otherwise.
const acuteDays = 30

var gradeParts = []string{"grade-0", "grade-1", "grade-2", "grade-3", "grade-4", "grade-5", "unknown"}

const gradeUnknown = 6

func grades(q *question) error {
	q.by((*course.Course).Product)
	q.answer.tellRules([]cell{{name: "within", text: q.in.one("within")}})
	for _, kind := range q.in["kind"] {
		// What began late is a part of all there was, so that both are one thing to the ledger.
		t := q.count(strings.Join([]string{q.op, kind}, "|"), gradeParts, func(c *course.Course) int { return q.gradeOf(c, kind) })
		unrecorded := q.unrecorded(kind)
		onset, duration := q.spread(kind, "onset", sinceInfusion), q.spread(kind, "duration", lasted)
		for _, row := range q.rows() {
			x, visible := unrecorded.of(row, 0)
			cells := append(append([]cell{code("kind", kind)}, t.cells(row)...), integer("unrecorded", x).when(visible))
			for _, from := range []int{1, 2, 3} {
				cells = append(cells, q.atLeast(t, row, from)...)
			}
			cells = append(cells, onset.cells(row)...)
			q.answer.add("toxicity", append(cells, duration.cells(row)...)...)
		}
	}
	q.treatments()
	if q.in.one("icu") != "" {
		q.intensiveCare()
	}
	return nil
}

// acute are the days in which toxicity counts that is not late.
func (q *question) acute(c *course.Course) course.Span {
	return course.Span{From: c.T0(), To: c.T0() + course.Day(q.in.number("within")), There: true}
}

// stretch are the days in which toxicity counts, and the last day of what is told: the first infusion is judged by what is before a second one.
func (q *question) stretch(c *course.Course) (in course.Span, until course.Day) {
	in = q.acute(c)
	if q.in.one("late") == "true" {
		in.From, in.To = in.To+1, course.Forever
	}
	return in, min(q.asOf, c.OwnUntil())
}

// gradeOf is the part of a patient: the highest grade, if it is known.
func (q *question) gradeOf(c *course.Course, kind string) int {
	in, until := q.stretch(c)
	if g, ok := c.Highest(kind, in, until); ok && g.Known() {
		return g.Min
	}
	return gradeUnknown
}

// unrecorded counts those of the unknown of whom an episode is told and no highest grade.
func (q *question) unrecorded(kind string) *counted {
	of := func(part string) string { return strings.Join([]string{q.op, kind, part}, "|") }
	return q.table(counting{
		parts: []string{"unrecorded", "not-unrecorded"},
		of: func(c *course.Course) int {
			if in, until := q.stretch(c); c.Unrecorded(kind, in, until) {
				return 0
			}
			return 1
		},
		fact: func(part string) disclose.Fact {
			if part == "unrecorded" {
				return disclose.Fact{Key: of(part), Within: of(gradeParts[gradeUnknown])}
			}
			return disclose.Fact{Key: of(part)}
		},
	})
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

// sinceInfusion is on which day an episode began.
func sinceInfusion(c *course.Course, e course.Episode, _ course.Day) (float64, bool) {
	return float64(e.Onset - c.T0()), true
}

// lasted is for how many days an episode lasted that was over by a day.
func lasted(_ *course.Course, e course.Episode, until course.Day) (float64, bool) {
	return float64(e.End - e.Onset), e.End.Known() && e.Onset <= e.End && e.End <= until
}

// spread is a number of each episode in a group. How many patients have one is a count like any other, so that the others do not follow.
type spread struct {
	q      *question
	key    string
	name   string
	t      *counted
	values map[*course.Course][]float64
}

func (q *question) spread(kind, name string, of func(*course.Course, course.Episode, course.Day) (float64, bool)) spread {
	s := spread{q: q, key: strings.Join([]string{q.op, kind, name}, "|"), name: name, values: map[*course.Course][]float64{}}
	for _, c := range q.all.courses {
		in, until := q.stretch(c)
		for _, e := range c.Spells(kind, in, until) {
			if x, ok := of(c, e, until); ok {
				s.values[c] = append(s.values[c], x)
			}
		}
	}
	s.t = q.count(s.key, []string{"known", "not-known"}, func(c *course.Course) int {
		if len(s.values[c]) > 0 {
			return 0
		}
		return 1
	})
	return s
}

// cells are the median and the quartiles of a row; where nothing is hidden the number and the extremes too.
func (s spread) cells(row int) []cell {
	var x []float64
	used := disclose.Fact{Key: s.key + "|values", Whole: true}
	patients := 0
	for _, c := range s.q.group(row).courses {
		x = append(x, s.values[c]...)
		patients += min(1, len(s.values[c]))
		for _, v := range s.values[c] {
			used.Patients = append(used.Patients, fmt.Sprint(c.Patient, " ", v))
		}
	}
	d := stats.Describe(x)
	_, visible := s.t.of(row, 0)
	visible = s.q.tellValues(visible && (s.q.enough(patients) || patients == 0), used)
	l := []cell{
		integer(s.name+"-n", d.N).when(s.q.k <= 1),
		decimal(s.name+"-median", d.Median).when(visible),
		decimal(s.name+"-q1", d.Q1).when(visible),
		decimal(s.name+"-q3", d.Q3).when(visible),
	}
	if s.q.k <= 1 {
		l = append(l, decimal(s.name+"-min", d.Min), decimal(s.name+"-max", d.Max))
	}
	return l
}

// treatments tell how many were treated for a toxicity, in the days of what is not late.
func (q *question) treatments() {
	for _, drug := range []struct {
		name string
		is   func(d term.Drug) bool
	}{
		{"tocilizumab", func(d term.Drug) bool { return d.Name == "tocilizumab" }},
		{"glucocorticoid", func(d term.Drug) bool { return d.Class == term.Glucocorticoid }},
	} {
		parts := q.treatmentParts()
		t := q.count(q.op+"|"+drug.name, parts, func(c *course.Course) int { return min(q.given(c, drug.is), len(parts)-1) })
		for _, row := range q.rows() {
			x, visible := t.of(row, 0)
			n, ok := t.sum(row, 0, 1)
			q.answer.add("treatment", append(append([]cell{code("drug", drug.name)}, q.treatmentCells(t, row)...), q.proportion("rate", x, n, visible && ok)...)...)
		}
	}
}

// treatmentParts are the parts by a treatment. Where small groups are hidden who is unknown counts as not treated: a part of few would tell of them.
func (q *question) treatmentParts() []string {
	if q.k > 1 {
		return []string{"treated", "not-treated"}
	}
	return []string{"treated", "not-treated", "unknown"}
}

// treatmentCells are the counts of a row by a treatment.
func (q *question) treatmentCells(t *counted, row int) []cell {
	cells := t.cells(row)
	if q.k > 1 {
		cells = append(cells, integer("unknown", 0).when(false))
	}
	return cells
}

// given is the part of a patient: 0 for a drug that was given within the days that count, 1 for none, 2 for one in some month that may hold such a day.
func (q *question) given(c *course.Course, is func(d term.Drug) bool) int {
	part, in := 1, q.acute(c)
	in.To = min(in.To, q.asOf, c.OwnUntil())
	for _, g := range c.Given {
		first, last := g.Day, g.Day+g.Later
		switch {
		case !is(course.Drug(g.Drug)) || last < in.From || first > in.To:
		case in.From <= first && last <= in.To:
			return 0
		default:
			part = 2
		}
	}
	return part
}

// intensiveCare tells how many had a stay on an intensive care unit. Who that is a search of the caller says, so that the ledger takes them
// for a cohort, and a part of nobody is hidden as one of few: it would answer a question about one patient. Where small groups are
// hidden who is unknown counts as not treated, for the same reason.
func (q *question) intensiveCare() {
	parts := q.treatmentParts()
	t := q.countAs(aCohort, parts, func(c *course.Course) int { return min(q.stayed(c), len(parts)-1) })
	for _, row := range q.rows() {
		x, visible := t.of(row, 0)
		n, ok := t.sum(row, 0, 1)
		q.answer.add("icu", append(q.treatmentCells(t, row), q.proportion("treated", x, n, visible && ok)...)...)
	}
}

// stayed is the part of a patient: 0 for a stay that began within the days that count, 1 for none, 2 for one whose beginning is not known well enough.
func (q *question) stayed(c *course.Course) int {
	part, in := 1, q.acute(c)
	in.To = min(in.To, q.asOf, c.OwnUntil())
	for _, b := range q.stays[c.Patient] {
		switch {
		case b.There && b.From >= in.From && b.To <= in.To:
			return 0
		case !b.There || b.To >= in.From && b.From <= in.To:
			part = 2
		}
	}
	return part
}
