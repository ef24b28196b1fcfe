package registry

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The infusions are of 2024-01-01; month 6 is day 135 to 225, and day 225 is 2024-08-13.
func TestCompletenessTellsOfDosesGradesDamageContactsAndOutcomes(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(3, func(int) bool { return false })
	form := func(name, query string) [][]string {
		t.Helper()
		rows := w.table(admin, "Patient/$completeness?timepoint=tp-base,tp-m06&form="+name+query, "form")
		rows = slices.DeleteFunc(rows, func(r row) bool { return r["group"] != "all" })
		return pick(rows, "timepoint", "present", "missing", "not-expected")
	}
	for _, tt := range []struct {
		name          string
		write         func()
		before, after [][]string
	}{
		{
			"cart-dose", func() {
				w.observe("dose", "c000", "2024-01-01", `"code":`+local("cart-dose")+`,"partOf":[{"reference":"Procedure/c000"}],"component":[{"code":`+local("cart-dose-total")+`,"valueQuantity":{"value":70,"code":"10*6"}}]`)
				w.observe("dose1", "c001", "2024-01-01", `"code":`+local("cart-dose")+`,"partOf":[{"reference":"Procedure/c001"}],"component":[{"code":`+local("cart-viability")+`,"valueQuantity":{"value":70,"code":"%"}}]`)
			},
			[][]string{{"", "0", "3", "0"}},
			[][]string{{"", "1", "2", "0"}},
		},
		{
			"crs-max-grade", func() { w.highest("crs", "crs", watched, 0) },
			[][]string{{"", "0", "3", "0"}},
			[][]string{{"", "1", "2", "0"}},
		},
		{
			"sdi", func() {
				w.observe("sdi", "c000", "2024-06-29", `"code":`+local("sdi")+`,"valueQuantity":{"value":1}`)
				w.observe("sdi0", "c001", "2023-12-20", `"code":`+local("sdi")+`,"valueQuantity":{"value":1}`)
			},
			[][]string{{"tp-base", "0", "3", "0"}, {"tp-m06", "0", "3", "0"}},
			[][]string{{"tp-base", "1", "2", "0"}, {"tp-m06", "1", "2", "0"}},
		},
		{
			"last-known-alive", func() {
				w.observe("alive", "c000", "2024-05-15", `"code":`+local("last-known-alive")+`,"valueBoolean":true`)  // day 135
				w.observe("alive1", "c001", "2024-05-14", `"code":`+local("last-known-alive")+`,"valueBoolean":true`) // day 134
			},
			[][]string{{"tp-base", "0", "0", "3"}, {"tp-m06", "0", "3", "0"}},
			[][]string{{"tp-base", "0", "0", "3"}, {"tp-m06", "1", "2", "0"}},
		},
		{
			"lldas", func() {
				w.stated("said", "lldas", "2024-06-29", "not-evaluable")
			},
			[][]string{{"tp-base", "0", "0", "3"}, {"tp-m06", "0", "3", "0"}},
			[][]string{{"tp-base", "0", "0", "3"}, {"tp-m06", "1", "2", "0"}},
		},
	} {
		if diff := cmp.Diff(tt.before, form(tt.name, "")); diff != "" {
			t.Errorf("%s, before: %s", tt.name, diff)
		}
		tt.write()
		if diff := cmp.Diff(tt.after, form(tt.name, "")); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	if diff := cmp.Diff([][]string{{"", "0", "0", "3"}}, form("crs-max-grade", "&as-of=2024-01-30")); diff != "" {
		t.Errorf("before day 30: %s", diff)
	}
	if diff := cmp.Diff([][]string{{"tp-base", "1", "2", "0"}, {"tp-m06", "0", "0", "3"}}, form("sdi", "&as-of=2024-08-12")); diff != "" {
		t.Errorf("before day 225: %s", diff)
	}
	w.deaths(map[int]string{2: "2024-03-01"})
	if diff := cmp.Diff([][]string{{"tp-base", "1", "2", "0"}, {"tp-m06", "1", "1", "1"}}, form("sdi", "")); diff != "" {
		t.Errorf("one has died: %s", diff)
	}
}

// That a grade is recorded is not told beside how many grades are known, where the two would tell of few whose grade has no time.
func TestCompletenessOfGradesIsHeldAgainstToxicity(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(40, func(int) bool { return false })
	for k := range 20 {
		id := fmt.Sprintf("c%03d", k)
		when := `"effectiveDateTime":"2024-01-20"`
		if k < 3 {
			when = `"effectiveDateTime":"2024-06-20"` // with a grade of which nobody knows when it was
		}
		w.must(w.ask(admin, "PUT", "Observation/"+id+"-crs", `{"resourceType":"Observation","id":"`+id+`-crs","status":"final","subject":{"reference":"Patient/`+id+`"},`+when+`,"code":`+local("crs-max-grade")+`,"valueQuantity":{"value":1}}`))
	}
	if w.refuses(aggregator, "Patient/$toxicity?kind=crs") {
		t.Error("the first question is refused")
	}
	if !w.withholds(aggregator, "Patient/$completeness?form=crs-max-grade") {
		t.Error("17 of 40 have a grade that is known, 20 of 40 one that is recorded")
	}
}
