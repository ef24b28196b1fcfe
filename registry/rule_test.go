package registry

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/interaction"
)

// ruleCases are all rules, each with a value that is not the usual one and with where it must land.
func ruleCases() map[string]struct {
	value string
	set   func(r *rules)
} {
	type c = struct {
		value string
		set   func(r *rules)
	}
	return map[string]c{
		"doris.pga":                     {"0.1", func(r *rules) { r.doris.PGABelow = 0.1 }},
		"doris.gc":                      {"7.5", func(r *rules) { r.doris.GC = 7.5 }},
		"doris.gc-below":                {"true", func(r *rules) { r.doris.GCBelow = true }},
		"sledai.selena":                 {"true", func(r *rules) { r.selena = true }},
		"doris.stable-days":             {"14", func(r *rules) { r.doris.StableDays = 14 }},
		"lldas.sledai":                  {"0", func(r *rules) { r.lldas.Sledai = 0 }},
		"lldas.pga":                     {"0.1", func(r *rules) { r.lldas.PGA = 0.1 }},
		"lldas.gc":                      {"2.5", func(r *rules) { r.lldas.GC = 2.5 }},
		"lldas.product-investigational": {"true", func(r *rules) { r.lldas.ProductInvestigational = true }},
		"response.fall":                 {"12", func(r *rules) { r.response.Fall = 12 }},
		"response.baseline":             {"10", func(r *rules) { r.response.Baseline = 10 }},
		"response.pga-rise":             {"0.5", func(r *rules) { r.response.PGARise = 0.5 }},
		"response.new-a":                {"1", func(r *rules) { r.response.NewA = 1 }},
		"response.new-b":                {"0", func(r *rules) { r.response.NewB = 0 }},
		"upcr.max":                      {"0.7", func(r *rules) { r.renal.UPCRBelow = 0.7 }},
		"upcr.baseline":                 {"1", func(r *rules) { r.renal.Baseline = 1 }},
		"upcr.partial-fall":             {"0.25", func(r *rules) { r.renal.PartialFall = 0.25 }},
		"upcr.partial-max":              {"2", func(r *rules) { r.renal.PartialMax = 2 }},
		"egfr.tolerance":                {"0.1", func(r *rules) { r.renal.Tolerance = 0.1 }},
		"relapse.csledai":               {"3", func(r *rules) { r.relapse.Clinical = 3 }},
		"relapse.pga":                   {"1", func(r *rules) { r.relapse.PGA = 1 }},
		"relapse.gc":                    {"7.5", func(r *rules) { r.relapse.GC = 7.5 }},
		"given.days":                    {"60", func(r *rules) { r.drugs.GivenDays = 60 }},
		"visit.days":                    {"3", func(r *rules) { r.drugs.VisitDays = 3 }},
		"icans.age":                     {"18", func(r *rules) { r.icans.Age = 18 }},
		"aplasia.max":                   {"20", func(r *rules) { r.bcells.AplasiaMax = 20 }},
		"aplasia.percent":               {"2", func(r *rules) { r.bcells.AplasiaPercent = 2 }},
		"recon.min":                     {"20", func(r *rules) { r.bcells.ReturnOver = 20 }},
		"recon.at-lln":                  {"true", func(r *rules) { r.bcells.ReturnAtLLN = true }},
		"recon.confirmed":               {"false", func(r *rules) { r.bcells.Confirmed = false }},
	}
}

func TestEachRuleSetsItsOwnPlaceAndNoOther(t *testing.T) {
	cases := ruleCases()
	if len(cases) != len(outcomeRules) {
		t.Errorf("%d rules are tried of %d", len(cases), len(outcomeRules))
	}
	for _, u := range outcomeRules {
		want := usual()
		cases[u.name].set(want)
		if *want == *usual() {
			t.Errorf("%s: the value tried is the usual one", u.name)
		}
		got, used, err := ruled(inputs{u.name: {cases[u.name].value}}, u.decides)
		if err != nil || *got != *want {
			t.Errorf("%s=%s gives %+v, want %+v (%v)", u.name, cases[u.name].value, got, want, err)
		}
		told := false
		for _, c := range used {
			told = told || c.name == u.name && c.text == cases[u.name].value
		}
		if !told {
			t.Errorf("%s is not told among %v", u.name, used)
		}
	}
}

func TestRulesMoveWhatTheyDecide(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	rate := func(query string) [][]string {
		return pick(w.table(admin, "Patient/$outcome-rate?"+query, "rate"), "met", "not-met", "not-evaluable")
	}
	tests := []struct {
		name, query string
		want        [][]string
	}{
		{"remission", "timepoint=tp-m03,tp-m12", [][]string{{"8", "1", "0"}, {"6", "1", "0"}}},
		{"remission with a PGA below 0.1", "timepoint=tp-m03,tp-m12&doris.pga=0.1", [][]string{{"0", "9", "0"}, {"2", "5", "0"}}},
		{"low disease activity", "endpoint=lldas&timepoint=tp-m03", [][]string{{"8", "1", "0"}}},
		{"low disease activity where the cells are investigational", "endpoint=lldas&timepoint=tp-m03&lldas.product-investigational=true", [][]string{{"0", "9", "0"}}},
		{"a window of one day, on which two came", "timepoint=tp-m03&window=tp-m03%3D90..90", [][]string{{"2", "0", "0"}}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, rate(tt.query)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	back := func(query string) []string {
		l := w.table(admin, "Patient/$time-to-event?endpoint=b-cell-return"+query, "group")
		return []string{l[0]["events"], l[0]["median"]}
	}
	if diff := cmp.Diff([][]string{{"8", "123"}, {"7", "183"}}, [][]string{back(""), back("&recon.min=90")}); diff != "" {
		t.Errorf("B cells return: %s", diff)
	}
}

func TestAnAnswerTellsTheRulesThatDecidedIt(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	for path, want := range map[string][][]string{
		"Patient/$outcome-rate?timepoint=tp-m03&doris.gc=7.50": {{"doris.pga", "0.5"}, {"doris.gc", "7.5"}, {"doris.gc-below", "false"}, {"doris.stable-days", "30"}, {"sledai.selena", "false"}, {"given.days", "35"}, {"visit.days", "7"}},
		"Patient/$outcome-rate?endpoint=crr&timepoint=tp-m03":  {{"upcr.max", "0.5"}, {"upcr.baseline", "0.5"}, {"egfr.tolerance", "0.15"}, {"given.days", "35"}, {"visit.days", "7"}},
		"Patient/$outcome-rate?source=clinician":               nil,
		"Patient/$time-to-event?endpoint=overall-survival":     nil,
		"Patient/$assess?endpoint=sledai-response-4":           {{"sledai.selena", "false"}, {"response.fall", "4"}, {"response.baseline", "4"}},
		"Patient/SYN-P08/$assess?endpoint=relapse&relapse.gc=7.5": {
			{"doris.pga", "0.5"}, {"doris.gc", "5"}, {"doris.gc-below", "false"}, {"doris.stable-days", "30"}, {"sledai.selena", "false"}, {"relapse.csledai", "0"}, {"relapse.pga", "0.5"}, {"relapse.gc", "7.5"}, {"given.days", "35"}, {"visit.days", "7"},
		},
	} {
		if diff := cmp.Diff(want, pick(w.table(admin, path, "rule"), "name", "value")); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if got := pick(w.table(admin, "Patient/$biomarker?window=tp-m03%3D80..100&window=tp-m06%3D180..180", "window"), "value"); len(got) != 2 || got[0][0] != "tp-m03=80..100" {
		t.Errorf("the windows are told as %v", got)
	}
}

func TestRulesAndWindowsThatCannotBe(t *testing.T) {
	w := newWorld(t, Options{})
	for path, want := range map[string]string{
		"Patient/$outcome-rate?doris.pga=-0.1":                                 `doris.pga: "-0.1" is not between 0 and 3`,
		"Patient/$outcome-rate?doris.pga=NaN":                                  `doris.pga: "NaN" is not between 0 and 3`,
		"Patient/$outcome-rate?doris.gc=much":                                  `doris.gc: "much" is no decimal`,
		"Patient/$outcome-rate?endpoint=lldas&lldas.sledai=4.5":                `lldas.sledai: "4.5" is no integer`,
		"Patient/$outcome-rate?doris.gc-below=1":                               `doris.gc-below: "1" is no boolean`,
		"Patient/$outcome-rate?endpoint=lldas&doris.gc=7.5":                    `doris.gc does not decide what is asked for`,
		"Patient/$outcome-rate?source=clinician&doris.gc=7.5":                  `doris.gc does not decide what is asked for`,
		"Patient/$outcome-rate?doris.gc=5&doris.gc=7.5":                        `doris.gc is given more than once`,
		"Patient/$outcome-rate?aplasia.max=20":                                 `the operation has no parameter "aplasia.max"`,
		"Patient/$time-to-event?endpoint=overall-survival&relapse.gc=7.5":      `relapse.gc does not decide what is asked for`,
		"Patient/$toxicity?doris.gc=7.5":                                       `the operation has no parameter "doris.gc"`,
		"Patient/$assess?endpoint=doris-2021&upcr.max=0.7":                     `upcr.max does not decide what is asked for`,
		"Patient/$outcome-rate?window=tp-m03":                                  `window: "tp-m03" is not of the form tp-m03=76..104`,
		"Patient/$outcome-rate?window=tp-m04%3D1..2":                           `window: there is no time point tp-m04 after the infusion`,
		"Patient/$outcome-rate?window=tp-base%3D1..2":                          `window: there is no time point tp-base after the infusion`,
		"Patient/$outcome-rate?window=tp-m06%3D90..200":                        `window: day 90 of tp-m03 lies within 90..200 of tp-m06`,
		"Patient/$outcome-rate?window=tp-m03%3D91..104":                        `window: day 90 of tp-m03 is not within 91..104`,
		"Patient/$outcome-rate?window=tp-m03%3D80..100&window=tp-m03%3D40..90": `window: tp-m03 is given more than once`,
		"Patient/$outcome-rate?timepoint=tp-m03&window=tp-m06%3D160..200":      `window: tp-m06 is not asked for`,
		"Patient/$biomarker?window=tp-m18%3D500..600":                          `window: tp-m18 is not asked for`,
	} {
		r := w.askFor(admin, path, "")
		if r.Status != http.StatusBadRequest || len(r.Issues) != 1 || r.Issues[0].Text != want {
			t.Errorf("%s: %d %v, want %s", path, r.Status, r.Issues, want)
		}
	}
}

func TestOutcomesOfOtherRulesAreNotKept(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	head, _, err := w.store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	post := func(rule, value string) interaction.Response {
		return w.ask(admin, "POST", "Patient/SYN-P08/$assess", `{"resourceType":"Parameters","parameter":[{"name":"persist","valueBoolean":true},{"name":"`+rule+`","valueDecimal":`+value+`}]}`)
	}
	if r := post("doris.gc", "7.5"); r.Status != http.StatusUnprocessableEntity || !strings.Contains(r.Issues.Error(), "are told and not kept") {
		t.Errorf("%d %v", r.Status, r.Issues)
	}
	if after, _, err := w.store.Head(t.Context()); after != head || err != nil {
		t.Errorf("something was written: %d, %v", after-head, err)
	}
	w.must(post("doris.gc", "5.0"))
}

// Who moves a threshold little by little would find single patients: what is counted is the same, whatever the threshold.
func TestThresholdsThatDifferByFewPatientsAreNotToldBoth(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(k int) bool { return k%3 == 0 }) // 40 are in remission
	for _, k := range []string{"c001", "c004", "c007"} {
		pga := string(w.observations("Observation?_id=" + k + "-pga")[0].Raw())
		w.must(w.ask(admin, "PUT", "Observation/"+k+"-pga", strings.Replace(pga, "0.2", "0.4", 1)))
	}
	path := "Patient/$outcome-rate?timepoint=tp-m03"
	if got := pick(w.table(admin, path+"&doris.pga=0.3", "rate"), "met"); got[0][0] != "37" {
		t.Fatalf("%v are in remission with a PGA below 0.3", got)
	}
	for _, tt := range []struct {
		query string
		less  bool
	}{{"", false}, {"&doris.pga=0.45", false}, {"&doris.pga=0.3", true}, {"&window=tp-m03%3D90..91", false}, {"&reinfusion=failure", false}} {
		if got := w.withholds(aggregator, path+tt.query); got != tt.less {
			t.Errorf("%s: less is told is %v", tt.query, got)
		}
	}
}
