package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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
			"an infusion, and its dose", "infusion.csv", "SYN-A01,1,2023-01-17,other-cd19,L1,1.0,61,61.0,168,94,0\n", "SYN-A01,1,,other-cd19,L1,1.0,61,61.0,168,94,1\n",
			map[string]map[string]int{"changed": {"BiologicallyDerivedProduct": 1, "Observation": 1, "Procedure": 2}, "created": {"Provenance": 1}},
			"Observation?code=cart-dose&status=final&_summary=count", 2, 1,
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
			if tt.file == "infusion.csv" {
				// What is about the infusion could not be about one that was not done.
				for _, file := range []string{"tox.csv", "outcome.csv", "sledai.csv"} {
					if err := os.Remove(filepath.Join(dir, file)); err != nil {
						t.Fatal(err)
					}
				}
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

// toldBefore imports a folder and returns where it was found that what was told before stands.
func toldBefore(t *testing.T, s *stack, dir string, dry bool) (rows []string) {
	t.Helper()
	_, warnings := importedWith(t, s, dir, true, dry)
	for _, f := range warnings {
		if f.Rule == "told-before" {
			rows = append(rows, fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Rule))
		}
	}
	return rows
}

// A delivery of what is new in a quarter does not tell again who died and who withdrew: nobody lives again by it, or is asked again.
func TestWhatADeliveryDoesNotTellAgainStands(t *testing.T) {
	const death, withdrawal = "outcome.csv", "patients.csv"
	tests := []struct {
		name, file, from, to string
		query                string
		before, after        int
		want                 []string
	}{
		{"a death whose row is gone", death, "SYN-A02,2024-01-06,m03,met,met,2024-09-01,2025-03-03,other\n", "", "Patient?death-date=2025-03-03", 1, 1, []string{"patients.csv:3 told-before"}},
		{"a death whose cell is empty", death, "2024-09-01,2025-03-03,other", "2024-09-01,,", "Patient?death-date=2025-03-03", 1, 1, []string{"patients.csv:3 told-before"}},
		{"a death of another day", death, "2025-03-03", "2025-03-04", "Patient?death-date=2025-03-04", 0, 1, nil},
		{"a withdrawal whose cell is empty", withdrawal, "2023-01-02,2025-01-01", "2023-01-02,", "Consent?status=inactive", 1, 1, []string{"patients.csv:2 told-before"}},
		{"a withdrawal whose cell is empty, of the part in the study", withdrawal, "2023-01-02,2025-01-01", "2023-01-02,", "ResearchSubject?status=withdrawn", 1, 1, []string{"patients.csv:2 told-before"}},
		{"a consent on the day of the withdrawal", withdrawal, "2023-01-02,2025-01-01", "2025-01-01,", "Consent?status=inactive", 1, 1, []string{"patients.csv:2 told-before"}},
		{"a consent after the withdrawal", withdrawal, "2023-01-02,2025-01-01", "2025-01-02,", "Consent?status=active", 1, 2, nil},
		{"a part in the study after the withdrawal", withdrawal, "2023-01-02,2025-01-01", "2025-01-02,", "ResearchSubject?status=on-study", 1, 2, nil},
		{"a withdrawal on another day", withdrawal, "2023-01-02,2025-01-01", "2023-01-02,2025-02-01", "Consent?status=inactive", 1, 1, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStack(t, memoryStore, strictRules)
			dir := withdrawn(t)
			imported(t, s, dir, false, false)
			if got := s.count(t, tt.query+"&_summary=count"); got != tt.before {
				t.Errorf("%d before", got)
			}
			edit(t, dir, tt.file, tt.from, tt.to)
			for _, dry := range []bool{true, false, false} {
				if diff := cmp.Diff(tt.want, toldBefore(t, s, dir, dry)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
			if got := s.count(t, tt.query+"&_summary=count"); got != tt.after {
				t.Errorf("%d after", got)
			}
			if again := imported(t, s, dir, false, false); again.Total(mapping.Created)+again.Total(mapping.Changed) != 0 {
				t.Errorf("importing again: %v", again.Fates)
			}
		})
	}
}

// What files of the next quarter say of a course that is known takes nothing from it.
func TestACourseKeepsWhatTheRowsOfAnEarlierDeliveryGaveIt(t *testing.T) {
	tests := []struct {
		name    string
		without []string // files
		edits   [][3]string
		want    map[string]map[string]int
	}{
		{"without its leukapheresis", []string{"course"}, nil, map[string]map[string]int{}},
		{"without its infusion", []string{"infusion", "tox", "outcome"}, nil, map[string]map[string]int{}},
		{"without lupus", []string{"sle"}, nil, map[string]map[string]int{}},
		{"without lupus, its leukapheresis and its toxicities", []string{"sle", "course", "tox"}, nil, map[string]map[string]int{}},
		{"without its toxicities", []string{"tox"}, nil, map[string]map[string]int{}},
		{
			"with one toxicity more alone", nil,
			[][3]string{{"tox.csv", "SYN-A01,1,crs,2023-01-21,2023-01-23,1,,1,0,0,resolved\nSYN-A01,1,icans,2023-01-22,,3,4,0,1,1,ongoing\n", "SYN-A01,1,infection,2023-03-01,2023-03-05,2,,,,,\n"}},
			map[string]map[string]int{"changed": {"Procedure": 1}, "created": {"AdverseEvent": 1, "Condition": 1, "Observation": 1, "Provenance": 1}},
		},
		{
			"with a toxicity that was not there after all alone", nil,
			[][3]string{{"tox.csv", "SYN-A01,1,crs,2023-01-21,2023-01-23,1,,1,0,0,resolved\nSYN-A01,1,icans,2023-01-22,,3,4,0,1,1,ongoing\n", "SYN-A01,1,icans,,,0,,,,,\n"}},
			map[string]map[string]int{"changed": {"AdverseEvent": 1, "Condition": 1, "MedicationAdministration": 1, "Observation": 1, "Procedure": 1}, "created": {"Provenance": 1}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStack(t, memoryStore, strictRules)
			dir := delivered(t)
			imported(t, s, dir, false, false)
			for _, file := range tt.without {
				if err := os.Remove(filepath.Join(dir, file+".csv")); err != nil {
					t.Fatal(err)
				}
			}
			for _, e := range tt.edits {
				edit(t, dir, e[0], e[1], e[2])
			}
			report := imported(t, s, dir, false, false)
			delete(report.Fates, "left")
			if diff := cmp.Diff(tt.want, report.Fates); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			complete := delivered(t)
			for _, e := range tt.edits {
				edit(t, complete, e[0], e[1], e[2])
			}
			if all := imported(t, s, complete, false, false); all.Total(mapping.Created)+all.Total(mapping.Changed) != 0 {
				t.Errorf("all of it again: %v", all.Fates)
			}
		})
	}
}

func TestTheHighestGradeIsThatOfAllThatWasTold(t *testing.T) {
	const first, second = "SYN-A01,1,infection,2023-03-01,2023-03-05,3,,,,,\n", "SYN-A01,1,infection,2023-06-01,2023-06-05,2,,,,,\n"
	tests := []struct {
		name, before, after string
		grade, end          string
	}{
		{"a second infection beside the first", first, first + second, "3", "2023-06-05"},
		{"a second infection alone", first, second, "3", "2023-06-05"},
		{"a worse one alone", second, first, "3", "2023-06-05"},
		{"the first one, corrected", first, strings.Replace(first, ",3,,", ",1,,", 1), "1", "2023-03-05"},
		{"the first one, which was none", first, "SYN-A01,1,infection,,,0,,,,,\n", "3", "2023-03-05"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStack(t, memoryStore, strictRules)
			dir := delivered(t)
			const head = "registry_id,course_no,type,onset,end,max_grade,ice,toci,steroid,serious,outcome\n"
			for _, rows := range []string{tt.before, tt.after, tt.after} {
				if err := os.WriteFile(filepath.Join(dir, "tox.csv"), []byte(head+rows), 0o600); err != nil {
					t.Fatal(err)
				}
				imported(t, s, dir, false, false)
			}
			body := string(s.send(t, http.MethodGet, "Observation?code=infection-max-grade", nil, nil).body)
			for _, want := range []string{`"value":` + tt.grade + `,`, `"end":"` + tt.end + `"`} {
				if !strings.Contains(body, want) {
					t.Errorf("there is no %s in %s", want, body)
				}
			}
			if again := imported(t, s, dir, false, false); again.Total(mapping.Created)+again.Total(mapping.Changed) != 0 {
				t.Errorf("importing again: %v", again.Fates)
			}
		})
	}
}
