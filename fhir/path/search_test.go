package fhirpath_test

import (
	"os"
	"path/filepath"
	"slices"
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

// readExamples reads all official examples by type, the largest definition bundles left out; a short test reads five of
// each type, by the beginning of their names.
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
	read := map[string]int{}
	for _, f := range files {
		typ, _, _ := strings.Cut(filepath.Base(f), "-")
		if read[typ]++; testing.Short() && read[typ] > 5 {
			continue
		}
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

func TestOfficialSearchExpressionsFindTheirValues(t *testing.T) {
	cases := []struct {
		file, code string
		want       []string
	}{
		{"Observation-blood-pressure", "code", []string{"CodeableConcept@Observation.code"}},
		{"Observation-blood-pressure", "combo-code", []string{"CodeableConcept@Observation.code", "CodeableConcept@Observation.component[0].code", "CodeableConcept@Observation.component[1].code"}},
		{"Observation-blood-pressure", "combo-value-quantity", []string{"Quantity@Observation.component[0].valueQuantity", "Quantity@Observation.component[1].valueQuantity"}},
		{"Observation-f001", "patient", []string{"Reference@Observation.subject"}},
		{"Observation-f001", "date", []string{"Period@Observation.effectivePeriod"}},
		{"Observation-f001", "value-quantity", []string{"Quantity@Observation.valueQuantity"}},
		{"Observation-f001", "value-concept", nil},
		{"Observation-f001", "code-value-quantity", []string{"Observation@Observation"}},
		{"Observation-vp-oyster", "value-string", []string{"string@Observation.valueCodeableConcept.text"}},
		{"Patient-example", "phone", []string{"ContactPoint@Patient.telecom[1]", "ContactPoint@Patient.telecom[2]", "ContactPoint@Patient.telecom[3]"}},
		{"Patient-example", "email", nil},
		{"Patient-example", "deceased", []string{"Boolean=false"}},
		{"Patient-example", "birthdate", []string{"date@Patient.birthDate"}},
		{"Patient-example", "_id", []string{"id@Patient.id"}},
		{"Condition-example", "patient", []string{"Reference@Condition.subject"}},
		{"Condition-example", "onset-date", []string{"dateTime@Condition.onsetDateTime"}},
		{"MedicationRequest-medrx0301", "medication", []string{"Reference@MedicationRequest.medicationReference"}},
		{"MedicationRequest-medrx0301", "code", nil},
		{"Encounter-f001", "practitioner", []string{"Reference@Encounter.participant[0].individual"}},
		{"Group-101", "value", []string{"CodeableConcept@Group.characteristic[0].valueCodeableConcept", "CodeableConcept@Group.characteristic[1].valueCodeableConcept"}},
		{"Bundle-bundle-example", "composition", []string{"MedicationRequest@Bundle.entry[0].resource"}},
		{"Composition-example", "related-ref", []string{"Reference@Composition.relatesTo[0].targetReference"}},
		{"Goal-example", "start-date", []string{"date@Goal.startDate"}},
		{"Goal-example", "target-date", []string{"date@Goal.target[0].dueDate"}},
		{"ConceptMap-101", "source", nil},
		{"ConceptMap-101", "source-uri", []string{"uri@ConceptMap.sourceUri"}},
		{"Task-example1", "patient", []string{"Reference@Task.for"}},
		{"Appointment-example", "location", []string{"Reference@Appointment.participant[2].actor"}},
		{"Medication-med0301", "ingredient-code", []string{"CodeableConcept@Medication.ingredient[0].itemCodeableConcept"}},
		{"Medication-med0301", "ingredient", nil},
		{"Immunization-example", "date", []string{"dateTime@Immunization.occurrenceDateTime"}},
		{"DocumentReference-example", "relationship", []string{"DocumentReference.relatesTo@DocumentReference.relatesTo[0]"}},
		{"Library-composition-example", "composed-of", []string{"canonical@Library.relatedArtifact[0].resource", "canonical@Library.relatedArtifact[1].resource", "canonical@Library.relatedArtifact[2].resource", "canonical@Library.relatedArtifact[3].resource", "canonical@Library.relatedArtifact[4].resource", "canonical@Library.relatedArtifact[5].resource"}},
	}
	for _, c := range cases {
		data, err := os.ReadFile(filepath.Join(examplesDir(t), c.file+".json"))
		if err != nil {
			t.Fatal(err)
		}
		wantValues(t, parse(t, string(data)), c.code, c.want)
	}
}

// wantValues evaluates a search parameter of the type of a resource, for any type and narrowed.
func wantValues(t *testing.T, focus tree.Node, code string, want []string) {
	t.Helper()
	typ := focus.Member("resourceType").Text()
	p := definitions(t).Param(typ, code)
	if p == nil {
		t.Fatalf("%s has no parameter %s", typ, code)
	}
	got, err := evaluate(t, focus, p.Expression)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%s %s: %v (-want +got):\n%s", typ, code, err, d)
	}
}

func TestOfficialSearchExpressionsFindTheRareForms(t *testing.T) {
	cases := []struct {
		resource, code string
		want           []string
	}{
		{`{"resourceType":"Condition","onsetAge":{"value":3}}`, "onset-age", []string{"Age@Condition.onsetAge"}},
		{`{"resourceType":"Condition","onsetRange":{"low":{"value":3}}}`, "onset-age", []string{"Range@Condition.onsetRange"}},
		{`{"resourceType":"Condition","onsetAge":{"value":3}}`, "onset-date", nil},
		{`{"resourceType":"Condition","onsetString":"long ago"}`, "onset-info", []string{"string@Condition.onsetString"}},
		{`{"resourceType":"Condition","abatementString":"soon"}`, "abatement-string", []string{"string@Condition.abatementString"}},
		{`{"resourceType":"Group","characteristic":[{"valueBoolean":true},{"valueRange":{"low":{"value":3}}}]}`, "value", []string{"boolean@Group.characteristic[0].valueBoolean"}},
		{`{"resourceType":"Patient","deceasedBoolean":true}`, "deceased", []string{isTrue}},
		{`{"resourceType":"Patient","deceasedDateTime":"2020"}`, "deceased", []string{isTrue}},
		{`{"resourceType":"Patient","deceasedDateTime":"2020"}`, "death-date", []string{"dateTime@Patient.deceasedDateTime"}},
		{`{"resourceType":"Patient"}`, "deceased", []string{isFalse}},
		{`{"resourceType":"Observation","valueSampledData":{"origin":{"value":1},"period":1,"dimensions":1}}`, "value-quantity", []string{"SampledData@Observation.valueSampledData"}},
		{`{"resourceType":"Observation","valueDateTime":"2020"}`, "value-date", []string{"dateTime@Observation.valueDateTime"}},
		{`{"resourceType":"Observation","valueString":"x","component":[{"valueString":"y"}]}`, "value-string", []string{"string@Observation.valueString"}},
		{`{"resourceType":"Observation","subject":{"reference":"http://example.org/fhir/Patient/1/_history/2"}}`, "patient", []string{"Reference@Observation.subject"}},
		{`{"resourceType":"Observation","subject":{"reference":"Group/1"}}`, "patient", nil},
		{`{"resourceType":"Observation","subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]}`, "patient", []string{"Reference@Observation.subject"}},
		{`{"resourceType":"Observation","subject":{"reference":"#p"},"contained":[{"resourceType":"Group","id":"p"}]}`, "patient", nil},
		{`{"resourceType":"Observation","subject":{"type":"Patient","identifier":{"value":"1"}}}`, "patient", []string{"Reference@Observation.subject"}},
		{`{"resourceType":"Observation","subject":{"reference":"urn:uuid:1"}}`, "patient", nil},
		{`{"resourceType":"DeviceRequest","codeCodeableConcept":{"text":"x"}}`, "code", []string{"CodeableConcept@DeviceRequest.codeCodeableConcept"}},
		{`{"resourceType":"DeviceRequest","codeReference":{"reference":"Device/1"}}`, "device", []string{"Reference@DeviceRequest.codeReference"}},
		{`{"resourceType":"ValueSet","useContext":[{"valueQuantity":{"value":1}},{"valueRange":{"low":{"value":1}}},{"valueCodeableConcept":{"text":"x"}}]}`, "context-quantity", []string{"Quantity@ValueSet.useContext[0].valueQuantity", "Range@ValueSet.useContext[1].valueRange"}},
		{`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Composition","title":"x"}},{"resource":{"resourceType":"Patient"}}]}`, "composition", []string{"Composition@Bundle.entry[0].resource"}},
		{`{"resourceType":"Measure","library":["Library/a"],"relatedArtifact":[{"type":"depends-on","resource":"Library/b"},{"type":"successor","resource":"Library/c"}]}`, "depends-on", []string{"canonical@Measure.relatedArtifact[0].resource", "canonical@Measure.library[0]"}},
		{`{"resourceType":"OrganizationAffiliation","telecom":[{"system":"email","value":"a"},{"system":"phone"}]}`, "email", []string{"ContactPoint@OrganizationAffiliation.telecom[0]"}},
		{`{"resourceType":"Patient","_birthDate":{"extension":[{"url":"x","valueCode":"unknown"}]}}`, "birthdate", []string{"date@Patient.birthDate"}},
		{`{"resourceType":"Patient","name":[{"_given":[{"extension":[{"url":"x","valueCode":"masked"}]}]}]}`, "given", []string{"string@Patient.name[0].given[0]"}},
		{`{"resourceType":"AuditEvent","agent":[{"who":{"reference":"Patient/1"}},{"who":{"reference":"Device/1"}}],"entity":[{"what":{"reference":"Patient/2"}}]}`, "patient", []string{"Reference@AuditEvent.agent[0].who", "Reference@AuditEvent.entity[0].what"}},
	}
	for _, c := range cases {
		wantValues(t, parse(t, c.resource), c.code, c.want)
	}
}

func TestComponentsOfCompositesAreRelativeToTheirElement(t *testing.T) {
	cases := []struct {
		resource, code string
		want           [][]string // by component, of all elements
	}{
		{bloodPressure, "code-value-quantity", [][]string{{"CodeableConcept@Observation.code"}, {"Quantity@Observation.valueQuantity"}}},
		{bloodPressure, "component-code-value-concept", [][]string{
			{"CodeableConcept@Observation.component[0].code", "CodeableConcept@Observation.component[1].code", "CodeableConcept@Observation.component[2].code", "CodeableConcept@Observation.component[3].code"},
			{"CodeableConcept@Observation.component[1].valueCodeableConcept"},
		}},
		{`{"resourceType":"Observation","code":{"text":"x"},"valueDateTime":"2020"}`, "code-value-date", [][]string{{"CodeableConcept@Observation.code"}, {"dateTime@Observation.valueDateTime"}}},
		{`{"resourceType":"Observation","code":{"text":"x"},"valuePeriod":{"start":"2020"}}`, "code-value-date", [][]string{{"CodeableConcept@Observation.code"}, {"Period@Observation.valuePeriod"}}},
		{`{"resourceType":"Observation","code":{"text":"x"},"valueString":"2020"}`, "code-value-string", [][]string{{"CodeableConcept@Observation.code"}, {"string@Observation.valueString"}}},
		{`{"resourceType":"MolecularSequence","referenceSeq":{"chromosome":{"text":"X"}},"variant":[{"start":1,"end":2},{"start":3}]}`, "chromosome-variant-coordinate", [][]string{
			{"CodeableConcept@MolecularSequence.referenceSeq.chromosome", "CodeableConcept@MolecularSequence.referenceSeq.chromosome"}, {"integer@MolecularSequence.variant[0].start", "integer@MolecularSequence.variant[1].start"}, {"integer@MolecularSequence.variant[0].end"},
		}},
		{`{"resourceType":"ValueSet","useContext":[{"code":{"code":"age"},"valueRange":{"low":{"value":1}}},{"code":{"code":"dose"},"valueQuantity":{"value":1}}]}`, "context-type-quantity", [][]string{
			{"Coding@ValueSet.useContext[0].code", "Coding@ValueSet.useContext[1].code"}, {"Range@ValueSet.useContext[0].valueRange", "Quantity@ValueSet.useContext[1].valueQuantity"},
		}},
	}
	for _, c := range cases {
		focus := parse(t, c.resource)
		p := definitions(t).Param(focus.Member("resourceType").Text(), c.code)
		whole, err := fhirpath.Compile(definitions(t), p.Expression)
		if err != nil {
			t.Fatal(err)
		}
		elements, err := whole.Eval(focus)
		if err != nil {
			t.Fatal(err)
		}
		got := make([][]string, len(p.Components))
		for k, component := range p.Components {
			x, err := fhirpath.Compile(definitions(t), component.Expression)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range elements {
				parts, err := x.EvalAt(v)
				if err != nil {
					t.Fatal(err)
				}
				got[k] = append(got[k], locations(parts)...)
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.code, d)
		}
	}
}

func TestPlainPathsFindWhatANaiveWalkFinds(t *testing.T) {
	byType := examples(t)
	compared := 0
	searchParams(t, func(typ string, p *spec.Param) {
		paths := plainPaths(typ, p.Expression)
		if paths == nil {
			return
		}
		x, err := fhirpath.Compile(definitions(t), p.Expression)
		if err != nil {
			t.Fatal(err)
		}
		x = x.For(typ)
		for _, ex := range byType[typ][:min(len(byType[typ]), 5)] {
			got, err := x.Eval(ex.root)
			if err != nil {
				t.Fatal(err)
			}
			var nodes []tree.Node
			for _, path := range paths {
				nodes = append(nodes, naiveWalk(t, []tree.Node{ex.root}, path)...)
			}
			compared += len(nodes)
			compareNodes(t, typ+" "+p.Code+" on "+ex.file, got, nodes)
		}
	})
	if compared < 5000 {
		t.Errorf("%d elements were compared, want more than 5000", compared)
	}
}

// plainPaths returns the branches of an expression that begin with a type, as steps; nil if one of them is more than a path.
func plainPaths(typ, expr string) [][]string {
	var paths [][]string
	for branch := range strings.SplitSeq(expr, " | ") {
		steps := strings.Split(branch, ".")
		if first := strings.TrimLeft(steps[0], "("); first != typ {
			continue
		}
		if strings.ContainsAny(branch, "()[]='% ") {
			return nil
		}
		paths = append(paths, steps[1:])
	}
	return paths
}

// noChoices are members that end in a type without being a choice.
var noChoices = []string{"subscriberId", "statusDate"}

// naiveWalk follows names through JSON members: exact ones, those of companions, and those that end in a type.
func naiveWalk(t *testing.T, nodes []tree.Node, steps []string) []tree.Node {
	if len(steps) == 0 {
		return nodes
	}
	var next []tree.Node
	for _, n := range nodes {
		for m := range n.Members() {
			rest, ok := strings.CutPrefix(m.Name(), steps[0])
			choice := ok && rest != "" && !slices.Contains(noChoices, m.Name()) && (definitions(t).Type(rest) != nil || definitions(t).Type(strings.ToLower(rest[:1])+rest[1:]) != nil)
			companion := m.Name() == "_"+steps[0] && !n.Member(steps[0]).Exists()
			if ok && rest == "" || choice || companion {
				for item := range m.Items() {
					next = append(next, item)
				}
			}
		}
	}
	return naiveWalk(t, next, steps[1:])
}

// compareNodes wants every node among the values, but for those that repeat the JSON of another.
func compareNodes(t *testing.T, where string, got []fhirpath.Value, want []tree.Node) {
	t.Helper()
	found := map[tree.Node]bool{}
	raw := map[string]bool{}
	for _, v := range got {
		found[v.Node], raw[string(v.Node.Raw())] = true, true
	}
	for _, n := range want {
		if !found[n] && !raw[string(n.Raw())] && n.Kind() != tree.Null {
			t.Errorf("%s: %s is not found", where, n.Location())
		}
		delete(found, n)
	}
	for n := range found {
		t.Errorf("%s: %s is found, a naive walk does not find it", where, n.Location())
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
