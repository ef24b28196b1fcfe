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
		doc: "For each time point and group: how many met the endpoint at the assessment that is nearest to the nominal day within the window (crr and prr: by the urine protein/creatinine ratio and the eGFR that are, each of its own), of the observed cases and of all whose window has closed (who could not be judged, was not assessed or had died counts as not met), with the intervals of Wilson and of Clopper and Pearson. Responses and normalizations are judged of those whose baseline has something to respond - SLEDAI-2K from response.baseline on, a nephritis that a Condition tells with a ratio from upcr.baseline on, a value beyond the limit of its laboratory -, also as a clinician stated them: the others are not-applicable, and who has no such baseline value is not-evaluable. So is whose assessment or death has no full date, and may or may not lie in the window.",
		inputs: slices.Concat([]input{
			{name: "endpoint", typ: "code", choices: rateEndpoints(), preset: term.DORIS2021, doc: "What must be met. dsdna-normal, c3-normal and c4-normal: the value of the time point is within the limit of its own laboratory, of those whose baseline was not."},
			{name: "timepoint", typ: "code", many: true, choices: timepointCodes(), preset: "tp-m03,tp-m06,tp-m12,tp-m24", doc: "When; several by comma."},
			{name: "source", typ: "code", choices: []string{"computed", "clinician"}, preset: "computed", doc: "Whether the outcome is computed of its inputs, or taken as a clinician stated it."},
			{name: "reinfusion", typ: "code", choices: []string{"censor", "failure"}, preset: "censor", doc: "What an assessment after a second infusion is: as if it had not been made, so that one before it may stand for the time point, or not met. With failure not met is also who was infused again by the end of the window and has no assessment in it."},
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
	notEvaluable  // assessed, and an input is missing; or the baseline is that says who is in the denominator, or the day of an assessment or of death
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
		asked = denominatorOf(endpoint) // no rule decides what a person said, but of whom it counts
	}
	if err := q.rule(asked); err != nil {
		return err
	}
	for _, code := range q.in["timepoint"] {
		p, _ := q.timepoint(code)
		key := strings.Join([]string{q.op, family(endpoint), code, q.in.one("source")}, "|")
		t := q.table(counting{
			parts: rateParts, of: func(c *course.Course) int { return q.ratePart(c, endpoint, p) },
			fact: func(part string) disclose.Fact { return q.rateFact(endpoint, code, key, part) },
			last: map[string]bool{rateParts[met]: true, rateParts[notMet]: true},
		})
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

// rateFact is what a part of $outcome-rate tells. Whose window has not closed at one time point is so at the next, and the dead stay dead. Who is
// in no denominator is so at every time point, and whoever judges. Who was not assessed is so of every endpoint that is read of the same, and
// who is in remission is so at some time.
func (q *question) rateFact(endpoint, at, key, part string) disclose.Fact {
	family, computed := family(endpoint), q.in.one("source") == "computed"
	switch {
	case part == rateParts[notDue], part == rateParts[diedBefore]:
		return disclose.Fact{Key: part}
	case part == rateParts[notApplicable]:
		return disclose.Fact{Key: family + "|" + part}
	case part == rateParts[notAssessed] && computed:
		kind := q.kindsOf(endpoint)[0]
		return disclose.Fact{Key: strings.Join([]string{part, kind, at}, "|"), Within: measuredFact(kind, at, false).Key}
	case part == rateParts[met] && computed && family == term.DORIS2021:
		return disclose.Fact{Key: key + "|" + part, Within: everRemission}
	default:
		return disclose.Fact{Key: key + "|" + part}
	}
}

func cellOfPoint(p term.Timepoint) cell { return code("timepoint", p.Code) }

// ratePart says into which part a patient falls. Who is not known to be in the denominator is not evaluable: to leave such out would make a rate
// of those whose baseline was written down.
func (q *question) ratePart(c *course.Course, endpoint string, p term.Timepoint) int {
	end := c.T0() + course.Day(p.To)
	// Who died early is no failure before the window has closed: those who live are not counted yet either.
	if end > q.asOf {
		return notDue
	}
	s, died := q.standing(c, endpoint, p), c.DeadBy(end)
	assessed, known := s.day.Known(), s.among == score.Yes
	switch {
	case s.among == score.No:
		return notApplicable
	case assessed && known && s.result == score.Yes:
		return met
	case assessed && known && s.result == score.No:
		return notMet
	case assessed, s.vague:
		return notEvaluable
	case died == score.Yes:
		return diedBefore
	case !known, died == score.Unknown:
		return notEvaluable
	default:
		return notAssessed
	}
}

// rates are the proportions of a row, of the observed cases and with imputation.
func (q *question) rates(t *counted, row int) []cell {
	x, visible := t.of(row, met)
	observed, ok := t.sum(row, met, notMet)
	l := q.proportion("observed", x, observed, visible && ok)
	closed, ok := t.rest(row, []int{met, notMet, notEvaluable, notAssessed, diedBefore}, notApplicable, notDue)
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
