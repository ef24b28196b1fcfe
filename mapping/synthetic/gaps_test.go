package synthetic_test

import (
	"maps"
	"slices"
	"strconv"
	"testing"

	"firewolf/mapping"
	"firewolf/mapping/synthetic"
)

// gaps are what makes a cohort hard to count, each with how to find it in a row and the share of rows that have it at least and at most.
var gaps = map[string]struct {
	instrument  string
	least, most float64
	has         func(cell func(string) string) bool
}{
	"no PGA":            {"visits", 0.03, 0.09, func(cell func(string) string) bool { return cell("pga") == "" }},
	"no dose":           {"visits", 0.02, 0.05, func(cell func(string) string) bool { return cell("pred_mg_d") == "" }},
	"a visit's month":   {"visits", 0.01, 0.04, func(cell func(string) string) bool { return len(cell("visit_date")) == 7 }},
	"a visit unplanned": {"visits", 0.03, 0.1, func(cell func(string) string) bool { return cell("visit_code") == "unscheduled" }},
	"items missing":     {"sledai", 0.03, 0.09, func(cell func(string) string) bool { n := itemsOf(cell); return n > 0 && n < 24 && cell("total") == "" }},
	"only a total":      {"sledai", 0.01, 0.04, func(cell func(string) string) bool { return itemsOf(cell) == 0 && cell("total") != "" }},
	"below a limit":     {"labs", 0.02, 0.2, func(cell func(string) string) bool { return cell("value")[0] == '<' }},
	"above a limit":     {"labs", 0.001, 0.05, func(cell func(string) string) bool { return cell("value")[0] == '>' }},
	"a second infusion": {"infusion", 0.01, 0.08, func(cell func(string) string) bool { return cell("course_no") == "2" && cell("infusion_date") != "" }},
	"its regimen":       {"course", 0.01, 0.08, func(cell func(string) string) bool { return cell("course_no") == "2" && cell("ld_start") != "" }},
	"its toxicity":      {"tox", 0.005, 0.08, func(cell func(string) string) bool { return cell("course_no") == "2" && cell("max_grade") != "0" }},
	"a death":           {"outcome", 0.001, 0.01, func(cell func(string) string) bool { return len(cell("death_date")) == 10 }},
	"a death's month":   {"outcome", 0.0001, 0.005, func(cell func(string) string) bool { return len(cell("death_date")) == 7 }},
}

func itemsOf(cell func(string) string) int {
	n := 0
	for k := range 24 {
		if cell("s"+strconv.Itoa(100 + k + 1)[1:]) != "" {
			n++
		}
	}
	return n
}

func TestACohortHasWhatMakesItHardToCountInPlausibleShares(t *testing.T) {
	rows, seen := map[string]int{}, map[string]int{}
	for c, err := range (synthetic.Source{Patients: 1000, Seed: 2}).Cases(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range c.Rows {
			rows[r.Name]++
			for name, g := range gaps {
				if g.instrument == r.Name && g.has(func(column string) string { return r.Cells[r.Index(column)] }) {
					seen[name]++
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(gaps)) {
		g := gaps[name]
		if share := float64(seen[name]) / float64(rows[g.instrument]); share < g.least || share > g.most {
			t.Errorf("%s: %.4f of %d rows, want %v to %v", name, share, rows[g.instrument], g.least, g.most)
		}
	}
	if short := rows["visits"] - rows["sledai"]; short < rows["visits"]/50 {
		t.Errorf("%d visits without SLEDAI-2K of %d", short, rows["visits"])
	}
}

func TestCohortsOfManySeedsAreWithoutFault(t *testing.T) {
	for seed := range uint64(5) {
		report, err := mapping.Run(t.Context(), mapping.Options{
			Source: synthetic.Source{Patients: 100, Seed: 100 + seed}, Steps: []mapping.Step{step()}, Sink: &count{map[string]int{}, nil}, InOrder: true,
			Found: func(f mapping.Finding) { t.Errorf("seed %d: %v", 100+seed, f) },
		})
		if err != nil || report.Cases != 100 {
			t.Fatalf("%d patients, %v", report.Cases, err)
		}
	}
}
