package registry

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// note stores an Observation of the first of the crowd, of a local code or one of LOINC.
func (w *world) note(id, code, at, rest string) {
	w.t.Helper()
	concept := local(code)
	if strings.Trim(code, "0123456789-") == "" {
		concept = `{"coding":[{"system":"http://loinc.org","code":"` + code + `"}]}`
	}
	w.must(w.ask(admin, "PUT", "Observation/"+id, `{"resourceType":"Observation","id":"`+id+`","status":"final","subject":{"reference":"Patient/c000"},"effectiveDateTime":"`+at+`","code":`+concept+`,`+rest+`}`))
}

// notDone is that something was planned and not done: an Observation without a value. https://hl7.org/fhir/R4/observation.html#obs-6
const notDone = `"dataAbsentReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"not-performed"}]}`

// The infusion is of 2024-01-01: month 6 is nearest to 2024-06-29.
func TestWhatWasNotDoneIsNoAssessment(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	const rate = "Patient/$outcome-rate?timepoint=tp-m06"
	w.note("none", "sledai-2k", "2024-06-29", notDone+`,"component":[{"code":`+local("sledai-2k-rash")+`,`+notDone+`}]`)
	parts := func() row {
		r := w.table(admin, rate, "rate")[0]
		return row{"met": r["met"], "not-evaluable": r["not-evaluable"], "not-assessed": r["not-assessed"]}
	}
	if diff := cmp.Diff(row{"met": "0", "not-evaluable": "0", "not-assessed": "1"}, parts()); diff != "" {
		t.Errorf("with nothing beside: %s", diff)
	}
	w.note("some", "csledai-2k", "2024-07-03", `"valueQuantity":{"value":0,"code":"{score}"}`)
	w.note("pga", "pga", "2024-07-03", `"valueQuantity":{"value":0.2,"code":"{score}"}`)
	w.note("gc", "gc-dose", "2024-07-03", `"valueQuantity":{"value":0,"code":"mg/d"}`)
	if diff := cmp.Diff(row{"met": "1", "not-evaluable": "0", "not-assessed": "0"}, parts()); diff != "" {
		t.Errorf("beside one that was made: %s", diff)
	}
}

// What has a value that cannot be used is not evaluable; what has none was not measured.
func TestAValueThatIsNotThereIsNotOneThatCannotBeUsed(t *testing.T) {
	quantity := func(value, unit string) string {
		return `"valueQuantity":{"value":` + value + `,"code":"` + unit + `"}`
	}
	for _, tt := range []struct{ name, code, analyte, value, want string }{
		{"a laboratory value", "4485-9", "c3", quantity("0.9", "g/L"), "measured"},
		{"one in a unit that does not convert", "4485-9", "c3", quantity("0.9", "[IU]/mL"), "not-evaluable"},
		{"one that is text", "4485-9", "c3", `"valueString":"low"`, "not-evaluable"},
		{"one that was not measured", "4485-9", "c3", notDone, "not-measured"},
		{"a component that was not measured", "100000-1", "c3", `"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"4485-9"}]},` + notDone + `}]`, "not-measured"},
		{"a global assessment", "pga", "pga", quantity("1", "{score}"), "measured"},
		{"one in a unit that is none", "pga", "pga", quantity("1", "kg"), "not-evaluable"},
		{"one beyond its scale", "pga", "pga", quantity("7", "{score}"), "not-evaluable"},
		{"one that was not made", "pga", "pga", notDone, "not-measured"},
		{"a dose in a unit that does not convert", "gc-dose", "gc-dose", quantity("5", "mg"), "not-evaluable"},
		{"a score beyond its scale", "csledai-2k", "csledai-2k", quantity("102", "{score}"), "not-evaluable"},
		{"a score that was not made", "csledai-2k", "csledai-2k", notDone, "not-measured"},
	} {
		for when, at := range map[string]string{"on a day": "2024-06-29", "in some month": "2024-06"} {
			t.Run(tt.name+" "+when, func(t *testing.T) {
				w := newWorld(t, Options{})
				w.crowd(1, func(int) bool { return false })
				w.note("x", tt.code, at, tt.value)
				want := tt.want
				if want == "measured" && len(at) < len("2024-06-29") {
					want = "not-evaluable"
				}
				r := w.table(admin, "Patient/$biomarker?timepoint=tp-m06&analyte="+tt.analyte, "value")[0]
				if got := r[want]; got != "1" {
					t.Errorf("want it %s: %v", want, r)
				}
			})
		}
	}
}

// Who was not seen on a day is not known to have lived on it.
func TestNobodyIsSeenByWhatWasNotDone(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	for _, code := range []string{"sledai-2k", "4485-9", "pga", "gi-activity"} {
		w.note("x-"+code, code, "2024-12-01", notDone)
	}
	got := pick(w.table(admin, "Patient/$time-to-event?endpoint=overall-survival&grid=0", "curve"), "time", "at-risk")
	if diff := cmp.Diff([][]string{{"90", "1"}}, got); diff != "" {
		t.Error(diff)
	}
}
