package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/mapping"
)

// A row that denies what it said before takes it back: whoever asks for it must not find it. What it never said is not written.
func TestARowThatDeniesWhatItSaidTakesItBack(t *testing.T) {
	tests := []struct {
		name, file, from, to string
		want                 map[string]map[string]int
		query                string
		before, after        int
	}{
		{
			"an organ", "sle.csv", "28,iii,1", "28,iii,0",
			map[string]map[string]int{"changed": {"Condition": 1}, "created": {"Provenance": 1}},
			"Condition?code=organ-joints&verification-status=confirmed&_summary=count", 1, 0,
		},
		{
			"bridging", "course.csv", "SYN-A01,1,2022-12-27,1,", "SYN-A01,1,2022-12-27,0,",
			map[string]map[string]int{"changed": {"Procedure": 1}, "created": {"Provenance": 1}},
			"Procedure?code=bridging&status=completed&_summary=count", 1, 0,
		},
		{
			"tocilizumab", "tox.csv", "1,,1,0,0,resolved", "1,,0,0,0,resolved",
			map[string]map[string]int{"changed": {"MedicationAdministration": 1}, "created": {"Provenance": 1}},
			"MedicationAdministration?code=612865&status=completed&_summary=count", 1, 0,
		},
		{
			"a toxicity", "tox.csv", "icans,2023-01-22,,3,4,0,1,1,ongoing", "icans,,,0,10,0,0,0,",
			map[string]map[string]int{"changed": {"AdverseEvent": 1, "Condition": 1, "MedicationAdministration": 1, "Observation": 2, "Procedure": 1}, "created": {"Provenance": 1}},
			"Condition?code=icans&verification-status=confirmed&_summary=count", 1, 0,
		},
		{
			"a day of lymphodepletion", "course.csv", "SYN-A02,1,2023-08-12,0,25,3,", "SYN-A02,1,2023-08-12,0,25,1,",
			map[string]map[string]int{"changed": {"MedicationAdministration": 2, "Procedure": 1}, "created": {"Provenance": 1}},
			"MedicationAdministration?code=24698&status=completed&_summary=count", 6, 4,
		},
		{
			"what was never said", "tox.csv", "SYN-A02,1,crs,,,0,,,,,", "SYN-A02,1,crs,,,0,,0,0,0,",
			map[string]map[string]int{},
			"MedicationAdministration?status=entered-in-error&_summary=count", 0, 0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStack(t, memoryStore, strictRules)
			dir := delivered(t)
			imported(t, s, dir, false, false)
			if got := s.count(t, tt.query); got != tt.before {
				t.Errorf("%d before", got)
			}
			edit(t, dir, tt.file, tt.from, tt.to)
			dry := imported(t, s, dir, true, true)
			report := imported(t, s, dir, true, false)
			if diff := cmp.Diff(dry.Fates, report.Fates); diff != "" {
				t.Errorf("the dry run said something else (-dry +real)\n%s", diff)
			}
			delete(report.Fates, "left")
			if diff := cmp.Diff(tt.want, report.Fates); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := s.count(t, tt.query); got != tt.after {
				t.Errorf("%d after", got)
			}
			if again := imported(t, s, dir, false, false); again.Total(mapping.Created)+again.Total(mapping.Changed) != 0 {
				t.Errorf("importing again: %v", again.Fates)
			}
			edit(t, dir, tt.file, tt.to, tt.from)
			imported(t, s, dir, false, false)
			if got := s.count(t, tt.query); got != tt.before {
				t.Errorf("%d after it was said again", got)
			}
		})
	}
}
