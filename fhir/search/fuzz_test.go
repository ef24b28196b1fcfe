package search_test

import (
	"slices"
	"strings"
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// FuzzParse reads any query of any type: it is answered with a plan or refused with issues that name a parameter, never with a panic.
func FuzzParse(f *testing.F) {
	for _, seed := range [][3]string{
		{"Patient", "name", "Peter"},
		{"Patient", "birthdate", "ge1990,lt2000-01-01T00:00:00Z"},
		{"Patient", "identifier:of-type", `a\|b|c\,d,|x,y|`},
		{"Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent", "1"},
		{"Observation", "subject:Patient.organization.name:contains", "x"},
		{"Observation", "component-code-value-quantity", "http://loinc.org|8480-6$lt60||mmHg"},
		{"Observation", "value-quantity", "ap5.4e-3|http://unitsofmeasure.org|mg/dL"},
		{"Observation", "_sort", "-date,_id,code"},
		{"Observation", "_include:iterate", "Patient:organization:Organization"},
		{"Observation", "_count", "0"},
		{"Observation", "_lastUpdated", "ne2020-02-29T23:59:60.5+01:00"},
		{"MolecularSequence", "chromosome-variant-coordinate", "1$lt345$gt123"},
		{"Provenance", "target.target.target.identifier", "x"},
		{"ValueSet", "url", "http://a|1"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, typ, name, value string) {
		for _, o := range []search.Options{{Now: now}, {Now: now, Lenient: true}, {Now: now, Conditional: true}} {
			q, err := engine(t).Parse(typ, []search.Pair{{Name: name, Value: value}}, o)
			if err != nil {
				refused(t, err, name)
				continue
			}
			if _, err := engine(t).Compile(q); err != nil {
				t.Fatalf("%s?%s=%s was read and not compiled: %v", typ, name, value, err)
			}
		}
	})
}

// refused checks that an error is for the client, and says where.
func refused(t *testing.T, err error, name string) {
	t.Helper()
	issues, ok := fhir.IssuesOf(err)
	if !ok || len(issues) == 0 {
		t.Fatalf("%v is no issue", err)
	}
	for _, i := range issues {
		named := i.Reason == fhir.ReasonUnknownType || len(i.Expression) == 1 && (strings.HasPrefix(i.Expression[0], "http."+name[:min(len(name), 77)]) || i.Expression[0] == "http.query")
		if i.Text == "" || !named {
			t.Fatalf("%v does not say where", i)
		}
	}
}

// FuzzEntries indexes any resource that can be parsed: never a panic, and an error only where a composite has too many tuples.
func FuzzEntries(f *testing.F) {
	for _, seed := range []string{
		syntheaObservation,
		syntheaBloodPressure,
		`{"resourceType":"Patient","id":"1","name":[{"family":"A","given":["B",null],"_given":[null,{"id":"x"}]}],"birthDate":"1974-12","link":[{"other":{"reference":"#"}}]}`,
		`{"resourceType":"Observation","id":"1","valueQuantity":{"value":1e400,"system":"http://unitsofmeasure.org","code":"[degF]","comparator":"<"}}`,
		`{"resourceType":"MolecularSequence","id":"1","referenceSeq":{"chromosome":{"coding":[{"code":"1"}]}},"variant":[{"start":1,"end":2}]}`,
		`{"resourceType":"Group","id":"1","characteristic":[{"code":{"coding":[{"code":"a|b$c\\"}]},"valueRange":{"low":{}}}]}`,
		`{"resourceType":"Bundle","id":"1","entry":[{"resource":{"resourceType":"Composition","id":"c"}}]}`,
		`{"resourceType":"ServiceRequest","id":"1","occurrenceTiming":{"event":["2015",{}],"repeat":{"boundsPeriod":{"end":"x"}}}}`,
		`{"resourceType":"Patient","id":"1","name":"no array","identifier":{"value":5},"gender":["male"],"birthDate":{"a":1}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, json []byte) {
		doc, err := tree.Parse(json, tree.Limits{})
		if err != nil {
			return
		}
		e, err := engine(t).Entries(doc)
		if err != nil {
			return
		}
		for _, r := range e.Refs {
			if !slices.Contains(e.Keys, search.RefKey(r.Param, r.Key)) {
				t.Errorf("the reference %v has no key", r)
			}
		}
	})
}
