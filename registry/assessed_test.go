package registry

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/term"
)

// consent stores a Consent of the first of the crowd.
func (w *world) consent(id, status, scope, given, provision string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "Consent/"+id, `{"resourceType":"Consent","id":"`+id+`","status":"`+status+`","scope":{"text":"`+scope+`"},"category":[{"text":"x"}],"patient":{"reference":"Patient/c000"},"dateTime":"`+given+`","provision":{`+provision+`}}`))
}

// ruled makes the only consent of the first of the crowd one of a policy, with what its provision tells.
func (w *world) ruled(policy, provision string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "Consent/c000", `{"resourceType":"Consent","id":"c000","status":"active","scope":{"text":"x"},"category":[{"text":"x"}],"patient":{"reference":"Patient/c000"},
		"policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"`+policy+`"}]}`+provision+`}`))
}

// scoped makes the only consent of the first of the crowd one of a scope of HL7.
func (w *world) scoped(code string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "Consent/c000", `{"resourceType":"Consent","id":"c000","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"`+code+`"}]},"category":[{"text":"x"}],"patient":{"reference":"Patient/c000"}}`))
}

func TestWhoWithdrewLeavesAssessToo(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(2, func(int) bool { return false })
	w.consent("left", "inactive", "research", "2022-01-01", `"type":"deny","period":{"start":"2024-06-01"}`)
	if diff := cmp.Diff([][]string{{"1"}}, pick(w.table(admin, "Patient/$assess", "about"), "patients")); diff != "" {
		t.Errorf("of all: %s", diff)
	}
	for _, request := range [][2]string{{"GET", "Patient/c000/$assess"}, {"POST", "Patient/c000/$assess?persist=true"}} {
		if r := w.ask(admin, request[0], request[1], ""); r.Status != 422 {
			t.Errorf("%s %s: %d %s", request[0], request[1], r.Status, r.Body)
		}
	}
	w.must(w.ask(admin, "POST", "Patient/$assess?persist=true", ""))
	for _, o := range w.observations("Observation?subject=Patient/c000&_count=100") {
		if id := o.Member("id").Text(); strings.HasPrefix(id, idPrefix) {
			t.Errorf("%s was written", id)
		}
	}
}

func TestAWithdrawalStandsUntilAYoungerConsent(t *testing.T) {
	const permits, denies = `"type":"permit"`, `"type":"deny"`
	for _, tt := range []struct {
		name   string
		write  func(w *world)
		counts bool
	}{
		{"an older active consent beside one that was withdrawn", func(w *world) {
			w.consent("c000", "active", "research", "2021-01-01", permits)
			w.consent("new", "inactive", "research", "2022-01-01", denies)
		}, false},
		{"the same with the day of the withdrawal", func(w *world) {
			w.consent("c000", "active", "research", "2023-01-01", permits)
			w.consent("new", "inactive", "research", "2022-01-01", denies+`,"period":{"start":"2024-01-01"}`)
		}, false},
		{"a consent that was given again", func(w *world) {
			w.consent("c000", "inactive", "research", "2021-01-01", denies)
			w.consent("new", "active", "research", "2022-01-01", permits)
		}, true},
		{"a consent that was given again in the month of the withdrawal", func(w *world) {
			w.consent("c000", "inactive", "research", "2022-01-05", denies)
			w.consent("new", "active", "research", "2022-01", permits)
		}, false},
		{"a consent that was replaced", func(w *world) {
			w.consent("c000", "inactive", "research", "2021-01-01", permits)
			w.consent("new", "active", "research", "2022-01-01", permits)
		}, true},
		{"a younger consent that was terminated", func(w *world) {
			w.consent("c000", "active", "research", "2021-01-01", permits)
			w.consent("new", "inactive", "research", "2022-01-01", permits)
		}, false},
		{"a younger consent to something else that was terminated", func(w *world) {
			w.consent("c000", "active", "research", "2021-01-01", permits)
			w.consent("new", "inactive", "treatment", "2022-01-01", permits)
		}, true},
		{"an older consent that still denies", func(w *world) {
			w.consent("c000", "active", "research", "2022-01-01", permits)
			w.consent("new", "active", "research", "2021-01-01", denies)
		}, false},
		{"a refusal", func(w *world) {
			w.consent("c000", "active", "research", "2021-01-01", permits)
			w.consent("new", "rejected", "research", "2022-01-01", permits)
		}, false},
		{"a consent that has ended", func(w *world) {
			w.consent("c000", "active", "research", "2021-01-01", permits+`,"period":{"start":"2021-01-01","end":"2025-12-31"}`)
		}, false},
		{"a consent that ends today", func(w *world) {
			w.consent("c000", "active", "research", "2021-01-01", permits+`,"period":{"end":"2026-01"}`)
		}, true},
		{"a consent that has ended and one that goes on", func(w *world) {
			w.consent("c000", "active", "research", "2021-01-01", permits+`,"period":{"end":"2025-12-31"}`)
			w.consent("new", "active", "research", "2021-01-01", permits)
		}, true},
		{"one that permits from tomorrow on", func(w *world) {
			w.consent("c000", "active", "research", "2021-01-01", permits+`,"period":{"start":"2026-01-02"}`)
		}, false},
		{"one that permits from today on", func(w *world) {
			w.consent("c000", "active", "research", "2021-01-01", permits+`,"period":{"start":"2026-01-01"}`)
		}, true},
		{"one that permits from tomorrow on beside one that goes on", func(w *world) {
			w.consent("c000", "active", "research", "2021-01-01", permits)
			w.consent("new", "active", "research", "2021-01-01", permits+`,"period":{"start":"2026-01-02"}`)
		}, true},
		{"an opt-out", func(w *world) { w.ruled("OPTOUT", "") }, false},
		{"an opt-out with exceptions", func(w *world) { w.ruled("OPTOUTE", `,"provision":{"provision":[{"type":"permit"}]}`) }, false},
		{"sharing in an emergency only", func(w *world) { w.ruled("EMRGONLY", "") }, false},
		{"an opt-in", func(w *world) { w.ruled("OPTIN", "") }, true},
		{"an opt-in but for someone", func(w *world) {
			w.ruled("OPTIN", `,"provision":{"provision":[{"type":"deny","actor":[{"role":{"text":"x"},"reference":{"display":"an aunt"}}]}]}`)
		}, true},
		{"an opt-in but for everybody", func(w *world) { w.ruled("OPTIN", `,"provision":{"provision":[{"type":"deny"}]}`) }, false},
		{"an opt-in but for everybody from some day on", func(w *world) {
			w.ruled("OPTIN", `,"provision":{"provision":[{"type":"deny","period":{"start":"2024-01-01"}}]}`)
		}, false},
		{"an advance directive alone", func(w *world) { w.scoped("adr") }, false},
		{"a consent to treatment alone", func(w *world) { w.scoped("treatment") }, false},
		{"a consent to research", func(w *world) { w.scoped("research") }, true},
		{"a consent to the use of data", func(w *world) { w.scoped("patient-privacy") }, true},
		{"a proposal", func(w *world) {
			w.consent("c000", "active", "research", "2021-01-01", permits)
			w.consent("new", "proposed", "research", "2022-01-01", permits)
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{})
			w.crowd(1, func(int) bool { return false })
			tt.write(w)
			want := map[bool]string{true: "1", false: "0"}[tt.counts]
			if diff := cmp.Diff([][]string{{want}}, pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03", "rate"), "n")); diff != "" {
				t.Error(diff)
			}
			w.same("of all", w.told("$assess?endpoint=doris-2021", "about", "patients"), []string{want})
		})
	}
}

func TestWhatDidNotChangeKeepsItsProvenance(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	const persist = "Patient/c000/$assess?persist=true&endpoint=doris-2021,lldas,drug-free-remission,sledai-response-4"
	w.must(w.ask(admin, "POST", persist, ""))
	origins := func() map[string]int {
		n := map[string]int{}
		for _, o := range w.observations("Observation?subject=Patient/c000&_count=100") {
			if id := o.Member("id").Text(); strings.HasPrefix(id, idPrefix) {
				code := o.Member("code").Member("coding").Item(0).Member("code").Text()
				n[code] = len(w.observations("Provenance?target=Observation/" + id))
			}
		}
		return n
	}
	if diff := cmp.Diff(map[string]int{"doris-2021": 1, "lldas": 1, "drug-free-remission": 1, "sledai-response-4": 1}, origins()); diff != "" {
		t.Errorf("at first: %s", diff)
	}
	w.observe("c000-gc", "c000", "2024-03-31", `"code":`+local("gc-dose")+`,"valueQuantity":{"value":2}`)
	w.must(w.ask(admin, "POST", persist, ""))
	if diff := cmp.Diff(map[string]int{"doris-2021": 2, "lldas": 1, "drug-free-remission": 2, "sledai-response-4": 1}, origins()); diff != "" {
		t.Errorf("after a dose was corrected: %s", diff)
	}
}

// visit stores an assessment of the first of the crowd without activity.
func (w *world) visit(on string) {
	w.t.Helper()
	var items []string
	for _, i := range sledaiItems() {
		items = append(items, `{"code":`+i+`,"valueBoolean":false}`)
	}
	w.observe("sledai-"+on, "c000", on, `"code":`+local("sledai-2k")+`,"component":[`+strings.Join(items, ",")+`]`)
	w.observe("pga-"+on, "c000", on, `"code":`+local("pga")+`,"valueQuantity":{"value":0}`)
	w.observe("gc-"+on, "c000", on, `"code":`+local("gc-dose")+`,"valueQuantity":{"value":0}`)
}

func (w *world) cd19(on, count string) {
	w.t.Helper()
	w.observe("cd19-"+on, "c000", on, `"code":{"coding":[{"system":"http://loinc.org","code":"8116-6"}]},"valueQuantity":{"value":`+count+`,"code":"/uL"}`)
}

// The infusion is of 2024-01-01, the first assessment of day 90.
func TestAnOutcomeIsOfTheLastInfusionBeforeIt(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.infuse("again", "c000", "2024-07-19")
	w.visit("2024-07-19") // of the first: it is seen before the cells are given
	w.visit("2024-10-17") // day 90 of the second
	for on, n := range map[string]string{"2024-01-31": "0", "2024-03-01": "0", "2024-08-20": "0", "2024-09-20": "30", "2024-10-20": "40"} {
		w.cd19(on, n)
	}
	want := [][]string{
		{"2024-03-31", "90", "tp-m03", "Procedure/c000"}, {"2024-07-19", "200", "tp-m06", "Procedure/c000"}, {"2024-10-17", "90", "tp-m03", "Procedure/again"},
	}
	if diff := cmp.Diff(want, pick(w.table(admin, "Patient/c000/$assess?endpoint=doris-2021", "outcome"), "date", "day", "timepoint", "focus")); diff != "" {
		t.Error(diff)
	}
	var met [][]string
	for _, r := range w.table(admin, "Patient/c000/$assess?endpoint=b-cell-reconstitution", "outcome") {
		if r["result"] == "criterion-met" {
			met = append(met, []string{r["date"], r["day"], r["focus"]})
		}
	}
	if diff := cmp.Diff([][]string{{"2024-09-20", "63", "Procedure/again"}}, met); diff != "" {
		t.Errorf("the return of B cells: %s", diff)
	}
	w.must(w.ask(admin, "POST", "Patient/c000/$assess?persist=true&endpoint=doris-2021,b-cell-reconstitution", ""))
	for focus, want := range map[string]int{"c000": 2, "again": 1} {
		if got := w.observations("Observation?code=" + "http://example.org/fhir/sle-cart/CodeSystem/sle-cart|doris-2021&focus=Procedure/" + focus); len(got) != want {
			t.Errorf("%d are of %s", len(got), focus)
		}
	}
}

func TestTheBaselineOfASecondInfusionIsItsOwn(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return true })
	w.infuse("again", "c000", "2024-07-19")
	w.observe("before", "c000", "2024-07-10", `"code":`+local("sledai-2k")+`,"valueQuantity":{"value":12}`)
	w.visit("2024-10-17")
	var inputs []string
	for _, r := range w.table(admin, "Patient/c000/$assess?endpoint=sledai-response-4", "criterion") {
		inputs = append(inputs, r["code"]+" "+r["inputs"])
	}
	if !strings.Contains(strings.Join(inputs, ";"), "criterion-active-baseline sledai-2k-baseline=12 (Observation/before)") {
		t.Errorf("%q", inputs)
	}
}

func TestOnlyTheNearestAssessmentOfAWindowStandsForItsTimePoint(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.visit("2024-06-19") // day 170
	w.visit("2024-07-09") // day 190, as near as the other, and later
	w.must(w.ask(admin, "POST", "Patient/c000/$assess?persist=true&endpoint=doris-2021", ""))
	got := map[string]bool{}
	for _, o := range w.observations("Observation?subject=Patient/c000&code=http://example.org/fhir/sle-cart/CodeSystem/sle-cart|doris-2021") {
		got[o.Member("effectiveDateTime").Text()] = o.Member("extension").Len() > 0
	}
	if diff := cmp.Diff(map[string]bool{"2024-03-31": true, "2024-06-19": false, "2024-07-09": true}, got); diff != "" {
		t.Error(diff)
	}
	rows := pick(w.table(admin, "Patient/c000/$assess?endpoint=doris-2021", "outcome"), "day", "timepoint")
	if diff := cmp.Diff([][]string{{"90", "tp-m03"}, {"170", ""}, {"190", "tp-m06"}}, rows); diff != "" {
		t.Error(diff)
	}
}

// stated stores what a clinician says of an outcome of the first of the crowd.
func (w *world) stated(id, endpoint, on, result string) {
	w.t.Helper()
	w.observe(id, "c000", on, `"code":`+local(endpoint)+`,"valueCodeableConcept":`+local(result)+`,"method":`+local("method-clinician"))
}

// The infusion is of 2024-01-01, the assessment of 2024-03-31.
func TestAClinicianDisagreesWithinTheVisit(t *testing.T) {
	for _, tt := range []struct{ on, result, want string }{
		{"2024-03-31", "criterion-not-met", "Observation/s"},
		{"2024-04-07", "criterion-not-met", "Observation/s"},
		{"2024-03-24", "criterion-not-met", "Observation/s"},
		{"2024-04-08", "criterion-not-met", ""},
		{"2024-03-23", "criterion-not-met", ""},
		{"2024-04-01", "criterion-met", ""},
		{"2024-04-01", "not-evaluable", ""},
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		w.stated("s", "doris-2021", tt.on, tt.result)
		if got := w.table(admin, "Patient/c000/$assess?endpoint=doris-2021", "outcome")[0]["disagrees-with"]; got != tt.want {
			t.Errorf("%s on %s: %q, want %q", tt.result, tt.on, got, tt.want)
		}
	}
}

func TestAStatementIsOfTheNearerOfTwoVisits(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.visit("2024-04-06")
	w.stated("s", "doris-2021", "2024-04-04", "criterion-not-met")
	want := [][]string{{"2024-03-31", "", ""}, {"2024-04-06", "Observation/s", "2024-04-04"}}
	if diff := cmp.Diff(want, pick(w.table(admin, "Patient/c000/$assess?endpoint=doris-2021", "outcome"), "date", "disagrees-with", "clinician-date")); diff != "" {
		t.Error(diff)
	}
}

func TestARelapseThatOnlyAClinicianSawIsFlagged(t *testing.T) {
	for _, tt := range []struct {
		name, on, result string
		relapses         bool
		want             string
	}{
		{"stated, not computed", "2024-05-01", "criterion-met", false, "Observation/s"},
		{"stated after the last assessment", "2025-05-01", "criterion-met", false, "Observation/s"},
		{"stated before the infusion", "2023-05-01", "criterion-met", false, ""},
		{"denied, not computed", "2024-06-29", "criterion-not-met", false, ""},
		{"stated as computed", "2024-07-05", "criterion-met", true, ""},
		{"stated earlier than computed", "2024-05-01", "criterion-met", true, "Observation/s"},
		{"stated later than computed", "2024-12-01", "criterion-met", true, "Observation/s"},
		{"denied, computed", "2024-07-05", "criterion-not-met", true, "Observation/s"},
		{"denied at another visit", "2024-05-05", "criterion-not-met", true, ""},
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		w.visit("2024-06-29")
		if tt.relapses {
			w.observe("pga-2024-06-29", "c000", "2024-06-29", `"code":`+local("pga")+`,"valueQuantity":{"value":2}`)
		}
		w.stated("s", "relapse", tt.on, tt.result)
		r := w.table(admin, "Patient/c000/$assess?endpoint=relapse", "outcome")[0]
		if (r["result"] == "criterion-met") != tt.relapses || r["disagrees-with"] != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, r, tt.want)
		}
	}
}

func TestHowLongATherapyMustLastToBeStableIsAParameter(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.must(w.ask(admin, "PUT", "MedicationStatement/new", `{"resourceType":"MedicationStatement","id":"new","status":"active","subject":{"reference":"Patient/c000"},"medicationCodeableConcept":`+local("azathioprine")+`,"effectivePeriod":{"start":"2024-03-11"}}`)) // 20 days before
	for query, want := range map[string][]string{"": {"0", "1", "30"}, "&doris.stable-days=20": {"1", "0", "20"}, "&doris.stable-days=21": {"0", "1", "21"}, "&doris.stable-days=0": {"1", "0", "0"}} {
		path := "Patient/$outcome-rate?timepoint=tp-m03" + query
		got := pick(w.table(admin, path, "rate"), "met", "not-met")[0]
		for _, r := range w.table(admin, path, "rule") {
			if r["name"] == "doris.stable-days" {
				got = append(got, r["value"])
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
}

// line is an outcome with its criteria below it.
func (w *world) line(path string) (outcome row, criteria map[string]string) {
	w.t.Helper()
	outcomes := w.table(admin, path, "outcome")
	if len(outcomes) != 1 {
		w.t.Fatalf("%s: %d outcomes", path, len(outcomes))
	}
	criteria = map[string]string{}
	for _, r := range w.table(admin, path, "criterion") {
		criteria[r["code"]] = strings.TrimSpace(r["truth"] + " " + r["inputs"])
	}
	return outcomes[0], criteria
}

// The infusion is of 2024-01-01, the assessment of 2024-03-31.
func TestARelapseIsToldWithItsCriteriaWhetherThereWasOneOrNot(t *testing.T) {
	const path = "Patient/c000/$assess?endpoint=relapse"
	for _, tt := range []struct {
		name   string
		active bool
		pga    string // of a second assessment; "" for none
		result []string
		want   map[string]string
	}{
		{"one assessment, in remission", false, "", []string{"criterion-not-met", "2024-03-31"}, map[string]string{
			"criterion-doris": "yes csledai-2k=0 (Observation/c000-sledai), pga=0.2 (Observation/c000-pga), gc-dose=0 (Observation/c000-gc), therapy-stable=yes",
		}},
		{"still well", false, "0", []string{"criterion-not-met", "2024-06-29"}, map[string]string{
			"criterion-doris": "yes csledai-2k=0 (Observation/c000-sledai), pga=0.2 (Observation/c000-pga), gc-dose=0 (Observation/c000-gc), therapy-stable=yes",
			"reason-csledai":  "no csledai-2k=0 (Observation/sledai-2024-06-29)", "reason-pga": "no pga=0 (Observation/pga-2024-06-29)", "reason-gc": "no gc-dose=0 (Observation/gc-2024-06-29)",
			"reason-restart": "no restarted=no", "reason-b-cell-therapy": "no retreated=no",
		}},
		{"a relapse", false, "2", []string{"criterion-met", "2024-06-29"}, map[string]string{
			"criterion-doris": "yes csledai-2k=0 (Observation/c000-sledai), pga=0.2 (Observation/c000-pga), gc-dose=0 (Observation/c000-gc), therapy-stable=yes",
			"reason-csledai":  "no csledai-2k=0 (Observation/sledai-2024-06-29)", "reason-pga": "yes pga=2 (Observation/pga-2024-06-29)", "reason-gc": "no gc-dose=0 (Observation/gc-2024-06-29)",
			"reason-restart": "no restarted=no", "reason-b-cell-therapy": "no retreated=no",
		}},
		{"never in remission", true, "", []string{"not-evaluable", "2024-03-31"}, map[string]string{
			"criterion-doris": "no csledai-2k=4 (Observation/c000-sledai), pga=0.2 (Observation/c000-pga), gc-dose=0 (Observation/c000-gc), therapy-stable=yes",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{})
			w.crowd(1, func(int) bool { return tt.active })
			if tt.pga != "" {
				w.visit("2024-06-29")
				w.observe("pga-2024-06-29", "c000", "2024-06-29", `"code":`+local("pga")+`,"valueQuantity":{"value":`+tt.pga+`}`)
			}
			r, criteria := w.line(path)
			if diff := cmp.Diff(tt.result, []string{r["result"], r["date"]}); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.want, criteria); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheReturnOfBCellsIsToldWithItsSamplesWhetherTheyAreBackOrNot(t *testing.T) {
	const path = "Patient/c000/$assess?endpoint=b-cell-reconstitution"
	for _, tt := range []struct {
		name    string
		samples [][2]string
		result  []string
		want    map[string]string
	}{
		{"no sample", nil, []string{"not-evaluable", "0"}, map[string]string{"b-cell-aplasia": "unknown", "criterion-b-cells-back": "unknown"}},
		{"never gone", [][2]string{{"2024-01-31", "50"}}, []string{"not-evaluable", "30"}, map[string]string{
			"b-cell-aplasia": "no cd19=50 (Observation/cd19-2024-01-31)", "criterion-b-cells-back": "unknown cd19=50 (Observation/cd19-2024-01-31)",
		}},
		{"gone", [][2]string{{"2024-01-31", "0"}, {"2024-03-01", "2"}}, []string{"criterion-not-met", "60"}, map[string]string{
			"b-cell-aplasia": "yes cd19=2 (Observation/cd19-2024-03-01)", "criterion-b-cells-back": "no cd19=2 (Observation/cd19-2024-03-01)",
		}},
		{"back", [][2]string{{"2024-01-31", "0"}, {"2024-03-01", "20"}, {"2024-03-31", "30"}}, []string{"criterion-met", "60"}, map[string]string{
			"b-cell-aplasia": "yes cd19=0 (Observation/cd19-2024-01-31)", "criterion-b-cells-back": "yes cd19=20 (Observation/cd19-2024-03-01)",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{})
			w.crowd(1, func(int) bool { return false })
			for _, s := range tt.samples {
				w.cd19(s[0], s[1])
			}
			r, criteria := w.line(path)
			if diff := cmp.Diff(tt.result, []string{r["result"], r["day"]}); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.want, criteria); diff != "" {
				t.Error(diff)
			}
			w.must(w.ask(admin, "POST", path+"&persist=true", ""))
			written := len(w.observations("Observation?code=http://example.org/fhir/sle-cart/CodeSystem/sle-cart|b-cell-reconstitution"))
			if (written == 1) != (tt.result[0] == "criterion-met") {
				t.Errorf("%d are written", written)
			}
		})
	}
}

// bilag stores the grades of BILAG-2004 in the order of its form.
func (w *world) bilag(on, letters string) {
	w.t.Helper()
	var parts []string
	for k := range letters {
		parts = append(parts, `{"code":`+local(term.BilagCode(k))+`,"valueCodeableConcept":`+local(letters[k:k+1])+`}`)
	}
	w.observe("bilag-"+on, "c000", on, `"code":`+local("bilag-2004")+`,"component":[`+strings.Join(parts, ",")+`]`)
}

func TestSRI4IsMetWhereBILAGIsStored(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.observe("base", "c000", "2023-12-20", `"code":`+local("sledai-2k")+`,"valueQuantity":{"value":12}`)
	w.observe("base-pga", "c000", "2023-12-20", `"code":`+local("pga")+`,"valueQuantity":{"value":2}`)
	rate := func(query string) []string {
		return pick(w.table(admin, "Patient/$outcome-rate?endpoint=sri-4&timepoint=tp-m03"+query, "rate"), "met", "not-met", "not-evaluable")[0]
	}
	if diff := cmp.Diff([]string{"0", "0", "1"}, rate("")); diff != "" {
		t.Errorf("without BILAG: %s", diff)
	}
	w.bilag("2023-12-20", "BCCAEEEAE")
	for _, tt := range []struct {
		now, query string
		want       []string
	}{
		{"CCCCEEECE", "", []string{"1", "0", "0"}},
		{"BBCCEEECE", "", []string{"1", "0", "0"}},
		{"BBBCEEECE", "", []string{"0", "1", "0"}},
		{"BBBCEEECE", "&response.new-b=2", []string{"1", "0", "0"}},
		{"ACCCEEECE", "", []string{"0", "1", "0"}},
		{"ACCCEEECE", "&response.new-a=1", []string{"1", "0", "0"}},
		{"CCCCEEEC", "", []string{"0", "0", "1"}}, // one is not told
		{"CCCCEEAC", "", []string{"0", "1", "0"}},
	} {
		w.bilag("2024-04-02", tt.now)
		if diff := cmp.Diff(tt.want, rate(tt.query)); diff != "" {
			t.Errorf("%s%s: %s", tt.now, tt.query, diff)
		}
	}
	_, criteria := w.line("Patient/c000/$assess?endpoint=sri-4")
	if want := "no bilag-new-a=>=1, bilag-new-b=>=0, bilag-constitutional-baseline=B (Observation/bilag-2023-12-20), bilag-constitutional=C (Observation/bilag-2024-04-02)"; !strings.HasPrefix(criteria["criterion-bilag"], want) {
		t.Errorf("%s, want %s", criteria["criterion-bilag"], want)
	}
	w.must(w.ask(admin, "DELETE", "Observation/bilag-2024-04-02", ""))
	for k, letter := range strings.Split("CCCCEEECE", "") {
		w.observe("one-"+term.BilagCode(k), "c000", "2024-03-31", `"code":`+local(term.BilagCode(k))+`,"valueString":"`+letter+`"`)
	}
	if diff := cmp.Diff([]string{"1", "0", "0"}, rate("")); diff != "" {
		t.Errorf("one Observation of each system: %s", diff)
	}
}

func TestAReturnOfBCellsThatNoLongerFollowsIsWithdrawn(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	for on, n := range map[string]string{"2024-01-31": "0", "2024-09-20": "30", "2024-10-20": "40"} {
		w.cd19(on, n)
	}
	const persist = "Patient/c000/$assess?persist=true&endpoint=b-cell-reconstitution"
	status := func() []string {
		var l []string
		for _, o := range w.observations("Observation?code=http://example.org/fhir/sle-cart/CodeSystem/sle-cart|b-cell-reconstitution") {
			l = append(l, o.Member("status").Text())
		}
		return l
	}
	for _, tt := range []struct {
		before func()
		want   string
	}{
		{func() {}, "final"},
		{func() { w.infuse("again", "c000", "2024-07-19") }, "entered-in-error"},
		{func() {}, "entered-in-error"},
		{func() { w.must(w.ask(admin, "DELETE", "Procedure/again", "")) }, "final"},
	} {
		tt.before()
		w.must(w.ask(admin, "POST", persist, ""))
		if diff := cmp.Diff([]string{tt.want}, status()); diff != "" {
			t.Error(diff)
		}
	}
	w.must(w.ask(admin, "POST", persist, ""))
	if got := w.must(w.ask(admin, "POST", persist, "")); !strings.Contains(string(got.Body), `{"name":"withdrawn","valueInteger":0}`) {
		t.Errorf("%s", got.Body)
	}
}
