package registry

import "testing"

// adverse stores an AdverseEvent of the first of the crowd.
func (w *world) adverse(id, event, rest string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "AdverseEvent/"+id, `{"resourceType":"AdverseEvent","id":"`+id+`","subject":{"reference":"Patient/c000"},`+rest+`"event":`+event+`}`))
}

// ofGrade is an extension of an AdverseEvent, which has no element for a grade.
func ofGrade(coding string) string {
	return `"extension":[{"url":"http://example.org/fhir/sle-cart/StructureDefinition/ae-grade","valueCodeableConcept":` + coding + `}],`
}

// The infusion is of 2024-01-01, and the highest grade is that of the days until 2024-03-10: without its episode nobody knows when it was.
func TestAToxicityIsReadOfAnAdverseEventWhereNoConditionTellsIt(t *testing.T) {
	const actual, on, result = `"actuality":"actual",`, `"date":"2024-01-03",`, `"resultingCondition":[{"reference":"Condition/e"}],`
	ncit := `{"coding":[{"system":"http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl","code":"C41340"}]}`
	for _, tt := range []struct {
		name  string
		write func(w *world)
		alone []string // unknown, unrecorded, onset-n
		want  string   // beside a highest grade of 3
	}{
		{"none", func(*world) {}, []string{"1", "0", "0"}, "unknown"},
		{"with our grade", func(w *world) { w.adverse("a", local("crs"), actual+on+ofGrade(local("grade-3"))) }, []string{"1", "1", "1"}, "grade-3 2"},
		{"with that of NCI", func(w *world) { w.adverse("a", local("crs"), actual+on+ofGrade(ncit)) }, []string{"1", "1", "1"}, "grade-3 2"},
		{"by the code of its grade", func(w *world) { w.adverse("a", icd("D89.833"), actual+on) }, []string{"1", "1", "1"}, "grade-3 2"},
		{"without a grade", func(w *world) { w.adverse("a", local("crs"), actual+on) }, []string{"1", "1", "1"}, "unknown 2"},
		{"of grade 0", func(w *world) { w.adverse("a", local("crs"), actual+on+ofGrade(local("grade-0"))) }, []string{"1", "0", "0"}, "unknown"},
		{"that might have been", func(w *world) {
			w.adverse("a", local("crs"), `"actuality":"potential",`+on+ofGrade(local("grade-3")))
		}, []string{"1", "0", "0"}, "unknown"},
		{"of another toxicity", func(w *world) { w.adverse("a", local("icans"), actual+on+ofGrade(local("grade-3"))) }, []string{"1", "0", "0"}, "unknown"},
		{"late", func(w *world) {
			w.adverse("a", local("crs"), actual+`"date":"2024-02-01",`+ofGrade(local("grade-3")))
		}, []string{"1", "0", "0"}, "grade-0"},
		{"whose Condition tells it too", func(w *world) {
			w.episode("e", "crs", onset("2024-01-04"), 3)
			w.adverse("a", local("crs"), actual+on+result+ofGrade(local("grade-3")))
		}, []string{"1", "1", "1"}, "grade-3 3"},
		{"whose Condition has no grade", func(w *world) {
			w.episode("e", "crs", onset("2024-01-03"), -1)
			w.adverse("a", local("crs"), actual+on+result+ofGrade(local("grade-3")))
		}, []string{"1", "1", "1"}, "grade-3 2"},
		{"of the day of a Condition", func(w *world) {
			w.episode("e", "crs", onset("2024-01-03"), 3)
			w.adverse("a", local("crs"), actual+on+ofGrade(local("grade-3")))
		}, []string{"1", "1", "1"}, "grade-3 2"},
		{"of another day than a Condition", func(w *world) {
			w.episode("e", "crs", onset("2024-01-09"), 1)
			w.adverse("a", local("crs"), actual+on+ofGrade(local("grade-3")))
		}, []string{"1", "1", "2"}, "grade-3 5"},
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		w.told("$toxicity?kind=crs", "toxicity") // so that the courses are known before
		tt.write(w)
		w.same(tt.name+", alone", w.told("$toxicity?kind=crs", "toxicity", "unknown", "unrecorded", "onset-n")[:1], tt.alone)
		w.highest("g", "crs", watched, 3)
		if got := w.graded("kind=crs"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
