package registry

import (
	"math"
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/registry/course"
	"firewolf/registry/disclose"
	"firewolf/registry/score"
	"firewolf/registry/term"

	"firewolf/fhir/stats"
)

// outcomeRate is $outcome-rate: how many met an endpoint at planned time points. Both readings stand side by side: of the
// observed cases, and of all whose window has closed, where who was not judged counts as not met (non-responder imputation).
func outcomeRate() aggregate {
	return aggregate{
		name: "outcome-rate", title: "Rate of an outcome at planned time points",
		doc: "For each time point and group: how many met the endpoint at the assessment that is nearest to the nominal day within the window, of the observed cases and of all whose window has closed (who could not be judged, was not assessed or had died counts as not met), with the intervals of Wilson and of Clopper and Pearson.",
		inputs: slices.Concat([]input{
			{name: "endpoint", typ: "code", choices: rateEndpoints(), preset: term.DORIS2021, doc: "What must be met. dsdna-normal, c3-normal and c4-normal: the value of the time point is within the limit of its own laboratory, of those whose baseline was not."},
			{name: "timepoint", typ: "code", many: true, choices: timepointCodes(), preset: "tp-m03,tp-m06,tp-m12,tp-m24", doc: "When; several by comma."},
			{name: "source", typ: "code", choices: []string{"computed", "clinician"}, preset: "computed", doc: "Whether the outcome is computed of its inputs, or taken as a clinician stated it."},
			{name: "reinfusion", typ: "code", choices: []string{"censor", "failure"}, preset: "censor", doc: "What an assessment after a second infusion is: as if it had not been made, so that one before it may stand for the time point, or not met."},
		}, windows(), []input{drugNames()}, rulesOf(rateEndpoints())),
		run: rate,
	}
}

func timepointCodes() []string {
	var l []string
	for _, p := range term.Timepoints() {
		l = append(l, p.Code)
	}
	return l
}

// The parts that a cohort falls into at a time point.
const (
	met = iota
	notMet
	notEvaluable  // assessed, and an input is missing
	notAssessed   // no assessment in the window
	diedBefore    // before an assessment in the window
	notApplicable // outside the denominator of the endpoint
	notDue        // the window has not closed yet
)

var rateParts = []string{"met", "not-met", "not-evaluable", "not-assessed", "died", "not-applicable", "not-due"}

func rate(q *question) error {
	endpoint := q.in.one("endpoint")
	asked := endpoint
	if q.in.one("source") == "clinician" {
		if !slices.Contains(endpoints(), endpoint) {
			return fhir.NewIssue(fhir.NotSupported, "no clinician states "+endpoint+": it is computed")
		}
		asked = "" // no rule decides what a person said
	}
	if err := q.rule(asked); err != nil {
		return err
	}
	for _, code := range q.in["timepoint"] {
		p, _ := q.timepoint(code)
		key := strings.Join([]string{q.op, family(endpoint), code, q.in.one("source")}, "|")
		t := q.countAs(func(part string) disclose.Fact { return rateFact(key, part) }, rateParts, func(c *course.Course) int { return q.ratePart(c, endpoint, p) })
		for _, row := range q.rows() {
			q.answer.add("rate", append(append([]cell{cellOfPoint(p)}, t.cells(row)...), q.rates(t, row)...)...)
		}
	}
	return nil
}

// family is what the counts of an endpoint are compared with: those of endpoints of which one holds whoever meets the other.
func family(endpoint string) string {
	switch endpoint {
	case term.DORIS2021, term.DORISOffTreatment, term.DrugFreeRemission, gcFreeRemission, isFreeRemission:
		return term.DORIS2021
	case term.SledaiResponse4, term.SRI4:
		return term.SledaiResponse4
	case term.CRR, term.PRR:
		return term.PRR
	default:
		return endpoint
	}
}

// rateFact is what a part of $outcome-rate tells. Whose window has not closed at one time point is so at the next, and the dead stay dead.
func rateFact(key, part string) disclose.Fact {
	switch part {
	case rateParts[notDue], rateParts[diedBefore]:
		key = part
	default:
		key += "|" + part
	}
	return disclose.Fact{Key: key}
}

func cellOfPoint(p term.Timepoint) cell { return code("timepoint", p.Code) }

// ratePart says into which part a patient falls.
func (q *question) ratePart(c *course.Course, endpoint string, p term.Timepoint) int {
	died := c.Death.Known() && c.Death <= q.asOf && int(c.Death-c.T0()) <= p.To
	// Who died early is no failure before the window has closed: those who live are not counted yet either.
	if c.T0()+course.Day(p.To) > q.asOf {
		return notDue
	}
	result, assessed, applicable := q.judged(c, endpoint, p)
	switch {
	case !applicable:
		return notApplicable
	case assessed && result == score.Yes:
		return met
	case assessed && result == score.No:
		return notMet
	case assessed:
		return notEvaluable
	case died:
		return diedBefore
	default:
		return notAssessed
	}
}

// judged returns the outcome at a time point.
func (q *question) judged(c *course.Course, endpoint string, p term.Timepoint) (result score.Truth, assessed, applicable bool) {
	until := course.Forever
	if q.in.one("reinfusion") != "failure" {
		until = c.OwnUntil()
	}
	if q.in.one("source") == "clinician" {
		result, day := stated(c, endpoint, p, until)
		return q.reinfused(c, day, result)
	}
	if n := normalOf(endpoint); n != nil {
		result, day, applicable := n.judged(c, p, until)
		result, assessed, _ := q.reinfused(c, day, result)
		return result, assessed, applicable
	}
	j := q.rules.of(c)
	k := c.In(p, until)
	if k < 0 {
		// Whether the endpoint applies is known by the baseline alone.
		return score.Unknown, false, len(c.Assessments) == 0 || applies(j.outcome(endpoint, 0))
	}
	o := j.outcome(endpoint, k)
	result, assessed, _ = q.reinfused(c, c.Assessments[k].Day, o.Truth())
	return result, assessed, applies(o)
}

// reinfused takes what was judged after a second infusion, if it is there at all, for not met.
func (q *question) reinfused(c *course.Course, day course.Day, result score.Truth) (score.Truth, bool, bool) {
	switch {
	case !day.Known():
		return score.Unknown, false, true
	case day > c.OwnUntil():
		return score.No, true, true
	default:
		return result, true, true
	}
}

// stated returns what a clinician said of an endpoint, nearest to the nominal day of a time point and not after a day.
func stated(c *course.Course, endpoint string, p term.Timepoint, until course.Day) (score.Truth, course.Day) {
	result, at, distance := score.Unknown, course.Never, math.MaxInt
	for _, s := range c.Stated {
		d := int(s.Day - c.T0())
		if !s.Clinician || s.Code != endpoint || d < p.From || d > p.To || s.Day > until {
			continue
		}
		if near := max(d-p.Nominal, p.Nominal-d); near <= distance {
			result, at, distance = score.Outcome{Result: s.Result}.Truth(), s.Day, near
		}
	}
	return result, at
}

// rates are the proportions of a row, of the observed cases and with imputation.
func (q *question) rates(t *counted, row int) []cell {
	x, visible := t.of(row, met)
	observed, ok := t.sum(row, met, notMet)
	l := q.proportion("observed", x, observed, visible && ok)
	closed, ok := t.sum(row, met, notMet, notEvaluable, notAssessed, diedBefore)
	return append(l, q.proportion("imputed", x, closed, visible && ok)...)
}

// proportion is x of n with its intervals.
func (q *question) proportion(name string, x, n int, visible bool) []cell {
	visible = visible && (q.enough(n) || n == 0)
	wilson, exact := stats.Wilson(x, n, stats.Level), stats.ClopperPearson(x, n, stats.Level)
	return []cell{
		integer(name+"-n", n).when(visible),
		decimal(name+"-rate", float64(x)/float64(n)).when(visible),
		bound(name+"-wilson-lower", wilson, wilson.Lower).when(visible),
		bound(name+"-wilson-upper", wilson, wilson.Upper).when(visible),
		bound(name+"-exact-lower", exact, exact.Lower).when(visible),
		bound(name+"-exact-upper", exact, exact.Upper).when(visible),
	}
}

// bound is a limit of an interval, absent where there is none.
func bound(name string, i stats.Interval, x float64) cell {
	if !i.Known {
		x = math.NaN()
	}
	return decimal(name, x)
}
