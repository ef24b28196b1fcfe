package main

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"testing"

	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/fhir/validate"
	"firewolf/fixtures"
)

// sampleBundles are the embedded bundles in the order of their names.
func sampleBundles(t *testing.T) (names []string, texts [][]byte) {
	t.Helper()
	names, err := fs.Glob(fixtures.FS, "bundles/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no sample bundles: %v", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(fixtures.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return names, texts
}

func TestEveryResourceOfTheSampleBundlesHasTheStructureOfR4(t *testing.T) {
	sp, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	c := validate.New(sp)
	names, texts := sampleBundles(t)
	count := 0
	for k, text := range texts {
		doc, err := tree.Parse(text, tree.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", names[k], err)
		}
		for _, i := range c.Structure(doc) {
			t.Errorf("%s: %v", names[k], i)
		}
		count += doc.Root().Member("entry").Len()
	}
	t.Logf("%d resources", count)
}

func TestTheSampleBundlesLoadInTheOrderOfTheirNamesAndASecondTimeChangeNothing(t *testing.T) {
	names, texts := sampleBundles(t)
	eachStack(t, usualRules, func(t *testing.T, s *stack) {
		types := map[string]int{}
		for k, text := range texts {
			if got := s.send(t, http.MethodPost, "", text, nil); got.status != http.StatusOK {
				t.Fatalf("%s: %d %s", names[k], got.status, got.body)
			}
			for _, typ := range entryTypes(t, text) {
				types[typ]++
			}
		}
		loaded := s.head(t)
		for k, text := range texts {
			if got := s.send(t, http.MethodPost, "", text, nil); got.status != http.StatusOK {
				t.Fatalf("%s: %d %s", names[k], got.status, got.body)
			}
		}
		if again := s.head(t); again != loaded {
			t.Errorf("the second time moved the store from %d to %d", loaded, again)
		}
		for typ, want := range types {
			if got := s.count(t, typ+"?_summary=count"); got != want {
				t.Errorf("%d of %s, want %d", got, typ, want)
			}
		}
	})
}

func entryTypes(t *testing.T, bundle []byte) []string {
	t.Helper()
	var b struct {
		Entry []struct {
			Resource struct{ ResourceType string }
		}
	}
	if err := json.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, e := range b.Entry {
		types = append(types, e.Resource.ResourceType)
	}
	return types
}

// count asks for the total of a search.
func (s *stack) count(t *testing.T, query string) int {
	t.Helper()
	got := s.send(t, http.MethodGet, query, nil, nil)
	var b struct{ Total *int }
	if err := json.Unmarshal(got.body, &b); err != nil || got.status != http.StatusOK || b.Total == nil {
		t.Fatalf("%s: %d %s", query, got.status, got.body)
	}
	return *b.Total
}
