package registry

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A Consent of the German Medical Informatics Initiative denies all but what is permitted below, by codes that say what for.
// https://www.medizininformatik-initiative.de/en/modular-broad-consent
const mii = `"type":"deny","period":{"start":"2021-01-01","end":"2050-12-31"},"provision":[{"type":"permit","period":{"start":"2021-01-01","end":"2050-12-31"},"code":[{"coding":[{"system":"urn:oid:2.16.840.1.113883.3.1937.777.24.5.3","code":"2.16.840.1.113883.3.1937.777.24.5.3.8"}]}]}]`

func TestAConsentThatPermitsByCodesOnlyIsNoPermitAndTakesNothingBack(t *testing.T) {
	for _, tt := range []struct {
		name, status string
		write        func(w *world, status string)
		counts       string
	}{
		{"alone", "active", func(w *world, status string) { w.consent("c000", status, "research", "2021-01-01", mii) }, "0"},
		{"beside one that permits", "active", func(w *world, status string) { w.consent("mii", status, "research", "2021-01-01", mii) }, "0"},
		{"a proposal beside one that permits", "proposed", func(w *world, status string) { w.consent("mii", status, "research", "2021-01-01", mii) }, "1"},
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		const persist = "Patient/$assess?persist=true&endpoint=doris-2021"
		w.must(w.ask(admin, "POST", persist, ""))
		tt.write(w, tt.status)
		w.same(tt.name, w.told("$outcome-rate?timepoint=tp-m03", "rate", "n"), []string{tt.counts})
		w.same(tt.name+", written again", w.toldPosted(persist), []string{"0", tt.counts, "0"})
		w.same(tt.name+", kept", w.kept("doris-2021", "final"), []string{"2024-03-31", "criterion-met"})
	}
}

// What such a Consent permits nobody here knows: no one has withdrawn.
func TestAConsentThatPermitsByCodesOnlyAndComesMeanwhileTakesNothingBack(t *testing.T) {
	for _, tt := range []struct {
		name, status, provision string
		kept                    [][]string
	}{
		{"that permits by codes", "active", mii, [][]string{{"2024-03-31", "criterion-met"}}},
		{"that has permitted by codes and was terminated", "inactive", mii, nil},
		{"that denies", "active", `"type":"deny"`, nil},
		{"that denies but for what is denied too", "active", `"type":"deny","provision":[{"type":"deny","code":[{"text":"x"}]}]`, nil},
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		g, x, early := w.halfway(t)
		w.consent("mii", tt.status, "research", "2025-12-01", tt.provision)
		n := newTally()
		if err := g.assessNext(t.Context(), *x, n, early); err != nil || n.patients != 0 {
			t.Errorf("%s: %v, %d patients", tt.name, err, n.patients)
		}
		if diff := cmp.Diff(tt.kept, w.kept("doris-2021", "final")); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if r := w.ask(admin, "GET", "Patient/c000/$assess", ""); r.Status != 422 || strings.Contains(r.Issues[0].Text, "has withdrawn") != (tt.kept == nil) {
			t.Errorf("%s: %d %v", tt.name, r.Status, r.Issues)
		}
	}
}
