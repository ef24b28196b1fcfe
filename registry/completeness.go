package registry

import (
	"firewolf/registry/course"
	"firewolf/registry/disclose"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// completeness is $completeness: what was expected of each center and what is there.
func completeness() aggregate {
	return aggregate{
		name: "completeness", title: "What is expected and what is there, by center",
		doc: "For each form, time point and group (by center, unless strata are given): of how many a value is expected - their window has closed and they had not died before its end - and of how many there is one.",
		inputs: append([]input{
			{name: "form", typ: "code", many: true, choices: markers(), preset: "sledai-2k,pga,gc-dose,dsdna,c3,c4,upcr,cd19", doc: "What is expected; several by comma."},
			{name: "timepoint", typ: "code", many: true, choices: append([]string{term.Baseline}, timepointCodes()...), preset: "tp-base,tp-m03,tp-m06,tp-m12,tp-m24", doc: "When; several by comma."},
		}, windows()...),
		run: complete,
	}
}

func complete(q *question) error {
	q.by(func(c *course.Course) string { return c.Center })
	for _, form := range q.in["form"] {
		m := marker{point: q.timepoint, name: form}
		m.a, m.lab = course.AnalyteNamed(form)
		for _, at := range q.in["timepoint"] {
			t := q.countAs(func(part string) disclose.Fact { return formFact(form, at, part) }, []string{"present", "missing", "not-expected"}, func(c *course.Course) int {
				switch {
				case !q.expected(c, at):
					return 2
				case m.at(c, at, q.asOf).is == there:
					return 0
				default:
					return 1
				}
			})
			for _, row := range q.rows() {
				x, visible := t.of(row, 0)
				n, ok := t.sum(row, 0, 1)
				visible = visible && ok && (q.enough(n) || n == 0)
				q.answer.add("form", append(append([]cell{code("form", form), code("timepoint", at)}, t.cells(row)...),
					integer("expected", n).when(ok), decimal("share", float64(x)/float64(n)).when(visible))...)
			}
		}
	}
	return nil
}

// formFact is what a part of $completeness tells: of what is there and of what is not as $biomarker does, and of who is not expected, of any
// form, as of whose window has not closed.
func formFact(form, at, part string) disclose.Fact {
	switch part {
	case "present":
		return measuredFact(form, at, true)
	case "missing":
		return measuredFact(form, at, false)
	default:
		return disclose.Fact{Key: rateParts[notDue]}
	}
}

// expected reports whether a value is expected at a time point.
func (q *question) expected(c *course.Course, at string) bool {
	p, planned := q.timepoint(at)
	if !planned {
		return true
	}
	end := c.T0() + course.Day(p.To)
	return end <= q.asOf && c.DeadBy(end) == score.No
}
