package registry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// undated stores an Observation of the first of the crowd that does not say of when it is, which FHIR allows, but for what when says.
func (w *world) undated(id, when, rest string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "Observation/"+id, `{"resourceType":"Observation","id":"`+id+`","status":"final","subject":{"reference":"Patient/c000"},`+when+rest+`}`))
}

// What is of a day that nobody knows may lie in any window. https://hl7.org/fhir/R4/observation-definitions.html#Observation.effective_x_
func TestWhatIsOfNoDayIsNotEvaluable(t *testing.T) {
	const twice = `"effectiveTiming":{"event":["2024-06-29","2024-07-02"]},`
	for name, when := range map[string]string{
		"without a time": "", "of one of two days": twice,
		"of two times of which one is masked": `"effectiveTiming":{"event":["2022-01-01",null],"_event":[null,{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}]},`,
	} {
		atMonth12 := []string{"0", "1", "0"}
		if when == twice { // which are of month 6
			atMonth12 = []string{"0", "0", "1"}
		}
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Options{})
			w.crowd(1, func(int) bool { return false })
			w.undated("s", when, `"code":`+local("csledai-2k")+`,"valueQuantity":{"value":0}`)
			w.undated("l", when, `"code":{"coding":[{"system":"http://loinc.org","code":"4485-9"}]},"valueQuantity":{"value":0.9,"code":"g/L"}`)
			w.undated("d", when, `"code":`+local("lldas")+`,"valueCodeableConcept":`+local("criterion-met"))
			w.undated("r", when, `"code":`+local("relapse")+`,"valueCodeableConcept":`+local("criterion-met"))
			w.undated("p", when, `"code":`+local("pga")+`,`+notDone)
			got := [][]string{}
			for _, q := range [][]string{
				{"$outcome-rate?timepoint=tp-m03,tp-m06,tp-m12", "rate", "met", "not-evaluable", "not-assessed"},
				{"$outcome-rate?timepoint=tp-m06&endpoint=lldas&source=clinician", "rate", "met", "not-evaluable", "not-assessed"},
				{"$biomarker?timepoint=tp-m06&analyte=c3", "value", "measured", "not-evaluable", "not-measured"},
				{"$biomarker?timepoint=tp-m06&analyte=pga", "value", "measured", "not-evaluable", "not-measured"},
				{"$time-to-event?endpoint=relapse-free-survival", "group", "events", "not-evaluable", "censored"},
			} {
				got = append(got, w.told(q[0], q[1], q[2:]...)...)
			}
			want := [][]string{{"1", "0", "0"}, {"0", "1", "0"}, atMonth12, {"0", "1", "0"}, {"0", "1", "0"}, {"0", "0", "1"}, {"0", "1", "0"}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
