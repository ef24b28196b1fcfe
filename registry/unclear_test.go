package registry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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

// The assessment is of day 90 and complete only by what was told four days later.
func TestWhatIsToldAfterTheDayAsOfDecidesNothing(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.gone("c000-pga")
	w.score("c000", dayOf(94), "pga", "0.2")
	for asOf, want := range map[string][]string{dayOf(93): {"0", "censored at 0"}, dayOf(94): {"1", "90"}} {
		got := []string{w.told("$outcome-rate?timepoint=tp-m03&window=tp-m03%3D60..92&as-of="+asOf, "rate", "met")[0][0], w.relapsedOn("first-doris", "&as-of="+asOf)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("as of %s: %s", asOf, diff)
		}
	}
	w.infuse("again", "c000", dayOf(94)) // on the day of other cells it was told before they were given
	w.same("on the day of a second infusion", w.told("$outcome-rate?timepoint=tp-m03", "rate", "met", "not-evaluable"), []string{"1", "0"})
	w.infuse("again", "c000", dayOf(93))
	w.same("after a second infusion", w.told("$outcome-rate?timepoint=tp-m03", "rate", "met", "not-evaluable"), []string{"0", "1"})
	// Who was seen after the day as of lived on it.
	w.score("c000", dayOf(300), "pga", "0")
	if got := w.relapsedOn("overall-survival", "&as-of="+dayOf(200)); got != "censored at 200" {
		t.Error(got)
	}
}

func TestWhoIsKnownToHaveLivedIsFollowedToThatDay(t *testing.T) {
	for name, tell := range map[string]func(w *world){
		"a relapse that a clinician stated": func(w *world) {
			w.observe("stated", "c000", dayOf(200), `"code":`+local("relapse")+`,"valueCodeableConcept":`+local("criterion-met"))
		},
		"BILAG": func(w *world) {
			w.observe("bilag", "c000", dayOf(200), `"code":`+local("bilag-renal")+`,"valueString":"A"`)
		},
		"the beginning of a toxicity": func(w *world) { w.episode("e", "icaht", onset(dayOf(200)), 3) },
		"a lymphodepletion":           func(w *world) { w.depletion("c000", dayOf(200)) },
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		tell(w)
		if got := w.relapsedOn("overall-survival", ""); got != "censored at 200" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The crowd is in drug-free remission at day 90.
func TestARelapseInSomeMonthIsNoSurvivalWithoutOne(t *testing.T) {
	for _, tt := range []struct {
		name, on, result, query string
		tell                    func(w *world)
		want                    []string
	}{
		{"in some month after the last assessment", "2024-08", "met", "", nil, []string{"not followed", "not followed"}},
		{"in some month before it", "2024-05", "met", "", nil, []string{"not followed", "not followed"}},
		{"in some month that the day as of lies before", "2024-08", "met", "&as-of=2024-07-31", nil, []string{"censored at 180", "censored at 90"}},
		{"in the month of the day as of", "2024-08", "met", "&as-of=2024-08-10", nil, []string{"not followed", "not followed"}},
		{"in the month before the cells", "2023-12", "met", "", nil, []string{"censored at 180", "censored at 90"}},
		{"in the month of the cells", "2024-01", "met", "", nil, []string{"not followed", "censored at 90"}},
		{"there was none in some month", "2024-05", "not-met", "", nil, []string{"censored at 180", "censored at 90"}},
		{"after a relapse on a day", "2024-08", "met", "", func(w *world) { w.dose("c000", 200, "20") }, []string{"200", "110"}},
		{"before a relapse on a day, or on it", "2024-07", "met", "", func(w *world) { w.dose("c000", 200, "20") }, []string{"not followed", "not followed"}},
		{"before the death, or on its day", "2024-08", "met", "", func(w *world) { w.deaths(map[int]string{0: "2024-08-20"}) }, []string{"not followed", "not followed"}},
		{"after the cells were given again", "2024-08", "met", "&reinfusion=censor", func(w *world) { w.infuse("again", "c000", dayOf(200)) }, []string{"censored at 180", "censored at 90"}},
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		w.well("c000", 180)
		w.observe("stated", "c000", tt.on, `"code":`+local("relapse")+`,"valueCodeableConcept":`+local("criterion-"+tt.result))
		if tt.tell != nil {
			tt.tell(w)
		}
		got := []string{w.relapsedOn("relapse-free-survival", tt.query), w.relapsedOn("drug-free-duration", tt.query)}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestAnAssessmentOfActivityAloneEndsADrugFreeRemission(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.well("c000", 180, 270)
	w.score("c000", dayOf(200), "pga", "1")
	for query, want := range map[string][]string{
		"": {"200", "110"}, "&relapse.pga=1.5": {"censored at 270", "censored at 180"}, "&as-of=" + dayOf(199): {"censored at 180", "censored at 90"},
	} {
		if diff := cmp.Diff(want, []string{w.relapsedOn("relapse-free-survival", query), w.relapsedOn("drug-free-duration", query)}); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
}
