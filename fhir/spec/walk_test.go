package spec_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

func parse(t testing.TB, src string) tree.Node {
	t.Helper()
	doc, err := tree.Parse([]byte(src), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func TestWalkVisitsEachElementInDocumentOrderWithItsType(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string
	}{
		{
			"items, parts and choices",
			`{"resourceType":"Patient","name":[{"family":"A","given":["B","C"]},{"text":"D"}],"contact":[{"gender":"male"}],"deceasedBoolean":true}`,
			[]string{
				"Patient.name[0] HumanName Patient.name", "Patient.name[0].family string HumanName.family",
				"Patient.name[0].given[0] string HumanName.given", "Patient.name[0].given[1] string HumanName.given",
				"Patient.name[1] HumanName Patient.name", "Patient.name[1].text string HumanName.text",
				"Patient.contact[0] Patient.contact Patient.contact", "Patient.contact[0].gender code Patient.contact.gender",
				"Patient.deceasedBoolean boolean Patient.deceased[x]",
			},
		},
		{
			"an extension of a primitive, before its value",
			`{"resourceType":"Patient","_birthDate":{"extension":[{"url":"u","valueReference":{"reference":"Patient/1"}}]},"birthDate":"2000"}`,
			[]string{
				"Patient.birthDate date Patient.birthDate", "Patient.birthDate.extension[0] Extension date.extension",
				"Patient.birthDate.extension[0].url uri Extension.url", "Patient.birthDate.extension[0].valueReference Reference Extension.value[x]",
				"Patient.birthDate.extension[0].valueReference.reference string Reference.reference", "Patient.birthDate date Patient.birthDate",
			},
		},
		{
			"nulls beside extensions of items",
			`{"resourceType":"Patient","name":[{"given":["B",null],"_given":[null,{"id":"x"}]}]}`,
			[]string{
				"Patient.name[0] HumanName Patient.name", "Patient.name[0].given[0] string HumanName.given",
				"Patient.name[0].given[1] string HumanName.given", "Patient.name[0].given[1].id string string.id",
			},
		},
		{
			"contained resources by their own type",
			`{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p","active":true}],"subject":{"reference":"#p"}}`,
			[]string{
				"Observation.contained[0] Patient Observation.contained", "Observation.contained[0].id id Patient.id",
				"Observation.contained[0].active boolean Patient.active", "Observation.subject Reference Observation.subject",
				"Observation.subject.reference string Reference.reference",
			},
		},
		{
			"resources in a Bundle and in Parameters",
			`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Parameters","parameter":[{"name":"a","resource":{"resourceType":"Patient","id":"1"}}]}}]}`,
			[]string{
				"Bundle.entry[0] Bundle.entry Bundle.entry", "Bundle.entry[0].resource Parameters Bundle.entry.resource",
				"Bundle.entry[0].resource.parameter[0] Parameters.parameter Parameters.parameter",
				"Bundle.entry[0].resource.parameter[0].name string Parameters.parameter.name",
				"Bundle.entry[0].resource.parameter[0].resource Patient Parameters.parameter.resource",
				"Bundle.entry[0].resource.parameter[0].resource.id id Patient.id",
			},
		},
		{
			"a content reference at any depth",
			`{"resourceType":"Questionnaire","item":[{"item":[{"item":[{"linkId":"1"}]}]}]}`,
			[]string{
				"Questionnaire.item[0] Questionnaire.item Questionnaire.item", "Questionnaire.item[0].item[0] Questionnaire.item Questionnaire.item.item",
				"Questionnaire.item[0].item[0].item[0] Questionnaire.item Questionnaire.item.item",
				"Questionnaire.item[0].item[0].item[0].linkId string Questionnaire.item.linkId",
			},
		},
		{
			"unknown members and unknown resources are passed by",
			`{"resourceType":"Patient","foo":{"bar":1},"_name":[{"id":"x"}],"contained":[{"resourceType":"Foo","id":"1"}],"active":true}`,
			[]string{"Patient.contained[0] Resource Patient.contained", "Patient.active boolean Patient.active"},
		},
		{"a type that does not exist", `{"resourceType":"Foo","id":"1"}`, nil},
		{"an abstract type", `{"resourceType":"DomainResource","id":"1"}`, nil},
		{"no type", `{"id":"1"}`, nil},
	}
	s := open(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			s.Walk(parse(t, tt.src), func(n tree.Node, typ string, e *spec.Element) bool {
				got = append(got, n.Location()+" "+typ+" "+e.Path)
				return true
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWalkStaysAboveAnElementThatIsNotWanted(t *testing.T) {
	var got []string
	root := parse(t, `{"resourceType":"Patient","name":[{"family":"A"}],"link":[{"type":"refer"}]}`)
	open(t).Walk(root, func(n tree.Node, _ string, _ *spec.Element) bool {
		got = append(got, n.Location())
		return n.Location() != "Patient.name[0]"
	})
	if diff := cmp.Diff([]string{"Patient.name[0]", "Patient.link[0]", "Patient.link[0].type"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWalkOfAContainedResourceStartsThere(t *testing.T) {
	root := parse(t, `{"resourceType":"Observation","contained":[{"resourceType":"Patient","active":true}]}`)
	var got []string
	open(t).Walk(root.Member("contained").Item(0), func(n tree.Node, typ string, _ *spec.Element) bool {
		got = append(got, n.Location()+" "+typ)
		return true
	})
	if diff := cmp.Diff([]string{"Observation.contained[0].active boolean"}, got); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkWalk(b *testing.B) {
	s := open(b)
	root := parse(b, `{"resourceType":"Observation","id":"1","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],
		"code":{"coding":[{"system":"http://loinc.org","code":"5130-0","display":"dsDNA Ab"}]},"subject":{"reference":"Patient/1"},"effectiveDateTime":"2024-01-01",
		"valueQuantity":{"value":1.50,"unit":"IU/mL","system":"http://unitsofmeasure.org","code":"[IU]/mL"}}`)
	b.ReportAllocs()
	for b.Loop() {
		s.Walk(root, func(tree.Node, string, *spec.Element) bool { return true })
	}
}
