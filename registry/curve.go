package registry

import (
	"math"
	"slices"
	"strconv"

	"firewolf/fhir/stats"
	"firewolf/registry/disclose"
)

// coarse is how many days apart the times are that are told where small groups are hidden.
const coarse = 30

// grid is every how many days a curve is told. Where small groups are hidden it is a multiple of 30: of two grids that share no days each would
// tell what happened between the days of the other.
func (q *question) grid() int {
	grid := max(q.in.number("grid"), 0)
	if q.k <= 1 {
		return grid
	}
	return max((grid+coarse-1)/coarse, 1) * coarse
}

// steps are what is told of the curve of a group.
func (q *question) steps(f follow, row int, c stats.Curve, times []float64) []stats.Step {
	grid := q.grid()
	if q.k <= 1 {
		if grid == 0 {
			return c.Steps
		}
		times = everyDays(grid, c)
	} else if _, told := f.t.size(row); !told {
		return nil
	}
	var l []stats.Step
	for _, at := range times {
		s := c.At(at)
		s.Time, s.AtRisk = at, f.atRisk(q.group(row), at)
		if s.AtRisk == 0 {
			break
		}
		if int(at)%max(grid, 1) == 0 {
			l = append(l, s)
		}
	}
	return l
}

func everyDays(grid int, c stats.Curve) []float64 {
	var l []float64
	if len(c.Steps) > 0 {
		for at := 0; float64(at) <= c.Steps[len(c.Steps)-1].Time+float64(grid); at += grid {
			l = append(l, float64(at))
		}
	}
	return l
}

// times are the days of which the curves are told where small groups are hidden, the same for all groups: what one group is not told of would
// follow from the whole less the others. They end where a group has fewer than k at risk. A day is left out if since the one before few
// had the event, or left, in some group - who was not followed at all counts as having left -, or if the token was told of
// a group at risk on that day that differs by few.
func (q *question) times(f follow) []float64 {
	if q.k <= 1 {
		return nil
	}
	blocks := q.blocks(f)
	if len(blocks) == 0 {
		return nil
	}
	var l []float64
	before := make([]reached, len(blocks))
	for _, at := range everyDays(coarse, f.curve(q.all)) {
		now := make([]reached, len(blocks))
		skip := false
		for k, b := range blocks {
			now[k] = reachedAt(b, at)
			if !q.enough(now[k].atRisk) {
				return l
			}
			skip = skip || now[k].tells(before[k], q.k)
		}
		if skip {
			continue
		}
		facts := f.factsAt(q, at)
		if slices.Contains(q.tooNear(facts), true) {
			continue
		}
		for _, fact := range facts {
			q.note(fact)
		}
		l, before = append(l, at), now
	}
	return l
}

// after are the ends of follow-up of which, beside the last point of the curves, the counts would tell of few.
func (q *question) after(f follow, times []float64) []int {
	if len(times) == 0 {
		return nil
	}
	var l []int
	for _, b := range q.blocks(f) {
		end, before := reachedAt(b, math.Inf(1)), reachedAt(b, times[len(times)-1])
		for part, n := range map[int]int{
			endEvent: end.events - before.events, endCompeting: end.competed - before.competed, endCensored: end.censored - before.censored,
		} {
			if small(n, q.k) {
				l = append(l, part)
			}
		}
	}
	return l
}

// block is a group of which a curve tells, or what follows of the groups that are hidden: they are one.
type block struct {
	curve stats.Curve
	size  int // with those who are not followed
}

func (q *question) blocks(f follow) []block {
	if _, told := f.t.size(-1); !told {
		return nil
	}
	var l []block
	var hidden group
	for row, g := range q.groups {
		if _, told := f.t.size(row); told {
			l = append(l, block{f.curve(g), len(g.courses)})
			continue
		}
		hidden.courses = append(hidden.courses, g.courses...)
	}
	if len(hidden.courses) > 0 {
		l = append(l, block{f.curve(hidden), len(hidden.courses)})
	}
	return l
}

// factsAt are what the points of all curves tell at a time: how many are at risk, and how many had the event until then. That of day 0 tells who is
// not followed at all.
func (f follow) factsAt(q *question, at float64) []disclose.Fact {
	var l []disclose.Fact
	table := q.newTable()
	for _, row := range q.rows() {
		if _, told := f.t.size(row); !told {
			continue
		}
		risk := disclose.Fact{Key: "at-risk|" + f.e.since() + strconv.Itoa(int(at))}
		events := disclose.Fact{Key: f.e.key(endParts[endEvent])}
		outside := disclose.Fact{Key: f.e.key(endParts[endOutOfScope])}
		unclear := disclose.Fact{Key: f.e.key(endParts[endUnclear])}
		if row >= 0 {
			risk.Table, events.Table, outside.Table, unclear.Table = table, table, table, table
		}
		for _, c := range q.group(row).courses {
			x := f.of[c]
			if x.why != followed {
				outside.Patients = append(outside.Patients, c.Patient)
				continue
			}
			if x.s.Time >= at {
				risk.Patients = append(risk.Patients, c.Patient)
			}
			if x.s.Time <= at && x.s.Cause == happened {
				events.Patients = append(events.Patients, c.Patient)
			}
		}
		if l = append(l, risk, events); at == 0 {
			unclear.Patients = outside.Patients
			l = append(l, outside, unclear)
		}
	}
	return l
}

// since is from when an event is counted. Of all events that are counted from the infusion, who is at risk of one is mostly at risk of another.
func (e event) since() string {
	if e.code == eventDrugFree {
		return e.code + "|"
	}
	return "infusion|"
}

func small(n, k int) bool { return n > 0 && n < k }

// reached is what has happened in a block up to a time.
type reached struct {
	atRisk           int
	events, competed int // until that day
	left             int // before that day, for whatever reason
	censored         int // of left
}

func reachedAt(b block, at float64) reached {
	r := reached{atRisk: b.curve.AtRisk(at)}
	r.left = b.size - r.atRisk
	r.censored = r.left
	for _, s := range b.curve.Steps {
		if s.Time > at {
			break
		}
		r.events += s.Events
		r.competed += s.Competed
		if s.Time < at {
			r.censored -= s.Events + s.Competed
		}
	}
	return r
}

// tells says whether two points of a curve tell of few patients.
func (r reached) tells(before reached, k int) bool {
	return small(r.events-before.events, k) || small(r.competed-before.competed, k) || small(r.left-before.left, k) || small(r.censored-before.censored, k)
}
