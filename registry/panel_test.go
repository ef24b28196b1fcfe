package registry

import (
	"fmt"
	"strings"
	"testing"
)

// Proteinuria weighs 4. Complement and DNA binding are no part of the clinical score.
func TestAPanelOfPointsIsReadInCohortsAndOfOnePatientAlike(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	var members []string
	for _, i := range items() {
		points := map[string]int{"sledai-2k-proteinuria": 4, "sledai-2k-low-complement": 2}[i]
		w.observe(i, "c000", dayOf(180), `"code":`+local(i)+`,"valueQuantity":{"value":`+fmt.Sprint(points)+`,"code":"{score}"}`)
		members = append(members, `{"reference":"Observation/`+i+`"}`)
	}
	w.same("without a panel", w.told("$biomarker?analyte=sledai-2k&timepoint=tp-m06", "value", "measured"), []string{"0"})
	w.observe("panel", "c000", dayOf(180), `"code":`+local("sledai-2k")+`,"hasMember":[`+strings.Join(members, ",")+`]`)
	scores := func(code string) [][]string {
		return pick(w.table(admin, "Patient/c000/$assess?endpoint="+code, "score")[1:], "day", "value", "inputs")
	}
	w.same("total of the cohort", w.told("$biomarker?analyte=sledai-2k&timepoint=tp-m06", "value", "measured", "median"), []string{"1", "6"})
	w.same("clinical of the cohort", w.told("$biomarker?analyte=csledai-2k&timepoint=tp-m06", "value", "measured", "median"), []string{"1", "4"})
	w.same("total", scores("sledai-2k"), []string{"180", "6", "Observation/panel"})
	w.same("clinical", scores("csledai-2k"), []string{"180", "4", "Observation/panel"})
	w.observe("sledai-2k-proteinuria", "c000", dayOf(180), `"code":`+local("sledai-2k-proteinuria")+`,"valueInteger":0`)
	w.same("corrected", w.told("$biomarker?analyte=sledai-2k&timepoint=tp-m06", "value", "measured", "median"), []string{"1", "2"})
}
