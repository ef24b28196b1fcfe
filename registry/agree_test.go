package registry

import "testing"

// What is told after a second infusion is of no visit before it; but that a drug is taken then can mean that it was taken up before.
func TestAnOutcomeAndItsRateAgreeBeforeASecondInfusion(t *testing.T) {
	for name, again := range map[string]bool{"without one": false, "with one on day 182": true} {
		w := patientWithNephritis(t)
		w.kidney("c000", dayOf(180), "0.3", "100")
		w.says("c000", "azathioprine", 90, false)
		w.says("c000", "azathioprine", 200, true)
		if again {
			w.infuse("again", "c000", dayOf(182))
		}
		w.same(name+": assessed", w.told("c000/$assess?endpoint=crr", "outcome", "timepoint", "result"), []string{"tp-m06", "not-evaluable"})
		w.same(name+": the rate", w.told("$outcome-rate?endpoint=crr&timepoint=tp-m06", "rate", "met", "not-met", "not-evaluable"), []string{"0", "0", "1"})
	}
	for day, want := range map[int]string{181: "criterion-met", 183: "not-evaluable"} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		w.well("c000", 180)
		w.gone("c000-d180-pga")
		w.infuse("again", "c000", dayOf(182))
		w.observe("pga", "c000", dayOf(day), `"code":`+local("pga")+`,"valueQuantity":{"value":0.2}`)
		got := w.told("c000/$assess?endpoint=doris-2021", "outcome", "day", "result")
		w.same("remission", got[len(got)-1:], []string{"180", want})
		rate := map[string][]string{"criterion-met": {"1", "0"}, "not-evaluable": {"0", "1"}}[want]
		w.same("its rate", w.told("$outcome-rate?timepoint=tp-m06", "rate", "met", "not-evaluable"), rate)
	}
}
