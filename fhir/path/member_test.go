package fhirpath_test

import (
	"slices"
	"strings"
	"testing"

	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// alice is a Patient with primitives that have extensions beside or instead of values.
const alice = `{"resourceType":"Patient","id":"alice","_language":{"id":"l"},
"contained":[{"resourceType":"Organization","id":"org","name":"Ward"},{"resourceType":"Patient","id":"twin","birthDate":"2001-02-03"}],
"extension":[{"url":"http://x/a","valueString":"one"},{"url":"http://x/b","extension":[{"url":"c","valueAge":{"value":3,"code":"a"}}]},
{"url":"http://x/a","_valueCode":{"id":"v"}}],
"active":true,
"name":[{"use":"official","family":"A","given":["B",null,"C"],"_given":[null,{"id":"g1"},{"id":"g2"}]},{"use":"nickname","text":"Al"}],
"telecom":[{"system":"phone","value":"1"},{"system":"email","value":"a@b"},{"value":"3"}],
"gender":"female","birthDate":"2001-02-03","_birthDate":{"id":"bd","extension":[{"url":"http://x/time","valueDateTime":"2001-02-03T04:05:06Z"}]},
"deceasedDateTime":"2020-01-02",
"contact":[{"name":{"family":"D"},"gender":"male"}],
"generalPractitioner":[{"reference":"#org"},{"reference":"Practitioner/1"},{"reference":"#"},{"reference":"#lost"}],
"managingOrganization":{"reference":"http://example.org/fhir/Organization/2/_history/3"}}`

func TestMembersAreTheChildrenOfEachItem(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("active", "boolean@Patient.active"),
		gives("Patient.active", "boolean@Patient.active"),
		gives("Resource.id", "id@Patient.id"),
		gives("DomainResource.contained", "Organization@Patient.contained[0]", "Patient@Patient.contained[1]"),
		gives("$this.active", "boolean@Patient.active"),
		gives("`active`", "boolean@Patient.active"),
		gives("name.use", "code@Patient.name[0].use", "code@Patient.name[1].use"),
		gives("name.text", "string@Patient.name[1].text"),
		gives("Patient.contact.name.family", "string@Patient.contact[0].name.family"),
		gives("Patient.contact", "Patient.contact@Patient.contact[0]"),
		gives("Patient.photo"),
		gives("Observation.status"),
		gives("Patient.contact.gender | Patient.gender", "code@Patient.contact[0].gender", "code@Patient.gender"),
		gives("contained.birthDate", "date@Patient.contained[1].birthDate"),
		gives("contained.name", "string@Patient.contained[0].name"),
		gives("contained.where($this is Patient).birthDate", "date@Patient.contained[1].birthDate"),
		gives("(contained as Organization).name", "string@Patient.contained[0].name"),
		gives("contained.as(Patient).birthDate", "date@Patient.contained[1].birthDate"),
		gives("contained.ofType(FHIR.Patient).id", "id@Patient.contained[1].id"),
		gives("resourceType"),
	})
}

func TestPrimitivesWithoutValueAreElements(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("language", "code@Patient.language"),
		gives("language.hasValue()", isFalse),
		gives("language.id", "string@Patient.language.id"),
		gives("birthDate", "date@Patient.birthDate"),
		gives("birthDate.hasValue()", isTrue),
		gives("birthDate.id", "string@Patient.birthDate.id"),
		gives("birthDate.extension('http://x/time').value", "dateTime@Patient.birthDate.extension[0].valueDateTime"),
		gives("name.given", "string@Patient.name[0].given[0]", "string@Patient.name[0].given[1]", "string@Patient.name[0].given[2]"),
		gives("name.given.id", "string@Patient.name[0].given[1].id", "string@Patient.name[0].given[2].id"),
		gives("name.given.where(hasValue())", "string@Patient.name[0].given[0]", "string@Patient.name[0].given[2]"),
		gives("active.id"),
		gives("active.extension"),
		gives("extension.value.id", "string@Patient.extension[2].valueCode.id"),
		gives("extension.value", "string@Patient.extension[0].valueString", "code@Patient.extension[2].valueCode"),
	})
}

func TestThePrimitiveTextIsThatOfTheElement(t *testing.T) {
	focus := parse(t, alice)
	for expr, want := range map[string]string{
		"birthDate": "2001-02-03", "active": "true", "name.given[0]": "B", "1.50": "1.50", "name.count()": "2", "1 'mg'": "1 'mg'",
	} {
		x, err := fhirpath.Compile(definitions(t), expr)
		if err != nil {
			t.Fatal(err)
		}
		vs, err := x.Eval(focus)
		if err != nil || len(vs) != 1 {
			t.Fatalf("%s: %v, %v", expr, vs, err)
		}
		if got, ok := vs[0].Primitive(); got != want || !ok {
			t.Errorf("%s: %q, %v; want %q", expr, got, ok, want)
		}
	}
	for _, expr := range []string{"language", "name[0]", "managingOrganization.resolve()"} {
		x, _ := fhirpath.Compile(definitions(t), expr)
		vs, err := x.Eval(focus)
		if err != nil || len(vs) != 1 {
			t.Fatalf("%s: %v, %v", expr, vs, err)
		}
		if text, ok := vs[0].Primitive(); ok {
			t.Errorf("%s has the value %q", expr, text)
		}
	}
}

const bloodPressure = `{"resourceType":"Observation","status":"final","code":{"text":"x"},
"valueQuantity":{"value":107,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"},
"effectivePeriod":{"start":"2020"},
"component":[{"code":{"text":"a"},"valueString":"low"},{"code":{"text":"b"},"valueCodeableConcept":{"text":"c"}},{"code":{"text":"c"},"valueDateTime":"2020-01-01"},
{"code":{"text":"d"},"_valueTime":{"id":"t"}}]}`

func TestChoicesHaveTheTypeOfTheirName(t *testing.T) {
	check(t, parse(t, bloodPressure), []row{
		gives("Observation.value", "Quantity@Observation.valueQuantity"),
		gives("value.unit", "string@Observation.valueQuantity.unit"),
		gives("Observation.effective", "Period@Observation.effectivePeriod"),
		gives("Observation.effective.start", "dateTime@Observation.effectivePeriod.start"),
		gives("component.value", "string@Observation.component[0].valueString", "CodeableConcept@Observation.component[1].valueCodeableConcept",
			"dateTime@Observation.component[2].valueDateTime", "time@Observation.component[3].valueTime"),
		gives("Observation.value as Quantity", "Quantity@Observation.valueQuantity"),
		gives("(Observation.value as Quantity).code", "code@Observation.valueQuantity.code"),
		gives("Observation.value as string"),
		gives("Observation.value.first() as string"),
		gives("component.value.where(true).ofType(string)", "string@Observation.component[0].valueString"),
		gives("component.value.select($this).ofType(time)", "time@Observation.component[3].valueTime"),
		gives("(Observation.value | Observation.component.value).ofType(string)", "string@Observation.component[0].valueString"),
		gives("Observation.component.value.ofType(Element).ofType(string)", "string@Observation.component[0].valueString"),
		gives("Observation.value.as(Quantity)", "Quantity@Observation.valueQuantity"),
		gives("Observation.value.ofType(Quantity).value", "decimal@Observation.valueQuantity.value"),
		gives("Observation.value as Quantity | Observation.value as SampledData", "Quantity@Observation.valueQuantity"),
		gives("(Observation.component.value as CodeableConcept) | (Observation.component.value as string) | (Observation.component.value as string)",
			"string@Observation.component[0].valueString", "CodeableConcept@Observation.component[1].valueCodeableConcept"),
		gives("(Observation.component.value as string) | (Observation.value as Quantity) | Observation.component.code.text",
			"string@Observation.component[0].valueString", "Quantity@Observation.valueQuantity", "string@Observation.component[0].code.text",
			"string@Observation.component[1].code.text", "string@Observation.component[2].code.text", "string@Observation.component[3].code.text"),
		gives("component.value.ofType(dateTime)", "dateTime@Observation.component[2].valueDateTime"),
		gives("component.value.as(DateTime)", "dateTime@Observation.component[2].valueDateTime"),
		gives("component.value as Element", "string@Observation.component[0].valueString", "CodeableConcept@Observation.component[1].valueCodeableConcept",
			"dateTime@Observation.component[2].valueDateTime", "time@Observation.component[3].valueTime"),
		gives("(Observation.value as string) | (Observation.component.value as CodeableConcept).text", "string@Observation.component[1].valueCodeableConcept.text"),
		gives("component.value.ofType(System.String)"),
		gives("component.value.ofType(time).id", "string@Observation.component[3].valueTime.id"),
	})
}

func TestTypesAreTestedWithInheritance(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("gender is code", isTrue),
		gives("gender is string", isTrue),
		gives("gender is id", isFalse),
		gives("gender is Element", isTrue),
		gives("gender.is(FHIR.string)", isTrue),
		gives("gender.is(System.String)", isFalse),
		gives("active is Boolean", isFalse),
		gives("$this is Patient", isTrue),
		gives("$this is Resource", isTrue),
		gives("$this is DomainResource", isTrue),
		gives("$this is Observation", isFalse),
		gives("Patient is FHIR.`Patient`", isTrue),
		gives("Patient.is(System.Patient)", isFalse),
		gives("extension.extension.value is Age", isTrue),
		gives("extension.extension.value is Quantity", isTrue),
		gives("extension.extension.value is Duration", isFalse),
		gives("contact is BackboneElement", isTrue),
		gives("contact is Patient.contact", isTrue),
		gives("descendants().ofType(Quantity).ofType(Age)", "Age@Patient.extension[1].extension[0].valueAge"),
		gives("descendants().ofType(Quantity).value", "decimal@Patient.extension[1].extension[0].valueAge.value"),
		gives("descendants().ofType(string).ofType(code).count() > 0", isTrue),
		gives("descendants().ofType(Quantity).unit"),
		gives("photo is Attachment"),
		gives("{} is string"),
		gives("1 is Integer", isTrue),
		gives("1 is Decimal", isFalse),
		gives("1.0 is Decimal", isTrue),
		gives("1 is integer", isFalse),
		gives("'a' is String", isTrue),
		gives("1 'mg' is Quantity", isTrue),
		gives("1 'mg' is System.Quantity", isTrue),
		gives("1 'mg' is FHIR.Quantity", isFalse),
		gives("@2015 is Date", isTrue),
		gives("@2015T is DateTime", isTrue),
		gives("@T10 is Time", isTrue),
		gives("(1 | 'a').ofType(String)", "String=a"),
		gives("(1 | 'a').ofType(Integer)", "Integer=1"),
		gives("1.as(Integer)", "Integer=1"),
		gives("1 as String"),
		gives("gender.type()", "TypeInfo=FHIR.code"),
		gives("gender.type().name", "String=code"),
		gives("1.type().namespace", "String=System"),
		gives("contained.type().name", "String=Organization", "String=Patient"),
	})
	checkFails(t, parse(t, alice), []row{
		gives("name is HumanName", `character 6 ("is HumanName")`, "is takes one item"),
		gives("gender is nothing", `"nothing" is no type`),
		gives("gender.as(FHIR.String)", `"FHIR.String" is no type`),
		gives("gender as System.Strin", `"System.Strin" is no type`),
		gives("gender.is('code')", "is() takes a type"),
		gives("gender.ofType()", "ofType() takes 1 argument, not 0"),
		gives("gender.ofType(FHIR.code, code)", "takes 1 argument, not 2"),
		gives("'a'.family", "a String has no elements"),
	})
}

func TestAnIndexGivesOneItemOfTheWholeCollection(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("name[0]", "HumanName@Patient.name[0]"),
		gives("name[1].text", "string@Patient.name[1].text"),
		gives("name[2]"),
		gives("name[-1]"),
		gives("name[{}]"),
		gives("name.use[1]", "code@Patient.name[1].use"),
		gives("name[0].given[2]", "string@Patient.name[0].given[2]"),
		gives("photo[0]"),
		gives("name[name.count() - 1].text", "string@Patient.name[1].text"),
		gives("name.given[1 + 1]", "string@Patient.name[0].given[2]"),
	})
	checkFails(t, parse(t, alice), []row{
		gives("name['a']", `character 5 ("['a']")`, "expected an Integer, found a String"),
		gives("name[1 | 0]", "expected one Integer"),
		gives("name[1.0]", "found a Decimal"),
	})
}

func TestAUnionHasEachItemOnce(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("gender | gender", "code@Patient.gender"),
		gives("name.family | contact.name.family", "string@Patient.name[0].family", "string@Patient.contact[0].name.family"),
		gives("1 | 2 | 1.0 | {}", "Integer=1", "Integer=2"),
		gives("Patient.active | Person.active | Practitioner.active", "boolean@Patient.active"),
		gives("birthDate | contained.birthDate", "date@Patient.birthDate"),
		gives("name.family.union(contact.name.family).count()", "Integer=2"),
		gives("{} | {}"),
		gives("1.union({})", "Integer=1"),
	})
}

func TestExtensionsAreFoundByTheirURL(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("extension('http://x/a')", "Extension@Patient.extension[0]", "Extension@Patient.extension[2]"),
		gives("Patient.extension('http://x/a').value", "string@Patient.extension[0].valueString", "code@Patient.extension[2].valueCode"),
		gives("extension('http://x/b').extension('c').value", "Age@Patient.extension[1].extension[0].valueAge"),
		gives("birthDate.extension('http://x/time')", "Extension@Patient.birthDate.extension[0]"),
		gives("gender.extension('http://x/a')"),
		gives("extension({})"),
		gives("photo.extension('x')"),
		gives("1.extension('x')"),
		gives("hasExtension('http://x/a')", isTrue),
		gives("hasExtension('http://x/z')", isFalse),
		gives("birthDate.hasExtension('http://x/time')", isTrue),
		gives("Patient.extension(%`ext-a`)"),
	})
	checkFails(t, parse(t, alice), []row{
		gives("extension(1)", "extension() takes one String"),
		gives("extension('a' | 'b')", "extension() takes one String"),
		gives("extension()", "takes 1 argument, not 0"),
	})
}

func TestResolveReadsNothing(t *testing.T) {
	focus := parse(t, alice)
	check(t, focus, []row{
		gives("generalPractitioner.resolve()", "Organization@Patient.contained[0]", "Practitioner=Practitioner/1", "Patient@Patient"),
		gives("generalPractitioner[0].resolve().name", "string@Patient.contained[0].name"),
		gives("generalPractitioner.where(resolve() is Practitioner)", "Reference@Patient.generalPractitioner[1]"),
		gives("generalPractitioner.where(resolve() is Organization)", "Reference@Patient.generalPractitioner[0]"),
		gives("generalPractitioner.where(resolve() is Resource).count()", "Integer=3"),
		gives("managingOrganization.resolve()", "Organization=http://example.org/fhir/Organization/2/_history/3"),
		gives("managingOrganization.resolve() is Organization", isTrue),
		gives("managingOrganization.resolve() is Patient", isFalse),
		gives("managingOrganization.resolve().ofType(Patient)"),
		gives("contained[0].where('#' is String).resolve()"),
		gives("'http://hl7.org/fhir/ValueSet/x|4.0'.resolve()", "ValueSet=http://hl7.org/fhir/ValueSet/x"),
		gives("'urn:uuid:1'.resolve()"),
		gives("1.resolve()"),
		gives("'Nothing/1'.resolve()"),
	})
	checkFails(t, focus, []row{
		gives("managingOrganization.resolve().name", "the referenced resource is not read here, only its type is known"),
	})
}

func TestResolveTakesTheTypeBesideAReference(t *testing.T) {
	focus := parse(t, `{"resourceType":"Observation","subject":{"type":"Patient","identifier":{"value":"1"}},
"encounter":{"reference":"urn:uuid:1","type":"http://hl7.org/fhir/StructureDefinition/Encounter"},"focus":[{"type":"Nonsense"},{"display":"x"},{"reference":"Group/1","type":"Patient"}]}`)
	check(t, focus, []row{
		gives("subject.resolve()", "Patient="),
		gives("subject.resolve() is Patient", isTrue),
		gives("encounter.resolve() is Encounter", isTrue),
		gives("focus.resolve()", "Group=Group/1"),
	})
}

func TestReferencesInsideAContainedResourceMeanItsContainer(t *testing.T) {
	focus := parse(t, `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","partOf":{"reference":"#b"},"endpoint":[{"reference":"#"}]},{"resourceType":"Organization","id":"b"}]}`)
	check(t, focus, []row{
		gives("contained.partOf.resolve()", "Organization@Patient.contained[1]"),
		gives("contained.endpoint.resolve()", "Patient@Patient"),
		gives("contained.select(%resource.id)"),
	})
	x, err := fhirpath.Compile(definitions(t), "%resource | %rootResource")
	if err != nil {
		t.Fatal(err)
	}
	inner := focus.Member("contained").Item(0)
	got, err := x.EvalAt(fhirpath.Value{Node: inner.Member("partOf"), Type: "Reference"})
	if err != nil || !slices.Equal(locations(got), []string{"Organization@Patient.contained[0]", "Patient@Patient"}) {
		t.Errorf("got %v, %v", locations(got), err)
	}
}

func TestDescendantsAreAllElementsOfTheDefinitions(t *testing.T) {
	s := definitions(t)
	x, err := fhirpath.Compile(s, "descendants()")
	if err != nil {
		t.Fatal(err)
	}
	for typ, list := range examples(t) {
		for _, ex := range list[:min(len(list), 3)] {
			vs, err := x.Eval(ex.root)
			if err != nil {
				t.Fatalf("%s %s: %v", typ, ex.file, err)
			}
			var want []string
			s.Walk(ex.root, func(n tree.Node, typ string, e *spec.Element) bool {
				want = append(want, typ+"@"+n.Location())
				return true
			})
			got := locations(vs)
			slices.Sort(want)
			slices.Sort(got)
			want = slices.Compact(want) // a value and its companion are met one after another, and are one element
			if !slices.Equal(want, got) {
				t.Errorf("%s: %d descendants, want %d; the first that differ: %s", ex.file, len(got), len(want), firstDifference(want, got))
			}
		}
	}
}

func firstDifference(want, got []string) string {
	for k := range min(len(want), len(got)) {
		if want[k] != got[k] {
			return want[k] + " / " + got[k]
		}
	}
	return strings.Join(append(want, got...)[min(len(want), len(got)):], " ")
}

func TestChildrenAreInTheOrderOfTheDocument(t *testing.T) {
	focus := parse(t, alice)
	check(t, focus, []row{
		gives("name[0].children()", "code@Patient.name[0].use", "string@Patient.name[0].family", "string@Patient.name[0].given[0]", "string@Patient.name[0].given[1]", "string@Patient.name[0].given[2]"),
		gives("birthDate.children()", "string@Patient.birthDate.id", "Extension@Patient.birthDate.extension[0]"),
		gives("name.descendants().count()", "Integer=9"),
		gives("contact.descendants()", "HumanName@Patient.contact[0].name", "code@Patient.contact[0].gender", "string@Patient.contact[0].name.family"),
		gives("gender.children()"),
		gives("{}.children()"),
		gives("1.children()"),
		gives("managingOrganization.resolve().children()"),
		gives("name.repeat(given)", "string@Patient.name[0].given[0]", "string@Patient.name[0].given[1]", "string@Patient.name[0].given[2]"),
		gives("contained.children().ofType(date)", "date@Patient.contained[1].birthDate"),
	})
}
