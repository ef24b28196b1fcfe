package search

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBranchesAreCutOutsideParenthesesAndQuotes(t *testing.T) {
	tests := []struct {
		name, expression string
		want             []string
	}{
		{"one", "Patient.name", []string{"Patient.name"}},
		{"several", "Patient.name | Person.name|Practitioner.name", []string{"Patient.name", "Person.name", "Practitioner.name"}},
		{"in parentheses", "(Patient.name | Patient.contact.name).given | Person.name", []string{"(Patient.name | Patient.contact.name).given", "Person.name"}},
		{"in quotes", "Patient.name.where(use = 'a|b') | Person.name", []string{"Patient.name.where(use = 'a|b')", "Person.name"}},
		{"a parenthesis in quotes", "Patient.name.where(use = ')(') | Person.name", []string{"Patient.name.where(use = ')(')", "Person.name"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, splitBranches(tt.expression)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBranchesOfOtherTypesArePruned(t *testing.T) {
	tests := []struct {
		name, typ, expression string
		want                  []string
	}{
		{"of one type", "Person", "Patient.name | Person.name", []string{"Person.name"}},
		{"in parentheses", "Condition", "(Condition.onset as Age) | (Patient.onset as Age)", []string{"(Condition.onset as Age)"}},
		{"of every resource", "Person", "Resource.meta.tag", []string{"Resource.meta.tag"}},
		{"without a type", "InsurancePlan", "name | alias", []string{"name", "alias"}},
		{"a type whose name begins alike", "Medication", "MedicationRequest.code | Medication.code", []string{"Medication.code"}},
		{"the type itself", "Observation", "Observation | Observation.component", []string{"Observation", "Observation.component"}},
		{"none left", "Group", "Patient.name", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, prune(tt.typ, tt.expression)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStepsAreCutOutsideParentheses(t *testing.T) {
	tests := map[string][]string{
		"Patient.name.given":                       {"Patient", "name", "given"},
		"(Observation.value as Quantity)":          {"(Observation.value as Quantity)"},
		"(A.b as C).text":                          {"(A.b as C)", "text"},
		"A.b.where(resolve() is Patient)":          {"A", "b", "where(resolve() is Patient)"},
		"A.b.where(c.d = 'x').e":                   {"A", "b", "where(c.d = 'x')", "e"},
		"Bundle.entry[0].resource":                 {"Bundle", "entry[0]", "resource"},
		"value.as(Quantity)":                       {"value", "as(Quantity)"},
		"Patient.deceased.exists() and Patient.ok": {"Patient", "deceased", "exists() and Patient", "ok"},
	}
	for path, want := range tests {
		if diff := cmp.Diff(want, splitSteps(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}
