package cart

import (
	"fmt"

	"firewolf/fhir/datetime"
)

// The drugs of lymphodepletion, with the columns of their doses and days.
var depleting = []struct{ drug, dose, days string }{
	{"fludarabine", "ld_flu_mg_m2", "ld_flu_days"},
	{"cyclophosphamide", "ld_cy_mg_m2", "ld_cy_days"},
}

// notBefore reports whether a is not before b for sure: on the same day or later. Partial dates that overlap may be in order.
func notBefore(a, b datetime.DateTime) bool {
	return before(b, a) || isDay(a) && a == b
}

// judgeCourse holds a course to its order, as far as it tells it without the infusion.
func (r *record) judgeCourse(c *courseRows) {
	if c.row.Row == nil {
		return
	}
	e := c.row
	if d := e.date("ld_start"); stated(d) && notBefore(e.date("apheresis_date"), d) {
		r.Report(e.Row, "ld_start", ruleOrder, "lymphodepletion starts on "+d.String()+", not after the leukapheresis of "+e.Cell("apheresis_date"))
	}
	r.positive(e, "ld_flu_mg_m2", "ld_cy_mg_m2")
}

// judgeOrder holds an infusion to the course before it: leukapheresis, then each day of lymphodepletion, then the infusion.
func (r *record) judgeOrder(c *courseRows, infused datetime.DateTime) {
	for _, col := range []string{"ld_start", "apheresis_date"} {
		if b := c.row.date(col); stated(b) && notBefore(b, infused) {
			r.Report(c.infusion.Row, "infusion_date", ruleOrder, "the infusion on "+infused.String()+" is not after "+col+", "+b.String())
		}
	}
	told := c.infusion.Rejected || c.row.Rejected // what follows from a wrong date is not told again
	collected, first := c.row.date("apheresis_date"), firstOffset(c.row)
	for _, x := range depleting {
		plan, ok := daysOf(c.row.Cell(x.days))
		days := plan.on(infused, c.row)
		if !ok || len(days) == 0 {
			continue
		}
		if last := days[len(days)-1]; !told && stated(infused) && notBefore(last, infused) {
			r.Report(c.row.Row, x.days, ruleOrder, "the last day of "+x.drug+", "+last.String()+", is not before the infusion on "+infused.String())
		}
		if !told && stated(collected) && notBefore(collected, days[0]) {
			r.Report(c.row.Row, x.days, ruleOrder, "the first day of "+x.drug+", "+days[0].String()+", is not after the leukapheresis of "+collected.String())
		}
	}
	if n, ok := daysBetween(infused, c.row.date("ld_start")); ok && first < 0 && n != first {
		r.Report(c.row.Row, "ld_start", ruleDaysFit, fmt.Sprintf("ld_start is day %d, the first drug is given on day %d", n, first))
	}
}

// judgeRegimen tells of what a course says of a drug and what cannot be kept, since something beside it is missing.
func (r *record) judgeRegimen(c *courseRows) {
	if c.row.Row == nil {
		return
	}
	for _, x := range depleting {
		dosed, days := c.row.Cell(x.dose) != "", c.row.Cell(x.days) != ""
		plan, _ := daysOf(c.row.Cell(x.days))
		switch {
		case dosed && !days:
			r.Report(c.row.Row, x.dose, ruleRegimen, "on which days "+x.drug+" was given is missing: no administration of it is kept")
		case days && !dosed:
			r.Report(c.row.Row, x.days, ruleRegimen, "the dose of "+x.drug+" is missing: no administration of it is kept")
		case days && !c.brokenInf && len(plan.on(c.infused, c.row)) == 0:
			r.Report(c.row.Row, x.days, ruleRegimen, "the day that the days of "+x.drug+" count from is missing: no administration of it is kept")
		}
	}
}

// firstOffset is the first day of lymphodepletion as far as offsets tell it, 0 where none does.
func firstOffset(e entry) int {
	first := 0
	for _, x := range depleting {
		if plan, ok := daysOf(e.Cell(x.days)); ok && len(plan.offsets) > 0 {
			first = min(first, plan.offsets[0])
		}
	}
	return first
}

// on returns the days of a plan of a course: offsets count from the infusion, a number of days from the start of lymphodepletion. Without an
// infusion the first offset of all drugs is that start.
func (p dayPlan) on(infused datetime.DateTime, course entry) []datetime.DateTime {
	var l []datetime.DateTime
	start := course.date("ld_start")
	switch {
	case len(p.offsets) > 0 && isDay(infused):
		for _, n := range p.offsets {
			l = append(l, plus(infused, n))
		}
	case len(p.offsets) > 0 && isDay(start):
		for _, n := range p.offsets {
			l = append(l, plus(start, n-firstOffset(course)))
		}
	case isDay(start):
		for n := range p.count {
			l = append(l, plus(start, n))
		}
	}
	return l
}
