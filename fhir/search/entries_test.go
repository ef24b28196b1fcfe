package search_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// entries indexes a resource.
func entries(t testing.TB, json string) search.Entries {
	t.Helper()
	tr, err := tree.Parse([]byte(json), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine(t).Entries(tr)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAPatientIsIndexedByEveryParameter(t *testing.T) {
	got := entries(t, `{"resourceType":"Patient","id":"1","meta":{"tag":[{"system":"s","code":"t"}],"profile":["http://p|2"],"source":"urn:x"},
		"active":true,"name":[{"use":"official","family":"Carreño Quiñones","given":["José","O'Brien"],"prefix":["Dr"]}],"gender":"male",
		"birthDate":"1974-12","managingOrganization":{"reference":"http://localhost:8080/fhir/Organization/1/_history/2"}}`)
	want := []string{
		"key !_profile",
		"key !_source",
		"key !_tag",
		"key !active",
		"key !birthdate",
		"key !deceased",
		"key !family",
		"key !gender",
		"key !given",
		"key !name",
		"key !organization",
		"key @|http://localhost:8080/fhir",
		"key _profile|http://p",
		`key _profile|http://p\|2`,
		"key _source|urn:x",
		"key _tag|s|",
		"key _tag|s|t",
		"key _tag|t",
		"key active|true",
		"key deceased|false",
		"key family:exact|Carreño Quiñones",
		"key gender|male",
		"key given:exact|José",
		"key given:exact|O'Brien",
		"key name:exact|Carreño Quiñones",
		"key name:exact|Dr",
		"key name:exact|José",
		"key name:exact|O'Brien",
		"key organization|Organization/1",
		"key organization|Organization/1/_history/2",
		`text _profile "http://p|2"`,
		`text _source "urn:x"`,
		`text _tag "t"`,
		`text active "true"`,
		`text deceased "false"`,
		`text family "carreno quinones"`,
		`text family:start "carreno"`,
		`text family:start "quinones"`,
		`text gender "male"`,
		`text given "jose"`,
		`text given "obrien"`,
		`text name "carreno quinones"`,
		`text name "dr"`,
		`text name "jose"`,
		`text name "obrien"`,
		`text name:start "carreno"`,
		`text name:start "jose obrien carreno quinones"`,
		`text name:start "quinones"`,
		`text organization "Organization/1"`,
		`text phonetic "carreno quinones"`,
		`text phonetic "dr"`,
		`text phonetic "jose"`,
		`text phonetic "obrien"`,
		"range birthdate 1974-12-01 .. 1974-12-31T23:59:59.999999999Z",
		"ref organization Organization/1 version 2",
	}
	if diff := cmp.Diff(want, showEntries(got)); diff != "" {
		t.Error(diff)
	}
}

func TestAResourceOfNoTypeIsNotIndexed(t *testing.T) {
	tr, err := tree.Parse([]byte(`{"resourceType":"Foo","id":"1"}`), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = engine(t).Entries(tr); err == nil {
		t.Error("a resource of type Foo was indexed")
	}
}
