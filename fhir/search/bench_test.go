package search_test

import (
	"testing"

	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// syntheaObservation is shaped as Synthea writes a measurement.
const syntheaObservation = `{"resourceType":"Observation","id":"a33555d9-4bde-47e6-8ef7-ac46372ee788","status":"final","category":[{"coding":[{` +
	`"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"vital-signs"}]}],"code":{"coding":[{` +
	`"system":"http://loinc.org","code":"8302-2","display":"Body Height"}],"text":"Body Height"},` +
	`"subject":{"reference":"Patient/dbf9798e-4b52-4cd9-a9eb-ec36149c859a"},"encounter":{"reference":"Encounter/a7bdc81c-5447-4162-82ad-507b69f70275"},` +
	`"effectiveDateTime":"2011-05-30T23:59:05+00:00","issued":"2011-05-30T23:59:05.881+00:00",` +
	`"valueQuantity":{"value":166.82501702858627,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"},` +
	`"meta":{"tag":[{"system":"https://smarthealthit.org/tags","code":"synthea-5-2019"}]}}`

// syntheaBloodPressure is one with components.
const syntheaBloodPressure = `{"resourceType":"Observation","id":"5fa776ff-44de-44b1-ab80-1f413c7d5078","status":"final","category":[{"coding":[{` +
	`"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"vital-signs"}]}],"code":{"coding":[{` +
	`"system":"http://loinc.org","code":"55284-4","display":"Blood Pressure"}],"text":"Blood Pressure"},` +
	`"subject":{"reference":"Patient/dbf9798e-4b52-4cd9-a9eb-ec36149c859a"},"encounter":{"reference":"Encounter/a7bdc81c-5447-4162-82ad-507b69f70275"},` +
	`"effectiveDateTime":"2011-05-30T23:59:05+00:00","issued":"2011-05-30T23:59:05.881+00:00","component":[` +
	`{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":114.96,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},` +
	`{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":169.39,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}`

func BenchmarkParseAndCompile(b *testing.B) {
	e := engine(b)
	query := pairs(b, "subject=Patient/f4b4c5c8&code=http://loinc.org|8480-6&date=ge2024-01-01&_sort=-date&_count=20")
	b.ReportAllocs()
	for b.Loop() {
		q, err := e.Parse("Observation", query, search.Options{Now: now})
		if err != nil {
			b.Fatal(err)
		}
		if _, err = e.Compile(q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEntries(b *testing.B) {
	for _, bb := range []struct{ name, json string }{{"Observation", syntheaObservation}, {"BloodPressure", syntheaBloodPressure}} {
		b.Run(bb.name, func(b *testing.B) {
			tr, err := tree.Parse([]byte(bb.json), tree.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			e := engine(b)
			got, err := e.Entries(tr)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(got.Keys)), "keys")
			b.ReportMetric(float64(len(got.Keys)+len(got.Texts)+len(got.Ranges)+len(got.Refs)), "entries")
			b.ReportAllocs()
			for b.Loop() {
				if _, err = e.Entries(tr); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
