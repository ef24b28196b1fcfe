package search_test

import (
	"testing"

	"firewolf/fhir/search"
)

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
