package main

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// record is what the test below reads of a Synthea resource.
type record struct {
	ResourceType string
	ID           string
	Identifier   []struct{ System, Value string }
	Code         struct {
		Coding []struct{ System, Code string }
	}
	VaccineCode struct {
		Coding []struct{ System, Code string }
	}
	Subject, Patient  struct{ Reference string }
	ServiceProvider   struct{ Reference string }
	EffectiveDateTime time.Time
	BirthDate         string
	Gender            string
}

func (r record) owner() string {
	return strings.TrimPrefix(cmp.Or(r.Subject.Reference, r.Patient.Reference), "urn:uuid:")
}

// synthea returns the bundles that lie beside the repository, and what is in them. They are synthetic patients of
// https://github.com/synthetichealth/synthea.
func synthea(t *testing.T, atMost int) (files []string, records []record) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repositoryRoot(), "..", "shared", "data", "synthea", "*.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("../shared/data/synthea is absent")
		}
		t.Skip("../shared/data/synthea is absent")
	}
	files = files[:min(atMost, len(files))]
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		var bundle struct{ Entry []struct{ Resource record } }
		if err := json.NewDecoder(z).Decode(&bundle); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		for _, e := range bundle.Entry {
			records = append(records, e.Resource)
		}
	}
	return files, records
}

// TestCountsBySearchEqualCountsInTheFiles loads the Synthea bundles and asks for every type and for many codes, dates and references.
func TestCountsBySearchEqualCountsInTheFiles(t *testing.T) {
	t.Parallel()
	atMost := 62
	if testing.Short() || underRace {
		atMost = 6
	}
	files, records := synthea(t, atMost)
	data := filepath.Join(t.TempDir(), "store")
	code, out, complaint := runCommand(t, append([]string{"load", "--store", "sqlite:" + data}, files...)...)
	if code != 0 || !strings.HasPrefix(out, fmt.Sprintf("stored %d resources", len(records))) {
		t.Fatalf("exit code %d, want 0 and all %d resources stored\n%s%s", code, len(records), out, complaint)
	}
	s := startOn(t, data)

	want := map[string]int{}
	countTypes(want, records)
	countCodes(want, records, 12)
	countDates(want, records)
	countReferences(t, want, records, 12)
	for _, query := range slices.Sorted(maps.Keys(want)) {
		if got := total(t, s.base, query); got != want[query] {
			t.Errorf("GET %s finds %d, the files hold %d", query, got, want[query])
		}
	}
	if len(want) < 60 && atMost == 62 {
		t.Errorf("only %d queries: the test sees too little", len(want))
	}
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}

func countTypes(want map[string]int, records []record) {
	for _, r := range records {
		want[r.ResourceType+"?_total=accurate"]++
	}
}

// countCodes asks for the most frequent codes.
func countCodes(want map[string]int, records []record, most int) {
	found := map[string]int{}
	for _, r := range records {
		each := map[string]bool{}
		for _, c := range r.Code.Coding {
			each[r.ResourceType+"?code="+url.QueryEscape(c.System+"|"+c.Code)] = true
		}
		for _, c := range r.VaccineCode.Coding {
			each[r.ResourceType+"?vaccine-code="+url.QueryEscape(c.Code)] = true
		}
		for query := range each {
			found[query]++
		}
	}
	queries := slices.SortedFunc(maps.Keys(found), func(a, b string) int { return cmp.Or(found[b]-found[a], strings.Compare(a, b)) })
	for _, query := range queries[:min(most, len(queries))] {
		want[query] = found[query]
	}
}

// countDates asks for years of observations and of births, and for spans of them.
func countDates(want map[string]int, records []record) {
	for _, r := range records {
		if year := r.EffectiveDateTime.UTC().Year(); r.ResourceType == "Observation" && !r.EffectiveDateTime.IsZero() {
			if year >= 2005 {
				want["Observation?date="+strconv.Itoa(year)]++
			}
			if year >= 2010 && year < 2015 {
				want["Observation?date=ge2010&date=lt2015"]++
			}
			if year < 2012 {
				want["Observation?date=lt2012-01-01T00:00:00Z"]++
			}
		}
		if r.BirthDate != "" {
			want["Patient?birthdate="+r.BirthDate]++
			want["Patient?birthdate="+r.BirthDate[:4]]++
		}
		if r.Gender != "" && r.ResourceType == "Patient" {
			want["Patient?gender="+r.Gender]++
		}
	}
}

// countReferences asks for what belongs to patients and organizations, which are named by their identifiers, since the server gave them ids.
func countReferences(t *testing.T, want map[string]int, records []record, most int) {
	t.Helper()
	identifier := map[string]string{}
	for _, r := range records {
		if len(r.Identifier) > 0 {
			identifier[r.ID] = url.QueryEscape(r.Identifier[0].System + "|" + r.Identifier[0].Value)
		}
	}
	patients := map[string]bool{}
	for _, r := range records {
		if r.ResourceType == "Patient" && len(patients) < most {
			patients[r.ID] = true
		}
	}
	for _, r := range records {
		if patients[r.owner()] && slices.Contains([]string{"Observation", "Encounter", "Condition", "Claim", "Immunization"}, r.ResourceType) {
			want[r.ResourceType+"?patient.identifier="+identifier[r.owner()]]++
		}
		if by := strings.TrimPrefix(r.ServiceProvider.Reference, "urn:uuid:"); by != "" && len(identifier[by])%7 == 0 {
			want["Encounter?service-provider:Organization.identifier="+identifier[by]]++
		}
	}
}
