package registry

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

// later moves the infusions of some of the crowd to a day of which no window is closed yet.
func (w *world) later(from, to int) {
	w.t.Helper()
	for k := from; k < to; k++ {
		id := fmt.Sprintf("c%03d", k)
		w.must(w.ask(admin, "PUT", "Procedure/"+id, `{"resourceType":"Procedure","id":"`+id+`","status":"completed","subject":{"reference":"Patient/`+id+`"},"performedDateTime":"2025-12-20","code":{"coding":[{"system":"http://snomed.info/sct","code":"1156961008"}]}}`))
	}
}

// Twenty are not expected, whatever the form: beside four without a PGA they may not be hidden, as another form tells of them.
func TestFormsOfOneAnswerTellNothingOfEachOther(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return false })
	w.later(40, 60)
	for k := range 4 {
		w.gone(fmt.Sprintf("c%03d-pga", k))
	}
	for _, forms := range []string{"pga,sledai-2k", "sledai-2k,pga"} {
		got := map[string]string{}
		for _, r := range w.table(token(forms), "Patient/$completeness?timepoint=tp-m03&form="+forms, "form") {
			got[r["form"]] = strings.Join([]string{r["n"], r["present"], r["missing"], r["not-expected"], r["expected"], r["share"]}, " ")
		}
		if diff := cmp.Diff(map[string]string{"pga": "60 masked masked 20 40 masked", "sledai-2k": "60 40 0 20 40 1"}, got); diff != "" {
			t.Errorf("%s: %s", forms, diff)
		}
	}
}

// Two of three groups make up a cohort, which may not be asked for without one of its patients. Once that was told, the groups are not.
func TestGroupsOfAnAnswerAreNotToldTogetherLessOne(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(k int) bool { return k%3 == 0 })
	strata := "&stratum=x%3D" + ids(0, 20) + "&stratum=y%3D" + ids(20, 40)
	const rate = "Patient/$outcome-rate?timepoint=tp-m03"
	for _, tt := range []struct {
		name, cohort string
		refused      bool
	}{
		{"both", ids(0, 40), false},
		{"both but one", ids(0, 39), true},
		{"both and one", ids(0, 41), true},
		{"the second and the third but one", ids(21, 60), true},
		{"the first and the third but one", "Patient?_id:not%3D" + strings.TrimPrefix(ids(19, 40), "Patient?_id%3D"), true},
		{"half of two and half of the third", ids(10, 50), false},
	} {
		c := token(tt.name)
		if w.refuses(c, rate+strata) || w.refuses(token(tt.name+" alone"), rate+"&cohort="+tt.cohort) {
			t.Fatalf("%s: each alone is to be answered", tt.name)
		}
		if got := w.refuses(c, rate+"&cohort="+tt.cohort); got != tt.refused {
			t.Errorf("%s: refused is %v", tt.name, got)
		}
		d := token(tt.name + ", first")
		if w.refuses(d, rate+"&cohort="+tt.cohort) {
			t.Fatalf("%s: it was answered alone", tt.name)
		}
		alone := [][]string{{"all", "60"}, {"x", "20"}, {"y", "20"}, {"other", "20"}}
		if tt.refused {
			alone = [][]string{{"all", "60"}, {"x", "masked"}, {"y", "masked"}, {"other", "masked"}}
		}
		w.same(tt.name+" first", pick(w.table(d, rate+strata, "rate"), "group", "n"), alone...)
	}
}

// Of 60, 35 are followed from day 0 and 22 were never in remission: three are not evaluable.
func TestWhoIsNotEvaluableDoesNotFollowFromTheCurve(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(k int) bool { return k < 22 })
	dead := map[int]string{}
	for k := 22; k < 37; k++ {
		dead[k] = dayOf(150)
		if k < 25 {
			dead[k] = ""
		}
	}
	w.deaths(dead)
	const path = "Patient/$time-to-event?endpoint=drug-free-duration"
	parts := []string{"n", "followed", "events", "censored", "not-applicable", "not-evaluable"}
	w.same("all", pick(w.table(admin, path, "group"), parts...), []string{"60", "35", "12", "23", "22", "3"})
	w.same("told", pick(w.table(aggregator, path, "group"), parts...), []string{"60", "35", "12", "23", "masked", "masked"})
	w.same("curve", pick(w.table(aggregator, path, "curve"), "time", "at-risk"), []string{"0", "35"}, []string{"30", "12"}, []string{"60", "12"})
}

// Of 17 deaths the curve tells of 14 until day 480; three more would follow from the sum.
func TestDeathsAfterTheLastPointOfACurveAreNotTold(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return false })
	dead := map[int]string{}
	for k := range 60 {
		switch {
		case k < 14:
			dead[k] = dayOf(100)
		case k < 17:
			dead[k] = dayOf(500)
		default:
			w.observe(fmt.Sprint("late-", k), fmt.Sprintf("c%03d", k), dayOf(600), `"code":`+local("pga")+`,"valueQuantity":{"value":0}`)
		}
	}
	w.deaths(dead)
	const path = "Patient/$time-to-event?endpoint=overall-survival"
	w.same("all", pick(w.table(admin, path, "group"), "events", "competing", "censored"), []string{"17", "0", "43"})
	w.same("told", pick(w.table(aggregator, path, "group"), "events", "competing", "censored", "followed"), []string{"masked", "0", "masked", "60"})
	curve := w.table(aggregator, path, "curve")
	w.same("the last point", pick(curve[len(curve)-1:], "time", "at-risk", "probability"), []string{"480", "46", "0.766666666667"})
}

// What one operation tells of the dead, and of who was in remission, another one tells too.
func TestOperationsThatCountTheSameAreHeldAgainstEachOther(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(80, func(k int) bool { return k >= 50 })
	dead := map[int]string{}
	for k := 65; k < 80; k++ {
		dead[k] = dayOf(300)
		if k < 77 {
			dead[k] = dayOf(91)
			w.gone(fmt.Sprintf("c%03d-sledai", k))
		}
	}
	w.deaths(dead)
	for k := 50; k < 53; k++ {
		w.well(fmt.Sprintf("c%03d", k), 30)
	}
	const rate, survival, first = "$outcome-rate?timepoint=tp-m03", "$time-to-event?endpoint=overall-survival", "$time-to-event?endpoint=first-doris"
	w.same("died, and in remission", w.told(rate, "rate", "met", "died"), []string{"50", "12"})
	w.same("died at any time", w.told(survival, "group", "events"), []string{"15"})
	w.same("ever in remission", w.told(first, "group", "events", "competing"), []string{"53", "15"})
	for _, tt := range []struct {
		first, second, line string
		hidden              []string
	}{
		{rate, survival, "group", []string{"events"}},
		{survival, rate, "rate", []string{"died"}},
		{rate, first, "group", []string{"events", "competing"}},
		{first, rate, "rate", []string{"met", "died"}},
	} {
		c := token(tt.first + tt.second)
		w.table(c, "Patient/"+tt.first, tt.line)
		r := w.table(c, "Patient/"+tt.second, tt.line)[0]
		for _, name := range tt.hidden {
			if alone := w.table(token(tt.second), "Patient/"+tt.second, tt.line)[0]; r[name] != "masked" || alone[name] == "masked" {
				t.Errorf("%s after %s: %s is %s, and alone %s", tt.second, tt.first, name, r[name], alone[name])
			}
		}
	}
}

// Two died on a day that is not known: the curve begins on day 30, when 20 more were last seen, and does not tell how many are followed.
func TestACurveThatBeginsLaterIsToldBesideItsCohort(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return false })
	w.later(40, 60)
	w.deaths(map[int]string{4: "", 5: ""})
	const path = "Patient/$time-to-event?endpoint=overall-survival"
	if w.refuses(aggregator, "Patient/$biomarker?analyte=pga") || w.refuses(aggregator, path) {
		t.Fatal("the second answer is refused")
	}
	w.same("curve", pick(w.table(aggregator, path, "curve"), "time", "at-risk"), []string{"30", "38"}, []string{"60", "38"}, []string{"90", "38"})
	w.same("ends", pick(w.table(aggregator, path, "group"), "events", "competing", "censored", "not-applicable", "not-evaluable"), []string{"0", "0", "masked", "0", "masked"})
}

// An ordinary session: all five, by sex, by center, of several endpoints.
func TestAnOrdinarySessionIsAnswered(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(k int) bool { return k%3 == 0 })
	w.later(40, 60)
	for k := range 36 { // followed further, while 12 were not
		w.observe(fmt.Sprint("late-", k), fmt.Sprintf("c%03d", k), dayOf(500), `"code":`+local("pga")+`,"valueQuantity":{"value":0}`)
	}
	w.deaths(map[int]string{1: dayOf(95), 2: dayOf(200), 3: dayOf(400), 4: "", 5: ""})
	for range 2 {
		for _, path := range []string{
			"$outcome-rate", "$outcome-rate?endpoint=lldas", "$outcome-rate?endpoint=drug-free-remission", "$outcome-rate?endpoint=sledai-response-4",
			"$time-to-event", "$time-to-event?endpoint=overall-survival", "$time-to-event?endpoint=first-doris", "$time-to-event?endpoint=b-cell-return",
			"$toxicity", "$biomarker?analyte=pga", "$biomarker?analyte=sledai-2k", "$biomarker?analyte=c3", "$completeness",
		} {
			for _, strata := range []string{"", "stratum=women%3DPatient?gender%3Dfemale"} {
				query := path + "?" + strata
				if strings.Contains(path, "?") {
					query = path + "&" + strata
				}
				if w.refuses(aggregator, "Patient/"+query) {
					t.Errorf("%s is refused", query)
				}
			}
		}
	}
}

// Of 55 who are followed 14 have the event, two of them after the last point. That 41 are censored would tell so, as the curve says how many are followed.
func TestEndsOfFollowUpDoNotFollowFromHowManyAreFollowed(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(80, func(k int) bool { return k < 22 })
	dead := map[int]string{}
	for k := 22; k < 80; k++ {
		switch {
		case k < 25:
			dead[k] = ""
		case k < 37:
			dead[k] = dayOf(150)
		default:
			w.well(fmt.Sprintf("c%03d", k), 400)
			if k < 39 {
				dead[k] = dayOf(500)
			}
		}
	}
	w.deaths(dead)
	const path = "Patient/$time-to-event?endpoint=drug-free-duration"
	parts := []string{"followed", "events", "censored", "not-applicable", "not-evaluable"}
	w.same("all", pick(w.table(admin, path, "group"), parts...), []string{"55", "14", "41", "22", "3"})
	w.same("told", pick(w.table(aggregator, path, "group"), parts...), []string{"masked", "masked", "masked", "masked", "masked"})
	curve := w.table(aggregator, path, "curve")
	w.same("the last point", pick(curve[len(curve)-1:], "time", "at-risk", "probability"), []string{"300", "43", "0.781818181818"})
}

func TestMoreGroupsThanCanBeAddedUpAreRefused(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(22, func(int) bool { return false })
	path := "Patient/$outcome-rate?timepoint=tp-m03"
	for k := range 9 {
		path += fmt.Sprint("&stratum=s", k, "%3D", ids(k, k+1))
	}
	more := path + "&stratum=ten%3D" + ids(9, 10)
	w.same("nine, hidden as they are", pick(w.table(aggregator, path, "rate")[:2], "group", "n"), []string{"all", "22"}, []string{"s0", "masked"})
	r := w.ask(aggregator, "GET", more, "")
	if len(r.Issues) != 1 || r.Issues[0].Code != fhir.TooCostly || r.Issues[0].Text != "10 strata; where small groups are hidden 9 can be told apart at once" {
		t.Errorf("%d %v", r.Status, r.Issues)
	}
	if got := w.table(admin, more, "rate"); len(got) != 12 {
		t.Errorf("an admin is told %d groups", len(got))
	}
}
