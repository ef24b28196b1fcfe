package registry

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lab puts a value of anti-dsDNA or C3 with one limit of the laboratory.
func (w *world) lab(id, on, loinc, value, limit string) {
	w.t.Helper()
	rid := "lab-" + id + "-" + on + "-" + loinc
	unit := map[string]string{"5130-0": "[IU]/mL", "4485-9": "g/L"}[loinc]
	w.must(w.ask(admin, "PUT", "Observation/"+rid, fmt.Sprintf(`{"resourceType":"Observation","id":"%s","status":"final","subject":{"reference":"Patient/%s"},"effectiveDateTime":"%s",`+
		`"code":{"coding":[{"system":"http://loinc.org","code":"%s"}]},"valueQuantity":{%s,"code":"%s"}%s}`, rid, id, on, loinc, value, unit, limit)))
}

func high(x string) string {
	return `,"referenceRange":[{"high":{"value":` + x + `,"code":"[IU]/mL"}}]`
}

func low(x string) string { return `,"referenceRange":[{"low":{"value":` + x + `,"code":"g/L"}}]` }

func TestSeroconversionIsOfThoseWhoWereNotNormalAtBaseline(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(9, func(int) bool { return false })
	const before, after = "2023-12-20", "2024-03-30"
	for k, x := range []struct{ was, wasLimit, is, isLimit string }{
		{`"value":96`, high("15"), `"value":15`, high("15")},                  // met: the limit itself is normal
		{`"value":96`, high("15"), `"value":15.1`, high("15")},                // not met
		{`"value":96`, high("15"), `"value":90`, high("100")},                 // met: another assay, by its own limit
		{`"value":96`, high("15"), `"value":3`, ""},                           // not evaluable: no limit
		{`"value":96`, high("15"), `"value":20,"comparator":"<"`, high("15")}, // not evaluable: below 20 may be normal or not
		{`"value":200,"comparator":">"`, high("15"), `"value":4`, high("15")}, // met
		{`"value":15`, high("15"), `"value":4`, high("15")},                   // was normal
		{`"value":96`, "", `"value":4`, high("15")},                           // not evaluable: nobody knows whether it was
		{`"value":96`, high("15"), "", ""},                                    // not assessed
	} {
		id := fmt.Sprintf("c%03d", k)
		w.lab(id, before, "5130-0", x.was, x.wasLimit)
		if x.is != "" {
			w.lab(id, after, "5130-0", x.is, x.isLimit)
		}
	}
	got := pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03&endpoint=dsdna-normal", "rate"),
		"met", "not-met", "not-evaluable", "not-assessed", "not-applicable", "observed-n", "imputed-n")
	if diff := cmp.Diff([][]string{{"3", "1", "3", "1", "1", "4", "8"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestComplementIsNormalFromItsLowerLimitOn(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(3, func(int) bool { return false })
	for id, is := range map[string]string{"c000": "0.90", "c001": "0.89", "c002": "1.2"} {
		was := "0.5"
		if id == "c002" {
			was = "0.9" // was normal
		}
		w.lab(id, "2023-12-20", "4485-9", `"value":`+was, low("0.9"))
		w.lab(id, "2024-03-30", "4485-9", `"value":`+is, low("0.9"))
	}
	got := pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03&endpoint=c3-normal", "rate"), "met", "not-met", "not-applicable")
	if diff := cmp.Diff([][]string{{"1", "1", "1"}}, got); diff != "" {
		t.Error(diff)
	}
	got = pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03&endpoint=c4-normal", "rate"), "not-evaluable", "not-applicable")
	if diff := cmp.Diff([][]string{{"3", "0"}}, got); diff != "" {
		t.Errorf("C4 was measured of nobody: %s", diff)
	}
}

func TestRemissionFreeOfOneKindOfDrugIsARateOfItsOwn(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(4, func(k int) bool { return k == 3 }) // c003 is not in remission
	gc := string(w.observations("Observation?_id=c001-gc")[0].Raw())
	w.must(w.ask(admin, "PUT", "Observation/c001-gc", gc[:len(gc)-len(`"valueQuantity":{"value":0}}`)]+`"valueQuantity":{"value":5}}`))
	w.must(w.ask(admin, "PUT", "MedicationStatement/c002-mmf", `{"resourceType":"MedicationStatement","id":"c002-mmf","status":"active","subject":{"reference":"Patient/c002"},"medicationCodeableConcept":`+
		`{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"68149"}]}`+`,"effectivePeriod":{"start":"2022"}}`))
	for endpoint, want := range map[string][]string{
		"doris-2021":          {"3", "1", "0"},
		"gc-free-remission":   {"2", "2", "0"}, // c001 takes 5 mg
		"is-free-remission":   {"2", "2", "0"}, // c002 takes mycophenolate
		"drug-free-remission": {"1", "3", "0"},
	} {
		got := pick(w.table(admin, "Patient/$outcome-rate?timepoint=tp-m03&endpoint="+endpoint, "rate"), "met", "not-met", "not-evaluable")
		if diff := cmp.Diff([][]string{want}, got); diff != "" {
			t.Errorf("%s: %s", endpoint, diff)
		}
	}
	r := w.ask(admin, "GET", "Patient/$outcome-rate?source=clinician&endpoint=is-free-remission", "")
	if r.Status != http.StatusBadRequest || r.Issues[0].Text != "no clinician states is-free-remission: it is computed" {
		t.Errorf("%d %v", r.Status, r.Issues)
	}
}
