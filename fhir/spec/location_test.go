package spec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/tree"
)

// at goes to a node by names and indexes: "contained.0.name".
func at(root tree.Node, path string) tree.Node {
	for _, step := range strings.Split(path, ".") {
		if root.Kind() == tree.Array {
			root = root.Item(int(step[0] - '0'))
		} else {
			root = root.Member(step)
		}
	}
	return root
}

func TestTheLocationOfAnElementIsItsFHIRPath(t *testing.T) {
	const observation = `{"resourceType":"Observation","valueQuantity":{"code":"mg","_code":{"id":"c"}},"component":[{"valueFoo":1},{"valueString":"x"}],
		"_valueQuantity":{"id":"x"},"text":{"div":"<div/>"},"contained":[{"resourceType":"Patient","deceasedBoolean":true},{"resourceType":"Wolf","valueString":"x","_a":1},
		{"valueString":"y"},"Patient"],"_effectiveDateTime":{"extension":[{"url":"u","_valueString":{"id":"v"}}]},"referenceRange":[null,{"text":"r"}]}`
	tests := []struct{ name, path, want string }{
		{"a choice has no type in its name", "valueQuantity", "Observation.value"},
		{"nor has one that is gone through", "valueQuantity.code", "Observation.value.code"},
		{"a choice in an item", "component.1.valueString", "Observation.component[1].value"},
		{"a choice of an unknown type keeps its name", "component.0.valueFoo", "Observation.component[0].valueFoo"},
		{"the other half of a primitive has its name", "valueQuantity._code.id", "Observation.value.code.id"},
		{"the other half of a choice has the name of the choice", "_effectiveDateTime.extension.0._valueString.id", "Observation.effective.extension[0].value.id"},
		{"what is no half keeps its name", "_valueQuantity.id", "Observation._valueQuantity.id"},
		{"a name that is a keyword is delimited", "text.div", "Observation.text.`div`"},
		{"a contained resource is of its own type", "contained.0.deceasedBoolean", "Observation.contained[0].deceased"},
		{"in a resource of an unknown type all names are kept", "contained.1.valueString", "Observation.contained[1].valueString"},
		{"with their underscores", "contained.1._a", "Observation.contained[1]._a"},
		{"in one without a type too", "contained.2.valueString", "Observation.contained[2].valueString"},
		{"what should be a resource", "contained.3", "Observation.contained[3]"},
		{"a list", "contained", "Observation.contained"},
		{"an item after a null that is no element", "referenceRange.1.text", "Observation.referenceRange[0].text"},
	}
	root := parse(t, observation)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, open(t).Location(at(root, tt.path))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheLocationStartsWithTheTypeOfTheRoot(t *testing.T) {
	tests := []struct{ name, src, path, want string }{
		{"a resource of a Bundle", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","valueString":"x"}}]}`, "entry.0.resource.valueString", "Bundle.entry[0].resource.value"},
		{"a value of Parameters", `{"resourceType":"Parameters","parameter":[{"part":[{"valueDate":"2000"}]}]}`, "parameter.0.part.0.valueDate", "Parameters.parameter[0].part[0].value"},
		{"an unknown type", `{"resourceType":"Wolf","valueString":"x"}`, "valueString", "Wolf.valueString"},
		{"no type", `{"valueString":{"x":1}}`, "valueString.x", "valueString.x"},
		{"what is no name of a type", `{"resourceType":"a wolf","valueString":"x"}`, "valueString", "valueString"},
		{"a type after the element", `{"valueString":"x","resourceType":"Observation"}`, "valueString", "Observation.value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, open(t).Location(at(parse(t, tt.src), tt.path))); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := open(t).Location(parse(t, `{"resourceType":"Patient"}`)); got != "Patient" {
		t.Errorf("the root is at %q", got)
	}
	if got := open(t).Location(tree.Node{}); got != "" {
		t.Errorf("nothing is at %q", got)
	}
}

func TestALocationInAPartOfATreeStartsAtThePart(t *testing.T) {
	bundle := parse(t, `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","valueString":"x"}}]}`)
	part := bundle.Tree().Sub(at(bundle, "entry.0.resource")).Root()
	if diff := cmp.Diff("Observation.value", open(t).Location(part.Member("valueString"))); diff != "" {
		t.Error(diff)
	}
}

func TestALocationInALongListOfNullsIsFoundInOnePass(t *testing.T) {
	const nulls = 300_000
	list := strings.Repeat("null,", nulls)
	root := parse(t, `{"resourceType":"HealthcareService","comment":"x","name":["a",`+list+`"b"],"_name":[`+list+`{"id":"x"},{"id":"y"}]}`)
	var last tree.Node
	for last = root.Member("name").First(); last.Next().Exists(); last = last.Next() {
		continue
	}
	start := time.Now()
	if diff := cmp.Diff("HealthcareService.name[2]", open(t).Location(last)); diff != "" {
		t.Error(diff)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}
