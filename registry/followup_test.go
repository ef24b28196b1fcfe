package registry

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/stats"
)

// cd19 stores counts of B cells of a patient of the crowd, per microliter, by day after the infusion.
func (w *world) cd19(patient string, counts map[int]string) {
	w.t.Helper()
	for day, n := range counts {
		w.observe(fmt.Sprint(patient, "-cd19-", day), patient, dayOf(day), `"code":{"coding":[{"system":"http://loinc.org","code":"8116-6"}]},"valueQuantity":{"value":`+n+`,"code":"/uL"},"referenceRange":[{"low":{"value":100,"code":"/uL"}}]`)
	}
}

// infusedOn is day 0 of the crowd.
var infusedOn = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// dayOf is the date of a day after the infusion of the crowd.
func dayOf(n int) string { return infusedOn.AddDate(0, 0, n).Format("2006-01-02") }

// A mean over 30 of whom one had the event on another day tells that day, though both count 30.
func TestMeansThatDifferByOneDayAreNotToldBoth(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(30, func(int) bool { return false })
	for k := range 30 {
		first := "60"
		if k == 7 {
			first = "12" // more than 11.5, and not more than 12
		}
		w.cd19(fmt.Sprintf("c%03d", k), map[int]string{30: "0", 90 + k: first, 150: "60", 180: "60"})
	}
	const path = "Patient/$time-to-event?endpoint=b-cell-return&recon.min="
	told := func(name, rule string) []string {
		return pick(w.table(token(name), path+rule, "group"), "events", "observed-mean", "observed-sd")[0]
	}
	for _, rule := range []string{"11.5", "12"} {
		if got := told("only "+rule, rule); got[0] != "30" || got[1] == "masked" || got[2] == "masked" {
			t.Errorf("%s alone: %v", rule, got)
		}
	}
	first := told("a", "11.5")
	if diff := cmp.Diff(first, told("a", "11.5")); diff != "" {
		t.Errorf("asked again: %s", diff)
	}
	if diff := cmp.Diff([]string{"30", "masked", "masked"}, told("a", "12")); diff != "" {
		t.Errorf("after %v: %s", first, diff)
	}
}

func TestLogRankTestsThatDifferByOneDayAreNotToldBoth(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(40, func(int) bool { return false })
	dead := map[int]string{}
	for k := range 30 {
		dead[k] = dayOf(40 + k)
	}
	w.deaths(dead)
	const path = "Patient/$time-to-event?endpoint=overall-survival&stratum=women%3DPatient?gender%3Dfemale"
	chi := func(name string) string { return pick(w.table(token(name), path, "log-rank"), "chi-square")[0][0] }
	first := chi("a")
	if first == "" || first == "masked" || chi("a") != first {
		t.Fatalf("%s, and again %s", first, chi("a"))
	}
	w.deaths(map[int]string{10: dayOf(80)})
	if got := chi("a"); got != "masked" {
		t.Errorf("one died on another day: %s after %s", got, first)
	}
	if got := chi("b"); got == "masked" {
		t.Error("who was told nothing before is told")
	}
}

func TestTheLogRankTestAndTheObservedDaysAreThoseOfTheGroups(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(12, func(int) bool { return false })
	// Women are the even ones. All are censored at day 90, when they were last seen.
	days := map[int]int{0: 10, 2: 20, 4: 20, 1: 30, 3: 50, 5: 80}
	dead := map[int]string{}
	groups := make([][]stats.Subject, 2)
	for k := range 12 {
		s := stats.Subject{Time: 90}
		if d, ok := days[k]; ok {
			dead[k] = dayOf(d)
			s = stats.Subject{Time: float64(d), Cause: 1}
		}
		groups[k%2] = append(groups[k%2], s)
	}
	w.deaths(dead)
	const path = "Patient/$time-to-event?endpoint=overall-survival&stratum=women%3DPatient?gender%3Dfemale"
	want := stats.LogRank(groups)
	got := pick(w.table(admin, path, "log-rank"), "chi-square", "df", "p")[0]
	for k, x := range []float64{want.ChiSquare, 1, want.P} {
		if y, err := strconv.ParseFloat(got[k], 64); err != nil || math.Abs(x-y) > 1e-9 {
			t.Errorf("%v, want %v", got, want)
		}
	}
	// (10 + 20 + 20 + 30 + 50 + 80) / 6 = 35, the squares add up to 3350; of the women (10 + 20 + 20) / 3, of the others (30 + 50 + 80) / 3.
	want2 := [][]string{{"all", "35", "25.8843582111"}, {"women", "16.6666666667", "5.7735026919"}, {"other", "53.3333333333", "25.1661147842"}}
	if diff := cmp.Diff(want2, pick(w.table(admin, path, "group"), "group", "observed-mean", "observed-sd")); diff != "" {
		t.Error(diff)
	}
	if slices.Contains(got, "masked") {
		t.Error("an admin is told all")
	}
}

// share stores B cells of a patient of the crowd as a share of lymphocytes, in percent.
func (w *world) share(patient string, shares map[int]string) {
	w.t.Helper()
	for day, x := range shares {
		w.observe(fmt.Sprint(patient, "-share-", day), patient, dayOf(day), `"code":{"coding":[{"system":"http://loinc.org","code":"8117-4"}]},"valueQuantity":{"value":`+x+`,"code":"%"}`)
	}
}

func TestBCellsThatAreKnownOnlyInPercentAreNotSaidToBeAway(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(3, func(int) bool { return false })
	w.share("c000", map[int]string{30: "0.1", 60: "0.2", 120: "5", 150: "8"})
	w.share("c001", map[int]string{30: "0.1", 60: "0.2"})
	w.cd19("c002", map[int]string{30: "0", 60: "20", 90: "110"})
	ends := func(rules string) [][]string {
		return pick(w.table(admin, "Patient/$time-to-event?endpoint=b-cell-return&grid=0"+rules, "group"), "events", "censored", "not-evaluable", "observed-mean")
	}
	for rules, want := range map[string][]string{
		"":                       {"1", "1", "1", "60"},
		"&recon.min=20":          {"0", "2", "1", ""},   // the second sample is the last
		"&recon.confirmed=false": {"1", "1", "1", "60"}, // a sample before the last counts with the next only
		"&recon.at-lln=true":     {"0", "2", "1", ""},
		"&recon.at-lln=true&recon.confirmed=false": {"1", "1", "1", "90"},
		"&recon.min=20&recon.confirmed=false":      {"1", "1", "1", "90"},
		"&aplasia.percent=10":                      {"1", "2", "0", "60"},
	} {
		if diff := cmp.Diff([][]string{want}, ends(rules)); diff != "" {
			t.Errorf("%q: %s", rules, diff)
		}
	}
}

func TestWhoIsAliveIsFollowedToTheLastContact(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	last := func(query string) string {
		l := w.table(admin, "Patient/$time-to-event?endpoint=overall-survival&grid=0"+query, "curve")
		return l[len(l)-1]["time"]
	}
	contact := func(id, status, period string) {
		w.must(w.ask(admin, "PUT", "Encounter/"+id, `{"resourceType":"Encounter","id":"`+id+`","status":"`+status+`","class":{"code":"AMB"},"period":{`+period+`},"subject":{"reference":"Patient/c000"}}`))
	}
	if got := last(""); got != "90" {
		t.Fatalf("the last assessment: %s", got)
	}
	contact("stay", "finished", `"start":"`+dayOf(195)+`","end":"`+dayOf(200)+`"`)
	contact("missed", "cancelled", `"start":"`+dayOf(300)+`"`) //nolint:misspell // as the code is written
	contact("next", "planned", `"start":"`+dayOf(400)+`"`)
	contact("some", "finished", `"start":"2025"`)
	if got := last(""); got != "200" {
		t.Errorf("the end of a stay: %s", got)
	}
	contact("stay", "in-progress", `"start":"`+dayOf(195)+`"`)
	if got := last(""); got != "195" {
		t.Errorf("a stay that goes on: %s", got)
	}
	w.give("ivig", "c000", 220, "68149", "")
	if got := last(""); got != "220" {
		t.Errorf("a treatment: %s", got)
	}
	if got := last("&as-of=" + dayOf(100)); got != "100" {
		t.Errorf("as of day 100: %s", got)
	}
}

// give stores that a drug (a RxNorm code) was given to a patient of the crowd on a day.
func (w *world) give(id, patient string, day int, code, rest string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "MedicationAdministration/"+id, `{"resourceType":"MedicationAdministration","id":"`+id+`","status":"completed","subject":{"reference":"Patient/`+patient+`"},"effectiveDateTime":"`+dayOf(day)+`","medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"`+code+`"}]}`+rest+`}`))
}
