package fhirpath_test

import (
	"strings"
	"testing"
	"time"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
)

// fuzzed is a resource with something of everything.
const fuzzed = `{"resourceType":"Patient","id":"1","contained":[{"resourceType":"Organization","id":"o","name":"x"}],
"extension":[{"url":"http://x","valueQuantity":{"value":1.50,"system":"http://unitsofmeasure.org","code":"mg"}}],
"active":true,"name":[{"family":"A","given":["B",null],"_given":[null,{"id":"g"}]},{"use":"old"}],"birthDate":"1974-12","_birthDate":{"id":"b"},
"deceasedDateTime":"2020-01-02T03:04:05+02:00","multipleBirthInteger":2,"managingOrganization":{"reference":"#o"},"generalPractitioner":[{"reference":"Practitioner/1"}]}`

// FuzzCompile looks for panics, for errors that are no issues, and for answers that change when asked again.
func FuzzCompile(f *testing.F) {
	for _, typ := range definitions(f).ResourceTypes() {
		for _, p := range definitions(f).Params(typ) {
			f.Add(p.Expression)
		}
	}
	for _, s := range []string{
		"name.given.where($this.length() > 1).first()", "name[0].given | {}", "(1 | 2).aggregate($this + $total, 0) = 3", "-1.5 'mg' * 2", "birthDate + 1 month",
		"@2015-02-04T14:34:28.123+10:00 > now()", "iif(active, 'a', %resource.id)", "descendants().ofType(string)", "extension('http://x').value as Quantity",
		"managingOrganization.resolve().name", "name.repeat(given)", "'a\\u0065\\''.replace('a', 'b').matches('[a-z]+')", "1 'kg'.toQuantity('g')", "`name`.sort(-family)",
		"children().children().count() mod 3 div 2 & 'x'", "deceased.highBoundary()", "name implies active xor birthDate is date", "$index", "%`ext-x` in 'a'", "1.exp().power(100).sqrt()",
	} {
		f.Add(s)
	}
	s := definitions(f)
	focus := parse(f, fuzzed)
	f.Fuzz(func(t *testing.T, expr string) { checkFuzzed(t, s, fhirpath.Value{Node: focus, Type: "Patient"}, expr) })
}

func checkFuzzed(t *testing.T, s *spec.Spec, focus fhirpath.Value, expr string) {
	x, err := fhirpath.Compile(s, expr)
	if err != nil {
		if _, ok := fhir.IssuesOf(err); !ok {
			t.Fatalf("%q: the error is no issue: %v", expr, err)
		}
		return
	}
	scope := fhirpath.Scope{Clock: func() time.Time { return time.Unix(1_700_000_000, 0).UTC() }}
	first, err := x.EvalIn(nil, focus, scope)
	if err != nil {
		if _, ok := fhir.IssuesOf(err); !ok {
			t.Fatalf("%q: the error is no issue: %v", expr, err)
		}
		return
	}
	narrow, err := x.For("Patient").EvalIn(make([]fhirpath.Value, 0, 3), focus, scope)
	if err != nil {
		t.Fatalf("%q: an error for a Patient, none for any: %v", expr, err)
	}
	if a, b := strings.Join(locations(first), "\n"), strings.Join(locations(narrow), "\n"); a != b {
		t.Fatalf("%q: for any type\n%s\nfor a Patient\n%s", expr, a, b)
	}
}
