package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"firewolf/mapping/synthetic"
)

// asked is how the server is asked what the reference calls by a name: the operation, and its parameters.
func asked(name, asOf string) string {
	words := strings.Fields(name)
	q := "as-of=" + asOf
	switch operation := words[0]; operation {
	case "outcome-rate", "time-to-event":
		q += "&endpoint=" + words[1]
	case "biomarker":
		q += "&analyte=" + words[1]
	case "toxicity":
		q += "&kind=" + words[1]
	case "completeness":
		q += "&form=" + words[1]
	}
	overlap := slices.Contains(words, "strata=overlap")
	if overlap || words[0] != "toxicity" && words[0] != "completeness" { // whose groups are the products, and the centers
		q += "&stratum=" + url.QueryEscape("women=Patient?gender=female")
	}
	if overlap {
		q += "&stratum=" + url.QueryEscape("c1=Patient?_security=SYN-C1")
		words = slices.DeleteFunc(words, func(w string) bool { return w == "strata=overlap" })
	}
	if words[0] == "time-to-event" {
		q += "&grid=0"
	}
	return words[0] + "?" + strings.Join(append([]string{q}, words[2:]...), "&")
}

// answers are values by line and column.
type answers map[string]map[string]string

func (a answers) set(line, column, value string) {
	if a[line] == nil {
		a[line] = map[string]string{}
	}
	a[line][column] = value
}

func lineOf(part, timepoint, group, time string) string {
	return strings.TrimSpace(strings.Join([]string{part, timepoint, group, time}, " "))
}

// table reads a CSV of which each row is called by its columns.
func table(t *testing.T, text string) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v in %.200q", err, text)
	}
	var l []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for k, name := range rows[0] {
			m[name] = r[k]
		}
		l = append(l, m)
	}
	return l
}

// reference returns the answers of registry/testdata/reference.R, by question.
func reference(t *testing.T, dir, asOf string) map[string]answers {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "Rscript", "--vanilla", filepath.Join("registry", "testdata", "reference.R"), dir, asOf)
	var out, problems strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("R failed: %v\n%s", err, problems.String())
	}
	all := map[string]answers{}
	for _, r := range table(t, out.String()) {
		if all[r["ask"]] == nil {
			all[r["ask"]] = answers{}
		}
		all[r["ask"]].set(lineOf(r["part"], r["timepoint"], r["group"], r["time"]), r["column"], r["value"])
	}
	return all
}

// answered returns what the server says to a question.
func (s *stack) answered(t *testing.T, question string) answers {
	t.Helper()
	operation, query, _ := strings.Cut(question, "?")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/Patient/$"+operation+"?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/csv")
	code, text := s.sent(t, r)
	if code != http.StatusOK {
		t.Fatalf("%s: %d %s", question, code, text)
	}
	a := answers{}
	for _, row := range table(t, text) {
		part := row["part"]
		switch part {
		case "about", "rule", "window":
			continue
		case "toxicity":
			part = row["kind"]
		case "treatment":
			part = row["drug"]
		}
		for column, value := range row {
			a.set(lineOf(part, row["timepoint"], row["group"], row["time"]), column, value)
		}
	}
	return a
}

func (s *stack) sent(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// needR skips where R is not, unless this is where everything must be.
func needR(t *testing.T) {
	t.Helper()
	if err := exec.Command("Rscript", "-e", "library(survival)").Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("R with its survival package is needed (scripts/testr brings it): %v", err)
		}
		t.Skipf("R with its survival package is not here (scripts/testr brings it): %v", err)
	}
}

func TestTheRegistryAnswersWhatAReferenceInRComputesOfTheSameTables(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("without the race detector it is run whole")
	}
	needR(t)
	for _, tt := range []struct {
		seed uint64
		asOf string
	}{{11, "2026-01-01"}, {12, "2024-07-01"}} {
		t.Run(fmt.Sprintf("seed %d as of %s", tt.seed, tt.asOf), func(t *testing.T) {
			dir := t.TempDir()
			if err := synthetic.WriteCSV(t.Context(), dir, synthetic.Source{Patients: 300, Seed: tt.seed}); err != nil {
				t.Fatal(err)
			}
			want := reference(t, dir, tt.asOf)
			s := newStack(t, sqliteStore, strictRules)
			imported(t, s, dir, false, false)
			compared := 0
			for ask, said := range want {
				compared += same(t, ask, said, s.answered(t, asked(ask, tt.asOf)))
			}
			if compared < 25000 {
				t.Errorf("%d values were compared only", compared)
			}
		})
	}
}

// same compares two answers to a question, and returns how many values they have in common.
func same(t *testing.T, ask string, want, got answers) int {
	t.Helper()
	n := 0
	for line, columns := range want {
		if got[line] == nil {
			t.Errorf("%s: the server says nothing of %q, where R has %v", ask, line, columns)
			continue
		}
		for column, value := range columns {
			if !equalValues(value, got[line][column]) {
				t.Errorf("%s: %s %s is %q, and R has %q", ask, line, column, got[line][column], value)
			}
			n++
		}
	}
	for line := range got {
		if want[line] == nil {
			t.Errorf("%s: R says nothing of %q", ask, line)
		}
	}
	return n
}

// equalValues compares numbers; where R has none the server must have none.
func equalValues(want, got string) bool {
	if want == "NaN" || want == "Inf" {
		want = ""
	}
	if want == got {
		return true
	}
	x, err := strconv.ParseFloat(want, 64)
	y, err2 := strconv.ParseFloat(got, 64)
	whole := !slices.Contains([]byte(want), '.') && !strings.Contains(want, "e")
	if err != nil || err2 != nil || whole && x != y {
		return false
	}
	return math.Abs(x-y) <= 1e-9*max(1, math.Abs(x))
}
