package search_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
)

func TestAReferenceIsIndexedByWhatItNames(t *testing.T) {
	testIndex(t, "Observation", []indexCase{
		{
			"relative", "subject", `"subject":{"reference":"Patient/1"}`,
			[]string{"key !subject", "key subject|Patient/1", `text subject "Patient/1"`, "ref subject Patient/1"},
		},
		{
			"absolute, below this server's base", "subject", `"subject":{"reference":"http://localhost:8080/fhir/Patient/1"}`,
			[]string{"key !subject", "key subject|Patient/1", `text subject "Patient/1"`, "ref subject Patient/1"},
		},
		{
			"of one version", "subject", `"subject":{"reference":"Patient/1/_history/3"}`,
			[]string{"key !subject", "key subject|Patient/1", "key subject|Patient/1/_history/3", `text subject "Patient/1"`, "ref subject Patient/1 version 3"},
		},
		{
			"absolute, of another server", "subject", `"subject":{"reference":"http://other.org/fhir/Patient/1"}`,
			[]string{"key !subject", "key subject|http://other.org/fhir/Patient/1", `text subject "http://other.org/fhir/Patient/1"`},
		},
		{
			"absolute, of another server and one version", "subject", `"subject":{"reference":"http://other.org/fhir/Patient/1/_history/3"}`,
			[]string{
				"key !subject", "key subject|http://other.org/fhir/Patient/1", "key subject|http://other.org/fhir/Patient/1/_history/3",
				`text subject "http://other.org/fhir/Patient/1/_history/3"`,
			},
		},
		{
			"an URN: as it is", "subject", `"subject":{"reference":"urn:uuid:dbf9798e-4b52-4cd9-a9eb-ec36149c859a"}`,
			[]string{
				"key !subject", "key subject|urn:uuid:dbf9798e-4b52-4cd9-a9eb-ec36149c859a",
				`text subject "urn:uuid:dbf9798e-4b52-4cd9-a9eb-ec36149c859a"`,
			},
		},
		{"to no resource type: as it is", "subject", `"subject":{"reference":"Foo/1"}`, []string{"key !subject", "key subject|Foo/1", `text subject "Foo/1"`}},
		{"to a contained resource: it is there", "subject", `"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]`, []string{"key !subject"}},
		{"a display alone: it is there", "subject", `"subject":{"display":"Ann"}`, []string{"key !subject"}},
		{
			"by identifier", "subject", `"subject":{"identifier":{"system":"s","value":"v"}}`,
			[]string{"key !subject", "key subject:identifier|s|", "key subject:identifier|s|v", "key subject:identifier|v"},
		},
		{
			"by identifier without a system", "subject", `"subject":{"identifier":{"value":"v"}}`,
			[]string{"key !subject", "key subject:identifier|v", "key subject:identifier||v"},
		},
		{
			"several, one twice", "performer", `"performer":[{"reference":"Practitioner/1"},{"reference":"Organization/2"},{"reference":"Practitioner/1"}]`,
			[]string{
				"key !performer", "key performer|Organization/2", "key performer|Practitioner/1",
				`text performer "Organization/2"`, `text performer "Practitioner/1"`, "ref performer Practitioner/1", "ref performer Organization/2",
			},
		},
		{
			"to a type that is not meant: by its id too", "encounter", `"encounter":{"reference":"EpisodeOfCare/1"}`,
			[]string{"key !encounter", "key encounter|1", "key encounter|EpisodeOfCare/1", `text encounter "EpisodeOfCare/1"`, "ref encounter EpisodeOfCare/1"},
		},
		{"only those to a patient, by their text", "patient", `"subject":{"reference":"Group/1"}`, nil},
		{
			"only those to a patient, by Reference.type", "patient", `"subject":{"type":"Patient","identifier":{"value":"v"}}`,
			[]string{"key !patient", "key patient:identifier|v", "key patient:identifier||v"},
		},
	})
	testIndex(t, "QuestionnaireResponse", []indexCase{
		{
			"a canonical with a version: with it and without", "questionnaire", `"questionnaire":"http://a.org/Questionnaire/1|2.0"`,
			[]string{
				"key !questionnaire", "key questionnaire|http://a.org/Questionnaire/1", `key questionnaire|http://a.org/Questionnaire/1\|2.0`,
				`text questionnaire "http://a.org/Questionnaire/1|2.0"`,
			},
		},
		{
			"a canonical that is a relative reference", "questionnaire", `"questionnaire":"Questionnaire/1"`,
			[]string{"key !questionnaire", "key questionnaire|Questionnaire/1", `text questionnaire "Questionnaire/1"`, "ref questionnaire Questionnaire/1"},
		},
	})
	testIndex(t, "Bundle", []indexCase{
		{
			"a resource that stands inside: nothing leads to it", "composition", `"type":"document","entry":[{"resource":{"resourceType":"Composition","id":"c"}}]`,
			[]string{"key !composition", "key composition|Composition/c", `text composition "Composition/c"`},
		},
		{
			"a resource inside without an id", "composition", `"type":"document","entry":[{"resource":{"resourceType":"Composition"}}]`,
			[]string{"key !composition"},
		},
	})
}

func TestAReferenceIsAskedForByIDTypeOrURL(t *testing.T) {
	testPlans(t, []planCase{
		{"type and id", "Observation?subject=Patient/23", "and(subject|Patient/23)"},
		{"the absolute URL of this server", "Observation?subject=http://localhost:8080/fhir/Patient/23", "and(subject|Patient/23)"},
		{"one version", "Observation?subject=Patient/23/_history/2", "and(subject|Patient/23/_history/2)"},
		{"another server", "Observation?subject=http://other.org/fhir/Patient/23", "and(subject|http://other.org/fhir/Patient/23)"},
		{"an URN", "Observation?subject=urn:uuid:1", "and(subject|urn:uuid:1)"},
		{
			"an id of any type that is meant", "Observation?subject=23",
			"and(or(subject|23 subject|Device/23 subject|Group/23 subject|Location/23 subject|Patient/23))",
		},
		{"an id of the one type that the expression allows", "Observation?patient=23", "and(or(patient|23 patient|Patient/23))"},
		{"an id of a type", "Observation?subject:Patient=23", "and(subject|Patient/23)"},
		{"type and id of the same type", "Observation?subject:Patient=Patient/23", "and(subject|Patient/23)"},
		{"any of several", "Observation?subject=Patient/1,Patient/2", "and(or(subject|Patient/1 subject|Patient/2))"},
		{"an identifier", "Observation?subject:identifier=http://acme.org/fhir/identifier/mrn|123456", "and(subject:identifier|http://acme.org/fhir/identifier/mrn|123456)"},
		{"an identifier in any system", "Observation?subject:identifier=123456", "and(subject:identifier|123456)"},
		{"an identifier without a system", "Observation?subject:identifier=|123456", "and(subject:identifier||123456)"},
		{"any identifier of a system", "Observation?subject:identifier=s|", "and(subject:identifier|s|)"},
		{"a canonical", "QuestionnaireResponse?questionnaire=http://a.org/Questionnaire/1", "and(questionnaire|http://a.org/Questionnaire/1)"},
		{"a canonical of one version", "QuestionnaireResponse?questionnaire=http://a.org/Questionnaire/1|2.0", `and(questionnaire|http://a.org/Questionnaire/1\|2.0)`},
		{"missing", "Observation?subject:missing=true", "and(not(!subject))"},
		{"a canonical that is no URL", "QuestionnaireResponse?questionnaire=a/b", "and(questionnaire|a/b)"},
	})
}

func TestATypedReferenceToAnotherTypeIsRefused(t *testing.T) {
	testRefusals(t, []refusal{{
		"the identifier of a canonical", "QuestionnaireResponse?questionnaire:identifier=s|v",
		[]string{"error invalid http.questionnaire:identifier: questionnaire has no identifiers: it is a canonical"},
	}, {
		"type and id of another type, another server's, no id",
		"Observation?subject:Patient=Group/1&subject:Patient=http://other.org/fhir/Patient/1&subject:Patient=a%20b",
		[]string{
			`error invalid http.subject:Patient: the value "Group/1" of subject:Patient is no id of a Patient`,
			`error invalid http.subject:Patient: the value "http://other.org/fhir/Patient/1" of subject:Patient is no id of a Patient`,
			`error invalid http.subject:Patient: the value "a b" of subject:Patient is no id of a Patient`,
		},
	}})
}

func TestEveryBaseOfTheServerIsItsOwn(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	e, err := search.NewEngine(s, "http://a.org/fhir/", "https://b.org")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, ref := range []string{"Patient/1", "http://a.org/fhir/Patient/1", "https://b.org/Patient/1", "http://b.org/Patient/1", "http://a.org/Patient/1"} {
		q, err := e.Parse("Observation", []search.Pair{{Name: "subject", Value: ref}}, search.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.Compile(q)
		if err != nil {
			t.Fatal(err)
		}
		got[ref] = showPlan(p)
	}
	want := map[string]string{
		"Patient/1":                   "and(subject|Patient/1)",
		"http://a.org/fhir/Patient/1": "and(subject|Patient/1)",
		"https://b.org/Patient/1":     "and(subject|Patient/1)",
		"http://b.org/Patient/1":      "and(subject|Patient/1)", // http and https name the same,
		"http://a.org/Patient/1":      "and(subject|http://a.org/Patient/1)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestABaseThatIsNotAbsoluteIsRefused(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = search.NewEngine(s, "/fhir"); err == nil || err.Error() != `the base URL "/fhir" is not absolute` {
		t.Error(err)
	}
}

func TestEveryReferenceParameterHasTargetsThatAreResourceTypes(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	few := map[string][]string{}
	for _, typ := range s.ResourceTypes() {
		for _, p := range s.Params(typ) {
			if p.Type != spec.ParamReference {
				continue
			}
			targets := engine(t).TargetsOf(typ, p.Code)
			if len(targets) == 0 {
				t.Errorf("%s.%s refers to nothing", typ, p.Code)
			}
			for _, target := range targets {
				if !s.IsResource(target) {
					t.Errorf("%s.%s refers to %s", typ, p.Code, target)
				}
			}
			if typ == "Observation" {
				few[p.Code] = targets[:min(3, len(targets))]
			}
		}
	}
	want := map[string][]string{
		"based-on":     {"CarePlan", "DeviceRequest", "ImmunizationRecommendation"},
		"derived-from": {"DocumentReference", "ImagingStudy", "Media"},
		"device":       {"Device", "DeviceMetric"},
		"encounter":    {"Encounter"},
		"focus":        {"Account", "ActivityDefinition", "AdverseEvent"},
		"has-member":   {"MolecularSequence", "Observation", "QuestionnaireResponse"},
		"part-of":      {"ImagingStudy", "Immunization", "MedicationAdministration"},
		"patient":      {"Patient"},
		"performer":    {"CareTeam", "Organization", "Patient"},
		"specimen":     {"Specimen"},
		"subject":      {"Device", "Group", "Location"},
	}
	if diff := cmp.Diff(want, few); diff != "" {
		t.Error(diff)
	}
}

func TestEachReferenceIsKeptOnceHoweverManyThereAre(t *testing.T) {
	for _, n := range []int{1, 5, 40} {
		var items []string
		for i := range 3 * n {
			items = append(items, fmt.Sprintf(`{"item":{"reference":"Patient/%d"}}`, i%n))
		}
		got := entries(t, `{"resourceType":"List","id":"1","entry":[`+strings.Join(items, ",")+`]}`)
		var want []search.RefEntry
		for i := range n {
			want = append(want, search.RefEntry{Param: "item", Key: fhir.Key{Type: "Patient", ID: strconv.Itoa(i)}})
		}
		if diff := cmp.Diff(want, got.Refs); diff != "" {
			t.Errorf("%d references three times: %s", n, diff)
		}
	}
}
