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
			{name: "form", typ: "code", many: true, choices: forms(), preset: "sledai-2k,pga,gc-dose,dsdna,c3,c4,upcr,cd19", doc: "What is expected; several by comma. cart-dose, the number of cells, and a highest grade are expected once, a grade when day 30 is over; a day last known to be alive at a time point is one within its window or after; of an outcome it is what a clinician stated. These last two are expected after the infusion only."},
			{name: "timepoint", typ: "code", many: true, choices: append([]string{term.Baseline}, timepointCodes()...), preset: "tp-base,tp-m03,tp-m06,tp-m12,tp-m24", doc: "When; several by comma."},
		}, windows()...),
		run: complete,
	}
}

func complete(q *question) error {
	q.by(func(c *course.Course) string { return c.Center })
	for _, name := range q.in["form"] {
		f := q.formOf(name)
		at := q.in["timepoint"]
		if f.once {
			at = []string{""}
		}
		for _, at := range at {
			q.complete(f, at)
		}
	}
	return nil
}

// formParts are the parts that a cohort falls into. Who is not expected is so of every form.
var formParts = []string{"present", "missing", "not-expected"}

// complete tells of a form at a time point.
func (q *question) complete(f form, at string) {
	t := q.table(counting{parts: formParts, fact: func(part string) disclose.Fact { return f.fact(at, part) }, last: map[string]bool{formParts[2]: true}, of: func(c *course.Course) int {
		switch {
		case !f.expected(q, c, at):
			return 2
		case f.there(q, c, at):
			return 0
		default:
			return 1
		}
	}})
	for _, row := range q.rows() {
		x, visible := t.of(row, 0)
		n, ok := t.rest(row, []int{0, 1}, 2)
		visible = visible && ok && (q.enough(n) || n == 0)
		q.answer.add("form", append(append([]cell{code("form", f.name), code("timepoint", at).unless(at == "")}, t.cells(row)...),
			integer("expected", n).when(ok), decimal("share", float64(x)/float64(n)).when(visible))...)
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
