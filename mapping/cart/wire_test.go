package cart

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

func TestEncodeWritesTheTypeFirstAndOfAChoiceOneBranch(t *testing.T) {
	period := &r4.Period{Start: to("2023")}
	given := &administration{at: to("2023-01-05")}
	given.Id, given.Status, given.Subject, given.MedicationCodeableConcept = to("a"), "completed", *ref("Patient", "p"), *named("x")
	during := *given
	during.at, during.during = nil, period
	tests := []struct {
		name     string
		resource any
		want     string
	}{
		{"an administration at a time", given, `{"resourceType":"MedicationAdministration","id":"a","status":"completed","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/p"},"effectiveDateTime":"2023-01-05"}`},
		{"an administration during a time", &during, `{"resourceType":"MedicationAdministration","id":"a","status":"completed","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/p"},"effectivePeriod":{"start":"2023"}}`},
		{
			"a statement without reference to a medication",
			&r4.MedicationStatement{Id: to("s"), Status: "active", MedicationCodeableConcept: *named("<x> & y"), Subject: *ref("Patient", "p")},
			`{"resourceType":"MedicationStatement","id":"s","status":"active","medicationCodeableConcept":{"text":"<x> & y"},"subject":{"reference":"Patient/p"}}`,
		},
		{
			"a number as it is written",
			&r4.Observation{Id: to("o"), Status: r4.ObservationStatusFinal, Code: *named("x"), ValueQuantity: quantity("1.50", "{score}")},
			`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50,"unit":"score","system":"http://unitsofmeasure.org","code":"{score}"}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, _, err := encode(tt.resource)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// The models write what was forgotten as something empty.
func TestEncodeRefusesWhatTheModelsMakeOfWhatWasForgotten(t *testing.T) {
	subject := *ref("Patient", "p")
	tests := []struct {
		name     string
		resource any
		want     string
	}{
		{"an Observation without code", &r4.Observation{Id: to("o")}, "writing Observation/o: the models made an empty element at byte "},
		{"a Provenance without target", &r4.Provenance{Id: to("p"), Recorded: "2023-01-01T00:00:00Z", Agent: []r4.ProvenanceAgent{{Who: subject}}}, "writing Provenance/p: the models made an empty element"},
		{"a Provenance without time", &r4.Provenance{Id: to("p"), Target: []r4.Reference{subject}, Agent: []r4.ProvenanceAgent{{Who: subject}}}, "writing Provenance/p: the models made an empty element"},
		{"a statement without status", &r4.MedicationStatement{Id: to("s"), MedicationCodeableConcept: *named("x"), Subject: subject}, "writing MedicationStatement/s: the models made an empty element"},
		{"a resource without id", &r4.Patient{}, "it is no resource of this package, or has no id"},
		{"a type that nothing here makes", &r4.Account{Id: to("a")}, "it is no resource of this package"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if body, _, _, err := encode(tt.resource); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q: %s", err, tt.want, body)
			}
		})
	}
}

func TestHollowFindsEmptyElementsButNotInTexts(t *testing.T) {
	for text, want := range map[string]int{
		`{"a":{}}`: 6, `{"a":[]}`: 6, `{"a":""}`: 5, `{"a":null}`: 5, `{"a":[{"b":1},{}]}`: 15,
		`{"a":"{}"}`: -1, `{"a":"[] null \"\" {}"}`: -1, `{"a":[true,false,1e5]}`: -1, `{"a":"\\"}`: -1,
		`{"a":"\\\"","b":{}}`: 17, `{"a":"x\"y\"","b":""}`: 18, `{"a":"open`: -1,
	} {
		if got := hollow([]byte(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}
