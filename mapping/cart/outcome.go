package cart

import (
	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir/datetime"
	"firewolf/registry/term"
)

// judgments are the results of outcomes, by the words of the columns.
var judgments = map[string]term.Result{"met": term.Met, "not-met": term.NotMet, "not-evaluable": term.NotEvaluable}

// buildOutcome makes what a clinician judged: the registry computes its own beside it.
func (r *record) buildOutcome(e entry) {
	d := e.date("visit_date")
	if w := e.Cell("doris"); w != "" {
		r.judged(e, term.DORIS2021, w, d)
	}
	if w := e.Cell("lldas"); w != "" {
		r.judged(e, term.LLDAS, w, d)
	}
	if rel := e.date("relapse_date"); stated(rel) {
		r.judged(e, term.Relapse, "met", rel)
	}
	if died := e.date("death_date"); stated(died) {
		if cause := e.Cell("cause"); cause != "" {
			o := r.observation(r.rowID(e, term.CauseOfDeath), "survey", local(term.CauseOfDeath), died)
			o.ValueCodeableConcept = local("death-" + cause)
			r.add(r.partOf(r.courseAt(died)), o, e)
		}
	}
}

// judged makes one outcome. It is about the last infusion before it.
func (r *record) judged(e entry, code, word string, d datetime.DateTime) {
	o := r.observation(r.rowID(e, code), "survey", local(code), d)
	r.planned(o, e)
	o.Focus = r.focus(d)
	o.ValueCodeableConcept = local(string(judgments[word]))
	if code == term.DORIS2021 && word == "met" {
		o.ValueCodeableConcept.Coding = append(o.ValueCodeableConcept.Coding, coding(term.InRemission()))
	}
	o.Method = local(term.ByClinician)
	o.DerivedFrom = r.inputs(e, d)
	r.add(r.partOf(r.courseAt(d)), o, e)
}

// inputs are the scores of the visit of an outcome.
func (r *record) inputs(of entry, d datetime.DateTime) []r4.Reference {
	var l []r4.Reference
	if e, ok := r.sameVisit(sledai, of, d); ok {
		l = append(l, *ref("Observation", r.rowID(e, "")))
	}
	if e, ok := r.sameVisit(visits, of, d); ok {
		if _, has := e.number("pga"); has {
			l = append(l, *ref("Observation", r.rowID(e, term.PGA)))
		}
		if _, has := e.number("pred_mg_d"); has {
			l = append(l, *ref("Observation", r.rowID(e, "gc")))
		}
	}
	return l
}
