package registry

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

func TestAnAggregatorSeesNothingOfFewPatients(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	// Nine patients are fewer than eleven: with the default nothing is left.
	for _, path := range []string{"$outcome-rate", "$time-to-event", "$toxicity", "$biomarker", "$completeness"} {
		r := w.must(w.ask(aggregator, "GET", "Patient/"+path, ""))
		text := strings.ReplaceAll(string(r.Body), `"name":"k","valueInteger":11`, "")
		text = strings.ReplaceAll(text, `"name":"df","valueInteger"`, "")
		if strings.Contains(text, `"valueInteger"`) || strings.Contains(text, `"valueDecimal"`) {
			t.Errorf("%s tells a number: %s", path, text)
		}
		if !strings.Contains(text, `"valueCode":"masked"`) {
			t.Errorf("%s masks nothing", path)
		}
	}
}

func TestWithKOfFiveTheSampleCohortIsToldInPart(t *testing.T) {
	w := newWorld(t, Options{KOf: map[string]int{aggregator.Name: 5}}).samples()
	got := pick(w.table(aggregator, "Patient/$outcome-rate?timepoint=tp-m03,tp-m06", "rate"), "n", "met", "not-met", "not-evaluable", "died", "observed-n", "observed-rate", "imputed-rate")
	want := [][]string{
		// One was not in remission. Beside it the eight are hidden, as nine less eight would tell.
		{"9", "masked", "masked", "0", "0", "masked", "masked", "masked"},
		{"9", "masked", "0", "masked", "0", "masked", "masked", "masked"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestACallerCanAskForMoreHidingAndNeverForLess(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	for _, tt := range []struct {
		caller fhir.Caller
		k      string
		want   string
	}{{aggregator, "5", "11"}, {aggregator, "20", "20"}, {reader, "1", "11"}, {admin, "5", "5"}, {admin, "1", "1"}} {
		got := pick(w.table(tt.caller, "Patient/$toxicity?k="+tt.k, "about"), "k")
		if diff := cmp.Diff([][]string{{tt.want}}, got); diff != "" {
			t.Errorf("%s asks for %s: %s", tt.caller.Role, tt.k, diff)
		}
	}
}

func TestWhoWithdrawsIsInNoResultAnyMore(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	n := func() string {
		return pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03", "rate"), "n")[0][0]
	}
	if got := n(); got != "9" {
		t.Fatalf("%s at first", got)
	}
	consent := string(w.observations("Consent?_id=SYN-P03-consent")[0].Raw())
	w.must(w.ask(admin, "PUT", "Consent/SYN-P03-consent", strings.Replace(consent, `"status":"active"`, `"status":"inactive"`, 1)))
	if got := n(); got != "8" {
		t.Errorf("%s after one withdrew", got)
	}
	for _, path := range []string{"$time-to-event", "$biomarker", "$toxicity", "$completeness"} {
		for _, name := range []string{"group", "value", "toxicity", "form"} {
			for _, r := range w.table(admin, "Patient/"+path, name) {
				if r["group"] == "all" && r["n"] != "8" {
					t.Errorf("%s counts %s", path, r["n"])
				}
			}
		}
	}
}

// crowd adds patients with an infusion, lupus and a consent; each has a SLEDAI-2K of 0 or 4 at day 90.
func (w *world) crowd(n int, active func(k int) bool) {
	w.t.Helper()
	for k := range n {
		id := fmt.Sprintf("c%03d", k)
		subject := `"subject":{"reference":"Patient/` + id + `"}`
		components := []string{}
		for _, i := range sledaiItems() {
			components = append(components, fmt.Sprintf(`{"code":%s,"valueBoolean":%v}`, i, active(k) && strings.Contains(i, "arthritis")))
		}
		gender := []string{"female", "male"}[k%2]
		var entries []string
		for at, body := range map[string]string{
			"Patient/" + id:                 `"gender":"` + gender + `"`,
			"Consent/" + id:                 `"status":"active","scope":{"text":"x"},"category":[{"text":"x"}],"patient":{"reference":"Patient/` + id + `"}`,
			"Condition/" + id:               subject + `,"code":{"coding":[{"system":"http://snomed.info/sct","code":"55464009"}]}`,
			"Procedure/" + id:               `"status":"completed",` + subject + `,"performedDateTime":"2024-01-01","code":{"coding":[{"system":"http://snomed.info/sct","code":"1156961008"}]}`,
			"Observation/" + id + "-sledai": `"status":"final",` + subject + `,"effectiveDateTime":"2024-03-31","code":` + local("sledai-2k") + `,"component":[` + strings.Join(components, ",") + `]`,
			"Observation/" + id + "-pga":    `"status":"final",` + subject + `,"effectiveDateTime":"2024-03-31","code":` + local("pga") + `,"valueQuantity":{"value":0.2}`,
			"Observation/" + id + "-gc":     `"status":"final",` + subject + `,"effectiveDateTime":"2024-03-31","code":` + local("gc-dose") + `,"valueQuantity":{"value":0}`,
			"MedicationStatement/" + id:     `"status":"stopped",` + subject + `,"medicationCodeableConcept":` + local("azathioprine") + `,"effectivePeriod":{"start":"2020","end":"2021"}`,
		} {
			typ, rid, _ := strings.Cut(at, "/")
			entries = append(entries, `{"fullUrl":"http://x/`+at+`","resource":{"resourceType":"`+typ+`","id":"`+rid+`",`+body+`},"request":{"method":"PUT","url":"`+at+`"}}`)
		}
		w.must(w.ask(admin, "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[`+strings.Join(entries, ",")+`]}`))
	}
}

func TestTwoAnswersTellNoMoreThanEach(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(k int) bool { return k%3 == 0 })
	rate := "Patient/$outcome-rate?timepoint=tp-m03&cohort=Patient?"
	ids := func(from, to int) string {
		var l []string
		for k := from; k < to; k++ {
			l = append(l, fmt.Sprintf("c%03d", k))
		}
		return "_id%3D" + strings.Join(l, ",")
	}
	allowed := func(caller fhir.Caller, path string, want bool) {
		t.Helper()
		r := w.ask(caller, "GET", path, "")
		if got := len(r.Issues) == 0; got != want {
			t.Errorf("%s: allowed is %v %v", path, got, r.Issues)
		}
		if !want && (len(r.Issues) == 0 || r.Issues[0].Code != fhir.Suppressed || r.Status != 403) {
			t.Errorf("%s: %d %v", path, r.Status, r.Issues)
		}
	}
	allowed(aggregator, rate+ids(0, 60), true)
	allowed(aggregator, rate+ids(0, 60), true)
	allowed(aggregator, rate+ids(0, 59), false)
	allowed(aggregator, "Patient/$toxicity?cohort=Patient?"+ids(0, 55), false)
	allowed(aggregator, rate+ids(5, 60), false)
	// 18 patients less are allowed as such, but six of them were active, and 20 less 14 would tell so.
	got := pick(w.table(aggregator, rate+ids(18, 60), "rate"), "n", "met", "not-met", "observed-n", "observed-rate", "imputed-n", "imputed-rate")
	if diff := cmp.Diff([][]string{{"42", "masked", "masked", "masked", "masked", "masked", "masked"}}, got); diff != "" {
		t.Error(diff)
	}
	allowed(aggregator, rate+ids(36, 60), true)
	other := aggregator
	other.Name = "another"
	allowed(other, rate+ids(0, 59), true)
	allowed(admin, rate+ids(0, 58), true)
}

func TestWhoWasOnIntensiveCareIsACohortToTheLedger(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return false })
	var treated []string
	for k := range 30 {
		id := fmt.Sprintf("c%03d", k)
		treated = append(treated, id)
		w.must(w.ask(admin, "PUT", "Encounter/"+id, `{"resourceType":"Encounter","id":"`+id+`","status":"finished","class":{"code":"IMP"},"period":{"start":"2024-01-02"},"subject":{"reference":"Patient/`+id+`"}}`))
	}
	const icu = "Patient/$toxicity?kind=crs&icu=Encounter?class%3DIMP"
	for k, tt := range []struct {
		path string
		less bool
	}{
		{icu, false},
		{icu, false},
		{icu + "%26_id:not%3Dc000", true},
		{"Patient/$toxicity?cohort=Patient?_id%3D" + strings.Join(treated[1:], ","), true},
		{icu + "%26_id%3D" + strings.Join(treated[15:], ","), false},
	} {
		if got := w.withholds(aggregator, tt.path); got != tt.less {
			t.Errorf("question %d, %s: less is told is %v", k, tt.path, got)
		}
	}
}

func TestTheCurveIsCutWhereFewAreAtRisk(t *testing.T) {
	w := newWorld(t, Options{K: 11})
	w.crowd(40, func(int) bool { return false })
	for _, r := range w.table(aggregator, "Patient/$time-to-event?endpoint=overall-survival", "curve") {
		if n := len(r["at-risk"]); n < 2 || r["at-risk"] < "11" {
			t.Errorf("%v is told", r)
		}
	}
	if got := w.table(aggregator, "Patient/$time-to-event?endpoint=overall-survival&grid=1", "curve"); len(got) < 2 || got[1]["time"] != "30" {
		t.Errorf("the grid is never finer than 30 days: %v", got)
	}
}

func local(code string) string {
	return `{"coding":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"` + code + `"}]}`
}

func sledaiItems() []string {
	var l []string
	for _, i := range items() {
		l = append(l, local(i))
	}
	return slices.Clip(l)
}
