package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// structures parses StructureDefinitions that hold only what the generator reads.
func structures(t *testing.T, src ...string) []structure {
	t.Helper()
	var list []structure
	for _, s := range src {
		if err := appendTo(&list, []byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func TestADefinitionBecomesItsTypeAndTheTypesInside(t *testing.T) {
	tests := []struct {
		name, src string
		want      []typ
	}{
		{
			"a resource with a part in a part",
			`{"name":"Thing","type":"Thing","kind":"resource","baseDefinition":"http://hl7.org/fhir/StructureDefinition/DomainResource","snapshot":{"element":[
				{"path":"Thing","max":"*"},
				{"path":"Thing.id","max":"1","type":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type","valueUrl":"string"}],"code":"http://hl7.org/fhirpath/System.String"}]},
				{"path":"Thing.part","max":"*","type":[{"code":"BackboneElement"}]},
				{"path":"Thing.part.id","max":"1","type":[{"code":"http://hl7.org/fhirpath/System.String"}]},
				{"path":"Thing.part.inner","max":"1","type":[{"code":"Element"}]},
				{"path":"Thing.part.inner.flag","min":1,"max":"1","type":[{"code":"boolean"}]},
				{"path":"Thing.part.part","max":"*","contentReference":"#Thing.part"}]}}`,
			[]typ{
				{name: "Thing", kind: "resource", base: "DomainResource", elements: []field{
					{name: "id", path: "Thing.id", types: []string{"id"}, max: 1},
					{name: "part", path: "Thing.part", types: []string{"Thing.part"}, max: -1},
				}},
				{name: "Thing.part", kind: "backbone", base: "BackboneElement", elements: []field{
					{name: "id", path: "Thing.part.id", types: []string{"string"}, max: 1},
					{name: "inner", path: "Thing.part.inner", types: []string{"Thing.part.inner"}, max: 1},
					{name: "part", path: "Thing.part.part", types: []string{"Thing.part"}, max: -1},
				}},
				{name: "Thing.part.inner", kind: "backbone", base: "Element", elements: []field{
					{name: "flag", path: "Thing.part.inner.flag", types: []string{"boolean"}, min: 1, max: 1},
				}},
			},
		},
		{
			"a primitive with its pattern",
			`{"name":"code","type":"code","kind":"primitive-type","baseDefinition":"http://hl7.org/fhir/StructureDefinition/string","snapshot":{"element":[
				{"path":"code","max":"*"},
				{"path":"code.extension","max":"*","type":[{"code":"Extension"}]},
				{"path":"code.value","max":"1","type":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/regex","valueString":"[^\\s]+"}],"code":"http://hl7.org/fhirpath/System.String"}]}]}}`,
			[]typ{{name: "code", kind: "primitive-type", base: "string", regex: `[^\s]+`, elements: []field{
				{name: "extension", path: "code.extension", types: []string{"Extension"}, max: -1},
			}}},
		},
		{
			"a profile of a data type, without what it takes away",
			`{"name":"SimpleQuantity","type":"Quantity","kind":"complex-type","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Quantity","snapshot":{"element":[
				{"path":"Quantity","max":"*"},
				{"path":"Quantity.value","max":"1","type":[{"code":"decimal"}]},
				{"path":"Quantity.comparator","max":"0","type":[{"code":"code"}]}]}}`,
			[]typ{{name: "SimpleQuantity", kind: "complex-type", base: "Quantity", elements: []field{
				{name: "value", path: "Quantity.value", types: []string{"decimal"}, max: 1},
			}}},
		},
		{
			"an abstract type without a base",
			`{"name":"Element","type":"Element","kind":"complex-type","abstract":true,"snapshot":{"element":[{"path":"Element","max":"*"}]}}`,
			[]typ{{name: "Element", kind: "complex-type", abstract: true}},
		},
		{
			"a logical model is left out",
			`{"name":"MetadataResource","type":"MetadataResource","kind":"logical","snapshot":{"element":[{"path":"MetadataResource","max":"*"}]}}`,
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := compileTypes(structures(t, tt.src))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(typ{}, field{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTypesComeInOrderOfName(t *testing.T) {
	const empty = `{"name":"%","type":"%","kind":"complex-type","snapshot":{"element":[{"path":"%","max":"*"}]}}`
	var src []string
	for _, name := range []string{"B", "A", "C"} {
		src = append(src, strings.ReplaceAll(empty, "%", name))
	}
	types, err := compileTypes(structures(t, src...))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, typ := range types {
		got = append(got, typ.name)
	}
	if diff := cmp.Diff([]string{"A", "B", "C"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestABrokenDefinitionIsRefusedWithItsName(t *testing.T) {
	list := structures(t, `{"url":"http://example.org/Thing","name":"Thing","kind":"resource","snapshot":{"element":[{"path":"Thing","max":"*"},{"path":"Thing.x","max":"1"}]}}`)
	_, err := compileTypes(list)
	if err == nil || err.Error() != "compiling http://example.org/Thing: Thing.x has no type" {
		t.Errorf("got %v", err)
	}
	if _, err := encodeDefinitions([]typ{{name: "x", kind: "strange"}}, &definitions{}); err == nil {
		t.Error("a type of a strange kind is accepted")
	}
}

func TestThePrimitivesThatAreNoJSONStringsAreKnown(t *testing.T) {
	for name, want := range map[string]int{"boolean": 5, "integer": 4, "decimal": 4, "positiveInt": 4, "unsignedInt": 4, "string": 3, "xhtml": 3} {
		if got := jsonKind(typ{name: name, kind: "primitive-type"}); got != want {
			t.Errorf("%s has the kind %d, want %d", name, got, want)
		}
	}
	if got := jsonKind(typ{name: "HumanName", kind: "complex-type"}); got != 0 {
		t.Errorf("HumanName has the kind %d", got)
	}
}

// bundle writes a Bundle of the resources into a folder.
func bundle(t *testing.T, dir, file string, resources ...string) {
	t.Helper()
	type entry struct {
		Resource json.RawMessage `json:"resource"`
	}
	var b struct {
		Entry []entry `json:"entry"`
	}
	for _, r := range resources {
		b.Entry = append(b.Entry, entry{json.RawMessage(r)})
	}
	src, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, file), src, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestARequiredValueSetNeedsAnExpansion(t *testing.T) {
	const currencies = `{"resourceType":"ValueSet","url":"http://hl7.org/fhir/ValueSet/currencies","expansion":{"contains":[{"system":"urn:iso:std:iso:4217","code":"EUR"}]}}`
	types := []typ{{name: "X", elements: []field{
		{name: "a", strength: "required", valueSet: "http://example.org/a"},
		{name: "b", strength: "example", valueSet: "http://example.org/b"},
		{name: "c", strength: "required", valueSet: "http://hl7.org/fhir/ValueSet/mimetypes"},
	}}}
	dir := t.TempDir()
	bundle(t, dir, "Bundle-valueset-expansions.json", currencies)
	if _, err := readCodes(dir, types); err == nil || err.Error() != "value set http://example.org/a has no expansion" {
		t.Errorf("got %v", err)
	}
	bundle(t, dir, "Bundle-valueset-expansions.json", currencies,
		`{"resourceType":"ValueSet","url":"http://example.org/a","expansion":{"contains":[{"system":"s","code":"x"}]}}`,
		`{"resourceType":"ValueSet","url":"http://example.org/b","expansion":{"contains":[{"system":"s","code":"y"}]}}`)
	sets, err := readCodes(dir, types)
	if err != nil {
		t.Fatal(err)
	}
	delete(sets, "http://hl7.org/fhir/ValueSet/currencies")
	want := map[string][]contained{"http://example.org/a": {{System: "s", Code: "x"}}}
	if diff := cmp.Diff(want, sets); diff != "" {
		t.Error(diff)
	}
}
