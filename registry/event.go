package registry

import (
	"slices"

	"firewolf/fhir/stats"
	"firewolf/registry/course"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

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

// seenOf follows a patient to an event. Of a death without a day only that is told which is the same whether it was on the first day that it
// may have been, or on the last: it is so of every day between.
func (e event) seenOf(q *question, c *course.Course) seen {
	if !c.Dead || c.Death.Known() {
		s, why := e.follow(q, c)
		return seen{s, why}
	}
	early, late := *c, *c
	early.Death, late.Death = c.T0(), course.Forever
	if c.Died.There {
		early.Death, late.Death = c.Died.From, c.Died.To
		if c.Died.To >= c.T0() {
			early.Death = max(early.Death, c.T0())
		}
	}
	a, why := e.follow(q, &early)
	b, also := e.follow(q, &late)
	if (seen{a, why}) != (seen{b, also}) {
		return seen{why: unclear}
	}
	return seen{a, why}
}

func overall(q *question, c *course.Course) (stats.Subject, int) {
	if q.dies(c) {
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
	end := q.until(c)
	day, visits := q.relapseDay(c)
	if why := q.population(c, visits, end); why != followed {
		return stats.Subject{}, why
	}
	day = q.orEnds(c, day)
	if vague := c.VagueAfter(term.Relapse, c.T0()); vague <= end && (!day.Known() || vague < day) {
		return stats.Subject{}, unclear
	}
	if day.Known() && day <= end {
		return since(c.T0(), day, happened)
	}
	last := c.T0()
	for _, v := range visits {
		if d := course.Day(v.Day); d <= end && v.Remission.Known() {
			last = d
		}
	}
	return since(c.T0(), last, censored)
}

// population says whether a patient is of those whose survival without relapse is asked for. Of whom no assessment tells is no responder known.
func (q *question) population(c *course.Course, visits []score.Visit, end course.Day) int {
	if q.in.one("population") != "responders" {
		return followed
	}
	why := outOfScope
	for _, v := range visits {
		switch {
		case course.Day(v.Day) > end:
		case v.Remission == score.Yes:
			return followed
		case !v.Remission.Known() && slices.ContainsFunc(c.Assessments, func(a course.Assessment) bool { return a.Day == course.Day(v.Day) }):
			why = unclear
		}
	}
	return why
}

// fails reports whether a second infusion within follow-up counts as the event.
func (q *question) fails(c *course.Course) bool {
	return !q.rules.censorCells && c.Reinfused().Known() && c.Reinfused() <= q.asOf
}

// orEnds is the day of a relapse, or of what counts as one before it: death, and cells that were given again.
func (q *question) orEnds(c *course.Course, relapse course.Day) course.Day {
	day := relapse
	if q.dies(c) {
		day = earliest(day, c.Death)
	}
	if q.fails(c) {
		day = earliest(day, c.Reinfused())
	}
	return day
}

// relapseDay is the day of the first relapse - as computed, or earlier as a clinician stated -, with the visits that were judged.
func (q *question) relapseDay(c *course.Course) (course.Day, []score.Visit) {
	r, visits := q.rules.of(c).relapsed()
	day := q.statedRelapse(c, c.T0())
	if computed := course.Day(r.Day); r.Result == term.Met && (!day.Known() || computed < day) {
		day = computed
	}
	return day, visits
}

// statedRelapse is the day of the first relapse after a day that a clinician stated, Never for none.
func (q *question) statedRelapse(c *course.Course, after course.Day) course.Day {
	for _, s := range c.Stated {
		if s.Code == term.Relapse && s.Clinician && s.Result == term.Met && s.Day > after {
			return s.Day
		}
	}
	return course.Never
}

// drugFreeDuration starts at the first drug-free remission and ends with the end of remission, a relapse, any treatment, a second infusion or
// death. It is censored at the last assessment in drug-free remission.
func drugFreeDuration(q *question, c *course.Course) (stats.Subject, int) {
	j, end := q.rules.of(c), q.until(c)
	start, last, lost := course.Never, course.Never, course.Never
	for k, a := range c.Assessments {
		if a.Day <= c.T0() || a.Day > end || lost.Known() {
			continue
		}
		switch truth := j.outcome(term.DrugFreeRemission, k).Truth(); {
		case truth == score.Yes:
			if last = a.Day; !start.Known() {
				start = a.Day
			}
		case start.Known() && truth == score.No:
			lost = a.Day
		}
	}
	if !start.Known() {
		return stats.Subject{}, outOfScope // also who is in remission only by other cells
	}
	day := q.orEnds(c, earliest(lost, j.treatedAgain(start), j.relapsedAfter(start), q.statedRelapse(c, start)))
	if vague := c.VagueAfter(term.Relapse, start); vague <= end && (!day.Known() || vague < day) {
		return stats.Subject{}, unclear
	}
	if day.Known() && day <= end {
		return since(start, day, happened)
	}
	return since(start, last, censored)
}

// earliest is the first of days, Never where none is known.
func earliest(days ...course.Day) course.Day {
	first := course.Never
	for _, d := range days {
		if d.Known() && (!first.Known() || d < first) {
			first = d
		}
	}
	return first
}

// bCellReturn is of those with an aplastic sample. Who has not recovered is censored at the last sample; of whom samples do not tell is not
// followed.
func bCellReturn(q *question, c *course.Course) (stats.Subject, int) {
	end := q.until(c)
	r := q.rules.of(c).returned(end)
	switch {
	case r.Aplasia == score.No:
		return stats.Subject{}, outOfScope
	case r.Aplasia == score.Unknown || r.Result == term.NotEvaluable:
		return stats.Subject{}, unclear
	case r.Result == term.Met && c.T0()+course.Day(r.Day) <= end:
		return since(c.T0(), c.T0()+course.Day(r.Day), happened)
	case q.dies(c) && c.Death == end:
		return since(c.T0(), end, died)
	default:
		return since(c.T0(), min(c.T0()+course.Day(r.Day), end), censored)
	}
}
