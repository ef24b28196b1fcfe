package course

import (
	"strings"
	"testing"
)

// Few hospitals have a Procedure of lymphodepletion; all give fludarabine.
func TestLymphodepletionBeginsWithFludarabineWhereNoProcedureTellsOfIt(t *testing.T) {
	const (
		flu = `"medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"24698"}]}`
		cy  = `"medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"3002"}]}`
	)
	part := func(on string) string {
		return `{"resourceType":"MedicationAdministration","id":"p","status":"completed",` + cy + `,"effectiveDateTime":"` + on + `","partOf":[{"reference":"Procedure/l"}]}`
	}
	depletion := func(on string) string {
		return `{"resourceType":"Procedure","id":"l","status":"completed","code":{"coding":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"lymphodepletion"}]}` + on + `}`
	}
	for _, tt := range []struct {
		name string
		told []string
		want string
	}{
		{"nothing", nil, "2024-01-09"},
		{"fludarabine on three days", []string{given("completed", flu, "2024-01-06"), given("completed", flu, "2024-01-05"), given("completed", flu, "2024-01-07")}, "2024-01-05"},
		{"fludarabine 30 days before", []string{given("completed", flu, "2023-12-11")}, "2023-12-11"},
		{"fludarabine 31 days before", []string{given("completed", flu, "2023-12-10")}, "2024-01-09"},
		{"fludarabine after the cells", []string{given("completed", flu, "2024-01-11")}, "2024-01-09"},
		{"fludarabine that was not given", []string{given("not-done", flu, "2024-01-05")}, "2024-01-09"},
		{"fludarabine in some month", []string{given("completed", flu, "2024-01")}, "2024-01-09"},
		{"cyclophosphamide alone", []string{given("completed", cy, "2024-01-05")}, "2024-01-09"},
		{"what is a part of a Procedure without a day", []string{depletion(""), part("2024-01-06")}, "2024-01-06"},
		{"a statement of fludarabine", []string{statement("a", "completed", flu, `"effectivePeriod":{"start":"2024-01-05","end":"2024-01-07"}`)}, "2024-01-05"},
		{"a statement of fludarabine of some month", []string{statement("a", "completed", flu, `"effectivePeriod":{"start":"2024-01","end":"2024-01"}`)}, "2024-01-09"},
		{"a statement of fludarabine that was not taken", []string{statement("a", "not-taken", flu, `"effectivePeriod":{"start":"2024-01-05","end":"2024-01-07"}`)}, "2024-01-09"},
		{"a Procedure that is only prepared", []string{strings.Replace(depletion(`,"performedDateTime":"2024-01-04"`), "completed", "preparation", 1)}, "2024-01-09"},
		{"a Procedure, and fludarabine before", []string{depletion(`,"performedDateTime":"2024-01-06"`), given("completed", flu, "2024-01-05")}, "2024-01-06"},
	} {
		if got := told(t, "", append(tt.told, infusion)...).Baseline().To.String(); got != tt.want {
			t.Errorf("%s: a baseline ends on %s, want %s", tt.name, got, tt.want)
		}
	}
	again := `{"resourceType":"Procedure","id":"j","status":"completed","performedDateTime":"2024-07-10","code":{"coding":[{"system":"http://snomed.info/sct","code":"1156961008"}]}}`
	stated := []string{statement("a", "completed", flu, `"effectivePeriod":{"start":"2024-07-05","end":"2024-07-07"}`), statement("b", "completed", cy, `"effectivePeriod":{"start":"2024-07-06","end":"2024-07-06"}`), statement("c", "active", cy, `"effectivePeriod":{"start":"2024-07-06"}`)}
	for k, want := range []bool{true, true, false} { // the last goes on after the cells
		if got := told(t, "", append(stated, infusion, again)...).Therapies[k].Aside; got != want {
			t.Errorf("statement %d prepares for cells: %v, want %v", k, got, want)
		}
	}
	c := told(t, "", infusion, again, given("completed", flu, "2024-07-05"), given("completed", cy, "2024-07-07"), given("completed", cy, "2024-07-04"))
	for k, want := range []bool{true, true, false} {
		if got := c.Given[k].Aside; got != want {
			t.Errorf("what was given on %s prepares for cells: %v, want %v", c.Given[k].Day, got, want)
		}
	}
	if got := c.OfEachInfusion()[1].Baseline().To.String(); got != "2024-07-05" {
		t.Errorf("the second baseline ends on %s, want 2024-07-05", got)
	}
}
