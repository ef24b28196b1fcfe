package search_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

func TestManyUseANewEngineAtOnce(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	e, err := search.NewEngine(s, own)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := tree.Parse([]byte(syntheaBloodPressure), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := showEntries(entries(t, syntheaBloodPressure))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				got, err := e.Entries(doc)
				if err != nil {
					t.Error(err)
					return
				}
				if diff := cmp.Diff(want, showEntries(got)); diff != "" {
					t.Error(diff)
					return
				}
				if _, err := e.Parse("Observation", []search.Pair{{Name: "subject.name", Value: "x"}}, search.Options{}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestEntriesDoNotChangeWhenTheNextResourceIsIndexed(t *testing.T) {
	first := entries(t, syntheaObservation)
	before := showEntries(first)
	entries(t, syntheaBloodPressure)
	if diff := cmp.Diff(before, showEntries(first)); diff != "" {
		t.Error(diff)
	}
}

func TestAnObservationHasFewEntries(t *testing.T) {
	e := entries(t, syntheaObservation)
	if len(e.Keys) > 30 {
		t.Errorf("%d keys of a measurement: %q", len(e.Keys), e.Keys)
	}
}

func TestEveryParameterOfEveryTypeCompiles(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range s.ResourceTypes() {
		doc, err := tree.Parse([]byte(`{"resourceType":"`+typ+`","id":"1"}`), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := engine(t).Entries(doc)
		if err != nil {
			t.Errorf("%s: %v", typ, err)
		}
		// All that can be said of an empty resource is that an empty Patient is not dead.
		if typ != "Patient" && len(got.Keys)+len(got.Texts)+len(got.Ranges)+len(got.Refs) > 0 {
			t.Errorf("an empty %s has the entries %q", typ, showEntries(got))
		}
	}
}

func TestEveryExpressionLeadsToElementsOfItsType(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	unknown := map[string]string{}
	for _, typ := range s.ResourceTypes() {
		for _, p := range s.Params(typ) {
			if p.Expression != "" && p.Type != spec.ParamSpecial && p.Code != "_id" && p.Code != "_lastUpdated" && engine(t).LeavesOf(typ, p.Code) == "" {
				unknown[typ+"."+p.Code] = p.Expression
			}
		}
	}
	want := map[string]string{"Patient.deceased": "Patient.deceased.exists() and Patient.deceased != false"}
	if diff := cmp.Diff(want, unknown); diff != "" {
		t.Error(diff)
	}
}

func TestLeavesAreReadOffTheDefinitions(t *testing.T) {
	tests := []struct{ name, typ, code, want string }{
		{"a path", "Patient", "family", "string HumanName.family"},
		{"a path through parts of the type", "Patient", "link", "Reference Patient.link.other"},
		{"a choice", "Observation", "date", "Period Observation.effective[x], Timing Observation.effective[x], dateTime Observation.effective[x], instant Observation.effective[x]"},
		{"(path as Type)", "Observation", "value-concept", "CodeableConcept Observation.value[x]"},
		{"(path as Type).element", "Observation", "value-string", "string CodeableConcept.text, string Observation.value[x]"},
		{"path.as(Type)", "Condition", "onset-age", "Age Condition.onset[x], Range Condition.onset[x]"},
		{"path.where(...)", "Patient", "email", "ContactPoint Patient.telecom"},
		{"path[0].element", "Bundle", "message", "Resource Bundle.entry.resource"},
		{"a content reference", "Questionnaire", "definition", "uri Questionnaire.item.definition"},
		{"a path without the type", "InsurancePlan", "name", "string InsurancePlan.alias, string InsurancePlan.name"},
		{"a path of every resource", "Patient", "_tag", "Coding Meta.tag"},
		{"one branch of an expression of many types", "Condition", "code", "CodeableConcept Condition.code"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := engine(t).LeavesOf(tt.typ, tt.code); got != tt.want {
				t.Errorf("%s.%s: want %q, got %q", tt.typ, tt.code, tt.want, got)
			}
		})
	}
}
