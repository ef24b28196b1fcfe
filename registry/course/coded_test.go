package course_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/term"
)

// A hospital codes the infusion as its payer asks for.
func TestAnInfusionIsSeenByEachOfItsPublicCodes(t *testing.T) {
	eachWorld(t, func(w *world) {
		want := map[string]bool{}
		for _, tt := range []struct {
			id, system, code string
			infusion         bool
		}{
			{"snomed", term.Snomed, "1156961008", true},
			{"ncit", term.NCIt, "C126102", true},
			{"autologous", term.ICD10PCS, "XW033C7", true},
			{"central", term.ICD10PCS, "XW043K7", true},
			{"older", term.ICD10PCS, "XW033C3", true},
			{"cpt", term.CPT, "38228", true},
			{"cpt-until-2024", term.CPT, "0540T", true},
			{"tumor-infiltrating", term.ICD10PCS, "XW033L7", false},
			{"collection", term.CPT, "38225", false},
			{"collection-until-2024", term.CPT, "0537T", false},
			{"of-another-system", term.OPS, "38228", false},
		} {
			w.put("Patient", tt.id, `"active":true`)
			w.put("Procedure", tt.id, `"status":"completed","subject":{"reference":"Patient/`+tt.id+`"},"performedDateTime":"2024-01-10","code":{"coding":[{"system":"`+tt.system+`","code":"`+tt.code+`"}]}`)
			if tt.infusion {
				want[tt.id] = true
			}
		}
		got := map[string]bool{}
		for _, c := range w.fresh().Courses {
			got[c.Patient] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
