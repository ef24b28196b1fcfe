package cart

import (
	"encoding/json"
	"strings"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir/datetime"
	"firewolf/registry/term"
)

// to returns a pointer to a value: optional elements of the models are pointers.
func to[T any](v T) *T { return &v }

// some returns a pointer to a text, nil for "": FHIR has no empty strings.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// on returns a date as an optional element.
func on(d datetime.DateTime) *string { return some(d.String()) }

func coding(c term.Coding) r4.Coding {
	return r4.Coding{System: some(c.System), Code: some(c.Code), Display: some(c.Display)}
}

// concept is a CodeableConcept of codings that mean the same.
func concept(codings ...term.Coding) *r4.CodeableConcept {
	c := &r4.CodeableConcept{Coding: make([]r4.Coding, len(codings))}
	for k := range codings {
		c.Coding[k] = coding(codings[k])
	}
	return c
}

// local is the concept of a local code.
func local(code string) *r4.CodeableConcept { return concept(term.Of(code)) }

// named is a concept with a text of its own.
func named(text string, codings ...term.Coding) *r4.CodeableConcept {
	c := concept(codings...)
	if len(codings) == 0 {
		c.Coding = nil
	}
	c.Text = some(text)
	return c
}

// quantity is a value with a unit of UCUM.
func quantity(value, unit string) *r4.Quantity {
	human := unit
	if strings.HasPrefix(unit, "{") {
		human = strings.Trim(unit, "{}")
	}
	return &r4.Quantity{Value: to(json.Number(value)), Unit: some(human), System: to(term.UCUM), Code: some(unit)}
}

// ref is a reference to what this package made.
func ref(typ, id string) *r4.Reference { return &r4.Reference{Reference: to(typ + "/" + id)} }

// refs are references of a type; "" is left out.
func refs(typ string, ids ...string) []r4.Reference {
	var l []r4.Reference
	for _, id := range ids {
		if id != "" {
			l = append(l, *ref(typ, id))
		}
	}
	return l
}

func identifier(system, value string) r4.Identifier {
	return r4.Identifier{System: to(term.Identifier(system)), Value: some(value)}
}

// extension is one of our own, without its value.
func extension(name string) r4.Extension { return r4.Extension{Url: term.Extension(name)} }

// period is from start to end, nil where neither is stated.
func period(start, end datetime.DateTime) *r4.Period {
	if !stated(start) && !stated(end) {
		return nil
	}
	return &r4.Period{Start: on(start), End: on(end)}
}

// absent is a reason in place of a value.
func absent(code, display string) *r4.CodeableConcept {
	return concept(term.Terminology("data-absent-reason", code, display))
}

// dueTo names the cause of a Condition.
func dueTo(typ, id string) r4.Extension {
	return r4.Extension{Url: term.DueTo, ValueReference: ref(typ, id)}
}

// part is a component of an Observation.
func part(code string) r4.ObservationComponent { return r4.ObservationComponent{Code: *local(code)} }

// categories are the categories of Observations.
var categories = map[string]string{
	"exam": "Exam", "laboratory": "Laboratory", "procedure": "Procedure", "survey": "Survey", "therapy": "Therapy", "vital-signs": "Vital Signs",
}

// clinicalStatus are the codes of Condition.clinicalStatus.
var clinicalStatus = map[string]string{"active": "Active", "remission": "Remission", "relapse": "Relapse", "resolved": "Resolved"}

func clinical(status string) *r4.CodeableConcept {
	return concept(term.Terminology("condition-clinical", status, clinicalStatus[status]))
}

func confirmed() *r4.CodeableConcept {
	return concept(term.Terminology("condition-ver-status", "confirmed", "Confirmed"))
}
