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
	if !w.refuses(token("a"), "Patient/"+whole) {
		t.Error("15 less 14 tell of one")
	}
	if !w.refuses(token("a"), "Patient/$completeness?timepoint=tp-m03&form=sledai-2k") {
		t.Error("46 less 45 who have a score tell of one")
	}
}
