package registry

import (
	"testing"
)

// Azathioprine was taken before the cells, ended with the preparation for them, and is taken at the visit of the response.
func TestADrugThatEndedBeforeTheCellsAndIsTakenAfterThemIsARescue(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.nephritis("c000")
	w.kidney("c000", before, "2", "90")
	w.kidney("c000", month6, "0.2", "90")
	w.says("c000", "azathioprine", -12, true)
	response := func() [][]string {
		return w.told("$outcome-rate?endpoint=crr&timepoint=tp-m06", "rate", "met", "not-met")
	}
	w.says("c000", "azathioprine", 180, true)
	w.same("it is not told that it ended", response(), []string{"1", "0"})
	w.takes("aza", "c000", "azathioprine", "2022", dayOf(-5))
	w.same("it ended", response(), []string{"0", "1"})
	w.says("c000", "azathioprine", 180, false)
	w.same("and is not taken", response(), []string{"1", "0"})
}

func TestAnAssessmentInSomeMonthIsNotEvaluableByItsClinicalPartToo(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(2, func(int) bool { return false })
	w.sledai("c000", "2024-06", nil, nil)
	w.observe("clinical", "c001", "2024-06", `"code":`+local("csledai-2k")+`,"valueQuantity":{"value":0}`)
	for _, analyte := range []string{"sledai-2k", "csledai-2k"} {
		w.same(analyte, w.told("$biomarker?timepoint=tp-m06&analyte="+analyte, "value", "not-evaluable", "not-measured"), []string{"2", "0"})
	}
}
