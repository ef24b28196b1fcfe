package registry

import "testing"

func (w *world) condition(id, when, code string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "Condition/"+id, `{"resourceType":"Condition","id":"`+id+`","subject":{"reference":"Patient/c000"},`+when+`"code":`+code+`}`))
}

func icd(code string) string {
	return `{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"` + code + `"}]}`
}

// The infusion is of 2024-01-01, and the highest grade is that of the days until 2024-03-10: without its episode nobody knows when it was.
func TestAnEpisodeIsReadAsAHospitalCodesIt(t *testing.T) {
	for _, tt := range []struct{ name, kind, when, code, want string }{
		{"by the code of its grade", "crs", onset("2024-01-03"), icd("D89.832"), "grade-2 2"},
		{"by the code without a grade", "crs", onset("2024-01-03"), icd("D89.839"), "unknown 2"},
		{"by the code of a lesser grade", "crs", onset("2024-01-03"), icd("D89.831"), "unknown 2"},
		{"by the code of another toxicity", "crs", onset("2024-01-03"), icd("G92.02"), "unknown"},
		{"neurotoxicity", "icans", onset("2024-01-05"), icd("G92.02"), "grade-2 4"},
		{"neurotoxicity without a grade", "icans", onset("2024-01-05"), icd("G92.00"), "unknown 4"},
		{"another toxic encephalopathy", "icans", onset("2024-01-05"), icd("G92.8"), "unknown"},
		{"began on some day of a period", "crs", `"onsetPeriod":{"start":"2024-01-03","end":"2024-01-05"},`, icd("D89.832"), "grade-2"},
		{"began in a period of one day", "crs", `"onsetPeriod":{"start":"2024-01-03T08:00:00Z","end":"2024-01-03T20:00:00Z"},`, icd("D89.832"), "grade-2 2"},
		{"began in a period that goes beyond day 30", "crs", `"onsetPeriod":{"start":"2024-01-03","end":"2024-03-05"},`, icd("D89.832"), "unknown"},
		{"began at some time until a day", "crs", `"onsetPeriod":{"end":"2024-01-05"},`, icd("D89.832"), "grade-2"},
		{"began at some time, over in a period of one day", "crs", `"abatementPeriod":{"start":"2024-01-07","end":"2024-01-07"},`, icd("D89.832"), "grade-2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{})
			w.crowd(1, func(int) bool { return false })
			w.highest("g", tt.kind, watched, 2)
			w.condition("e", tt.when, tt.code)
			if got := w.graded("kind=" + tt.kind); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// A drug that treats the syndrome treats no lupus.
func TestADrugAgainstAToxicityOfAPublicCodeIsNoRelapse(t *testing.T) {
	for _, tt := range []struct{ name, why string }{
		{"that is its reason", `"reasonReference":[{"reference":"Condition/e"}]`},
		{"that its reason tells", `"reasonCode":[` + icd("D89.832") + `]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{})
			w.crowd(1, func(int) bool { return false })
			w.condition("e", onset("2024-05-03"), icd("D89.832"))
			before := w.table(admin, "Patient/$time-to-event?grid=0", "group")
			w.must(w.ask(admin, "PUT", "MedicationAdministration/m", `{"resourceType":"MedicationAdministration","id":"m","status":"completed","subject":{"reference":"Patient/c000"},"effectiveDateTime":"2024-05-04",
				"medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"612865"}]},`+tt.why+`}`))
			after := w.table(admin, "Patient/$time-to-event?grid=0", "group")
			if got, want := after[0]["events"], before[0]["events"]; got != want || want != "0" {
				t.Errorf("%s events, want %s", got, want)
			}
		})
	}
}
