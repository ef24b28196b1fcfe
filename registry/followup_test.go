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

// bcells stores counts of B cells of a patient of the crowd, per microliter, by day after the infusion.
func (w *world) bcells(patient string, counts map[int]string) {
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
		w.bcells(fmt.Sprintf("c%03d", k), map[int]string{30: "0", 90 + k: first, 150: "60", 180: "60"})
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
	w.bcells("c002", map[int]string{30: "0", 60: "20", 90: "110"})
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

// keepsGiving stores that it was given from one day to another.
func (w *world) keepsGiving(id, patient string, from, to int, code string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "MedicationAdministration/"+id, `{"resourceType":"MedicationAdministration","id":"`+id+`","status":"completed","subject":{"reference":"Patient/`+patient+`"},"effectivePeriod":{"start":"`+dayOf(from)+`","end":"`+dayOf(to)+`"},"medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"`+code+`"}]}}`))
}

// well stores an assessment in drug-free remission of a patient of the crowd.
func (w *world) well(patient string, days ...int) {
	w.t.Helper()
	items := ""
	for _, i := range sledaiItems() {
		items += `,{"code":` + i + `,"valueBoolean":false}`
	}
	for _, d := range days {
		id := fmt.Sprint(patient, "-d", d)
		w.observe(id, patient, dayOf(d), `"code":`+local("sledai-2k")+`,"component":[`+items[1:]+`]`)
		w.observe(id+"-pga", patient, dayOf(d), `"code":`+local("pga")+`,"valueQuantity":{"value":0}`)
		w.dose(patient, d, "0")
	}
}

func (w *world) dose(patient string, day int, mg string) {
	w.t.Helper()
	w.observe(fmt.Sprint(patient, "-gc-", day), patient, dayOf(day), `"code":`+local("gc-dose")+`,"valueQuantity":{"value":`+mg+`}`)
}

// takes stores that a patient of the crowd took a drug: from one date to another, to "" where it goes on.
func (w *world) takes(id, patient, drug, from, to string) {
	w.t.Helper()
	end := ""
	if to != "" {
		end = `,"end":"` + to + `"`
	}
	w.must(w.ask(admin, "PUT", "MedicationStatement/"+id, `{"resourceType":"MedicationStatement","id":"`+id+`","status":"active","subject":{"reference":"Patient/`+patient+`"},"medicationCodeableConcept":`+local(drug)+`,"effectivePeriod":{"start":"`+from+`"`+end+`}}`))
}

// says stores what a visit told of a drug.
func (w *world) says(patient, drug string, day int, taken bool) {
	w.t.Helper()
	id, status := fmt.Sprint(patient, "-", drug, "-", day), "not-taken"
	if taken {
		status = "active"
	}
	w.must(w.ask(admin, "PUT", "MedicationStatement/"+id, `{"resourceType":"MedicationStatement","id":"`+id+`","status":"`+status+`","subject":{"reference":"Patient/`+patient+`"},"medicationCodeableConcept":`+local(drug)+`,"effectiveDateTime":"`+dayOf(day)+`"}`))
}

// relapsedOn is the day on which a cohort of one relapses, by $time-to-event of an endpoint: "censored at 90" where nobody does.
func (w *world) relapsedOn(endpoint, query string) string {
	w.t.Helper()
	path := "Patient/$time-to-event?grid=0&endpoint=" + endpoint + query
	g := w.table(admin, path, "group")[0]
	if g["events"] == "1" {
		return g["observed-mean"]
	}
	if g["censored"] == "0" {
		return "not followed"
	}
	l := w.table(admin, path, "curve")
	return "censored at " + l[len(l)-1]["time"]
}

// assessed is what $assess says of the relapse after the first infusion of a patient of the crowd, nothing where it cannot tell.
func (w *world) assessed(patient string) string {
	w.t.Helper()
	l := w.table(admin, "Patient/"+patient+"/$assess?endpoint=relapse", "outcome")
	if len(l) == 0 || l[0]["result"] == "not-evaluable" {
		return ""
	}
	return l[0]["result"] + " " + l[0]["day"]
}

// The crowd is in drug-free remission at day 90, so that a duration of 110 days ends at day 200.
func TestAReturnToTreatmentIsARelapseOnItsOwnDay(t *testing.T) {
	for _, tt := range []struct {
		name                     string
		tell                     func(w *world)
		relapse, drugFree, judge string
	}{
		{"none", func(w *world) {
			w.well("c000", 180, 270)
		}, "censored at 270", "censored at 180", "criterion-not-met 270"},
		{"a drug between two visits", func(w *world) {
			w.well("c000", 180, 270)
			w.takes("mmf", "c000", "azathioprine", dayOf(200), dayOf(230))
		}, "200", "110", "criterion-met 200"},
		{"a drug that goes on, and no assessment any more", func(w *world) {
			w.well("c000", 180)
			w.takes("mmf", "c000", "azathioprine", dayOf(200), "")
		}, "200", "110", "criterion-met 200"},
		{"a visit without SLEDAI-2K tells of a drug", func(w *world) {
			w.well("c000", 180)
			w.says("c000", "azathioprine", 180, false)
			w.says("c000", "azathioprine", 300, true)
		}, "300", "120", "criterion-met 300"},
		{"and of the day on which it was begun", func(w *world) {
			w.well("c000", 180)
			w.says("c000", "azathioprine", 180, false)
			w.says("c000", "azathioprine", 300, true)
			w.takes("aza", "c000", "azathioprine", dayOf(200), "")
		}, "200", "20", "criterion-met 200"},
		{"a drug of which nothing was told before", func(w *world) {
			w.well("c000", 180)
			w.says("c000", "azathioprine", 300, true)
		}, "censored at 180", "not followed", "criterion-not-met 180"},
		{"begun in a month after remission", func(w *world) {
			w.well("c000", 180, 270)
			w.takes("mmf", "c000", "azathioprine", "2024-07", "2024-08")
		}, "212", "122", "criterion-met 212"},
		{"the next prescription of what was taken before", func(w *world) {
			w.takes("mmf", "c000", "azathioprine", dayOf(20), dayOf(200))
			w.takes("more", "c000", "azathioprine", dayOf(200), "")
			w.well("c000", 180, 270)
		}, "censored at 270", "not followed", "criterion-not-met 270"},
		{"a drug that a visit before the cells told of", func(w *world) {
			w.says("c000", "azathioprine", -20, true)
			w.says("c000", "azathioprine", 90, false)
			w.takes("aza", "c000", "azathioprine", dayOf(200), "")
		}, "200", "110", "criterion-met 200"},
		{"a drug that a visit after them told of, and that goes on", func(w *world) {
			w.says("c000", "azathioprine", 90, true)
			w.takes("aza", "c000", "azathioprine", dayOf(100), "")
			w.well("c000", 180)
		}, "censored at 180", "not followed", "criterion-not-met 180"},
		{"a drug that a visit after them told of, and that ended between", func(w *world) {
			w.says("c000", "azathioprine", 90, true)
			w.takes("first", "c000", "azathioprine", dayOf(30), dayOf(120))
			w.takes("second", "c000", "azathioprine", dayOf(200), "")
			w.well("c000", 180)
		}, "200", "20", "criterion-met 200"},
		{"a dose of more than 5 mg at a visit without SLEDAI-2K", func(w *world) {
			w.well("c000", 180)
			w.dose("c000", 200, "20")
		}, "200", "110", "criterion-met 200"},
		{"a dose of 5 mg", func(w *world) {
			w.well("c000", 180)
			w.dose("c000", 200, "5")
		}, "censored at 180", "110", "criterion-not-met 180"},
		{"an antimalarial", func(w *world) {
			w.well("c000", 180, 270)
			w.takes("hcq", "c000", "hydroxychloroquine", dayOf(200), dayOf(230))
		}, "censored at 270", "110", "criterion-not-met 270"},
		{"a second infusion", func(w *world) {
			w.well("c000", 180, 290)
			w.infuse("again", "c000", dayOf(200))
		}, "200", "110", "criterion-met 200"},
		{"a second infusion, and no assessment any more", func(w *world) {
			w.well("c000", 180)
			w.infuse("again", "c000", dayOf(200))
		}, "200", "110", "criterion-met 200"},
		{"a remission of other cells, and a drug after it", func(w *world) {
			w.infuse("again", "c000", dayOf(80))
			w.well("c000", 180)
			w.takes("aza", "c000", "azathioprine", dayOf(200), "")
		}, "80", "not followed", ""},
		{"antibodies", func(w *world) {
			w.well("c000", 180)
			w.give("r", "c000", 172, "121191", "")
		}, "172", "82", "criterion-met 172"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{})
			w.crowd(1, func(int) bool { return false })
			tt.tell(w)
			got := []string{w.relapsedOn("relapse-free-survival", ""), w.relapsedOn("drug-free-duration", ""), w.assessed("c000")}
			if diff := cmp.Diff([]string{tt.relapse, tt.drugFree, tt.judge}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestASecondInfusionIsAFailureUnlessItCensors(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(2, func(k int) bool { return k == 1 }) // c001 is never in remission
	w.well("c000", 180)
	w.infuse("again", "c000", dayOf(200))
	w.infuse("again-other", "c001", dayOf(150))
	w.well("c000", 290)
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"relapse-free-survival", []string{"2", "0", "0", "175"}},
		{"relapse-free-survival&reinfusion=failure", []string{"2", "0", "0", "175"}},
		{"relapse-free-survival&reinfusion=censor", []string{"0", "2", "0", ""}},
		{"relapse-free-survival&population=responders", []string{"1", "0", "1", "200"}},
		{"relapse-free-survival&population=responders&reinfusion=censor", []string{"0", "1", "1", ""}},
		{"relapse-free-survival&as-of=" + dayOf(160), []string{"1", "1", "0", "150"}},
		{"drug-free-duration", []string{"1", "0", "1", "110"}},
		{"drug-free-duration&reinfusion=censor", []string{"0", "1", "1", ""}},
		{"drug-free-duration&as-of=" + dayOf(199), []string{"0", "1", "1", ""}},
	} {
		got := pick(w.table(admin, "Patient/$time-to-event?endpoint="+tt.query, "group"), "events", "censored", "not-applicable", "observed-mean")
		if diff := cmp.Diff([][]string{tt.want}, got); diff != "" {
			t.Errorf("%s: %s", tt.query, diff)
		}
	}
	rules := func(query string) map[string]string {
		l := map[string]string{}
		for _, r := range w.table(admin, "Patient/$time-to-event?endpoint="+query, "rule") {
			l[r["name"]] = r["value"]
		}
		return l
	}
	if l := rules("relapse-free-survival&reinfusion=censor"); l["reinfusion"] != "censor" || l["population"] != "infused" {
		t.Errorf("the answer tells %v", l)
	}
	if l := rules("overall-survival"); l["reinfusion"] != "" || l["population"] != "" {
		t.Errorf("the answer tells %v", l)
	}
	for _, query := range []string{"overall-survival&reinfusion=failure", "b-cell-return&reinfusion=censor", "drug-free-duration&population=responders", "relapse-free-survival&reinfusion=ignore"} {
		if r := w.ask(admin, "GET", "Patient/$time-to-event?endpoint="+query, ""); r.Status != 400 {
			t.Errorf("%s: %d", query, r.Status)
		}
	}
}

func TestOfWhomNoAssessmentTellsNoResponderIsKnown(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(2, func(int) bool { return false })
	w.must(w.ask(admin, "DELETE", "Observation/c001-pga", ""))
	got := pick(w.table(admin, "Patient/$time-to-event?population=responders", "group"), "followed", "not-evaluable")
	if diff := cmp.Diff([][]string{{"1", "1"}}, got); diff != "" {
		t.Error(diff)
	}
}

// 18 relapsed, died or had cells again; of those who had responded 15: three of the 20 others would follow.
func TestRespondersAndAllAreNotToldBothWhereTheyDifferByFew(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(k int) bool { return k < 20 })
	w.deaths(map[int]string{0: dayOf(100), 1: dayOf(100), 2: dayOf(100)})
	for k := 30; k < 45; k++ {
		w.infuse(fmt.Sprint("again-", k), fmt.Sprintf("c%03d", k), dayOf(120))
	}
	const path = "Patient/$time-to-event"
	for _, query := range []string{"", "?population=responders"} {
		if w.refuses(token("only"+query), path+query) {
			t.Errorf("%q alone is refused", query)
		}
	}
	c := token("both")
	if w.refuses(c, path) || !w.withholds(c, path+"?population=responders") {
		t.Error("both are told")
	}
}

func TestARelapseThatAClinicianStatesEndsBothDurations(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.well("c000", 180, 270)
	w.observe("stated", "c000", dayOf(230), `"code":`+local("relapse")+`,"valueCodeableConcept":`+local("criterion-met"))
	for endpoint, want := range map[string]string{
		"relapse-free-survival": "230", "drug-free-duration": "140",
		"relapse-free-survival&as-of=" + dayOf(229): "censored at 180", "drug-free-duration&as-of=" + dayOf(229): "censored at 90",
	} {
		if got := w.relapsedOn(endpoint, ""); got != want {
			t.Errorf("%s: %s, want %s", endpoint, got, want)
		}
	}
}

func TestADrugThatWasGivenCountsAsTaken(t *testing.T) {
	const mmf, rituximab, toci, methylpred = "68149", "121191", "612865", "6902"
	reason := func(to string) string { return `,"reasonReference":[{"reference":"Condition/` + to + `"}]` }
	for _, tt := range []struct {
		name  string
		tell  func(w *world)
		query string
		want  []string // drug-free at month 6: met, not met, not evaluable; relapse
	}{
		{"nothing", func(*world) {}, "", []string{"1", "0", "0", "censored at 180"}},
		{"a week before", func(w *world) { w.give("a", "c000", 172, rituximab, "") }, "", []string{"0", "1", "0", "172"}},
		{"34 days before", func(w *world) { w.give("a", "c000", 146, mmf, "") }, "", []string{"0", "1", "0", "146"}},
		{"35 days before", func(w *world) { w.give("a", "c000", 145, mmf, "") }, "", []string{"1", "0", "0", "145"}},
		{"35 days before, and that counts", func(w *world) { w.give("a", "c000", 145, mmf, "") }, "&given.days=36", []string{"0", "1", "0", "145"}},
		{"from 60 to 34 days before", func(w *world) { w.keepsGiving("a", "c000", 120, 146, mmf) }, "", []string{"0", "1", "0", "120"}},
		{"from 60 to 35 days before", func(w *world) { w.keepsGiving("a", "c000", 120, 145, mmf) }, "", []string{"1", "0", "0", "120"}},
		{"from 60 days before to after", func(w *world) { w.keepsGiving("a", "c000", 120, 200, mmf) }, "", []string{"0", "1", "0", "120"}},
		{"from before the cells on", func(w *world) { w.keepsGiving("a", "c000", -30, 170, mmf) }, "", []string{"0", "1", "0", "censored at 180"}},
		{"from before the cells to with them", func(w *world) { w.keepsGiving("a", "c000", -4, 0, mmf) }, "&given.days=300", []string{"1", "0", "0", "censored at 180"}},
		{"in a row without a gap", func(w *world) {
			w.keepsGiving("a", "c000", 20, 80, mmf)
			w.keepsGiving("b", "c000", 115, 178, mmf)
		}, "", []string{"0", "1", "0", "censored at 180"}},
		{"against a toxicity of the first weeks, for some days", func(w *world) { w.keepsGiving("a", "c000", 26, 30, methylpred) }, "&given.days=300", []string{"1", "0", "0", "censored at 180"}},
		{"not completed", func(w *world) {
			w.give("a", "c000", 172, mmf, "")
			w.must(w.ask(admin, "PUT", "MedicationAdministration/a", `{"resourceType":"MedicationAdministration","id":"a","status":"not-done","subject":{"reference":"Patient/c000"},"effectiveDateTime":"`+dayOf(172)+`","medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"68149"}]}}`))
		}, "", []string{"1", "0", "0", "censored at 180"}},
		{"with the cells", func(w *world) {
			w.give("a", "c000", -3, "3002", "")
			w.give("b", "c000", 0, "24698", "")
		}, "&given.days=300", []string{"1", "0", "0", "censored at 180"}},
		{"against a toxicity of the first weeks", func(w *world) { w.give("a", "c000", 30, toci, "") }, "&given.days=300", []string{"1", "0", "0", "censored at 180"}},
		{"such a drug later", func(w *world) { w.give("a", "c000", 172, toci, "") }, "", []string{"0", "1", "0", "172"}},
		{"such a drug later, against a toxicity", func(w *world) { w.give("a", "c000", 172, toci, reason("late")) }, "", []string{"1", "0", "0", "censored at 180"}},
		{"such a drug in the first weeks, against lupus", func(w *world) { w.give("a", "c000", 20, toci, reason("c000")) }, "&given.days=300", []string{"0", "1", "0", "censored at 180"}},
		{"a pulse beside a dose of 0", func(w *world) { w.give("a", "c000", 172, methylpred, "") }, "", []string{"0", "0", "1", "censored at 180"}},
		{"a drug that nobody knows", func(w *world) { w.give("a", "c000", 172, "999", "") }, "", []string{"0", "0", "1", "censored at 90"}}, // whose remission is not known then
		{"one that the question names", func(w *world) { w.give("a", "c000", 172, "999", "") }, "&drug=is%3Dhttp://www.nlm.nih.gov/research/umls/rxnorm|999", []string{"0", "1", "0", "172"}},
		{"in a row that began before remission", func(w *world) {
			for _, d := range []int{60, 88, 118, 150} {
				w.give(fmt.Sprint("a", d), "c000", d, mmf, "")
			}
		}, "", []string{"0", "1", "0", "censored at 180"}},
		{"to prepare for other cells", func(w *world) {
			w.must(w.ask(admin, "PUT", "Procedure/ld", `{"resourceType":"Procedure","id":"ld","status":"completed","subject":{"reference":"Patient/c000"},"performedDateTime":"`+dayOf(176)+`","code":`+local("lymphodepletion")+`}`))
			w.give("a", "c000", 176, "3002", `,"partOf":[{"reference":"Procedure/ld"}]`)
			w.infuse("again", "c000", dayOf(181))
		}, "", []string{"1", "0", "0", "181"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{})
			w.crowd(1, func(int) bool { return false })
			w.well("c000", 180)
			w.must(w.ask(admin, "PUT", "Condition/late", `{"resourceType":"Condition","id":"late","subject":{"reference":"Patient/c000"},"onsetDateTime":"`+dayOf(170)+`","code":`+local("icans")+`}`))
			tt.tell(w)
			got := pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m06&endpoint=drug-free-remission"+tt.query, "rate"), "met", "not-met", "not-evaluable")[0]
			got = append(got, w.relapsedOn("relapse-free-survival", tt.query))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAGlucocorticoidBesideADoseOfZeroIsNotEvaluable(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	rate := func() [][]string {
		return pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03&endpoint=gc-free-remission", "rate"), "met", "not-met", "not-evaluable")
	}
	w.takes("pred", "c000", "prednisolone", "2020", "2023-12-25")
	if diff := cmp.Diff([][]string{{"1", "0", "0"}}, rate()); diff != "" {
		t.Errorf("one that ended: %s", diff)
	}
	w.takes("pred", "c000", "prednisolone", "2020", "")
	if diff := cmp.Diff([][]string{{"0", "0", "1"}}, rate()); diff != "" {
		t.Errorf("one that goes on: %s", diff)
	}
	w.dose("c000", 90, "2.5")
	w.must(w.ask(admin, "DELETE", "Observation/c000-gc", ""))
	if diff := cmp.Diff([][]string{{"0", "1", "0"}}, rate()); diff != "" {
		t.Errorf("a dose beside it: %s", diff)
	}
}

// One patient of three is in remission on day 90, and died in some month.
func TestADeathInSomeMonthLeavesUnclearOnlyWhatItsDayDecides(t *testing.T) {
	for _, tt := range []struct {
		died, endpoint, asOf string
		want                 []string // events, competing, censored, not-evaluable; of the three, of whom two live
	}{
		{"2025-03", "first-doris", "2026-01-01", []string{"3", "0", "0", "0"}},
		{"2025-03", "first-doris", "2024-12-31", []string{"3", "0", "0", "0"}},
		{"2025-03", "relapse-free-survival", "2024-12-31", []string{"0", "", "3", "0"}},
		{"2025-03", "relapse-free-survival", "2026-01-01", []string{"0", "", "2", "1"}},
		{"2025-03", "overall-survival", "2024-12-31", []string{"0", "", "3", "0"}},
		{"2025-03", "overall-survival", "2025-03-15", []string{"0", "", "2", "1"}},
		{"2025-03", "overall-survival", "2026-01-01", []string{"0", "", "2", "1"}},
		{"2024-02", "first-doris", "2026-01-01", []string{"2", "0", "0", "1"}},
		{"2024-03", "first-doris", "2026-01-01", []string{"2", "0", "0", "1"}},
		{"2023", "overall-survival", "2026-01-01", []string{"0", "", "2", "1"}},
		{"", "overall-survival", "2026-01-01", []string{"0", "", "2", "1"}},
	} {
		w := newWorld(t, Options{})
		w.crowd(3, func(int) bool { return false })
		death := `"deceasedDateTime":"` + tt.died + `"`
		if tt.died == "" {
			death = `"deceasedBoolean":true`
		}
		w.must(w.ask(admin, "PUT", "Patient/c001", `{"resourceType":"Patient","id":"c001",`+death+`}`))
		rows := pick(w.table(admin, "Patient/$time-to-event?endpoint="+tt.endpoint+"&as-of="+tt.asOf, "group"), "events", "competing", "censored", "not-evaluable")
		if tt.want[1] == "" {
			rows[0][1] = ""
		}
		if diff := cmp.Diff([][]string{tt.want}, rows); diff != "" {
			t.Errorf("died %q, %s as of %s: %s", tt.died, tt.endpoint, tt.asOf, diff)
		}
	}
}
