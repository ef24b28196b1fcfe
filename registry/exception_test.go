package registry

import "testing"

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
