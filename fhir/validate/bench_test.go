package validate_test

import (
	"testing"

	"firewolf/fhir/tree"
	"firewolf/fhir/validate"
)

// observation is about 1.5 KB, as hospitals send them.
const observation = `{"resourceType":"Observation","id":"f206","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/vitalsigns"]},
"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p><b>Anti-dsDNA</b>: 123.5 IU/mL (high)</p></div>"},
"identifier":[{"use":"official","system":"http://www.bmc.nl/zorgportal/identifiers/observations","value":"6323"}],
"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"Laboratory"}]}],
"code":{"coding":[{"system":"http://loinc.org","code":"5130-0","display":"DNA double strand Ab [Units/volume] in Serum"}],"text":"Anti-dsDNA"},
"subject":{"reference":"Patient/f201","display":"Roel"},"encounter":{"reference":"Encounter/f201"},
"effectiveDateTime":"2013-03-11T10:28:00+01:00","issued":"2013-03-11T10:32:00.123+01:00",
"performer":[{"reference":"Practitioner/f202","display":"Luigi Maas"}],
"valueQuantity":{"value":123.50,"unit":"IU/mL","system":"http://unitsofmeasure.org","code":"[IU]/mL"},
"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"H","display":"High"}]}],
"method":{"coding":[{"system":"http://snomed.info/sct","code":"104177005","display":"Blood culture for bacteria"}]},
"referenceRange":[{"low":{"value":0,"unit":"IU/mL","system":"http://unitsofmeasure.org","code":"[IU]/mL"},"high":{"value":30,"unit":"IU/mL","system":"http://unitsofmeasure.org","code":"[IU]/mL"},
"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/referencerange-meaning","code":"normal"}]}}]}`

func BenchmarkStructure(b *testing.B) {
	c := checker(b)
	doc, err := tree.Parse([]byte(observation), tree.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	if is := c.Structure(doc); len(is) > 0 {
		b.Fatal(is)
	}
	b.SetBytes(int64(len(doc.Bytes())))
	b.ReportAllocs()
	for b.Loop() {
		c.Structure(doc)
	}
}

func BenchmarkNew(b *testing.B) {
	s := definitions(b)
	b.ReportAllocs()
	for b.Loop() {
		validate.New(s)
	}
}
