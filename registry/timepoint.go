package registry

import (
	"slices"

	"firewolf/registry/course"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// standing is what an endpoint is at a time point.
type standing struct {
	among  score.Truth // whether the patient is in the denominator, by the baseline alone
	result score.Truth
	day    course.Day // of what was judged; Never where nothing was
	vague  bool       // nothing was, but something without a full date may lie in the window, or was assessed by another instrument
}

// standing judges an endpoint at a time point.
func (q *question) standing(c *course.Course, endpoint string, p term.Timepoint) standing {
	j := q.rules.of(c)
	s := standing{among: j.among(endpoint), day: course.Never}
	if s.among == score.No {
		return s
	}
	until := c.OwnUntil()
	failure := q.in.one("reinfusion") == "failure"
	if failure {
		until = course.Forever
	}
	w := c.Window(p, until)
	if q.in.one("source") == "clinician" {
		s.result, s.day = stated(c, endpoint, w)
	} else {
		s.result, s.day = j.within(endpoint, w)
	}
	if failure {
		s = s.orReinfused(c.Reinfused(), w)
	}
	if !s.day.Known() {
		kinds := q.kindsOf(endpoint)
		s.vague = c.MayHold(w, kinds...) || slices.Contains(kinds, term.SLEDAI2K) && c.OtherwiseIn(w)
	}
	return s
}

// kindsOf are the kinds of facts that an endpoint is judged by at a time point.
func (q *question) kindsOf(endpoint string) []string {
	if q.in.one("source") == "clinician" {
		return []string{endpoint}
	}
	if n := normalOf(endpoint); n != nil {
		return []string{n.analyte}
	}
	if endpoint == term.CRR || endpoint == term.PRR {
		return []string{"upcr", "egfr"}
	}
	return []string{term.SLEDAI2K, term.CSLEDAI2K, term.SELENASLEDAI}
}

// orReinfused takes for not met who was given cells again before what stands for the time point, or in its window where nothing does.
func (s standing) orReinfused(again course.Day, w course.Window) standing {
	if again.Known() && (s.day > again || !s.day.Known() && again <= w.To) {
		s.result, s.day = score.No, again
	}
	return s
}

// among says whether a patient is in the denominator of an endpoint, whoever judges it. Lupus nephritis is told by a Condition: who has none has
// nothing to respond.
func (j judge) among(endpoint string) score.Truth {
	if n := normalOf(endpoint); n != nil {
		return n.abnormal(j.c)
	}
	switch endpoint {
	case term.SledaiResponse4, term.SRI4:
		return j.response.Among(j.responseBaseline())
	case term.CRR, term.PRR:
		if j.c.Nephritis.Truth != score.Yes {
			return score.No
		}
		return j.renal.Among(j.c.Nephritis, j.renalBaseline())
	default:
		return score.Yes
	}
}

// within judges an endpoint by what stands in a window: an assessment, or the laboratory values that the endpoint asks for, each the nearest of
// its own.
func (j judge) within(endpoint string, w course.Window) (score.Truth, course.Day) {
	if n := normalOf(endpoint); n != nil {
		return n.judged(j.c, w)
	}
	if endpoint == term.CRR || endpoint == term.PRR {
		s := j.kidneyIn(w)
		if !s.day.Known() {
			return score.Unknown, course.Never
		}
		return j.renalOutcome(endpoint, s).Truth(), s.day
	}
	k := j.c.AssessmentIn(w)
	if k < 0 {
		return score.Unknown, course.Never
	}
	return j.outcome(endpoint, k).Truth(), j.day(k)
}

// stated returns what a clinician said of an endpoint in a window.
func stated(c *course.Course, endpoint string, w course.Window) (score.Truth, course.Day) {
	k := c.StatedIn(endpoint, w)
	if k < 0 {
		return score.Unknown, course.Never
	}
	return score.Outcome{Result: c.Stated[k].Result}.Truth(), c.Stated[k].Day
}
