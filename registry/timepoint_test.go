package registry

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The LOINC codes of what is measured here.
const (
	upcr = "2890-2"
	egfr = "98979-8"
	c3   = "4485-9"
)

// measure stores a laboratory value of a patient of the crowd, with more members of the Observation.
func (w *world) measure(patient, on, loinc, value, unit string, more ...string) {
	w.t.Helper()
	rest := `"code":{"coding":[{"system":"http://loinc.org","code":"` + loinc + `"}]},"valueQuantity":{"value":` + value + `,"code":"` + unit + `"}`
	for _, m := range more {
		rest += "," + m
	}
	w.observe(patient+"-"+loinc+"-"+on, patient, on, rest)
}

// score stores a reading with a local code.
func (w *world) score(patient, on, code, value string) {
	w.t.Helper()
	w.observe(patient+"-"+code+"-"+on, patient, on, `"code":`+local(code)+`,"valueQuantity":{"value":`+value+`}`)
}

// sledai stores an assessment: the items that are present, without those that are not known, and more members.
func (w *world) sledai(patient, on string, present, unknown []string, more ...string) {
	w.t.Helper()
	rest := `"code":` + local("sledai-2k")
	for _, m := range more {
		rest += "," + m
	}
	parts := ""
	for _, i := range items() {
		if !slices.Contains(unknown, i) {
			parts += fmt.Sprintf(`,{"code":%s,"valueBoolean":%v}`, local(i), slices.Contains(present, i))
		}
	}
	w.observe(patient+"-sledai-"+on, patient, on, rest+`,"component":[`+parts[1:]+`]`)
}

// gone deletes what the crowd has: sledai, pga, gc.
func (w *world) gone(ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		w.must(w.ask(admin, "DELETE", "Observation/"+id, ""))
	}
}

// told asks an aggregate of the crowd and returns some columns of the lines of one name.
func (w *world) told(path, line string, columns ...string) [][]string {
	w.t.Helper()
	return pick(w.table(admin, "Patient/"+path, line), columns...)
}

func (w *world) same(name string, got [][]string, want ...[]string) {
	w.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s: %s", name, diff)
	}
}

func TestWhatADayInTheFutureOrATimePointGivenTwiceWouldTellIsRefused(t *testing.T) {
	w := newWorld(t, Options{}) // it is 2026-01-01
	w.crowd(1, func(int) bool { return false })
	for path, want := range map[string]string{
		"Patient/$outcome-rate?as-of=2026-01-02":                    "as-of: 2026-01-02 is in the future, and no window that is open can be closed by asking",
		"Patient/$time-to-event?as-of=2035-01-01":                   "as-of: 2035-01-01 is in the future, and no window that is open can be closed by asking",
		"Patient/$outcome-rate?timepoint=tp-m03,tp-m03":             "timepoint: tp-m03 is given more than once",
		"Patient/$biomarker?timepoint=tp-base&timepoint=tp-base":    "timepoint: tp-base is given more than once",
		"Patient/$completeness?form=pga,c3,pga":                     "form: pga is given more than once",
		"Patient/$assess?endpoint=lldas,doris-2021&endpoint=lldas":  "endpoint: lldas is given more than once",
		"Patient/$biomarker?analyte=sledai-2k&scale=ratio":          "scale: a score such as sledai-2k has no limit of a laboratory that a ratio could be to",
		"Patient/$biomarker?analyte=pga&limit=low":                  "limit: nothing is compared with the limit of a laboratory; ask for scale=ratio of a laboratory value",
		"Patient/$biomarker?analyte=c3&limit=low":                   "limit: nothing is compared with the limit of a laboratory; ask for scale=ratio of a laboratory value",
		"Patient/$biomarker?analyte=c3&limit=low&scale=value":       "limit: nothing is compared with the limit of a laboratory; ask for scale=ratio of a laboratory value",
		"Patient/$biomarker?analyte=gc-dose&limit=high&scale=value": "limit: nothing is compared with the limit of a laboratory; ask for scale=ratio of a laboratory value",
	} {
		r := w.askFor(admin, path, "")
		if r.Status != http.StatusBadRequest || len(r.Issues) != 1 || r.Issues[0].Text != want {
			t.Errorf("%s: %d %v, want %s", path, r.Status, r.Issues, want)
		}
	}
	w.must(w.ask(admin, "GET", "Patient/$outcome-rate?as-of=2026-01-01", ""))
}

func TestPGAAndDoseOfAVisitWithoutSLEDAIAreTold(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.score("c000", "2023-12-20", "pga", "2.1")
	w.score("c000", "2024-06-29", "pga", "0.3") // day 180
	w.score("c000", "2024-06-20", "gc-dose", "4")
	w.score("c000", "2024-06-01", "gc-dose", "7.5") // not the nearest
	const at = "&timepoint=tp-base,tp-m03,tp-m06,tp-m09"
	w.same("PGA", w.told("$biomarker?analyte=pga"+at, "value", "measured", "not-measured", "median", "change-median"),
		[]string{"1", "0", "2.1", ""}, []string{"1", "0", "0.2", "-1.9"}, []string{"1", "0", "0.3", "-1.8"}, []string{"0", "1", "", ""})
	w.same("dose", w.told("$biomarker?analyte=gc-dose"+at, "value", "measured", "unit", "median", "change-n"),
		[]string{"0", "mg/d", "", "0"}, []string{"1", "mg/d", "0", "0"}, []string{"1", "mg/d", "4", "0"}, []string{"0", "mg/d", "", "0"})
	w.same("completeness", w.told("$completeness?form=pga,gc-dose,sledai-2k&timepoint=tp-m06&stratum=x%3DPatient", "form", "form", "group", "present", "missing"),
		[]string{"pga", "all", "1", "0"}, []string{"pga", "x", "1", "0"}, []string{"gc-dose", "all", "1", "0"}, []string{"gc-dose", "x", "1", "0"},
		[]string{"sledai-2k", "all", "0", "1"}, []string{"sledai-2k", "x", "0", "1"})
	w.same("until a day", w.told("$biomarker?analyte=pga&timepoint=tp-m06&as-of=2024-06-28", "value", "measured"), []string{"0"})
}

func TestAnIncompleteSLEDAIIsCountedApartFromNone(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(4, func(k int) bool { return k == 0 })
	w.sledai("c001", "2024-03-30", nil, []string{"sledai-2k-low-complement"})
	w.sledai("c002", "2024-03-31", nil, []string{"sledai-2k-fever"})
	w.gone("c001-sledai", "c002-sledai", "c003-sledai")
	parts := []string{"measured", "not-evaluable", "not-measured", "median"}
	w.same("SLEDAI-2K", w.told("$biomarker?analyte=sledai-2k&timepoint=tp-m03", "value", parts...), []string{"1", "2", "1", "4"})
	w.same("its clinical part", w.told("$biomarker?analyte=csledai-2k&timepoint=tp-m03", "value", parts...), []string{"2", "1", "1", "2"})
}

func TestAValueThatCannotBeUsedHidesNoOther(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(4, func(int) bool { return false })
	for _, id := range []string{"c000", "c001"} {
		w.measure(id, "2024-03-31", c3, "80", "[IU]/mL") // nobody can convert it
		w.measure(id, "2023-12-22", c3, "80", "[IU]/mL")
	}
	w.measure("c000", "2024-03-20", c3, "1", "g/L", `"referenceRange":[{"low":{"value":0.8,"code":"g/L"},"high":{"value":2,"code":"g/L"}}]`)
	w.measure("c000", "2024-04-02", c3, "3", "g/L")
	w.measure("c000", "2023-12-20", c3, "60", "mg/dL", `"referenceRange":[{"low":{"value":80,"code":"mg/dL"}}]`)
	w.measure("c002", "2024-03-31", c3, "1.2", "g/L")
	parts := []string{"measured", "not-evaluable", "not-measured", "median", "change-median"}
	w.same("values", w.told("$biomarker?analyte=c3&timepoint=tp-m03", "value", parts...), []string{"2", "1", "1", "2.1", "2.4"})
	w.same("ratios to the lower limit", w.told("$biomarker?analyte=c3&timepoint=tp-m03&scale=ratio&limit=low", "value", parts...), []string{"1", "2", "1", "1.25", "0.5"})
	w.same("ratios to the upper limit", w.told("$biomarker?analyte=c3&timepoint=tp-m03&scale=ratio&limit=high", "value", parts...), []string{"1", "2", "1", "0.5", ""})
	w.same("normalization", w.told("$outcome-rate?endpoint=c3-normal&timepoint=tp-m03&cohort=Patient?_id%3Dc000", "rate", "met", "not-evaluable"), []string{"1", "0"})
}

// A filtration by body surface and one without differ by as much as patients do.
func TestFiltrationIsReadInTheUnitThatTheImporterTakes(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(2, func(int) bool { return false })
	w.measure("c000", "2024-03-31", egfr, "90", "mL/min/{1.73_m2}")
	w.measure("c001", "2024-03-31", egfr, "60", "mL/min")
	w.same("eGFR", w.told("$biomarker?analyte=egfr&timepoint=tp-m03", "value", "measured", "not-evaluable", "not-measured", "median"), []string{"1", "1", "0", "90"})
}

func TestAProteinCreatinineRatioIsToldInItsCanonicalUnit(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.measure("c000", "2023-12-20", upcr, "1500", "mg/g")
	w.measure("c000", "2024-06-29", upcr, "56.56", "mg/mmol")
	w.same("UPCR", w.told("$biomarker?analyte=upcr&timepoint=tp-base,tp-m06", "value", "unit", "measured", "median", "change-median"),
		[]string{"g/g", "1", "1.5", ""}, []string{"g/g", "1", "0.5", "-1"})
}

// Of 60 with an assessment 14 have no whole score, of five of whom the clinical part is whole.
func TestHowManyScoresAreIncompleteTellsOfNoFew(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return false })
	for k := range 14 {
		id, unknown := fmt.Sprintf("c%03d", k), "sledai-2k-fever"
		if k < 5 {
			unknown = "sledai-2k-low-complement"
		}
		w.gone(id + "-sledai")
		w.sledai(id, "2024-03-31", nil, []string{unknown})
	}
	const whole, clinical = "$biomarker?timepoint=tp-m03&analyte=sledai-2k", "$biomarker?timepoint=tp-m03&analyte=csledai-2k"
	parts := []string{"measured", "not-evaluable", "not-measured"}
	ask := func(name, path string) [][]string {
		return pick(w.table(token(name), "Patient/"+path, "value"), parts...)
	}
	w.same("the whole score", ask("a", whole), []string{"46", "14", "0"})
	w.same("nine of the clinical part are few", ask("b", clinical), []string{"masked", "masked", "0"})
	w.same("14 less nine, in a stratum", ask("c", whole+"&stratum=x%3D"+ids(0, 30)), []string{"46", "14", "0"}, []string{"16", "14", "0"}, []string{"30", "0", "0"})
	w.gone("c000-pga")
	w.sledai("c059", "2024-04-01", nil, []string{"sledai-2k-fever"})
	w.gone("c059-sledai")
	if !w.withholds(token("a"), "Patient/"+whole) {
		t.Error("15 less 14 tell of one")
	}
	if !w.withholds(token("a"), "Patient/$completeness?timepoint=tp-m03&form=sledai-2k") {
		t.Error("46 less 45 who have a score tell of one")
	}
}

func (w *world) nephritis(patient string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "Condition/"+patient+"-nephritis", `{"resourceType":"Condition","id":"`+patient+`-nephritis","subject":{"reference":"Patient/`+patient+`"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"68815009"}]}}`))
}

// kidney stores a ratio in g/g and a filtration.
func (w *world) kidney(patient, on, protein, filtered string) {
	w.t.Helper()
	w.measure(patient, on, upcr, protein, "g/g")
	w.measure(patient, on, egfr, filtered, "mL/min/{1.73_m2}")
}

const before, month6 = "2023-12-20", "2024-06-29" // of an infusion on 2024-01-01

func TestARenalResponseIsJudgedByItsOwnLaboratoryValues(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(5, func(int) bool { return false })
	for k, at := range []string{month6, month6, "2024-05-20", month6, month6} {
		id := fmt.Sprintf("c%03d", k)
		w.nephritis(id)
		w.kidney(id, before, "1.5", "90")
		w.measure(id, at, upcr, "0.3", "g/g")
	}
	w.measure("c000", month6, egfr, "92", "mL/min/{1.73_m2}") // no SLEDAI in the window
	w.measure("c001", "2024-07-20", egfr, "92", "mL/min/{1.73_m2}")
	w.sledai("c001", "2024-07-19", nil, nil)                        // three weeks off
	w.measure("c002", "2024-05-21", egfr, "75", "mL/min/{1.73_m2}") // lost a sixth
	w.measure("c003", "2024-08-14", egfr, "92", "mL/min/{1.73_m2}") // day 226 is outside
	w.measure("c004", month6, egfr, "92", "mL/min/{1.73_m2}")
	w.must(w.ask(admin, "PUT", "MedicationStatement/c004-aza", `{"resourceType":"MedicationStatement","id":"c004-aza","status":"active","subject":{"reference":"Patient/c004"},"medicationCodeableConcept":`+local("azathioprine")+`,"effectivePeriod":{"start":"2024-05-01"}}`))
	parts := []string{"met", "not-met", "not-evaluable", "not-assessed", "not-applicable"}
	for _, endpoint := range []string{"crr", "prr"} {
		w.same(endpoint, w.told("$outcome-rate?endpoint="+endpoint+"&timepoint=tp-m03,tp-m06", "rate", parts...),
			[]string{"0", "0", "0", "5", "0"}, []string{"2", "2", "1", "0", "0"})
	}
	w.same("a fifth may be lost", w.told("$outcome-rate?endpoint=crr&timepoint=tp-m06&egfr.tolerance=0.2", "rate", parts...), []string{"3", "1", "1", "0", "0"})
	w.same("a ratio below 0.3", w.told("$outcome-rate?endpoint=crr&timepoint=tp-m06&upcr.max=0.3", "rate", parts...), []string{"0", "5", "0", "0", "0"})
	w.infuse("again", "c000", "2024-06-01")
	w.same("after other cells", w.told("$outcome-rate?endpoint=crr&timepoint=tp-m06&cohort=Patient?_id%3Dc000", "rate", parts...), []string{"0", "0", "0", "1", "0"})
	w.same("after other cells, which fail", w.told("$outcome-rate?endpoint=crr&timepoint=tp-m06&cohort=Patient?_id%3Dc000&reinfusion=failure", "rate", parts...), []string{"0", "1", "0", "0", "0"})
}

func TestWhoHasNothingToRespondIsInNoDenominatorWhoeverJudges(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(6, func(int) bool { return false })
	for k, protein := range []string{"1.5", "0.5", "0.49", "", "1.5", ""} {
		id := fmt.Sprintf("c%03d", k)
		if k < 4 {
			w.nephritis(id)
		}
		if protein != "" {
			w.kidney(id, before, protein, "90")
		}
		if k < 5 { // c005 was never assessed and has no nephritis
			w.kidney(id, month6, "0.2", "90")
			w.observe(id+"-crr", id, month6, `"code":`+local("crr")+`,"valueCodeableConcept":`+local("criterion-met"))
		}
	}
	w.gone("c005-sledai", "c005-pga", "c005-gc")
	parts := []string{"met", "not-evaluable", "not-assessed", "not-applicable", "imputed-n"}
	const path = "$outcome-rate?endpoint=crr&timepoint=tp-m06"
	for _, source := range []string{"", "&source=clinician"} {
		w.same("crr"+source, w.told(path+source, "rate", parts...), []string{"2", "1", "0", "3", "3"})
		w.same("crr from 1 g/g on"+source, w.told(path+source+"&upcr.baseline=1", "rate", parts...), []string{"1", "1", "0", "4", "2"})
	}
	w.same("what is told", w.told(path+"&source=clinician", "rule", "name", "value"), []string{"upcr.baseline", "0.5"})
	if r := w.askFor(admin, "Patient/"+path+"&source=clinician&upcr.max=0.7", ""); r.Status != http.StatusBadRequest {
		t.Errorf("upcr.max is taken for what a clinician stated: %d", r.Status)
	}
}

func TestAFallIsJudgedOfThoseWhoHadEnoughToFallFrom(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(4, func(int) bool { return false })
	w.sledai("c000", before, []string{"sledai-2k-arthritis", "sledai-2k-rash"}, nil)
	w.sledai("c001", before, []string{"sledai-2k-rash"}, nil)
	w.sledai("c002", before, nil, []string{"sledai-2k-seizure"}) // 0 or 8
	for k := range 4 {
		id := fmt.Sprintf("c%03d", k)
		w.observe(id+"-stated", id, "2024-03-31", `"code":`+local("sledai-response-4")+`,"valueCodeableConcept":`+local("criterion-met"))
	}
	parts := []string{"met", "not-evaluable", "not-applicable", "observed-n", "imputed-n"}
	for _, source := range []string{"", "&source=clinician"} {
		w.same("a fall by 4"+source, w.told("$outcome-rate?endpoint=sledai-response-4&timepoint=tp-m03"+source, "rate", parts...), []string{"1", "2", "1", "1", "3"})
	}
	w.same("from 0 on", w.told("$outcome-rate?endpoint=sledai-response-4&timepoint=tp-m03&response.baseline=0", "rate", "met", "not-met", "not-evaluable", "not-applicable"), []string{"1", "1", "2", "0"})
	w.gone("c003-sledai")
	w.same("nobody knows of c003, who has no assessment", w.told("$outcome-rate?endpoint=sledai-response-4&timepoint=tp-m03", "rate", "not-evaluable", "not-assessed"), []string{"2", "0"})
	w.deaths(map[int]string{3: "2024-03-01"})
	w.same("c003 died", w.told("$outcome-rate?endpoint=sledai-response-4&timepoint=tp-m03", "rate", "not-evaluable", "died"), []string{"1", "1"})
}

func TestWhoWasInfusedAgainAndNotAssessedFailed(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(3, func(int) bool { return false })
	w.gone("c000-sledai", "c001-sledai")
	w.infuse("again", "c000", "2024-03-01")     // day 60
	w.infuse("again-too", "c001", "2024-05-01") // day 121: after the window
	parts := []string{"met", "not-met", "not-assessed", "observed-n", "imputed-n"}
	w.same("censored", w.told("$outcome-rate?timepoint=tp-m03", "rate", parts...), []string{"1", "0", "2", "1", "3"})
	w.same("a failure", w.told("$outcome-rate?timepoint=tp-m03,tp-m06&reinfusion=failure", "rate", parts...),
		[]string{"1", "1", "1", "2", "3"}, []string{"0", "2", "1", "2", "3"})
	w.same("a failure, as a clinician states", w.told("$outcome-rate?timepoint=tp-m03&reinfusion=failure&source=clinician", "rate", parts...), []string{"0", "1", "2", "1", "3"})
	w.deaths(map[int]string{0: "2024-03-20"})
	w.same("who died afterwards had failed", w.told("$outcome-rate?timepoint=tp-m03&reinfusion=failure", "rate", parts...), []string{"1", "1", "1", "2", "3"})
	w.infuse("today", "c002", "2026-01-01")
	w.same("the day of the infusion itself", w.told("$outcome-rate?timepoint=tp-m03&reinfusion=failure&as-of=2024-05-01", "rate", parts...), []string{"1", "1", "1", "2", "3"})
}

func TestADoseAtTheLimitIsTheOneOrTheOtherOfDORIS(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(2, func(int) bool { return false })
	w.gone("c000-gc")
	w.score("c000", "2024-03-31", "gc-dose", "5")
	for query, want := range map[string][]string{"": {"2", "0"}, "&doris.gc-below=true": {"1", "1"}, "&doris.gc-below=true&doris.gc=5.1": {"2", "0"}} {
		w.same(query, w.told("$outcome-rate?timepoint=tp-m03"+query, "rate", "met", "not-met"), want)
	}
}

// Of 60 with nephritis 20 have a ratio of 0.3 before, and three of 0.6.
func TestWhoIsInNoDenominatorIsTheSameWhoeverJudgesAndWhenever(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return false })
	for k := range 60 {
		id, protein := fmt.Sprintf("c%03d", k), "1.5"
		switch {
		case k < 20:
			protein = "0.3"
		case k < 23:
			protein = "0.6"
		}
		w.nephritis(id)
		w.measure(id, before, upcr, protein, "g/g")
	}
	const crr = "Patient/$outcome-rate?endpoint=crr"
	first := crr + "&timepoint=tp-m03"
	for k, second := range []string{
		first + "&upcr.baseline=0.7",
		first + "&upcr.baseline=0.7&source=clinician",
		crr + "&timepoint=tp-m06&upcr.baseline=0.7",
		"Patient/$outcome-rate?endpoint=prr&timepoint=tp-m06&upcr.baseline=0.7",
	} {
		c := token(fmt.Sprint("n", k))
		w.same("20 are in no denominator", pick(w.table(c, first, "rate"), "not-applicable"), []string{"20"})
		if w.refuses(c, first) || w.refuses(c, first+"&source=clinician") || !w.withholds(c, second) {
			t.Errorf("%s: 23 less 20 tell of three", second)
		}
	}
}

func TestADateWithoutDayIsNotEvaluableWhereItCanLieInTheWindow(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(4, func(int) bool { return false })
	w.sledai("c000", "2024-06", nil, nil)    // within the window of month 6
	w.sledai("c001", "2024", nil, nil)       // within it or not
	w.sledai("c002", "2024-09", nil, nil)    // day 244 and later
	w.sledai("c003", "2024-06", nil, nil)    // and one with a day
	w.sledai("c003", "2024-07-25", nil, nil) // without PGA and dose
	parts := []string{"met", "not-evaluable", "not-assessed", "imputed-n"}
	w.same("SLEDAI", w.told("$outcome-rate?timepoint=tp-m03,tp-m06,tp-m09", "rate", parts...), []string{"4", "0", "0", "4"}, []string{"0", "3", "1", "4"}, []string{"0", "2", "2", "4"})
	w.same("its value", w.told("$biomarker?analyte=sledai-2k&timepoint=tp-m06", "value", "measured", "not-evaluable", "not-measured"), []string{"1", "2", "1"})
	for _, code := range []string{"pga", "gc-dose"} {
		w.score("c000", "2024-06", code, "0")
		w.same(code, w.told("$biomarker?timepoint=tp-m06&analyte="+code, "value", "measured", "not-evaluable", "not-measured"), []string{"0", "1", "3"})
	}
	w.measure("c000", "2024-06", c3, "1", "g/L", low("0.9")[1:])
	w.measure("c000", before, c3, "0.7", "g/L", low("0.9")[1:])
	w.same("C3", w.told("$biomarker?analyte=c3&timepoint=tp-m06", "value", "measured", "not-evaluable", "not-measured"), []string{"0", "1", "3"})
	w.same("C3 that became normal", w.told("$outcome-rate?endpoint=c3-normal&timepoint=tp-m06&cohort=Patient?_id%3Dc000", "rate", parts...), []string{"0", "1", "0", "1"})
	w.observe("stated", "c000", "2024-06", `"code":`+local("lldas")+`,"valueCodeableConcept":`+local("criterion-met"))
	w.same("a clinician", w.told("$outcome-rate?endpoint=lldas&timepoint=tp-m06&source=clinician", "rate", parts...), []string{"0", "1", "3", "4"})
	w.infuse("again", "c000", "2024-05-01")
	w.same("a clinician, after other cells", w.told("$outcome-rate?endpoint=lldas&timepoint=tp-m06&source=clinician", "rate", parts...), []string{"0", "0", "4", "4"})
}

func TestADeathWithoutDayIsADeathIfItCannotBeLater(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(4, func(int) bool { return false })
	w.deaths(map[int]string{0: "2024-07", 1: "2024-08", 2: ""}) // the window of month 6 ends on 2024-08-13
	parts := []string{"died", "not-evaluable", "not-assessed", "imputed-n"}
	w.same("deaths", w.told("$outcome-rate?timepoint=tp-m06,tp-m09", "rate", parts...), []string{"1", "2", "1", "4"}, []string{"2", "1", "1", "4"})
	w.same("before, all that lived were assessed", w.told("$outcome-rate?timepoint=tp-m03", "rate", "met"), []string{"4"})
	w.same("expected", w.told("$completeness?form=pga&timepoint=tp-m03,tp-m06&stratum=x%3DPatient", "form", "group", "present", "missing", "not-expected"),
		[]string{"all", "3", "0", "1"}, []string{"x", "3", "0", "1"}, []string{"all", "0", "1", "3"}, []string{"x", "0", "1", "3"})
}

func (w *world) depletion(patient, on string) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "Procedure/"+patient+"-ld", `{"resourceType":"Procedure","id":"`+patient+`-ld","status":"completed","subject":{"reference":"Patient/`+patient+`"},"performedPeriod":{"start":"`+on+`"},"code":`+local("lymphodepletion")+`}`))
}

// The infusion was on 2024-01-01.
func TestABaselineIsNeverAfterALymphodepletionInSomeMonth(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.score("c000", "2023-11-28", "pga", "2")
	w.score("c000", "2023-12-30", "pga", "1") // two days before the infusion
	at := func(name string, want ...string) {
		t.Helper()
		w.same(name, w.told("$biomarker?analyte=pga&timepoint=tp-base", "value", "measured", "median"), want)
	}
	at("no lymphodepletion is known", "1", "1")
	w.depletion("c000", "2023-12")
	at("it started in December", "1", "2")
	w.depletion("c000", "2023-12-27")
	at("it started on a day", "1", "2")
	w.depletion("c000", "2023-12-31")
	at("it started a day later", "1", "1")
	w.depletion("c000", "2023")
	at("it started in some month, before which nobody looked", "0", "")
	w.sledai("c000", "2023-11-28", []string{"sledai-2k-arthritis"}, nil)
	w.same("nobody knows whether it is the baseline", w.told("$outcome-rate?endpoint=sledai-response-4&timepoint=tp-m03", "rate", "met", "not-evaluable", "not-applicable"), []string{"0", "1", "0"})
}

func TestASecondInfusionInSomeMonthEndsTheFirstOneOnItsFirstDay(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	rate := func(name string, want ...string) {
		t.Helper()
		w.same(name, w.told("$outcome-rate?timepoint=tp-m03", "rate", "met", "not-assessed"), want)
	}
	w.infuse("again", "c000", "2024") // it may be the same, told without the day
	rate("in the same year", "1", "0")
	w.infuse("again", "c000", "2024-04")
	rate("after the visit", "1", "0")
	w.infuse("again", "c000", "2024-03")
	rate("before the visit or after", "0", "1")
	w.infuse("again-with-day", "c000", "2024-03-31")
	rate("the same, whose day is known", "1", "0")
}

func TestSELENASLEDAIStandsApartFromSLEDAI2K(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(3, func(int) bool { return false })
	by := func(instrument string) string { return `"method":` + local("instrument-"+instrument) }
	arthritis := []string{"sledai-2k-arthritis"}
	w.gone("c001-sledai", "c002-sledai")
	w.sledai("c000", "2024-03-30", arthritis, nil, by("selena-sledai")) // and by SLEDAI-2K a day later
	w.sledai("c001", "2024-03-31", nil, nil, by("selena-sledai"))
	w.sledai("c002", "2024-04-01", arthritis, nil, by("sledai-2k"))
	w.sledai("c000", before, arthritis, nil, by("selena-sledai"))
	w.sledai("c001", before, arthritis, nil)
	parts := []string{"met", "not-met", "not-evaluable", "not-assessed"}
	const selena = "&sledai.selena=true"
	for query, want := range map[string][]string{
		"endpoint=doris-2021":                 {"1", "1", "1", "0"},
		"endpoint=doris-2021" + selena:        {"1", "1", "1", "0"},
		"endpoint=sledai-response-4":          {"0", "0", "3", "0"}, // before and after never by the same
		"endpoint=sledai-response-4" + selena: {"0", "1", "2", "0"},
	} {
		w.same(query, w.told("$outcome-rate?timepoint=tp-m03&"+query, "rate", parts...), want)
	}
	w.same("the two of c000", w.told("$outcome-rate?timepoint=tp-m03&cohort=Patient?_id%3Dc000", "rate", parts...), []string{"1", "0", "0", "0"})
	w.same("the two of c000, by SELENA", w.told("$outcome-rate?timepoint=tp-m03&cohort=Patient?_id%3Dc000"+selena, "rate", parts...), []string{"0", "1", "0", "0"})
	w.same("a stratum", w.told("$outcome-rate?timepoint=tp-m03&stratum=x%3DPatient?_id%3Dc000"+selena, "rate", "group", "met", "not-met"), []string{"all", "1", "1"}, []string{"x", "0", "1"}, []string{"other", "1", "0"})
	w.same("SLEDAI-2K", w.told("$biomarker?analyte=sledai-2k&timepoint=tp-m03", "value", "measured", "not-measured", "median"), []string{"2", "1", "2"})
	w.same("SELENA-SLEDAI", w.told("$biomarker?analyte=selena-sledai&timepoint=tp-m03", "value", "unit", "measured", "not-measured", "median", "change-median"), []string{"{score}", "2", "1", "2", "0"})
	w.same("first remission", w.told("$time-to-event?endpoint=first-doris", "group", "events"), []string{"1"})
	w.same("first remission by SELENA", w.told("$time-to-event?endpoint=first-doris"+selena, "group", "events"), []string{"1"})
	w.same("told", w.told("$time-to-event?endpoint=first-doris"+selena, "rule", "name", "value")[3:], []string{"doris.stable-days", "30"}, []string{"sledai.selena", "true"}, []string{"given.days", "35"}, []string{"visit.days", "7"})
	w.same("$assess", w.told("c001/$assess?endpoint=doris-2021"+selena, "outcome", "date", "result"), []string{"2024-03-31", "criterion-met"})
	w.same("$assess by SLEDAI-2K", w.told("c001/$assess?endpoint=doris-2021", "outcome", "date", "result"))
	r := w.ask(admin, "POST", "Patient/$assess", `{"resourceType":"Parameters","parameter":[{"name":"persist","valueBoolean":true},{"name":"sledai.selena","valueBoolean":true}]}`)
	if r.Status != http.StatusUnprocessableEntity {
		t.Errorf("outcomes by another instrument are kept as if they were by SLEDAI-2K: %d", r.Status)
	}
}

func TestATotalOf0WithoutItemsDecides(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(2, func(int) bool { return false })
	for k, total := range []string{"0", "4"} {
		id := fmt.Sprintf("c%03d", k)
		w.gone(id + "-sledai")
		w.score(id, "2024-03-31", "sledai-2k", total)
		for _, code := range []string{"hemolytic-anemia", "gi-activity"} {
			w.observe(id+"-"+code, id, "2024-03-31", `"code":`+local(code)+`,"valueBoolean":false`)
		}
	}
	for _, endpoint := range []string{"doris-2021", "lldas"} {
		w.same(endpoint, w.told("$outcome-rate?timepoint=tp-m03&endpoint="+endpoint, "rate", "met", "not-evaluable"), []string{"1", "1"})
	}
	w.same("the clinical part", w.told("$biomarker?timepoint=tp-m03&analyte=csledai-2k", "value", "measured", "not-evaluable", "median"), []string{"1", "1", "0"})
}
