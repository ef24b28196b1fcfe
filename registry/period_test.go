package registry

import "testing"

// Month 6 is days 135 to 225, so that the first of these 10 days is in no window.
func TestALookBackThatEndsInAWindowIsAssessedInIt(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.undated("back", `"effectivePeriod":{"start":"`+dayOf(126)+`","end":"`+dayOf(135)+`"},`, `"code":`+local("sledai-2k")+`,"valueQuantity":{"value":6}`)
	w.same("cohort", w.told("$biomarker?analyte=sledai-2k&timepoint=tp-m06", "value", "measured", "median"), []string{"1", "6"})
	w.same("one patient", pick(w.table(admin, "Patient/c000/$assess?endpoint=sledai-2k", "score"), "day", "timepoint", "value"),
		[]string{"90", "tp-m03", "0"}, []string{"135", "tp-m06", "6"})
}
