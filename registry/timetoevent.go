package registry

import (
	"math"
	"strings"

	"firewolf/fhir/stats"
	"firewolf/registry/course"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// timeToEvent is $time-to-event: survival by Kaplan and Meier, and incidence by Aalen and Johansen where death competes.
func timeToEvent() aggregate {
	return aggregate{
		name: "time-to-event", title: "Time to an event",
		doc: "For each group: the curve with its limits (log-log), the number at risk, the median, and the log-rank test between the groups. Where death competes with the event the curve is the cumulative incidence, and the test counts deaths as censored. Times are days.",
		inputs: append([]input{
			{name: "endpoint", typ: "code", choices: eventCodes(), preset: eventRelapseFree, doc: "The event. first-doris: remission, death competes. relapse-free-survival and overall-survival: from the infusion. drug-free-duration: from the first drug-free remission to relapse, treatment or death. b-cell-return: of those with aplasia, death competes."},
			{name: "grid", typ: "integer", preset: "30", doc: "Every how many days the curve is told. An admin can ask for 0: every day on which something happened. Where small groups are hidden it is a multiple of 30, rounded up."},
			drugNames(),
		}, rulesOf(eventCodes())...),
		run: survival,
	}
}

// The endpoints whose rules can be set.
const (
	eventFirstRemission = "first-doris"
	eventRelapseFree    = "relapse-free-survival"
	eventOverall        = "overall-survival"
	eventDrugFree       = "drug-free-duration"
	eventBCellReturn    = "b-cell-return"
)

// event is an endpoint of a time-to-event analysis.
type event struct {
	code     string
	competes bool // death competes with it
	follow   func(q *question, c *course.Course) (stats.Subject, int)
}

// Why a patient is followed or is not.
const (
	followed = iota
	outOfScope
	unclear
)

func events() []event {
	return []event{
		{eventFirstRemission, true, firstRemission},
		{eventRelapseFree, false, relapseFree},
		{eventOverall, false, overall},
		{eventDrugFree, false, drugFreeDuration},
		{eventBCellReturn, true, bCellReturn},
	}
}

func eventCodes() []string {
	var l []string
	for _, e := range events() {
		l = append(l, e.code)
	}
	return l
}

// The causes of stats.Subject.
const (
	censored = iota
	happened
	died
)

// dies reports a death within follow-up.
func (q *question) dies(c *course.Course) bool { return c.Death.Known() && c.Death <= q.asOf }

// until is the end of follow-up: the day as of which is asked, a second infusion, or the death, whichever comes first.
func (q *question) until(c *course.Course) course.Day {
	end := q.asOf
	if again := c.Reinfused(); again.Known() {
		end = min(end, again)
	}
	if c.Death.Known() {
		end = min(end, c.Death)
	}
	return end
}

// since is a subject by days.
func since(from, to course.Day, cause int) (stats.Subject, int) {
	if to < from {
		return stats.Subject{}, unclear
	}
	return stats.Subject{Time: float64(to - from), Cause: cause}, followed
}

// undated reports a death without a day, which makes every time unclear.
func undated(c *course.Course) bool { return c.Dead && !c.Death.Known() }

func overall(q *question, c *course.Course) (stats.Subject, int) {
	switch {
	case undated(c):
		return stats.Subject{}, unclear
	case q.dies(c):
		return since(c.T0(), c.Death, happened)
	}
	last := min(c.LastSeen(), q.asOf)
	if !last.Known() || last < c.T0() {
		last = c.T0()
	}
	return since(c.T0(), last, censored)
}

// lastJudged is the last assessment of which a truth is known, up to a day; Never for none.
func lastJudged(c *course.Course, until course.Day, known func(k int) bool) course.Day {
	last := course.Never
	for k, a := range c.Assessments {
		if a.Day >= c.T0() && a.Day <= until && known(k) {
			last = a.Day
		}
	}
	return last
}

// firstRemission is the day of the visit at which remission was first met. It may have begun at any time since the visit before.
func firstRemission(q *question, c *course.Course) (stats.Subject, int) {
	if undated(c) {
		return stats.Subject{}, unclear
	}
	j, end := q.rules.of(c), q.until(c)
	for k, a := range c.Assessments {
		if a.Day > c.T0() && a.Day <= end && j.remission(k).Truth() == score.Yes {
			return since(c.T0(), a.Day, happened)
		}
	}
	if q.dies(c) && c.Death == end {
		return since(c.T0(), end, died)
	}
	last := lastJudged(c, end, func(k int) bool { return j.remission(k).Truth().Known() })
	return since(c.T0(), max(last, c.T0()), censored)
}

// relapseFree ends with a relapse or death, and is censored at the last assessment that could tell, not at the last contact.
func relapseFree(q *question, c *course.Course) (stats.Subject, int) {
	if undated(c) {
		return stats.Subject{}, unclear
	}
	end := q.until(c)
	day, visits := q.relapseDay(c)
	if day.Known() && day <= end {
		return since(c.T0(), day, happened)
	}
	if q.dies(c) && c.Death == end {
		return since(c.T0(), end, happened)
	}
	last := c.T0()
	for _, v := range visits {
		if d := course.Day(v.Day); d <= end && v.Remission.Known() {
			last = d
		}
	}
	return since(c.T0(), last, censored)
}

// relapseDay is the day of the first relapse - as computed, or earlier as a clinician stated -, with the visits that were judged.
func (q *question) relapseDay(c *course.Course) (course.Day, []score.Visit) {
	day := course.Never
	r, visits := q.rules.of(c).relapsed()
	if r.Result == term.Met {
		day = course.Day(r.Day)
	}
	for _, s := range c.Stated {
		if s.Code == term.Relapse && s.Clinician && s.Result == term.Met && s.Day > c.T0() && (!day.Known() || s.Day < day) {
			day = s.Day
		}
	}
	return day, visits
}

// drugFreeDuration starts at the first drug-free remission and ends with relapse, any treatment, a second infusion or death.
func drugFreeDuration(q *question, c *course.Course) (stats.Subject, int) {
	if undated(c) {
		return stats.Subject{}, unclear
	}
	j, start := q.rules.of(c), course.Never
	last := course.Never
	for k, a := range c.Assessments {
		if a.Day <= c.T0() || a.Day > q.asOf {
			continue
		}
		truth := j.outcome(term.DrugFreeRemission, k).Truth()
		switch {
		case !start.Known() && c.Reinfused().Known() && a.Day > c.Reinfused():
			return stats.Subject{}, outOfScope // a remission of other cells
		case !start.Known() && truth == score.Yes:
			start, last = a.Day, a.Day
		case start.Known() && truth == score.No:
			return since(start, q.sooner(c, a.Day), happened)
		case start.Known() && truth == score.Yes:
			last = a.Day
		}
	}
	if !start.Known() {
		return stats.Subject{}, outOfScope
	}
	if day := q.sooner(c, course.Never); day.Known() && day >= start {
		return since(start, day, happened)
	}
	return since(start, last, censored)
}

// sooner is the first of a day, a second infusion and death.
func (q *question) sooner(c *course.Course, day course.Day) course.Day {
	for _, other := range []course.Day{c.Reinfused(), c.Death} {
		if other.Known() && other <= q.asOf && (!day.Known() || other < day) {
			day = other
		}
	}
	return day
}

// bCellReturn is of those with an aplastic sample. Who has not recovered is censored at the last sample.
func bCellReturn(q *question, c *course.Course) (stats.Subject, int) {
	end := q.until(c)
	r := q.rules.of(c).returned(end)
	switch {
	case r.Aplasia == score.No:
		return stats.Subject{}, outOfScope
	case r.Aplasia == score.Unknown || undated(c):
		return stats.Subject{}, unclear
	case r.Result == term.Met && c.T0()+course.Day(r.Day) <= end:
		return since(c.T0(), c.T0()+course.Day(r.Day), happened)
	case q.dies(c) && c.Death == end:
		return since(c.T0(), end, died)
	default:
		return since(c.T0(), min(c.T0()+course.Day(r.Day), end), censored)
	}
}

func survival(q *question) error {
	e := events()[0]
	for _, x := range events() {
		if x.code == q.in.one("endpoint") {
			e = x
		}
	}
	if err := q.rule(e.code); err != nil {
		return err
	}
	of := map[*course.Course]seen{}
	for _, c := range q.all.courses {
		s, why := e.follow(q, c)
		of[c] = seen{s, why}
	}
	t := q.count(strings.Join([]string{q.op, e.family()}, "|"), endParts, func(c *course.Course) int { return of[c].end() })
	f := follow{e: e, t: t, of: of}
	times, err := q.times(f)
	if err != nil {
		return err
	}
	for _, row := range q.rows() {
		q.curve(f, row, times)
	}
	q.logRank(f)
	return nil
}

// seen is a patient as an event sees one.
type seen struct {
	s   stats.Subject
	why int
}

// The parts that a cohort falls into by the end of follow-up.
const (
	endEvent = iota
	endCompeting
	endCensored
	endOutOfScope
	endUnclear
)

var endParts = []string{"events", "competing", "censored", "not-applicable", "not-evaluable"}

func (x seen) end() int {
	switch {
	case x.why == outOfScope:
		return endOutOfScope
	case x.why == unclear:
		return endUnclear
	case x.s.Cause == happened:
		return endEvent
	case x.s.Cause == died:
		return endCompeting
	default:
		return endCensored
	}
}

// family is what the counts of an event are compared with: of survival without relapse and of survival the deaths are the same.
func (e event) family() string {
	if e.code == eventOverall {
		return eventRelapseFree
	}
	return e.code
}

// follow is a cohort that is followed to an event.
type follow struct {
	e  event
	t  *counted
	of map[*course.Course]seen
}

func (f follow) subjects(g group) []stats.Subject {
	var l []stats.Subject
	for _, c := range g.courses {
		if x := f.of[c]; x.why == followed {
			l = append(l, x.s)
		}
	}
	return l
}

func (f follow) curve(g group) stats.Curve {
	if f.e.competes {
		return stats.AalenJohansen(f.subjects(g), stats.Level)
	}
	return stats.KaplanMeier(f.subjects(g), stats.Level)
}

// followed is how many of a row are followed, and whether that may be shown: if who is not may, or each end.
func (f follow) followed(row int) (int, bool) {
	n, ends := f.t.sum(row, endEvent, endCompeting, endCensored)
	_, size := f.t.size(row)
	_, others := f.t.sum(row, endOutOfScope, endUnclear)
	return n, ends || size && others
}

// curve tells the curve of a group, at times if small groups are hidden.
func (q *question) curve(f follow, row int, times []float64) {
	g, method := q.group(row), "kaplan-meier"
	if f.e.competes {
		method = "aalen-johansen"
	}
	curve := f.curve(g)
	n, ok := f.followed(row)
	counts := f.t.cells(row)
	cells := []cell{code("endpoint", f.e.code), code("method", method), counts[0], counts[1], integer("followed", n).when(ok)}
	cells = append(cells, counts[2+endOutOfScope], counts[2+endUnclear], counts[2+endEvent], counts[2+endCompeting], counts[2+endCensored])
	steps := q.steps(f, row, curve, times)
	cells = append(cells, q.median(curve, steps)...)
	q.answer.add("group", append(cells, q.observed(f, row)...)...)
	for _, s := range steps {
		q.answer.add("curve", text("group", g.name), decimal("time", s.Time), integer("at-risk", s.AtRisk), decimal("probability", s.P),
			decimal("standard-error", s.SE), bound("lower", s.CI, s.CI.Lower), bound("upper", s.CI, s.CI.Upper))
	}
}

// median tells the median with its limits: where small groups are hidden rounded as the times of the curve are, and only within it.
func (q *question) median(curve stats.Curve, steps []stats.Step) []cell {
	var l []cell
	for _, m := range []struct {
		name string
		x    float64
	}{{"median", curve.Median.At}, {"median-lower", curve.Median.Lower}, {"median-upper", curve.Median.Upper}} {
		if q.k <= 1 {
			l = append(l, decimal(m.name, m.x))
			continue
		}
		grid := float64(q.grid())
		c := decimal(m.name, math.Round(m.x/grid)*grid)
		l = append(l, c.when(len(steps) > 0 && (math.IsNaN(m.x) || m.x <= steps[len(steps)-1].Time)))
	}
	return l
}

// observed is the mean and the standard deviation of the days of those who had the event, which is what papers print. It leaves
// out who was censored, so it is no estimate of the time to the event.
func (q *question) observed(f follow, row int) []cell {
	var x []float64
	for _, s := range f.subjects(q.group(row)) {
		if s.Cause == happened {
			x = append(x, s.Time)
		}
	}
	d := stats.Describe(x)
	_, visible := f.t.of(row, endEvent)
	visible = visible && (q.enough(d.N) || d.N == 0)
	return []cell{decimal("observed-mean", d.Mean).when(visible), decimal("observed-sd", d.SD).when(visible)}
}

// logRank compares the groups, if there are several of enough patients, none of which is hidden.
func (q *question) logRank(f follow) {
	if len(q.groups) < 2 {
		return
	}
	var groups [][]stats.Subject
	visible := true
	for row, g := range q.groups {
		own := f.subjects(g)
		if f.e.competes {
			for k := range own {
				if own[k].Cause == died {
					own[k].Cause = censored
				}
			}
		}
		groups = append(groups, own)
		_, told := f.t.size(row)
		visible = visible && told && q.enough(len(own))
	}
	test := stats.LogRank(groups)
	q.answer.add("log-rank", decimal("chi-square", test.ChiSquare).when(visible), integer("df", test.DF).when(visible), decimal("p", test.P).when(visible))
}
