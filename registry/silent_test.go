package registry

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// observe stores an Observation of a patient of the crowd.
func (w *world) observe(id, patient, on, rest string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "Observation/"+id, `{"resourceType":"Observation","id":"`+id+`","status":"final","subject":{"reference":"Patient/`+patient+`"},"effectiveDateTime":"`+on+`",`+rest+`}`))
}

func (w *world) infuse(id, patient, on string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "Procedure/"+id, `{"resourceType":"Procedure","id":"`+id+`","status":"completed","subject":{"reference":"Patient/`+patient+`"},"performedDateTime":"`+on+`","code":{"coding":[{"system":"http://snomed.info/sct","code":"1156961008"}]}}`))
}

// Half of four are in remission at month 3.
func TestADrugThatNobodyKnowsIsNotFreeOfDrugs(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(4, func(k int) bool { return k > 1 })
	w.must(w.ask(admin, "PUT", "MedicationStatement/x", `{"resourceType":"MedicationStatement","id":"x","status":"active","subject":{"reference":"Patient/c000"},"medicationCodeableConcept":{"coding":[{"system":"http://www.whocc.no/atc","code":"P01BA02"}]},"effectivePeriod":{"start":"2023"}}`))
	for _, tt := range []struct{ endpoint, query, met, unknown string }{
		{"doris-2021", "", "2", "0"},
		{"drug-free-remission", "", "1", "1"},
		{"doris-2021-off-treatment", "", "1", "1"},
		{"is-free-remission", "", "1", "1"},
		{"gc-free-remission", "", "2", "0"},
		{"drug-free-remission", "&drug=other%3Dhttp://www.whocc.no/atc|P01BA02", "2", "0"},
		{"drug-free-remission", "&drug=antimalarial%3Dhttp://www.whocc.no/atc|P01BA02", "1", "0"},
		{"doris-2021-off-treatment", "&drug=antimalarial%3Dhttp://www.whocc.no/atc|P01BA02", "2", "0"},
	} {
		rows := w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03&endpoint="+tt.endpoint+tt.query, "rate")
		if diff := cmp.Diff([][]string{{tt.met, tt.unknown}}, pick(rows, "met", "not-evaluable")); diff != "" {
			t.Errorf("%s%s: %s", tt.endpoint, tt.query, diff)
		}
	}
	if r := w.ask(admin, "GET", "Patient/$outcome-rate?drug=harmless%3Dx|y", ""); r.Status != 400 {
		t.Errorf("%d", r.Status)
	}
}

func TestWhoDiedEarlyIsNoFailureBeforeTheWindowHasClosed(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(3, func(int) bool { return false })
	w.deaths(map[int]string{0: "2024-04-10"})
	for asOf, want := range map[string][]string{"2024-05-01": {"0", "3", "0"}, "2024-08-12": {"0", "3", "0"}, "2024-08-13": {"1", "0", "3"}} {
		got := pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m06&as-of="+asOf, "rate"), "died", "not-due", "imputed-n")
		if diff := cmp.Diff([][]string{want}, got); diff != "" {
			t.Errorf("as of %s: %s", asOf, diff)
		}
	}
}

func TestTheSameInfusionToldTwiceHidesNoOutcome(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(2, func(int) bool { return false })
	w.infuse("c000-other-source", "c000", "2024-01-01T09:30:00Z")
	if diff := cmp.Diff([][]string{{"2", "0"}}, pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03", "rate"), "met", "not-assessed")); diff != "" {
		t.Error(diff)
	}
}

func TestBCellsAreFollowedToTheLastSampleBeforeTheEnd(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	for on, n := range map[string]string{"2024-01-31": "0", "2024-03-01": "0", "2024-05-30": "25", "2024-06-29": "60"} {
		w.observe("cd19-"+on, "c000", on, `"code":{"coding":[{"system":"http://loinc.org","code":"8116-6"}]},"valueQuantity":{"value":`+n+`,"code":"/uL"}`)
	}
	for asOf, want := range map[string][]string{
		"2024-07-01": {"150", "0"}, // confirmed
		"2024-06-15": {"", "1"},    // the second sample is not there yet
	} {
		rows := w.table(admin, "Patient/$time-to-event?endpoint=b-cell-return&as-of="+asOf, "group")
		if diff := cmp.Diff([][]string{want}, pick(rows, "median", "censored")); diff != "" {
			t.Errorf("as of %s: %s", asOf, diff)
		}
	}
	w.infuse("again", "c000", "2024-04-30")
	rows := w.table(admin, "Patient/$time-to-event?endpoint=b-cell-return&grid=0", "curve")
	if diff := cmp.Diff([][]string{{"60", "1"}}, pick(rows, "time", "at-risk")); diff != "" {
		t.Errorf("censored at the last sample before the second infusion, day 60: %s", diff)
	}
}

func TestToxicityOfASecondInfusionIsNotThatOfTheFirst(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.infuse("again", "c000", "2024-06-01")
	grade := func(id, infusion, on string, n int) {
		w.observe(id, "c000", on, `"code":`+local("icans-max-grade")+`,"focus":[{"reference":"Procedure/`+infusion+`"}],"valueQuantity":{"value":`+fmt.Sprint(n)+`,"code":"{grade}"}`)
	}
	episode := func(id, on string, n int) {
		w.must(w.ask(admin, "PUT", "Condition/"+id, `{"resourceType":"Condition","id":"`+id+`","subject":{"reference":"Patient/c000"},"onsetDateTime":"`+on+`","code":`+local("icans")+`,"stage":[{"summary":`+local("grade-"+fmt.Sprint(n))+`,"assessment":[{"reference":"Observation/first"}]}]}`))
	}
	grade("first", "c000", "2024-01-05", 2)
	grade("second", "again", "2024-06-03", 4)
	episode("early", "2024-01-03", 2)
	episode("late", "2024-02-10", 1)
	episode("other", "2024-06-03", 4)
	for late, want := range map[string][]string{"false": {"0", "1", "0", "2"}, "true": {"1", "0", "0", "40"}} {
		rows := w.table(admin, "Patient/$toxicity?kind=icans&late="+late, "toxicity")
		if diff := cmp.Diff(want, pick(rows, "grade-1", "grade-2", "grade-4", "onset-median")[0]); diff != "" {
			t.Errorf("late=%s: %s", late, diff)
		}
	}
}

func TestAMergedPatientCountsOnce(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(3, func(int) bool { return false })
	// Two hospitals sent the same patient, each with the infusion; the second record was merged into the first.
	w.must(w.ask(admin, "PUT", "Patient/c001", `{"resourceType":"Patient","id":"c001","active":false,"gender":"male","link":[{"other":{"reference":"Patient/c000"},"type":"replaced-by"}]}`))
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"", []string{"2", "2"}},
		{"&cohort=Patient?_id%3Dc000", []string{"1", "1"}},
		{"&cohort=Patient?_id%3Dc001", []string{"1", "1"}},
		{"&cohort=Patient?_id%3Dc000,c001", []string{"1", "1"}},
		{"&cohort=Patient?_has:Procedure:patient:_id%3Dc001", []string{"1", "1"}},
	} {
		if diff := cmp.Diff([][]string{tt.want}, pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03"+tt.query, "rate"), "n", "met")); diff != "" {
			t.Errorf("%q: %s", tt.query, diff)
		}
	}
	for _, id := range []string{"c000", "c001"} {
		about := pick(w.table(admin, "Patient/"+id+"/$assess?endpoint=doris-2021", "about"), "patient", "infusion")
		if diff := cmp.Diff([][]string{{"Patient/c000", "2024-01-01"}}, about); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
	if diff := cmp.Diff([][]string{{"2"}}, pick(w.table(admin, "Patient/$assess", "about"), "patients")); diff != "" {
		t.Errorf("$assess of all: %s", diff)
	}
}

func TestWhatIsMeasuredAfterTheEndOrASecondInfusionHidesNoValueBefore(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	c3 := func(on, value string) {
		w.observe("c3-"+on, "c000", on, `"code":{"coding":[{"system":"http://loinc.org","code":"4485-9"}]},"valueQuantity":{"value":`+value+`,"system":"http://unitsofmeasure.org","code":"g/L"}`)
	}
	c3("2024-03-20", "0.7") // day 79
	c3("2024-04-01", "1.1") // day 91
	median := func(query string) [][]string {
		return pick(w.table(admin, "Patient/$biomarker?analyte=c3&timepoint=tp-m03"+query, "value"), "measured", "median")
	}
	for query, want := range map[string][]string{"": {"1", "1.1"}, "&as-of=2024-04-01": {"1", "1.1"}, "&as-of=2024-03-31": {"1", "0.7"}, "&as-of=2024-03-19": {"0", ""}} {
		if diff := cmp.Diff([][]string{want}, median(query)); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
	w.infuse("again", "c000", "2024-03-25")
	if diff := cmp.Diff([][]string{{"1", "0.7"}}, median("")); diff != "" {
		t.Errorf("before a second infusion: %s", diff)
	}
	if diff := cmp.Diff([][]string{{"0", ""}}, pick(w.table(admin, "Patient/$biomarker?analyte=csledai-2k&timepoint=tp-m03", "value"), "measured", "median")); diff != "" {
		t.Errorf("a score after a second infusion: %s", diff)
	}
}

func TestAnAssessmentBeforeASecondInfusionStandsForItsTimePoint(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return true }) // not in remission on day 90
	items := ""
	for _, i := range sledaiItems() {
		items += `,{"code":` + i + `,"valueBoolean":false}`
	}
	w.observe("early", "c000", "2024-03-11", `"code":`+local("sledai-2k")+`,"component":[`+items[1:]+`]`) // day 70
	w.observe("early-pga", "c000", "2024-03-11", `"code":`+local("pga")+`,"valueQuantity":{"value":0}`)
	w.observe("early-gc", "c000", "2024-03-11", `"code":`+local("gc-dose")+`,"valueQuantity":{"value":0}`)
	rate := func(query string) [][]string {
		return pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03"+query, "rate"), "met", "not-met", "not-assessed")
	}
	if diff := cmp.Diff([][]string{{"0", "1", "0"}}, rate("")); diff != "" {
		t.Errorf("one infusion: %s", diff)
	}
	w.infuse("again", "c000", "2024-03-25")
	for query, want := range map[string][]string{"": {"1", "0", "0"}, "&reinfusion=failure": {"0", "1", "0"}} {
		if diff := cmp.Diff([][]string{want}, rate(query)); diff != "" {
			t.Errorf("two infusions, %q: %s", query, diff)
		}
	}
	w.must(w.ask(admin, "DELETE", "Observation/early", ""))
	if diff := cmp.Diff([][]string{{"0", "0", "1"}}, rate("")); diff != "" {
		t.Errorf("assessed only after the second: %s", diff)
	}
}

// Azathioprine by a code that this server does not know may be a rescue, and mycophenolate that is named by a Medication is one.
func TestADrugThatNobodyKnowsMayBeARescue(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.nephritis("c000")
	w.kidney("c000", before, "2", "100")
	w.kidney("c000", "2024-03-31", "0.2", "100")
	judged := func() [][]string {
		return w.told("c000/$assess?endpoint=doris-2021,crr", "outcome", "endpoint", "result")
	}
	w.same("nothing begun", judged(), []string{"doris-2021", "criterion-met"}, []string{"crr", "criterion-met"})
	w.give("a", "c000", 80, "1256", "")
	w.same("a code that nobody knows", judged(), []string{"doris-2021", "not-evaluable"}, []string{"crr", "not-evaluable"})
	w.must(w.ask(admin, "PUT", "Medication/mmf", `{"resourceType":"Medication","id":"mmf","code":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"68149"}]}}`))
	w.must(w.ask(admin, "PUT", "MedicationAdministration/a", `{"resourceType":"MedicationAdministration","id":"a","status":"completed","subject":{"reference":"Patient/c000"},"effectiveDateTime":"`+dayOf(80)+`","medicationReference":{"reference":"Medication/mmf"}}`))
	w.same("a Medication", judged(), []string{"doris-2021", "criterion-not-met"}, []string{"crr", "criterion-not-met"})
	w.same("the rate", w.told("$outcome-rate?endpoint=crr&timepoint=tp-m03", "rate", "met", "not-met"), []string{"0", "1"})
	w.must(w.ask(admin, "PUT", "Medication/mmf", `{"resourceType":"Medication","id":"mmf","code":`+local("hydroxychloroquine")+`}`))
	w.same("a Medication that was corrected", judged(), []string{"doris-2021", "criterion-met"}, []string{"crr", "criterion-met"})
	w.same("the rate after it", w.told("$outcome-rate?endpoint=crr&timepoint=tp-m03", "rate", "met", "not-met"), []string{"1", "0"})
}
