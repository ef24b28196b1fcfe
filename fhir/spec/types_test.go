package spec_test

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// line writes an element as one line: name, cardinality, types, and what else is set.
func line(e *spec.Element) string {
	highest := "*"
	if e.Max >= 0 {
		highest = strconv.Itoa(e.Max)
	}
	name := e.Name
	if e.Choice {
		name += "[x]"
	}
	s := fmt.Sprintf("%s %d..%s %s", name, e.Min, highest, strings.Join(e.Types, "|"))
	if e.Profile != "" {
		s += " as " + e.Profile
	}
	if len(e.Targets) > 0 {
		s += "(" + strings.Join(e.Targets, "|") + ")"
	}
	if len(e.Canonicals) > 0 {
		s += "<" + strings.Join(e.Canonicals, "|") + ">"
	}
	if b := e.Binding; b != nil {
		s += " " + b.Strength + ":" + b.ValueSet[strings.LastIndexByte(b.ValueSet, '/')+1:]
	}
	if e.Summary {
		s += " Σ"
	}
	if e.Modifier {
		s += " ?!"
	}
	return s
}

func TestEveryElementOfATypeIsListedWithItsRules(t *testing.T) {
	const resource = `id 0..1 id Σ
meta 0..1 Meta Σ
implicitRules 0..1 uri Σ ?!
language 0..1 code preferred:languages
`
	const domain = resource + `text 0..1 Narrative
contained 0..* Resource
extension 0..* Extension
modifierExtension 0..* Extension ?!
`
	const backbone = `id 0..1 string
extension 0..* Extension
modifierExtension 0..* Extension Σ ?!
`
	const element = `id 0..1 string
extension 0..* Extension
`
	tests := []struct {
		typ, want string
	}{
		{"Resource", resource},
		{"DomainResource", domain},
		{"Element", element},
		{"BackboneElement", backbone},
		{"string", element},
		{"xhtml", "id 0..1 string\n"},
		{"Patient", domain + `identifier 0..* Identifier Σ
active 0..1 boolean Σ ?!
name 0..* HumanName Σ
telecom 0..* ContactPoint Σ
gender 0..1 code required:administrative-gender Σ
birthDate 0..1 date Σ
deceased[x] 0..1 boolean|dateTime Σ ?!
address 0..* Address Σ
maritalStatus 0..1 CodeableConcept extensible:marital-status
multipleBirth[x] 0..1 boolean|integer
photo 0..* Attachment
contact 0..* Patient.contact
communication 0..* Patient.communication
generalPractitioner 0..* Reference(Organization|Practitioner|PractitionerRole)
managingOrganization 0..1 Reference(Organization) Σ
link 0..* Patient.link Σ ?!
`},
		{"Patient.contact", backbone + `relationship 0..* CodeableConcept extensible:patient-contactrelationship
name 0..1 HumanName
telecom 0..* ContactPoint
address 0..1 Address
gender 0..1 code required:administrative-gender
organization 0..1 Reference(Organization)
period 0..1 Period
`},
		{"Observation", domain + `identifier 0..* Identifier Σ
basedOn 0..* Reference(CarePlan|DeviceRequest|ImmunizationRecommendation|MedicationRequest|NutritionOrder|ServiceRequest) Σ
partOf 0..* Reference(ImagingStudy|Immunization|MedicationAdministration|MedicationDispense|MedicationStatement|Procedure) Σ
status 1..1 code required:observation-status Σ ?!
category 0..* CodeableConcept preferred:observation-category
code 1..1 CodeableConcept example:observation-codes Σ
subject 0..1 Reference(Device|Group|Location|Patient) Σ
focus 0..* Reference Σ
encounter 0..1 Reference(Encounter) Σ
effective[x] 0..1 dateTime|Period|Timing|instant Σ
issued 0..1 instant Σ
performer 0..* Reference(CareTeam|Organization|Patient|Practitioner|PractitionerRole|RelatedPerson) Σ
value[x] 0..1 Quantity|CodeableConcept|string|boolean|integer|Range|Ratio|SampledData|time|dateTime|Period Σ
dataAbsentReason 0..1 CodeableConcept extensible:data-absent-reason
interpretation 0..* CodeableConcept extensible:observation-interpretation
note 0..* Annotation
bodySite 0..1 CodeableConcept example:body-site
method 0..1 CodeableConcept example:observation-methods
specimen 0..1 Reference(Specimen)
device 0..1 Reference(Device|DeviceMetric)
referenceRange 0..* Observation.referenceRange
hasMember 0..* Reference(MolecularSequence|Observation|QuestionnaireResponse) Σ
derivedFrom 0..* Reference(DocumentReference|ImagingStudy|Media|MolecularSequence|Observation|QuestionnaireResponse) Σ
component 0..* Observation.component Σ
`},
		{"Observation.component", backbone + `code 1..1 CodeableConcept example:observation-codes Σ
value[x] 0..1 Quantity|CodeableConcept|string|boolean|integer|Range|Ratio|SampledData|time|dateTime|Period Σ
dataAbsentReason 0..1 CodeableConcept extensible:data-absent-reason
interpretation 0..* CodeableConcept extensible:observation-interpretation
referenceRange 0..* Observation.referenceRange
`},
		{"Observation.referenceRange", backbone + `low 0..1 Quantity as SimpleQuantity
high 0..1 Quantity as SimpleQuantity
type 0..1 CodeableConcept preferred:referencerange-meaning
appliesTo 0..* CodeableConcept example:referencerange-appliesto
age 0..1 Range
text 0..1 string
`},
		{"EvidenceVariable.characteristic", backbone + `description 0..1 string
definition[x] 1..1 Reference|canonical|CodeableConcept|Expression|DataRequirement|TriggerDefinition(Group)<ActivityDefinition> Σ
usageContext 0..* UsageContext
exclude 0..1 boolean
participantEffective[x] 0..1 dateTime|Period|Duration|Timing
timeFromStart 0..1 Duration
groupMeasure 0..1 code required:group-measure
`},
		{"Parameters.parameter", backbone + `name 1..1 string Σ
value[x] 0..1 ` + strings.Join(openTypes, "|") + ` Σ
resource 0..1 Resource Σ
part 0..* Parameters.parameter Σ
`},
		{"Extension", element + `url 1..1 uri
value[x] 0..1 ` + strings.Join(openTypes, "|") + `
`},
		{"Quantity", element + `value 0..1 decimal Σ
comparator 0..1 code required:quantity-comparator Σ ?!
unit 0..1 string Σ
system 0..1 uri Σ
code 0..1 code Σ
`},
		{"SimpleQuantity", element + `value 0..1 decimal Σ
unit 0..1 string Σ
system 0..1 uri Σ
code 0..1 code Σ
`},
		{"Reference", element + `reference 0..1 string Σ
type 0..1 uri extensible:resource-types Σ
identifier 0..1 Identifier Σ
display 0..1 string Σ
`},
		{"Narrative", element + `status 1..1 code required:narrative-status
div 1..1 xhtml
`},
		{"Timing.repeat", element + `bounds[x] 0..1 Duration|Range|Period Σ
count 0..1 positiveInt Σ
countMax 0..1 positiveInt Σ
duration 0..1 decimal Σ
durationMax 0..1 decimal Σ
durationUnit 0..1 code required:units-of-time Σ
frequency 0..1 positiveInt Σ
frequencyMax 0..1 positiveInt Σ
period 0..1 decimal Σ
periodMax 0..1 decimal Σ
periodUnit 0..1 code required:units-of-time Σ
dayOfWeek 0..* code required:days-of-week Σ
timeOfDay 0..* time Σ
when 0..* code required:event-timing Σ
offset 0..1 unsignedInt Σ
`},
	}
	s := open(t)
	for _, tt := range tests {
		t.Run(tt.typ, func(t *testing.T) {
			var got strings.Builder
			for _, e := range s.Type(tt.typ).Elements {
				got.WriteString(line(e) + "\n")
			}
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// openTypes are the types that value[x] of an extension may have.
// https://hl7.org/fhir/R4/datatypes.html#open
var openTypes = []string{
	"base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer", "markdown",
	"oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid", "Address", "Age", "Annotation", "Attachment",
	"CodeableConcept", "Coding", "ContactPoint", "Count", "Distance", "Duration", "HumanName", "Identifier", "Money", "Period",
	"Quantity", "Range", "Ratio", "Reference", "SampledData", "Signature", "Timing", "ContactDetail", "Contributor",
	"DataRequirement", "Expression", "ParameterDefinition", "RelatedArtifact", "TriggerDefinition", "UsageContext", "Dosage", "Meta",
}

func TestTheTypesOfR4AreCountedByKind(t *testing.T) {
	s := open(t)
	want := map[string]int{
		"primitives": 20, "data types": 43, "resources": 148, "parts of data types": 14, "parts of resources": 459, "elements": 7458,
	}
	got := map[string]int{}
	for _, typ := range s.Types() {
		got["elements"] += len(typ.Elements)
		switch owner, _, _ := strings.Cut(typ.Name, "."); {
		case typ.Kind == spec.Primitive:
			got["primitives"]++
		case typ.Kind == spec.Complex:
			got["data types"]++
		case typ.Kind == spec.Resource:
			got["resources"]++
		case s.Type(owner).Kind == spec.Complex:
			got["parts of data types"]++
		default:
			got["parts of resources"]++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestThePrimitivesHaveAPatternAndAJSONKind(t *testing.T) {
	const date = `([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)`
	const month, day = `(0[1-9]|1[0-2])`, `(0[1-9]|[1-2][0-9]|3[0-1])`
	const clock = `([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?`
	const zone = `(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))`
	type primitive struct {
		JSON        tree.Kind
		Base, Regex string
	}
	want := map[string]primitive{
		"base64Binary": {tree.String, "Element", `(\s*([0-9a-zA-Z\+/=]){4}\s*)+`},
		"boolean":      {tree.Bool, "Element", `true|false`},
		"canonical":    {tree.String, "uri", `\S*`},
		"code":         {tree.String, "string", `[^\s]+(\s[^\s]+)*`},
		"date":         {tree.String, "Element", date + `(-` + month + `(-` + day + `)?)?`},
		"dateTime":     {tree.String, "Element", date + `(-` + month + `(-` + day + `(T` + clock + zone + `)?)?)?`},
		"decimal":      {tree.Number, "Element", `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`},
		"id":           {tree.String, "string", `[A-Za-z0-9\-\.]{1,64}`},
		"instant":      {tree.String, "Element", date + `-` + month + `-` + day + `T` + clock + zone},
		"integer":      {tree.Number, "Element", `-?([0]|([1-9][0-9]*))`},
		"markdown":     {tree.String, "string", `[ \r\n\t\S]+`},
		"oid":          {tree.String, "uri", `urn:oid:[0-2](\.(0|[1-9][0-9]*))+`},
		"positiveInt":  {tree.Number, "integer", `[1-9][0-9]*`},
		"string":       {tree.String, "Element", `[ \r\n\t\S]+`},
		"time":         {tree.String, "Element", clock},
		"unsignedInt":  {tree.Number, "integer", `[0]|([1-9][0-9]*)`},
		"uri":          {tree.String, "Element", `\S*`},
		"url":          {tree.String, "uri", `\S*`},
		"uuid":         {tree.String, "uri", `urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`},
		"xhtml":        {tree.String, "Element", ""},
	}
	got := map[string]primitive{}
	for _, typ := range open(t).Types() {
		if typ.Kind == spec.Primitive {
			got[typ.Name] = primitive{typ.JSON, typ.Base, typ.Regex}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAJSONNameGivesElementAndType(t *testing.T) {
	tests := []struct{ typ, name, want string }{
		{"Patient", "name", "Patient.name HumanName"},
		{"Patient", "contact", "Patient.contact Patient.contact"},
		{"Patient", "deceasedBoolean", "Patient.deceased[x] boolean"},
		{"Patient", "deceasedDateTime", "Patient.deceased[x] dateTime"},
		{"Patient", "deceased", "none"},
		{"Patient", "deceasedString", "none"},
		{"Patient", "resourceType", "none"},
		{"Patient", "_birthDate", "none"},
		{"Observation", "valueQuantity", "Observation.value[x] Quantity"},
		{"Observation", "valueSampledData", "Observation.value[x] SampledData"},
		{"Observation", "valueSimpleQuantity", "none"},
		{"Observation.component", "referenceRange", "Observation.component.referenceRange Observation.referenceRange"},
		{"Condition", "onsetAge", "Condition.onset[x] Age"},
		{"Extension", "valueDuration", "Extension.value[x] Duration"},
		{"Extension", "valueBase64Binary", "Extension.value[x] base64Binary"},
		{"Extension", "valueMeta", "Extension.value[x] Meta"},
		{"Dosage.doseAndRate", "doseQuantity", "Dosage.doseAndRate.dose[x] Quantity"},
		{"Questionnaire.item", "item", "Questionnaire.item.item Questionnaire.item"},
		{"Bundle.entry", "resource", "Bundle.entry.resource Resource"},
		{"Bundle.entry", "link", "Bundle.entry.link Bundle.link"},
		{"Narrative", "div", "Narrative.div xhtml"},
	}
	s := open(t)
	for _, tt := range tests {
		t.Run(tt.typ+" "+tt.name, func(t *testing.T) {
			got := "none"
			if c, ok := s.Type(tt.typ).Child(tt.name); ok {
				got = c.Element.Path + " " + c.Type
				if c.Def != s.Type(c.Type) || c.Def == nil {
					t.Errorf("Def is %v, want the type %s", c.Def, c.Type)
				}
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestEveryTypeThatAnElementNamesExists(t *testing.T) {
	s := open(t)
	for _, typ := range s.Types() {
		for _, e := range typ.Elements {
			for _, name := range e.Types {
				if s.Type(name) == nil {
					t.Errorf("%s names the type %q, which does not exist", e.Path, name)
				}
			}
			for _, target := range append(e.Targets, e.Canonicals...) {
				if !s.IsResource(target) {
					t.Errorf("%s names the target %q, which is no resource type", e.Path, target)
				}
			}
		}
	}
}

func TestATypeIsWhatItDescendsFrom(t *testing.T) {
	s := open(t)
	tests := []struct {
		name, base string
		want       bool
	}{
		{"Age", "Quantity", true},
		{"Age", "Element", true},
		{"MoneyQuantity", "Quantity", true},
		{"Quantity", "Age", false},
		{"code", "string", true},
		{"positiveInt", "integer", true},
		{"Patient", "DomainResource", true},
		{"Patient", "Resource", true},
		{"Bundle", "DomainResource", false},
		{"Patient.contact", "BackboneElement", true},
		{"Timing.repeat", "BackboneElement", false},
		{"Timing.repeat", "Element", true},
		{"Dosage", "BackboneElement", true},
		{"Nothing", "Element", false},
		{"", "", false},
	}
	for _, tt := range tests {
		if got := s.Is(tt.name, tt.base); got != tt.want {
			t.Errorf("Is(%q, %q) = %v, want %v", tt.name, tt.base, got, tt.want)
		}
	}
}

func TestTheResourcesThatAreNoDomainResources(t *testing.T) {
	s := open(t)
	var got []string
	for _, name := range s.ResourceTypes() {
		if s.Type(name).Base != "DomainResource" {
			got = append(got, name)
		}
	}
	if diff := cmp.Diff([]string{"Binary", "Bundle", "Parameters"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnAbstractOrMadeUpTypeIsNoResource(t *testing.T) {
	s := open(t)
	for _, name := range []string{"Resource", "DomainResource", "HumanName", "Patient.contact", "patient", "", "MetadataResource"} {
		if s.IsResource(name) {
			t.Errorf("IsResource(%q) = true", name)
		}
	}
}

func TestTypesAreInOrderOfName(t *testing.T) {
	types := open(t).Types()
	if !sort.SliceIsSorted(types, func(i, k int) bool { return types[i].Name < types[k].Name }) {
		t.Error("the types are not sorted")
	}
}
