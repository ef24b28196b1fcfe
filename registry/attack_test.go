package registry

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

// token is an aggregator who was told nothing yet.
func token(name string) fhir.Caller {
	c := aggregator
	c.Name = name
	return c
}

// Whether one patient is in a group must not be heard from whether the group is empty.
func TestAGroupOfNobodyLooksLikeAGroupOfOne(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(40, func(k int) bool { return k%2 == 0 })
	for k, id := range []string{"c001", "c002"} {
		gender := []string{"male", "female"}[k]
		w.must(w.ask(admin, "PUT", "Encounter/"+id, `{"resourceType":"Encounter","id":"`+id+`","status":"finished","class":{"code":"`+gender+`"},"period":{"start":"2024-01-02"},"subject":{"reference":"Patient/`+id+`"}}`))
	}
	echo := regexp.MustCompile(`\{"name":"(about|moment|cohort|lastUpdated)"[^]]*\]\}|\{"name":"(cohort|moment|lastUpdated)","value[^}]*\}`)
	for _, path := range []string{
		"$outcome-rate?cohort=Patient?_id%%3Dc001%%26gender%%3D%s",
		"$time-to-event?cohort=Patient?_id%%3Dc001%%26gender%%3D%s",
		"$toxicity?stratum=x%%3DPatient?_id%%3Dc001%%26gender%%3D%s",
		"$biomarker?analyte=pga&cohort=Patient?_id%%3Dc001%%26gender%%3D%s",
		"$completeness?cohort=Patient?_id%%3Dc001%%26gender%%3D%s",
		"$outcome-rate?stratum=x%%3DPatient?_id%%3Dc001%%26gender%%3D%s",
		"$time-to-event?endpoint=overall-survival&stratum=x%%3DPatient?_id%%3Dc001%%26gender%%3D%s",
		"$biomarker?analyte=pga&stratum=x%%3DPatient?_id%%3Dc001%%26gender%%3D%s",
		"$completeness?stratum=x%%3DPatient?_id%%3Dc001%%26gender%%3D%s",
		"$toxicity?kind=crs&icu=Encounter?subject%%3DPatient/c001%%26class%%3D%s",
		// Everybody but c001, who is the rest or is not.
		"$outcome-rate?stratum=x%%3DPatient?gender:not%%3D%s%%26_id%%3Dc001&stratum=y%%3DPatient?_id:not%%3Dc001",
	} {
		var said []string
		for k, gender := range []string{"male", "female"} {
			r := w.must(w.ask(token(fmt.Sprint(path, k)), "GET", "Patient/"+fmt.Sprintf(path, gender), ""))
			said = append(said, echo.ReplaceAllString(string(r.Body), ""))
		}
		if diff := cmp.Diff(said[0], said[1]); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

// deaths lets patients of the crowd die on a day after the infusion; none without a day.
func (w *world) deaths(on map[int]string) {
	w.t.Helper()
	for k, day := range on {
		id := fmt.Sprintf("c%03d", k)
		dead := `"deceasedBoolean":true`
		if day != "" {
			dead = `"deceasedDateTime":"` + day + `"`
		}
		gender := []string{"female", "male"}[k%2]
		w.must(w.ask(admin, "PUT", "Patient/"+id, `{"resourceType":"Patient","id":"`+id+`","gender":"`+gender+`",`+dead+`}`))
	}
}

func ids(from, to int) string {
	var l []string
	for k := from; k < to; k++ {
		l = append(l, fmt.Sprintf("c%03d", k))
	}
	return "Patient?_id%3D" + strings.Join(l, ",")
}

func TestACurveTellsOfNoSmallGroup(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(k int) bool { return k%2 == 0 })
	const path = "Patient/$time-to-event?endpoint=overall-survival"
	told := func(name, query string) map[string][]string {
		at := map[string][]string{}
		for _, r := range w.table(token(name), path+query, "curve") {
			at[r["group"]] = append(at[r["group"]], r["time"]+" "+r["at-risk"])
		}
		return at
	}
	if diff := cmp.Diff(map[string][]string{"all": {"0 60", "30 60", "60 60", "90 60"}}, told("a", "")); diff != "" {
		t.Errorf("nothing is small: %s", diff)
	}
	// Of 60, 55 at risk in one group would tell of five in the other.
	if diff := cmp.Diff(map[string][]string{"all": {"0 60", "30 60", "60 60", "90 60"}}, told("b", "&stratum=x%3D"+ids(0, 5))); diff != "" {
		t.Errorf("one stratum is small: %s", diff)
	}
	if got := told("c", "&stratum=x%3D"+ids(0, 20)); len(got["x"]) != 4 || len(got["other"]) != 4 {
		t.Errorf("no stratum is small: %v", got)
	}
	// Three died, on a day that is not known, so that nobody can follow them: 57 of 60 at risk would tell of three.
	w.deaths(map[int]string{1: "", 2: "", 3: ""})
	if got := told("d", ""); len(got) != 0 {
		t.Errorf("three are not followed: %v", got)
	}
	if got := told("e", "&stratum=x%3D"+ids(0, 30)); len(got) != 0 {
		t.Errorf("three are not followed: %v", got)
	}
	for _, r := range w.table(token("d"), path, "group") {
		if r["n"] != "60" || r["followed"] != "masked" {
			t.Errorf("%v", r)
		}
	}
}

// When one group has fewer than k at risk, the others and the whole would tell how many.
func TestTheCurvesOfAllGroupsEndTogether(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return true })
	dead := map[int]string{}
	for k := range 15 {
		dead[k] = "2024-02-10" // day 40: of the 20 of the first stratum 5 are left
	}
	w.deaths(dead)
	got := map[string]string{}
	for _, r := range w.table(aggregator, "Patient/$time-to-event?endpoint=overall-survival&stratum=x%3D"+ids(0, 20), "curve") {
		got[r["group"]] = r["time"]
	}
	if diff := cmp.Diff(map[string]string{"all": "30", "x": "30", "other": "30"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoGridTellsWhatAnotherHides(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return true })
	dead := map[int]string{}
	for k := range 30 {
		dead[k] = fmt.Sprintf("2024-02-%02d", k%28+1)
	}
	w.deaths(dead)
	for _, grid := range []string{"0", "1", "7", "30", "31", "45", "60"} {
		path := "Patient/$time-to-event?endpoint=overall-survival&grid=" + grid
		for _, r := range append(w.table(aggregator, path, "curve"), w.table(aggregator, path, "group")...) {
			for _, name := range []string{"time", "median", "median-lower", "median-upper"} {
				if n, err := strconv.Atoi(r[name]); err == nil && n%30 != 0 {
					t.Errorf("grid %s tells %s of day %d", grid, name, n)
				}
			}
		}
	}
}

// That one patient was seen a day later moves no count of events, but the number at risk.
func TestCurvesThatDifferByOnePatientAtRiskAreNotToldBoth(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return true })
	points := func() (l []string) {
		for _, r := range w.table(aggregator, "Patient/$time-to-event?endpoint=overall-survival", "curve") {
			l = append(l, r["time"])
		}
		return l
	}
	if diff := cmp.Diff([]string{"0", "30", "60", "90"}, points()); diff != "" {
		t.Fatal(diff)
	}
	alive := func(id string) {
		w.must(w.ask(admin, "PUT", "Observation/"+id+"-alive", `{"resourceType":"Observation","id":"`+id+`-alive","status":"final","subject":{"reference":"Patient/`+id+`"},"effectiveDateTime":"2024-05-30","code":`+local("last-known-alive")+`,"valueBoolean":true}`))
	}
	for k := range 20 {
		alive(fmt.Sprintf("c%03d", k))
	}
	if diff := cmp.Diff([]string{"0", "30", "60", "90", "120", "150"}, points()); diff != "" {
		t.Error(diff)
	}
	alive("c020")
	if diff := cmp.Diff([]string{"0", "30", "60", "90"}, points()); diff != "" {
		t.Errorf("21 less 20 at risk tell of one: %s", diff)
	}
}

func TestOneAnswerTellsNoMoreByAnother(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(100, func(k int) bool { return k >= 40 })
	for k := range 75 {
		id := fmt.Sprintf("c%03d", k)
		limit := low("0.9")
		if k < 5 {
			limit = ""
			w.must(w.ask(admin, "PUT", "MedicationStatement/"+id+"-hcq", `{"resourceType":"MedicationStatement","id":"`+id+`-hcq","status":"active","subject":{"reference":"Patient/`+id+`"},"medicationCodeableConcept":`+local("hydroxychloroquine")+`,"effectivePeriod":{"start":"2023"}}`))
		}
		w.must(w.ask(admin, "PUT", "Observation/"+id+"-c3", `{"resourceType":"Observation","id":"`+id+`-c3","status":"final","subject":{"reference":"Patient/`+id+`"},"effectiveDateTime":"2024-03-31","code":{"coding":[{"system":"http://loinc.org","code":"4485-9"}]},"valueQuantity":{"value":1,"code":"g/L"}`+limit+`}`))
	}
	dead := map[int]string{} // within the window of month 3; five have a value
	for k := 70; k < 85; k++ {
		dead[k] = "2024-04-01"
	}
	w.deaths(dead)
	const at = "&timepoint=tp-m03"
	for _, tt := range [][2]string{
		// Who is in remission and takes only hydroxychloroquine.
		{"$outcome-rate?endpoint=doris-2021" + at, "$outcome-rate?endpoint=drug-free-remission" + at},
		{"$outcome-rate?endpoint=drug-free-remission" + at, "$outcome-rate?endpoint=doris-2021-off-treatment" + at},
		// Whose laboratory told no limit.
		{"$biomarker?analyte=c3" + at, "$biomarker?analyte=c3&scale=ratio" + at},
		// Who died after the value.
		{"$biomarker?analyte=c3" + at, "$completeness?form=c3" + at},
		// The cohort is the part that was told, and five more.
		{"$biomarker?analyte=c3&scale=ratio" + at, "$toxicity?cohort=Patient?_has:Observation:patient:code%3D4485-9"},
		// Of the values one is exchanged.
		{"$biomarker?analyte=c3" + at, "late"},
	} {
		if tt[1] == "late" {
			for id, on := range map[string]string{"c010-c3": "2024-04-01", "c010-c3-again": "2024-03-28"} {
				w.must(w.ask(admin, "PUT", "Observation/"+id, `{"resourceType":"Observation","id":"`+id+`","status":"final","subject":{"reference":"Patient/c010"},"effectiveDateTime":"`+on+`","code":{"coding":[{"system":"http://loinc.org","code":"4485-9"}]},"valueQuantity":{"value":2,"code":"g/L"}`+low("0.9")+`}`))
			}
			tt[1] = tt[0] + "&window=tp-m03%3D60..90"
		}
		c := token(strings.Join(tt[:], ""))
		if w.refuses(c, "Patient/"+tt[0]) || w.refuses(token(c.Name+" alone"), "Patient/"+tt[1]) {
			t.Errorf("%v: each alone is to be answered", tt)
		}
		if !w.withholds(c, "Patient/"+tt[1]) {
			t.Errorf("%v: both are answered", tt)
		}
	}
}

// Who had died by month 6 had died by month 12 as well: 15 less 12 tell of three.
func TestTimePointsOfOneAnswerTellNoMoreThanEach(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return false })
	dead := map[int]string{}
	for k := range 15 {
		dead[k] = "2024-04-10" // day 100
		if k >= 12 {
			dead[k] = "2024-10-27" // day 300
		}
	}
	w.deaths(dead)
	got := pick(w.table(aggregator, "Patient/$outcome-rate?timepoint=tp-m06,tp-m12", "rate"), "died", "not-assessed", "imputed-n")
	if diff := cmp.Diff([][]string{{"12", "48", "60"}, {"masked", "masked", "60"}}, got); diff != "" {
		t.Error(diff)
	}
}

// 57 of 60 pairs, and 40 of 40 in one group, tell of three without a pair in the other.
func TestChangesOfOneGroupDoNotFollowFromTheOthers(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return false })
	for k := 3; k < 60; k++ {
		id := fmt.Sprintf("c%03d", k)
		w.must(w.ask(admin, "PUT", "Observation/"+id+"-before", `{"resourceType":"Observation","id":"`+id+`-before","status":"final","subject":{"reference":"Patient/`+id+`"},"effectiveDateTime":"2023-12-20","code":{"coding":[{"system":"http://loinc.org","code":"4485-9"}]},"valueQuantity":{"value":0.5,"code":"g/L"}}`))
	}
	for k := range 60 {
		id := fmt.Sprintf("c%03d", k)
		w.must(w.ask(admin, "PUT", "Observation/"+id+"-after", `{"resourceType":"Observation","id":"`+id+`-after","status":"final","subject":{"reference":"Patient/`+id+`"},"effectiveDateTime":"2024-03-31","code":{"coding":[{"system":"http://loinc.org","code":"4485-9"}]},"valueQuantity":{"value":1,"code":"g/L"}}`))
	}
	got := pick(w.table(aggregator, "Patient/$biomarker?analyte=c3&timepoint=tp-m03&stratum=x%3D"+ids(0, 20), "value"), "group", "measured", "change-n")
	want := [][]string{{"all", "60", "masked"}, {"x", "20", "masked"}, {"other", "40", "masked"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// An event that lies some days later, behind others who were last seen in between, moves the estimate and no count.
func TestACurveDoesNotTellOnWhichDayOfABlockAnEventLies(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return true })
	dead := map[int]string{}
	for k := range 60 {
		switch {
		case k < 30: // last seen on day 95
			w.observe(fmt.Sprint("late-", k), fmt.Sprintf("c%03d", k), "2024-04-05", `"code":`+local("pga")+`,"valueQuantity":{"value":0}`)
		case k < 45:
			dead[k] = "2024-04-20"
		default: // followed to day 200
			w.observe(fmt.Sprint("late-", k), fmt.Sprintf("c%03d", k), "2024-07-19", `"code":`+local("pga")+`,"valueQuantity":{"value":0}`)
		}
	}
	curve := func(c fhir.Caller, on string) [][]string {
		dead[45] = on
		w.must(w.ask(admin, "DELETE", "Observation/late-45", ""))
		w.deaths(dead)
		return pick(w.table(c, "Patient/$time-to-event?endpoint=overall-survival", "curve"), "time", "at-risk", "probability", "standard-error", "lower", "upper")
	}
	early, late := "2024-04-02", "2024-04-11"
	if diff := cmp.Diff(curve(admin, early), curve(admin, late)); diff == "" {
		t.Error("the estimate does not depend on the day: nothing is tried")
	}
	told := curve(aggregator, early)
	if diff := cmp.Diff(told, curve(aggregator, late)); diff != "" {
		t.Errorf("an aggregator sees a difference: %s", diff)
	}
	// 16 of the 60 who were followed past day 90 died until day 120.
	if want := []string{"120", "14", "0.733333333333"}; len(told) < 5 || cmp.Diff(want, told[4][:3]) != "" {
		t.Errorf("%v, want %v", told, want)
	}
}
