package registry

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/stats"
	"firewolf/registry/course"
	"firewolf/registry/disclose"
	"firewolf/registry/term"
)

// timeToEvent is $time-to-event: survival by Kaplan and Meier, and incidence by Aalen and Johansen where death competes.
func timeToEvent() aggregate {
	return aggregate{
		name: "time-to-event", title: "Time to an event",
		doc: "For each group: the curve with its limits (log-log), the number at risk, the median, and the log-rank test between the groups. Where death competes with the event the curve is the cumulative incidence, and the test counts deaths as censored. Times are days. Where small groups are hidden the estimates are reckoned from times rounded up to the days that are told, as of who left in between at their end.",
		inputs: append([]input{
			{name: "endpoint", typ: "code", choices: eventCodes(), preset: eventRelapseFree, doc: "The event. first-doris: remission, death competes. relapse-free-survival: from the infusion to a relapse, computed or stated, or death; a return to treatment counts on its own day. overall-survival: from the infusion, of who lives to the last contact. drug-free-duration: from the first drug-free remission to its end, a relapse, computed or stated, any treatment or death. Whose relapse is stated of some month or year only, so that nobody knows what came first, is not evaluable in both. b-cell-return: of those with aplasia, death competes; who was measured only as a share of lymphocytes that is no aplasia any more is not evaluable."},
			{name: "grid", typ: "integer", preset: "30", within: &[2]float64{0, 36500}, doc: "Every how many days the curve is told. An admin can ask for 0: every day on which something happened. Where small groups are hidden it is a multiple of 30, rounded up."},
			{name: "reinfusion", typ: "code", choices: reinfusions, doc: "What a second infusion is to relapse-free-survival and drug-free-duration: failure, the event on its day, also of whom no remission was seen; or censor, the end of follow-up. failure where it is left out. Of overall-survival it is neither, of the others the end of follow-up."},
			{name: "population", typ: "code", choices: populations, doc: "Of whom relapse-free-survival is: infused, all; or responders, who were in remission by DORIS at some assessment. Both are followed from the infusion, so that of responders nobody has the event before the remission. infused where it is left out."},
			drugNames(),
		}, rulesOf(eventCodes())...),
		run: survival,
	}
}

// What a second infusion is, and of whom survival is; the first holds where nobody says.
var (
	reinfusions = []string{"failure", "censor"}
	populations = []string{"infused", "responders"}
)

// protocol reads what else decides an endpoint, and tells it. What does not decide it is refused, as rules are.
func (q *question) protocol(endpoint string) error {
	var used []cell
	for _, p := range []struct {
		name    string
		choices []string
		decides []string
	}{{"reinfusion", reinfusions, []string{eventRelapseFree, eventDrugFree}}, {"population", populations, []string{eventRelapseFree}}} {
		value := firstOf(q.in.one(p.name), p.choices[0])
		switch {
		case slices.Contains(p.decides, endpoint):
			used = append(used, cell{name: p.name, text: value})
		case q.in.one(p.name) != "":
			return fhir.NewIssue(fhir.NotSupported, p.name+" does not decide what is asked for")
		}
	}
	q.rules.censorCells = q.in.one("reinfusion") == "censor"
	q.answer.tellRules(used)
	return nil
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
	if err := q.protocol(e.code); err != nil {
		return err
	}
	of := map[*course.Course]seen{}
	for _, c := range q.all.courses {
		of[c] = e.seenOf(q, c)
	}
	f := follow{e: e, of: of}
	f.t = q.countAs(aCohort, []string{"all"}, func(*course.Course) int { return 0 })
	times := q.times(f)
	after := q.after(f, times)
	var sums [][]int
	if len(times) > 0 && times[0] == 0 { // the first point tells how many are followed
		sums = [][]int{{endEvent, endCompeting, endCensored}, {endOutOfScope, endUnclear}}
	}
	f.t = q.table(counting{
		parts: endParts, of: func(c *course.Course) int { return of[c].end() },
		fact: func(part string) disclose.Fact { return disclose.Fact{Key: e.key(part)} },
		hide: func(part int) bool { return slices.Contains(after, part) },
		sums: sums,
		last: map[string]bool{endParts[endOutOfScope]: true, endParts[endUnclear]: true},
	})
	if q.k > 1 {
		f.told = slices.Concat(times, []float64{math.Inf(1)})
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

// family is what the days of an event are compared with: of survival without relapse and of survival the deaths are the same.
func (e event) family() string {
	if e.code == eventOverall {
		return eventRelapseFree
	}
	return e.code
}

// key is what the counts of a part are compared with. Who has died by some time is counted by several operations, and so is who was ever in remission.
func (e event) key(part string) string {
	survival := e.family() == eventRelapseFree
	switch {
	case part == endParts[endEvent] && survival, part == endParts[endCompeting]:
		return rateParts[diedBefore]
	case part == endParts[endEvent] && e.code == eventFirstRemission:
		return everRemission
	default:
		return strings.Join([]string{"time-to-event", e.family(), part}, "|")
	}
}

// everRemission is the key of who was in remission at some time.
const everRemission = "ever|" + term.DORIS2021

// follow is a cohort that is followed to an event.
type follow struct {
	e    event
	t    *counted
	of   map[*course.Course]seen
	told []float64 // the times that are told, in order, and infinity; nil where days are
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

// curve is the estimate for a group. Where days are not told it follows from what is told alone: all that happened since one told time is
// taken to have happened at the next. Of exact days two answers with the same counts would tell that an event lies on another one.
func (f follow) curve(g group) stats.Curve {
	l := f.subjects(g)
	if f.told != nil {
		for k := range l {
			at, _ := slices.BinarySearch(f.told, l[k].Time)
			l[k].Time = f.told[at]
		}
	}
	if f.e.competes {
		return stats.AalenJohansen(l, stats.Level)
	}
	return stats.KaplanMeier(l, stats.Level)
}

// atRisk is how many of a group are followed to a time.
func (f follow) atRisk(g group, at float64) int {
	n := 0
	for _, s := range f.subjects(g) {
		if s.Time >= at {
			n++
		}
	}
	return n
}

// followed is how many of a row are followed, and whether that may be shown: if who is not may, or each end.
func (f follow) followed(row int) (int, bool) {
	return f.t.rest(row, []int{endEvent, endCompeting, endCensored}, endOutOfScope, endUnclear)
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
	days := f.days("observed")
	for _, c := range q.group(row).courses {
		if p := f.of[c]; p.why == followed && p.s.Cause == happened {
			x = append(x, p.s.Time)
			days.Patients = append(days.Patients, onDay(c, p.s))
		}
	}
	d := stats.Describe(x)
	_, visible := f.t.of(row, endEvent)
	visible = q.tellValues(visible && (q.enough(d.N) || d.N == 0), days)
	return []cell{decimal("observed-mean", d.Mean).when(visible), decimal("observed-sd", d.SD).when(visible)}
}

// days is the fact that a number tells that is reckoned from the days of single patients, before they are in it. Of endpoints of one family it is
// the same number: survival, with and without relapse, has most of its days in common.
func (f follow) days(number string) disclose.Fact {
	return disclose.Fact{Key: strings.Join([]string{"days", f.e.family(), number}, "|"), Whole: true}
}

// onDay is a patient with what happened and when.
func onDay(c *course.Course, s stats.Subject) string {
	return fmt.Sprint(c.Patient, " ", s.Time, " ", s.Cause)
}

// logRank compares the groups, if there are several of enough patients, none of which is hidden.
func (q *question) logRank(f follow) {
	if len(q.groups) < 2 {
		return
	}
	var groups [][]stats.Subject
	var facts []disclose.Fact
	visible := true
	for row, g := range q.groups {
		own, days := f.ranked(g)
		groups, facts = append(groups, own), append(facts, days)
		_, told := f.t.size(row)
		visible = visible && told && q.enough(len(own))
	}
	visible = q.tellValues(visible, facts...)
	test := stats.LogRank(groups)
	none := math.IsNaN(test.P)
	q.answer.add("log-rank", decimal("chi-square", test.ChiSquare).unless(none).when(visible), integer("df", test.DF).unless(none).when(visible), decimal("p", test.P).when(visible))
}

// ranked are the subjects of a group as the log-rank test takes them: who dies of what competes is censored.
func (f follow) ranked(g group) ([]stats.Subject, disclose.Fact) {
	var l []stats.Subject
	days := f.days("log-rank")
	for _, c := range g.courses {
		x := f.of[c]
		if x.why != followed {
			continue
		}
		if f.e.competes && x.s.Cause == died {
			x.s.Cause = censored
		}
		l = append(l, x.s)
		days.Patients = append(days.Patients, onDay(c, x.s))
	}
	return l, days
}
