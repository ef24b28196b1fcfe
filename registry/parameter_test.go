package registry

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A search within a parameter has parameters of its own, which the request does not have.
func TestAMistakeInASearchIsToldOfTheParameterThatHasIt(t *testing.T) {
	w := newWorld(t, Options{})
	for path, want := range map[string][]string{
		"$outcome-rate?cohort=Patient?foo%3D1":                                               {"http.cohort", "cohort: Patient has no search parameter foo"},
		"$outcome-rate?cohort=Group?_id%3D1":                                                 {"http.cohort", "cohort: a cohort is a search for patients, such as Patient?gender=female"},
		"$outcome-rate?cohort=Patient?_count%3D1":                                            {"http.cohort", "cohort: a cohort takes criteria only, not _count"},
		"$outcome-rate?stratum=a%3DPatient?gender%3Dmale&stratum=b%3DPatient?foo%3D1":        {"http.stratum", "stratum b: Patient has no search parameter foo"},
		"$toxicity?icu=Encounter?foo%3D1":                                                    {"http.icu", "icu: Encounter has no search parameter foo"},
		"$toxicity?icu=Encounter?_sort%3Ddate":                                               {"http.icu", "icu: a cohort takes criteria only, not _sort"},
		"$biomarker?cohort=Patient?_has:Observation:subject:foo%3D1&analyte=dsdna&limit=low": {"http.cohort", "cohort: Observation has no search parameter foo"},
	} {
		r := w.askFor(admin, "Patient/"+path, "")
		var got []string
		for _, i := range r.Issues {
			got = append(append(got, i.Expression...), i.Text)
		}
		if diff := cmp.Diff(want, got); diff != "" || r.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", path, r.Status, diff)
		}
	}
}

// To count with another k than was asked for would tell more, or less, than the caller meant.
func TestAKThatHidesNothingIsRefused(t *testing.T) {
	w := newWorld(t, Options{})
	for k, want := range map[string][]string{
		"1":   nil,
		"20":  nil,
		"0":   {"http.k", `k: "0" is less than 1`},
		"-3":  {"http.k", `k: "-3" is less than 1`},
		"2.5": {"http.k", `k: "2.5" is no integer`},
		"x":   {"http.k", `k: "x" is no integer`},
		"%2B": {"http.k", `k: "+" is no integer`},
		"":    {"http.k", `k: "" is no integer`},
	} {
		for _, operation := range []string{"outcome-rate", "time-to-event?endpoint=overall-survival", "toxicity", "biomarker?analyte=c3", "completeness"} {
			path := "Patient/$" + operation + "?k=" + k
			if strings.Contains(operation, "?") {
				path = "Patient/$" + operation + "&k=" + k
			}
			r := w.askFor(admin, path, "")
			var got []string
			for _, i := range r.Issues {
				got = append(append(got, i.Expression...), i.Text)
			}
			status := http.StatusOK
			if want != nil {
				status = http.StatusBadRequest
			}
			if diff := cmp.Diff(want, got); diff != "" || r.Status != status {
				t.Errorf("%s: %d %s", path, r.Status, diff)
			}
		}
	}
	posted := `{"resourceType":"Parameters","parameter":[{"name":"timepoint","valueCode":"tp-m03"},{"name":"k","valueInteger":0}]}`
	r := w.ask(admin, "POST", "Patient/$outcome-rate", posted)
	if r.Status != http.StatusBadRequest || len(r.Issues) != 1 || r.Issues[0].Text != `k: "0" is less than 1` || cmp.Diff([]string{"Parameters.parameter[1]"}, r.Issues[0].Expression) != "" {
		t.Errorf("posted: %d %v", r.Status, r.Issues)
	}
}
