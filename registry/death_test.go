package registry

import "testing"

// The crowd is in remission at day 90, and the one of it at day 180 too, 2024-06-29.
func TestWhatIsOfADayAfterTheDeathWasNotAssessed(t *testing.T) {
	const month6 = "$outcome-rate?timepoint=tp-m06"
	for _, tt := range []struct {
		name, path, died string
		want             []string // met, not evaluable, not assessed, died
	}{
		{"lives", month6, "2025-12-01", []string{"1", "0", "0", "0"}},
		{"died the day before", month6, dayOf(179), []string{"0", "0", "0", "1"}},
		{"died on the day", month6, dayOf(180), []string{"1", "0", "0", "0"}},
		{"died in a month before", month6, "2024-05", []string{"0", "0", "0", "1"}},
		{"died in the month", month6, "2024-06", []string{"1", "0", "0", "0"}},
		{"died on a day that nobody knows", month6, "", []string{"1", "0", "0", "0"}},
		{"died the day before a clinician stated it", month6 + "&source=clinician", dayOf(179), []string{"0", "0", "0", "1"}},
		{"died on the day on which a clinician stated it", month6 + "&source=clinician", dayOf(180), []string{"1", "0", "0", "0"}},
		{"died before the month of an assessment", "$outcome-rate?timepoint=tp-m09", "2024-08-20", []string{"0", "0", "0", "1"}},
		{"died in the month of an assessment", "$outcome-rate?timepoint=tp-m09", "2024-09-20", []string{"0", "1", "0", "0"}},
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		w.well("c000", 180)
		w.sledai("c000", "2024-09", nil, nil)
		w.observe("stated", "c000", dayOf(180), `"code":`+local("doris-2021")+`,"valueCodeableConcept":`+local("criterion-met"))
		w.deaths(map[int]string{0: tt.died})
		w.same(tt.name, w.told(tt.path, "rate", "met", "not-evaluable", "not-assessed", "died"), tt.want)
	}
}

func TestWhatIsMeasuredAfterTheDeathIsNoValue(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.well("c000", 180)
	w.measure("c000", dayOf(180), c3, "90", "mg/dL")
	for died, want := range map[string]string{dayOf(180): "1", dayOf(179): "0"} {
		w.deaths(map[int]string{0: died})
		for _, analyte := range []string{"sledai-2k", "csledai-2k", "pga", "gc-dose", "c3"} {
			w.same(died+" "+analyte, w.told("$biomarker?timepoint=tp-m06&analyte="+analyte, "value", "measured"), []string{want})
		}
	}
}

func TestAnOutcomeThatWasKeptOfADayAfterTheDeathIsTakenBack(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.well("c000", 180)
	days := func() [][]string {
		w.must(w.ask(admin, "POST", "Patient/c000/$assess?endpoint=doris-2021&persist=true", ""))
		return pick(w.table(admin, "Patient/c000/$assess?endpoint=doris-2021", "outcome"), "day", "result")
	}
	w.same("before", days(), []string{"90", "criterion-met"}, []string{"180", "criterion-met"})
	w.deaths(map[int]string{0: dayOf(179)})
	w.same("after", days(), []string{"90", "criterion-met"})
	w.same("kept", w.kept("doris-2021", "entered-in-error"), []string{dayOf(180), "criterion-met"})
}
