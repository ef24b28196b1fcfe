package registry

import (
	"slices"
	"strings"
	"testing"

	"firewolf/registry/term"
)

const perMinute = "mL/min/{1.73_m2}"

// patientWithNephritis is the first of the crowd, infused on 2024-01-01 and assessed on day 90, with a nephritis and its baseline.
func patientWithNephritis(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.nephritis("c000")
	w.kidney("c000", before, "2", "100")
	return w
}

func TestTheKidneyIsJudgedOnTheDaysOfTheLaboratory(t *testing.T) {
	w := patientWithNephritis(t)
	w.kidney("c000", "2024-03-20", "0.8", "95")            // day 79: of month 3, and 11 days before SLEDAI-2K
	w.measure("c000", "2024-05-20", upcr, "0.6", "g/g")    // day 140: of month 6
	w.measure("c000", "2024-05-10", upcr, "0.7", "g/g")    // day 130: of no time point
	w.measure("c000", "2024-05-14", egfr, "92", perMinute) // day 134: of the visit of day 130
	w.measure("c000", "2024-06-30", egfr, "90", perMinute) // day 181: the filtration that is nearest to month 6
	w.measure("c000", "2025-01-01", upcr, "0.3", "g/g")    // day 366, without a filtration
	w.measure("c000", "2024-01-01", upcr, "0.1", "g/g")    // the day of the infusion is none after it
	want := [][]string{
		{"crr", "2024-03-20", "79", "tp-m03", "criterion-not-met"},
		{"prr", "2024-03-20", "79", "tp-m03", "criterion-met"},
		{"crr", "2024-05-10", "130", "", "criterion-not-met"},
		{"prr", "2024-05-10", "130", "", "criterion-met"},
		{"crr", "2024-05-20", "140", "", "criterion-not-met"},
		{"prr", "2024-05-20", "140", "", "criterion-met"},
		{"crr", "2024-06-30", "181", "tp-m06", "criterion-not-met"},
		{"prr", "2024-06-30", "181", "tp-m06", "criterion-met"},
		{"crr", "2025-01-01", "366", "tp-m12", "not-evaluable"},
		{"prr", "2025-01-01", "366", "tp-m12", "not-evaluable"},
	}
	w.same("each sitting", w.told("c000/$assess?endpoint=crr,prr", "outcome", "endpoint", "date", "day", "timepoint", "result"), want...)
	w.same("the rate", w.told("$outcome-rate?endpoint=prr&timepoint=tp-m03,tp-m06,tp-m09,tp-m12", "rate", "met", "not-evaluable", "not-assessed"),
		[]string{"1", "0", "0"}, []string{"1", "0", "0"}, []string{"0", "0", "1"}, []string{"0", "1", "0"})
	w.same("a shorter visit", w.told("c000/$assess?endpoint=prr&visit.days=3", "outcome", "date", "result"),
		[]string{"2024-03-20", "criterion-met"}, []string{"2024-05-10", "not-evaluable"}, []string{"2024-05-20", "not-evaluable"}, []string{"2024-06-30", "criterion-met"}, []string{"2025-01-01", "not-evaluable"})
}

// Where other values stand for a time point than those of the visit of that day both are told, and each is written once.
func TestWhatTheKidneyIsJudgedByIsWrittenOnceWithItsTwoValues(t *testing.T) {
	w := patientWithNephritis(t)
	w.measure("c000", "2024-03-30", upcr, "0.3", "g/g")
	w.kidney("c000", "2024-04-20", "1.5", "95") // of day 110: its filtration is the only one of month 3
	const ask = "Patient/c000/$assess?persist=true&endpoint=crr"
	written := func() [][]string {
		w.must(w.ask(admin, "POST", ask, ""))
		var l [][]string
		for _, o := range w.observations("Observation?subject=Patient/c000&status=final&_sort=date&code=" + term.Local + "|crr") {
			var from []string
			for r := range o.Member("derivedFrom").Items() {
				from = append(from, strings.TrimPrefix(r.Member("reference").Text(), "Observation/c000-"))
			}
			point := o.Member("extension").Item(0).Member("valueCodeableConcept").Member("coding").Item(0).Member("code").Text()
			l = append(l, []string{o.Member("effectiveDateTime").Text(), point, o.Member("valueCodeableConcept").Member("coding").Item(0).Member("code").Text(), strings.Join(from, " ")})
		}
		slices.SortFunc(l, slices.Compare[[]string])
		return l
	}
	at := func(day, loinc string) string { return loinc + "-" + day }
	base := at(before, upcr)
	w.same("at first", written(),
		[]string{"2024-03-30", "", "not-evaluable", strings.Join([]string{base, at("2024-03-30", upcr), at(before, egfr)}, " ")},
		[]string{"2024-04-20", "", "criterion-not-met", strings.Join([]string{base, at("2024-04-20", upcr), at(before, egfr), at("2024-04-20", egfr)}, " ")},
		[]string{"2024-04-20", "tp-m03", "criterion-met", strings.Join([]string{base, at("2024-03-30", upcr), at(before, egfr), at("2024-04-20", egfr)}, " ")},
	)
	head, _, _ := w.store.Head(t.Context())
	written()
	if after, _, _ := w.store.Head(t.Context()); after != head {
		t.Error("the second time something was written")
	}
	w.gone("c000-" + at("2024-03-30", upcr))
	w.same("without the first ratio", written(), []string{"2024-04-20", "tp-m03", "criterion-not-met", strings.Join([]string{base, at("2024-04-20", upcr), at(before, egfr), at("2024-04-20", egfr)}, " ")})
}

func TestAClinicianDisagreesWithTheVisitOfTheKidney(t *testing.T) {
	w := patientWithNephritis(t)
	w.kidney("c000", "2024-03-10", "0.2", "95")
	w.stated("s", "crr", "2024-03-16", "criterion-not-met")
	w.same("flagged", w.told("c000/$assess?endpoint=crr", "outcome", "date", "result", "disagrees-with"), []string{"2024-03-10", "criterion-met", "Observation/s"})
	w.same("of another visit", w.told("c000/$assess?endpoint=crr&visit.days=5", "outcome", "date", "result", "disagrees-with"), []string{"2024-03-10", "criterion-met", ""})
}

func TestHowFarThePartsOfAVisitLieApartIsARule(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.well("c000", 180)
	w.gone("c000-d180-pga", "c000-gc-180")
	w.observe("late-pga", "c000", dayOf(186), `"code":`+local("pga")+`,"valueQuantity":{"value":0.2}`)
	w.observe("late-gc", "c000", dayOf(190), `"code":`+local("gc-dose")+`,"valueQuantity":{"value":0}`)
	for query, want := range map[string]string{"": "unknown", "&visit.days=10": "yes", "&visit.days=9": "unknown", "&visit.days=0": "unknown"} {
		got := w.told("c000/$assess?endpoint=doris-2021"+query, "criterion", "code", "truth")
		for _, c := range got[len(got)-8:] {
			if c[0] == "criterion-gc-low" && c[1] != want {
				t.Errorf("the dose of ten days later with %q: %s, want %s", query, c[1], want)
			}
		}
	}
	for query, want := range map[string][]string{"": {"0", "1"}, "&visit.days=10": {"1", "0"}} {
		w.same("the rate"+query, w.told("$outcome-rate?timepoint=tp-m06"+query, "rate", "met", "not-evaluable"), want)
	}
	if r := w.ask(admin, "POST", "Patient/c000/$assess?persist=true&visit.days=10", ""); r.Status != 422 {
		t.Errorf("persisting other rules: %d %v", r.Status, r.Issues)
	}
	if r := w.ask(admin, "GET", "Patient/c000/$assess?endpoint=b-cell-reconstitution&visit.days=10", ""); r.Status < 400 {
		t.Errorf("a rule that decides nothing: %d", r.Status)
	}
}
