package search_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

func TestACompartmentNarrowsAPlanToItsOwner(t *testing.T) {
	tests := []struct{ name, query, owner, want string }{
		{"one parameter ties the type to it", "Encounter?", "Patient/x", "and(patient|Patient/x)"},
		{"several do, any suffices", "Observation?", "Patient/x", "and(or(subject|Patient/x performer|Patient/x))"},
		{"beside other conditions", "Encounter?status=finished", "Patient/x", "and(patient|Patient/x status|finished)"},
		{"the owner itself is in it", "Patient?", "Patient/x", "and(or(id(x) link|Patient/x))"},
		{"of an encounter", "Observation?", "Encounter/x", "and(encounter|Encounter/x)"},
		{"of a practitioner", "Patient?", "Practitioner/x", "and(general-practitioner|Practitioner/x)"},
		{"of a device", "Observation?", "Device/x", "and(or(subject|Device/x device|Device/x))"},
		{"of a related person", "Patient?", "RelatedPerson/x", "and(link|RelatedPerson/x)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := plan(t, tt.query)
			if err != nil {
				t.Fatal(err)
			}
			owner, _ := fhir.ParseKey(tt.owner)
			in, err := engine(t).Compartment(p, owner)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, showPlan(in)); diff != "" {
				t.Error(diff)
			}
			if in.Query.Owner != owner || p.Query.Owner != (fhir.Key{}) {
				t.Errorf("the narrowed query has the owner %v, the one it was made of %v", in.Query.Owner, p.Query.Owner)
			}
		})
	}
}

func TestTheOwnerOfAQueryNarrowsItsPlan(t *testing.T) {
	q, err := engine(t).Parse("Encounter", pairs(t, "status=finished"), search.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	q.Owner = fhir.Key{Type: "Patient", ID: "x"}
	p, err := engine(t).Compile(q)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("and(patient|Patient/x status|finished)", showPlan(p)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsInNoCompartmentIsRefused(t *testing.T) {
	tests := []struct{ name, query, owner, want string }{
		{"a type that is in none of a Patient", "Medication?", "Patient/x", "error not-supported : Medication is not in the compartment of a Patient"},
		{"a type that has none", "Observation?", "Organization/x", "error not-supported : there is no compartment of a Organization"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := plan(t, tt.query)
			if err != nil {
				t.Fatal(err)
			}
			owner, _ := fhir.ParseKey(tt.owner)
			_, err = engine(t).Compartment(p, owner)
			if diff := cmp.Diff([]string{tt.want}, showIssues(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryCompartmentParameterIsAReference(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	types := 0
	for _, owner := range []string{"Patient", "Encounter", "RelatedPerson", "Practitioner", "Device"} {
		for typ := range s.Compartment(owner).Params {
			p, err := plan(t, typ+"?")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := engine(t).Compartment(p, fhir.Key{Type: owner, ID: "x"}); err != nil {
				t.Errorf("%s of %s: %v", typ, owner, err)
			}
			types++
		}
	}
	if types < 150 {
		t.Errorf("%d types in five compartments: some are missing", types)
	}
}
