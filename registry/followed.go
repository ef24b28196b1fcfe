package registry

import (
	"slices"

	"firewolf/registry/course"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// relapseOutcome is the first relapse, or that there was none until the last assessment that could tell. Without a remission before, nobody can
// tell; one that came only after another infusion is that of other cells.
func (j judge) relapseOutcome() judged {
	r, visits := j.relapsed()
	o := judged{Outcome: score.Outcome{Code: term.Relapse, Result: term.NotEvaluable}, c: j.c, day: j.c.T0(), within: j.drugs.VisitDays}
	before, remission := j.remissionBefore()
	o.Beside = []score.Criterion{before}
	if remission < 0 {
		for _, a := range j.c.Assessments {
			if j.c.Own(a.Day) {
				o.day = a.Day
			}
		}
		return o
	}
	o.Result, o.day = r.Result, course.Day(r.Day)
	if o.day != j.day(remission) {
		o.Beside = append(o.Beside, j.relapse.Criteria(visits[r.Visit])...)
	}
	for _, reason := range r.Reasons {
		o.parts = append(o.parts, component{code: "relapse-reason", coded: reason})
	}
	return o
}

// remissionBefore is the first remission of an infusion and its place, or what the last assessment says of one and -1.
func (j judge) remissionBefore() (score.Criterion, int) {
	c := score.Criterion{Code: "criterion-doris"}
	for k, a := range j.c.Assessments {
		if !j.c.Own(a.Day) {
			continue
		}
		if c = score.InRemission(j.remission(k)); c.Truth == score.Yes {
			return c, k
		}
	}
	return c, -1
}

// returnOutcome is the return of B cells, or that they are not back at the last sample. Who never lost them, or had no sample, is not evaluable.
func (j judge) returnOutcome() judged {
	until := j.c.OwnUntil()
	r := j.returned(until)
	gone, seen := j.c.T0()+course.Day(r.LowerBound), j.c.T0()+course.Day(r.Day)
	if r.Aplasia != score.Yes {
		seen = j.lastSample(until)
		gone = seen
	}
	o := judged{
		Outcome: score.Outcome{Code: term.BCellReturn, Result: r.Result, Beside: []score.Criterion{
			{Code: "b-cell-aplasia", Truth: r.Aplasia, Inputs: j.samples(gone)},
			{Code: "criterion-b-cells-back", Truth: score.Outcome{Result: r.Result}.Truth(), Inputs: j.samples(seen)},
		}},
		c: j.c, day: seen,
		parts: []component{{code: "threshold", quantityOf: quantityOf{j.bcells.ReturnOver, "/uL"}}},
	}
	if r.Result == term.Met {
		o.number = &quantityOf{float64(r.Day), "d"}
		o.parts = slices.Insert(o.parts, 0, component{code: "lower-bound", quantityOf: quantityOf{float64(r.LowerBound), "d"}})
	}
	return o
}

// lastSample is the day of the last count of B cells after the infusion, day 0 for none.
func (j judge) lastSample(until course.Day) course.Day {
	last := j.c.T0()
	for _, l := range j.c.Labs {
		if (l.Analyte == j.cd19 || l.Analyte == j.percent) && l.Day <= until {
			last = max(last, l.Day)
		}
	}
	return last
}

// samples are the counts of B cells of a day after the infusion.
func (j judge) samples(day course.Day) []score.Input {
	var l []score.Input
	for _, lab := range j.c.Labs {
		if lab.Day == day && day > j.c.T0() && (lab.Analyte == j.cd19 || lab.Analyte == j.percent) {
			l = append(l, score.Measured(lab.Analyte.Of().Name, lab.Value()))
		}
	}
	return l
}
