package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// definitionsDir is where scripts/testdata puts the official definitions.
const definitionsDir = "../../../.cache/r4"

func TestTheEmbeddedFilesAreWhatTheDefinitionsCompileTo(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 50 MB of definitions")
	}
	if _, err := os.Stat(definitionsDir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("run scripts/testdata first: ", err)
		}
		t.Skip("the official definitions are absent: run scripts/testdata")
	}
	to := t.TempDir()
	if err := run(definitionsDir, to); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"r4.bin", "codes.bin"} {
		want, got := inflate(t, filepath.Join(to, file)), inflate(t, filepath.Join("..", file))
		if !bytes.Equal(want, got) {
			t.Errorf("%s is stale: run go generate ./fhir/spec", file)
		}
	}
}

// inflate reads the file without its compression, which may change with the version of Go.
func inflate(t *testing.T, file string) []byte {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	size, n := binary.Uvarint(src)
	raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(src[n:])))
	if err != nil || uint64(len(raw)) != size {
		t.Fatalf("%s: %d of %d bytes, %v", file, len(raw), size, err)
	}
	return raw
}

func TestAFolderWithoutDefinitionsIsRefused(t *testing.T) {
	if err := run(t.TempDir(), t.TempDir()); err == nil {
		t.Error("run succeeded")
	}
}

func TestAnElementOfTheDefinitionsBecomesAField(t *testing.T) {
	tests := []struct {
		name, json string
		backbone   bool
		want       field
	}{
		{
			"a repeated data type",
			`{"path":"Patient.name","min":0,"max":"*","type":[{"code":"HumanName"}],"isSummary":true}`, false,
			field{path: "Patient.name", name: "name", types: []string{"HumanName"}, max: -1, summary: true},
		},
		{
			"a choice loses its [x]",
			`{"path":"Patient.deceased[x]","min":0,"max":"1","type":[{"code":"boolean"},{"code":"dateTime"}],"isModifier":true}`, false,
			field{path: "Patient.deceased[x]", name: "deceased", choice: true, types: []string{"boolean", "dateTime"}, max: 1, modifier: true},
		},
		{
			"an element with elements inside is a type of its own",
			`{"path":"Patient.contact","min":0,"max":"*","type":[{"code":"BackboneElement"}]}`, true,
			field{path: "Patient.contact", name: "contact", types: []string{"Patient.contact"}, max: -1},
		},
		{
			"a content reference is the type that it names",
			`{"path":"Questionnaire.item.item","min":0,"max":"*","contentReference":"#Questionnaire.item"}`, false,
			field{path: "Questionnaire.item.item", name: "item", types: []string{"Questionnaire.item"}, max: -1},
		},
		{
			"a FHIRPath type gives way to the FHIR type beside it",
			`{"path":"Extension.url","min":1,"max":"1","type":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type","valueUrl":"uri"}],"code":"http://hl7.org/fhirpath/System.String"}]}`, false,
			field{path: "Extension.url", name: "url", types: []string{"uri"}, min: 1, max: 1},
		},
		{
			"a FHIRPath type without a FHIR type is a string",
			`{"path":"xhtml.id","min":0,"max":"1","type":[{"code":"http://hl7.org/fhirpath/System.String"}]}`, false,
			field{path: "xhtml.id", name: "id", types: []string{"string"}, max: 1},
		},
		{
			"targets are sorted names",
			`{"path":"X.y","min":0,"max":"1","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Patient","http://hl7.org/fhir/StructureDefinition/Group"]}]}`, false,
			field{path: "X.y", name: "y", types: []string{"Reference"}, max: 1, targets: []string{"Group", "Patient"}},
		},
		{
			"the target Resource is any",
			`{"path":"X.y","min":0,"max":"1","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Resource"]}]}`, false,
			field{path: "X.y", name: "y", types: []string{"Reference"}, max: 1, targets: []string{}},
		},
		{
			"targets of a canonical stand apart",
			`{"path":"X.y","min":0,"max":"1","type":[{"code":"canonical","targetProfile":["http://hl7.org/fhir/StructureDefinition/ValueSet"]}]}`, false,
			field{path: "X.y", name: "y", types: []string{"canonical"}, max: 1, canonicals: []string{"ValueSet"}},
		},
		{
			"a profiled data type keeps type and profile",
			`{"path":"X.low","min":0,"max":"1","type":[{"code":"Quantity","profile":["http://hl7.org/fhir/StructureDefinition/SimpleQuantity"]}]}`, false,
			field{path: "X.low", name: "low", types: []string{"Quantity"}, profile: "SimpleQuantity", max: 1},
		},
		{
			"a binding loses the version of its value set",
			`{"path":"X.c","min":0,"max":"1","type":[{"code":"code"}],"binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/x|4.0.1"}}`, false,
			field{path: "X.c", name: "c", types: []string{"code"}, max: 1, strength: "required", valueSet: "http://hl7.org/fhir/ValueSet/x"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e element
			if err := json.Unmarshal([]byte(tt.json), &e); err != nil {
				t.Fatal(err)
			}
			got, err := compileElement(e, tt.backbone)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(field{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnElementThatMakesNoSenseIsRefused(t *testing.T) {
	for name, e := range map[string]element{
		"no type":          {Path: "X.y", Max: "1"},
		"max is no number": {Path: "X.y", Max: "many", Type: []elementType{{Code: "string"}}},
	} {
		if _, err := compileElement(e, false); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestEachTextIsWrittenOnce(t *testing.T) {
	e := &encoder{}
	e.text("a")
	e.list([]string{"b", "a"})
	e.text("b")
	e.list([]string{"b", "a"})
	e.list(nil)
	raw, err := e.bytes()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	want := []byte{
		2, 1, 1, 'a', 'b', // two strings of length 1
		2, 2, 1, 0, 0, // two lists: (b, a) and none
		0, 0, 1, 0, 1, // the body
	}
	if diff := cmp.Diff(want, inflate(t, file)); diff != "" {
		t.Error(diff)
	}
}

func TestGroupingCodesAreNoCodesOfASet(t *testing.T) {
	got := flatten(nil, []contained{
		{System: "s", Code: "group", Abstract: true, Contains: []contained{{System: "s", Code: "a"}}},
		{Contains: []contained{{System: "s", Code: "b", Contains: []contained{{System: "s", Code: "c"}}}}},
	})
	var codes []string
	for _, c := range got {
		codes = append(codes, c.Code)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, codes); diff != "" {
		t.Error(diff)
	}
}
