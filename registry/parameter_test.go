package registry

import (
	"net/http"
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
