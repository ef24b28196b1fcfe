package fhirpath_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// example is one official example.
type example struct {
	file string
	root tree.Node
}

// readExamples reads all official examples by type, the largest definition bundles left out.
var readExamples = sync.OnceValues(func() (map[string][]example, error) {
	dir, err := filepath.Abs(filepath.Join("..", "..", ".cache", "r4"))
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	byType := map[string][]example{}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() > 1<<20 {
			continue
		}
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		doc, err := tree.Parse(data, tree.Limits{})
		if err != nil || doc.ResourceType() == "" {
			continue
		}
		byType[doc.ResourceType()] = append(byType[doc.ResourceType()], example{file: filepath.Base(f), root: doc.Root()})
	}
	return byType, nil
})

func examples(t testing.TB) map[string][]example {
	t.Helper()
	examplesDir(t)
	byType, err := readExamples()
	if err != nil {
		t.Fatal(err)
	}
	if len(byType) < 140 {
		t.Fatalf("examples of %d types: some are missing", len(byType))
	}
	return byType
}

// searchParams calls visit for each official parameter of each type that has an expression.
func searchParams(t testing.TB, visit func(typ string, p *spec.Param)) {
	t.Helper()
	s := definitions(t)
	for _, typ := range s.ResourceTypes() {
		for _, p := range s.Params(typ) {
			if p.Expression != "" {
				visit(typ, p)
			}
		}
	}
}

func TestEveryOfficialSearchExpressionCompilesAndCanMatchItsType(t *testing.T) {
	seen := map[string]bool{}
	searchParams(t, func(typ string, p *spec.Param) {
		seen[p.URL] = true
		x, err := fhirpath.Compile(definitions(t), p.Expression)
		if err != nil {
			t.Errorf("%s %s: %v", typ, p.Code, err)
			return
		}
		if x.For(typ).Never() {
			t.Errorf("%s %s can never match %s: %s", typ, p.Code, typ, p.Expression)
		}
		for _, c := range p.Components {
			if _, err := fhirpath.Compile(definitions(t), c.Expression); err != nil {
				t.Errorf("%s %s, component %s: %v", typ, p.Code, c.Definition, err)
			}
		}
	})
	if len(seen) < 1300 {
		t.Errorf("%d parameters have an expression, want more than 1300", len(seen))
	}
}

func TestEveryOfficialSearchExpressionEvaluatesOnEveryExampleOfItsType(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	byType := examples(t)
	values, hits := 0, map[string]bool{}
	var got, general []fhirpath.Value
	searchParams(t, func(typ string, p *spec.Param) {
		any, err := fhirpath.Compile(definitions(t), p.Expression)
		if err != nil {
			t.Errorf("%s %s: %v", typ, p.Code, err)
			return
		}
		x := any.For(typ)
		for _, ex := range byType[typ] {
			if got, err = x.EvalInto(got[:0], x.Focus(ex.root)); err != nil {
				t.Errorf("%s %s on %s: %v", typ, p.Code, ex.file, err)
				return
			}
			if general, err = any.EvalInto(general[:0], any.Focus(ex.root)); err != nil {
				t.Errorf("%s %s on %s, for any type: %v", typ, p.Code, ex.file, err)
				return
			}
			if !cmp.Equal(locations(got), locations(general)) {
				t.Errorf("%s %s on %s: narrowed to its type it gives %v, without %v", typ, p.Code, ex.file, locations(got), locations(general))
			}
			for _, v := range got {
				if err := evalComponents(t, p, v); err != nil {
					t.Errorf("%s %s on %s: %v", typ, p.Code, ex.file, err)
				}
			}
			if len(got) > 0 {
				hits[typ+"."+p.Code] = true
			}
			values += len(got)
		}
	})
	t.Logf("%d values; %d parameters of types with a value", values, len(hits))
	if values < 100_000 || len(hits) < 1500 {
		t.Errorf("%d values of %d parameters: the expressions find too little", values, len(hits))
	}
}

func evalComponents(t testing.TB, p *spec.Param, focus fhirpath.Value) error {
	for _, c := range p.Components {
		x, err := fhirpath.Compile(definitions(t), c.Expression)
		if err != nil {
			return err
		}
		if _, err := x.EvalAt(focus); err != nil {
			return err
		}
	}
	return nil
}

// locations writes values as Type@location, or Type=text where they were computed.
func locations(vs []fhirpath.Value) []string {
	var out []string
	for _, v := range vs {
		if v.Node.Exists() {
			out = append(out, v.Type+"@"+v.Node.Location())
		} else {
			out = append(out, v.Type+"="+v.Text)
		}
	}
	return out
}

// observation is a typical Observation of 1.5 KB.
const observation = `{"resourceType":"Observation","id":"1","meta":{"versionId":"1","lastUpdated":"2024-01-01T00:00:00.000Z","profile":["http://hl7.org/fhir/StructureDefinition/vitalsigns"]},
"identifier":[{"use":"official","system":"http://www.bmc.nl/zorgportal/identifiers/observations","value":"6323"}],
"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}],"text":"Vital Signs"}],
"code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel with all children optional"},{"system":"http://snomed.info/sct","code":"75367002","display":"Blood pressure"}],"text":"Blood pressure systolic & diastolic"},
"subject":{"reference":"Patient/f001","display":"P. van de Heuvel"},"encounter":{"reference":"Encounter/f001"},"effectiveDateTime":"2013-04-02T09:30:10+01:00","issued":"2013-04-03T15:30:10+01:00",
"performer":[{"reference":"Practitioner/f005","display":"A. Langeveld"}],"valueQuantity":{"value":107.50,"unit":"mmol/l","system":"http://unitsofmeasure.org","code":"mmol/L"},
"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"H","display":"High"}]}],
"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic blood pressure"}]},"valueQuantity":{"value":107,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4","display":"Diastolic blood pressure"}]},"valueQuantity":{"value":60,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}`

func BenchmarkSearchExpressionOnObservation(b *testing.B) {
	focus := parse(b, observation)
	for _, code := range []string{"status", "code", "date", "subject", "patient", "value-quantity", "combo-value-quantity", "combo-code", "_profile", "code-value-quantity"} {
		p := definitions(b).Param("Observation", code)
		if p == nil {
			b.Fatalf("no parameter %s", code)
		}
		any, err := fhirpath.Compile(definitions(b), p.Expression)
		if err != nil {
			b.Fatal(err)
		}
		x := any.For("Observation")
		var dst []fhirpath.Value
		b.Run(strings.TrimPrefix(code, "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if dst, err = x.EvalInto(dst[:0], x.Focus(focus)); err != nil || len(dst) == 0 {
					b.Fatal(len(dst), err)
				}
			}
		})
	}
}
