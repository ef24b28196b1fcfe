package registry

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// The tables of fixtures/gen say who was in remission when: at month 3 all but one (SYN-P08, proteinuria), at month 6 one was
// called by telephone only (SYN-P07), at month 12 one had flared (SYN-P06), one was lost (SYN-P07) and one had died (SYN-P10).
func TestTheRateOfRemissionOfTheSampleCohort(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	got := pick(w.table(admin, "Patient/$outcome-rate", "rate"), "timepoint", "n", "met", "not-met", "not-evaluable", "not-assessed", "died", "not-due", "observed-n", "observed-rate", "imputed-n", "imputed-rate")
	want := [][]string{
		{"tp-m03", "9", "8", "1", "0", "0", "0", "0", "9", "0.888888888889", "9", "0.888888888889"},
		{"tp-m06", "9", "8", "0", "1", "0", "0", "0", "8", "1", "9", "0.888888888889"},
		{"tp-m12", "9", "6", "1", "0", "1", "1", "0", "7", "0.857142857143", "9", "0.666666666667"},
		{"tp-m24", "9", "0", "0", "0", "4", "1", "4", "0", "", "5", "0"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEachEndpointOfTheSampleCohortAtMonthThree(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	for endpoint, want := range map[string][]string{
		"doris-2021":               {"8", "1", "0", "0"},
		"doris-2021-off-treatment": {"8", "1", "0", "0"},
		"drug-free-remission":      {"8", "1", "0", "0"},
		"lldas":                    {"8", "1", "0", "0"}, // proteinuria is activity of a major organ
		"sledai-response-4":        {"9", "0", "0", "0"},
		"sri-4":                    {"0", "0", "9", "0"}, // there is no BILAG
		"crr":                      {"8", "1", "0", "0"},
		"prr":                      {"9", "0", "0", "0"},
	} {
		rows := w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03&endpoint="+endpoint, "rate")
		if diff := cmp.Diff([][]string{want}, pick(rows, "met", "not-met", "not-evaluable", "not-applicable")); diff != "" {
			t.Errorf("%s: %s", endpoint, diff)
		}
	}
}

func TestSurvivalOfTheSampleCohort(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	// One death on day 203 and one relapse on day 371; at 203 eight are followed, at 371 seven.
	curve := w.table(admin, "Patient/$time-to-event?endpoint=relapse-free-survival&grid=0", "curve")
	var drops [][]string
	last := "1"
	for _, r := range curve {
		if r["probability"] != last {
			drops = append(drops, []string{r["time"], r["at-risk"], r["probability"]})
			last = r["probability"]
		}
	}
	if diff := cmp.Diff([][]string{{"203", "8", "0.875"}, {"371", "7", "0.75"}}, drops); diff != "" {
		t.Error(diff)
	}
	for endpoint, want := range map[string][]string{
		"overall-survival":   {"9", "0", "1", "0", "8"},
		"first-doris":        {"9", "0", "9", "0", "0"},
		"b-cell-return":      {"9", "0", "8", "0", "1"},
		"drug-free-duration": {"8", "1", "2", "0", "6"}, // one never left hydroxychloroquine
	} {
		rows := w.table(admin, "Patient/$time-to-event?endpoint="+endpoint, "group")
		if diff := cmp.Diff([][]string{want}, pick(rows, "followed", "not-applicable", "events", "competing", "censored")); diff != "" {
			t.Errorf("%s: %s", endpoint, diff)
		}
	}
}

func TestToxicityByProductAndBiomarkersOfTheSampleCohort(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	got := pick(w.table(admin, "Patient/$toxicity?kind=crs", "toxicity"), "group", "n", "grade-0", "grade-1", "grade-2", "unknown", "any", "onset-median", "duration-median")
	want := [][]string{
		{"all", "9", "3", "5", "1", "0", "6", "3.5", "2.5"},
		{"mb-cart19-1", "3", "1", "2", "0", "0", "2", "3.5", "2.5"},
		{"obe-cel", "1", "0", "0", "1", "0", "1", "3", "3"},
		{"other-cd19", "5", "2", "3", "0", "0", "3", "4", "2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = pick(w.table(admin, "Patient/$biomarker?analyte=sledai-2k&timepoint=tp-base,tp-m03", "value"), "timepoint", "measured", "median", "min", "max", "change-median")
	if diff := cmp.Diff([][]string{{"tp-base", "9", "14", "8", "23", ""}, {"tp-m03", "9", "0", "0", "4", "-14"}}, got); diff != "" {
		t.Error(diff)
	}
	// Both centers measure against limits of their own, 100 and 15 IU/mL, so that only the ratio compares.
	got = pick(w.table(admin, "Patient/$biomarker?analyte=dsdna&scale=ratio&timepoint=tp-m03", "value"), "measured", "unit")
	if diff := cmp.Diff([][]string{{"9", "1"}}, got); diff != "" {
		t.Error(diff)
	}
	got = pick(w.table(admin, "Patient/$completeness?form=pga&timepoint=tp-m06", "form"), "group", "expected", "present", "share")
	if diff := cmp.Diff([][]string{{"all", "8", "7", "0.875"}, {"SYN-C1", "5", "5", "1"}, {"SYN-C2", "3", "2", "0.666666666667"}}, got); diff != "" {
		t.Error(diff)
	}
}

// The first infusions of the samples: SYN-P01 on 2023-01-17, SYN-P02 on 2023-06-20, SYN-P03 on 2023-10-10, SYN-P04 on 2023-11-21.
func TestStaysOnIntensiveCareCountIfTheyBeganWithinThirtyDaysOfTheInfusion(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	for n, e := range [][3]string{
		{"SYN-P01", "finished", "2023-01-17T08:00:00Z"}, // on its day
		{"SYN-P02", "finished", "2023-07-20"},           // on the last day
		{"SYN-P03", "finished", "2023-11-10"},           // a day too late
		{"SYN-P03", "finished", "2023-10-09"},           // a day too early
		{"SYN-P03", "cancelled", "2023-10-12"},          //nolint:misspell // as the code is written
		{"SYN-P03", "entered-in-error", "2023-10-12"},
		{"SYN-P03", "planned", "2023-10-12"},
		{"SYN-P04", "finished", "2023-12"}, // before or after the 21st
		{"SYN-P05", "in-progress", ""},
		{"SYN-P06", "finished", "2023"}, // unknown, and known by the next
		{"SYN-P06", "finished", "2023-03-20"},
	} {
		period := ""
		if e[2] != "" {
			period = `,"period":{"start":"` + e[2] + `"}`
		}
		id := "icu" + strconv.Itoa(n)
		w.must(w.ask(admin, "PUT", "Encounter/"+id, `{"resourceType":"Encounter","id":"`+id+`","status":"`+e[1]+`","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},
			"type":[{"coding":[{"system":"http://snomed.info/sct","code":"305351004"}]}],"subject":{"reference":"Patient/`+e[0]+`"}`+period+`}`))
	}
	got := pick(w.table(admin, "Patient/$toxicity?kind=crs&icu=Encounter?type%3Dhttp://snomed.info/sct%7C305351004", "icu"), "group", "n", "treated", "not-treated", "unknown", "treated-rate")
	want := [][]string{
		{"all", "9", "3", "4", "2", "0.428571428571"},
		{"mb-cart19-1", "3", "1", "2", "0", "0.333333333333"},
		{"obe-cel", "1", "0", "1", "0", "0"},
		{"other-cd19", "5", "2", "1", "2", "0.666666666667"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if rows := w.table(admin, "Patient/$toxicity?kind=crs", "icu"); len(rows) != 0 {
		t.Errorf("without icu: %v", rows)
	}
	for _, bad := range []string{"Patient?gender%3Dfemale", "Encounter", "Encounter?wolf%3D1", "Encounter?_count%3D1"} {
		if r := w.ask(admin, "GET", "Patient/$toxicity?icu="+bad, ""); r.Status != 400 || len(r.Issues) != 1 {
			t.Errorf("%s: %d %v", bad, r.Status, r.Issues)
		}
	}
}

func TestACohortAndItsStrataAreAnySearch(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	got := pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03&cohort=Patient?gender%3Dfemale", "rate"), "group", "n")
	if diff := cmp.Diff([][]string{{"all", "6"}}, got); diff != "" {
		t.Error(diff)
	}
	got = pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03&stratum=women%3DPatient?gender%3Dfemale", "rate"), "group", "n", "met")
	if diff := cmp.Diff([][]string{{"all", "9", "8"}, {"women", "6", "5"}, {"other", "3", "3"}}, got); diff != "" {
		t.Error(diff)
	}
	// Who is found by both counts in the first.
	got = pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03&stratum=women%3DPatient?gender%3Dfemale&stratum=older%3DPatient?birthdate%3Dlt2000", "rate"), "group", "n")
	if diff := cmp.Diff([]string{"all 9", "women 6"}, []string{got[0][0] + " " + got[0][1], got[1][0] + " " + got[1][1]}); diff != "" || got[2][0] != "older" {
		t.Errorf("%s: %v", diff, got)
	}
	has := "Patient?_has:Procedure:patient:code%3Dhttp://snomed.info/sct|1156961008%26organization%3DOrganization/SYN-CENTER-1"
	got = pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03&cohort="+has, "rate"), "n")
	if diff := cmp.Diff([][]string{{"5"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAnAggregateDoesNotUnderstandIsRefused(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	tests := []struct {
		name, path string
		caller     fhir.Caller
		code       fhir.Code
	}{
		{"an unknown parameter", "Patient/$outcome-rate?cohrt=x", admin, fhir.NotSupported},
		{"an unknown endpoint", "Patient/$outcome-rate?endpoint=cure", admin, fhir.Value},
		{"an unknown time point", "Patient/$outcome-rate?timepoint=tp-m03,tp-m07", admin, fhir.Value},
		{"a day that is none", "Patient/$outcome-rate?as-of=2024-02-30", admin, fhir.Value},
		{"a k that is no number", "Patient/$outcome-rate?k=many", admin, fhir.Value},
		{"a cohort given twice", "Patient/$outcome-rate?cohort=Patient&cohort=Patient", admin, fhir.Invalid},
		{"a cohort of something else", "Patient/$outcome-rate?cohort=Observation?code=x", admin, fhir.Value},
		{"a cohort with an unknown parameter", "Patient/$outcome-rate?cohort=Patient?sex%3Dfemale", admin, fhir.NotSupported},
		{"a cohort with a page", "Patient/$outcome-rate?cohort=Patient?_count%3D5", admin, fhir.NotSupported},
		{"values of assays that do not compare", "Patient/$biomarker?analyte=dsdna&scale=value", admin, fhir.BusinessRule},
		{"a stratum without label", "Patient/$outcome-rate?stratum=Patient?gender%3Dfemale", admin, fhir.Value},
		{"a stratum with a label that is taken", "Patient/$outcome-rate?stratum=other%3DPatient?gender%3Dfemale", admin, fhir.Value},
		{"an aggregator that searches", "Patient?gender=female", aggregator, fhir.Forbidden},
		{"an aggregator that counts", "Patient?_summary=count", aggregator, fhir.Forbidden},
		{"an aggregator that asks for one patient", "Patient/SYN-P01/$assess", aggregator, fhir.Forbidden},
		{"a reader that writes outcomes", "Patient/SYN-P01/$assess?persist=true", reader, fhir.NotSupported},
		{"one who is not there", "Patient/nobody/$assess", admin, fhir.NotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, _, _ := w.store.Head(t.Context())
			r := w.ask(tt.caller, "GET", tt.path, "")
			if len(r.Issues) == 0 || r.Issues[0].Code != tt.code || r.Body != nil {
				t.Errorf("%d %v, want %s", r.Status, r.Issues, tt.code)
			}
			if after, _, _ := w.store.Head(t.Context()); after != before {
				t.Error("something was written")
			}
		})
	}
}

func TestParametersCanBePostedAndComeBackValid(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	body := `{"resourceType":"Parameters","parameter":[{"name":"endpoint","valueCode":"lldas"},{"name":"timepoint","valueCode":"tp-m03"},{"name":"as-of","valueDate":"2025-06-01"},{"name":"k","valueInteger":5}]}`
	r := w.must(w.ask(admin, "POST", "Patient/$outcome-rate", body))
	tr, err := tree.Parse(r.Body, tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	// A Parameters has no endpoint, so a Bundle carries it past the checker.
	w.must(w.ask(admin, "POST", "Bundle", `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:3fdc72f4-a11d-4a9d-9260-a9f745779e1d","resource":`+string(tr.Bytes())+`}]}`))
	for _, want := range []string{`"valueCode":"masked"`, `"name":"moment","valueString":"`, `"valueDate":"2025-06-01"`} {
		if !strings.Contains(string(r.Body), want) {
			t.Errorf("%s is not in %s", want, r.Body)
		}
	}
}

func TestTheOperationsStandInTheCapabilitiesAndHaveDefinitions(t *testing.T) {
	w := newWorld(t, Options{})
	statement := string(w.must(w.ask(admin, "GET", "metadata", "")).Body)
	definitions := Definitions()
	for _, name := range []string{"assess", "outcome-rate", "time-to-event", "toxicity", "biomarker", "completeness"} {
		if want := `{"name":"` + name + `","definition":"` + canonicalOf(name) + `"}`; !strings.Contains(statement, want) {
			t.Errorf("%s is not in the CapabilityStatement", want)
		}
		w.must(w.ask(admin, "PUT", "OperationDefinition/"+name, string(definitions[name])))
	}
	if len(definitions) != 6 {
		t.Errorf("%d definitions", len(definitions))
	}
}
