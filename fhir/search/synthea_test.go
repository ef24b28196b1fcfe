package search_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// syntheaResource is as much of a Synthea resource as is counted; it is read by other means than the index.
type syntheaResource struct {
	ResourceType string
	ID           string
	Status       string
	Gender       string
	Code         struct {
		Coding []struct{ System, Code string }
	}
	Subject     struct{ Reference string }
	EffectiveDT string `json:"effectiveDateTime"`
	Value       *struct {
		Value json.Number
		Code  string
	} `json:"valueQuantity"`
}

// readBundles calls visit for every resource of the synthetic patients.
func readBundles(t *testing.T, visit func(doc *tree.Tree, r syntheaResource)) {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", "synthea")
	files, _ := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no bundles in %s", dir)
		}
		t.Skipf("no bundles in %s", dir)
	}
	for _, file := range files {
		for _, raw := range bundleEntries(t, file) {
			var r syntheaResource
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			doc, err := tree.Parse(raw, tree.Limits{})
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			visit(doc, r)
		}
	}
}

func bundleEntries(t *testing.T, file string) []json.RawMessage {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		Entry []struct{ Resource json.RawMessage }
	}
	if err := json.Unmarshal(data, &bundle); err != nil {
		t.Fatal(err)
	}
	resources := make([]json.RawMessage, 0, len(bundle.Entry))
	for _, e := range bundle.Entry {
		resources = append(resources, e.Resource)
	}
	return resources
}

// count is a query, and what it means in the words of the resource.
type count struct {
	query string
	is    func(r syntheaResource) bool
	plan  search.Plan
}

func TestQueriesFindAsManySyntheticResourcesAsThereAre(t *testing.T) {
	if testing.Short() {
		t.Skip("it reads 18,319 resources")
	}
	counts := syntheaCounts(t)
	want, got := map[string]int{}, map[string]int{}
	resources, keys := 0, 0
	readBundles(t, func(doc *tree.Tree, r syntheaResource) {
		e, err := engine(t).Entries(doc)
		if err != nil {
			t.Fatalf("%s/%s: %v", r.ResourceType, r.ID, err)
		}
		resources++
		keys += len(e.Keys)
		w := world{index: map[string]search.Entries{r.ID: e}}
		for _, c := range counts {
			if c.plan.Type != r.ResourceType {
				continue
			}
			if c.is(r) {
				want[c.query]++
			}
			if w.holds(t, c.plan.Where, r.ID) {
				got[c.query]++
			}
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, c := range counts {
		if want[c.query] == 0 {
			t.Errorf("%s finds nothing: it proves nothing", c.query)
		}
	}
	t.Logf("%d resources with %.1f keys each", resources, float64(keys)/float64(resources))
	if keys > 30*resources {
		t.Errorf("%d resources have %d keys: more than 30 each", resources, keys)
	}
}

func syntheaCounts(t *testing.T) []count {
	t.Helper()
	coded := func(system, code string) func(syntheaResource) bool {
		return func(r syntheaResource) bool {
			for _, c := range r.Code.Coding {
				if (system == "" || c.System == system) && (code == "" || c.Code == code) {
					return true
				}
			}
			return false
		}
	}
	above := func(code string, least float64) func(syntheaResource) bool {
		return func(r syntheaResource) bool {
			if r.Value == nil || r.Value.Code != code {
				return false
			}
			v, err := r.Value.Value.Float64()
			return err == nil && v > least
		}
	}
	counts := []count{
		{query: "Observation?code=http://loinc.org|8302-2", is: coded("http://loinc.org", "8302-2")},
		{query: "Observation?code=29463-7", is: coded("", "29463-7")},
		{query: "Observation?code=http://loinc.org|", is: coded("http://loinc.org", "")},
		{query: "Observation?code:not=http://loinc.org|8302-2", is: func(r syntheaResource) bool { return !coded("http://loinc.org", "8302-2")(r) }},
		{query: "Condition?code=http://snomed.info/sct|444814009", is: coded("http://snomed.info/sct", "444814009")},
		{query: "Procedure?code=430193006", is: coded("", "430193006")},
		{query: "Patient?gender=female", is: func(r syntheaResource) bool { return r.Gender == "female" }},
		{query: "Encounter?status=finished", is: func(r syntheaResource) bool { return r.Status == "finished" }},
		{query: "Observation?date=2011", is: func(r syntheaResource) bool { return strings.HasPrefix(utcYear(r.EffectiveDT), "2011") }},
		{query: "Observation?value-quantity=gt160|http://unitsofmeasure.org|cm", is: above("cm", 160)},
		{query: "Observation?value-quantity=gt1.6|http://unitsofmeasure.org|m", is: above("cm", 160)},
		{query: "Observation?value-quantity=gt80000|http://unitsofmeasure.org|g", is: above("kg", 80)},
		{query: "Observation?value-quantity:missing=true", is: func(r syntheaResource) bool { return r.Value == nil }},
		{query: "Observation?subject:missing=false", is: func(r syntheaResource) bool { return r.Subject.Reference != "" }},
	}
	for i := range counts {
		p, err := plan(t, counts[i].query)
		if err != nil {
			t.Fatal(showIssues(err))
		}
		counts[i].plan = p
	}
	return counts
}

// utcYear returns the time in UTC: Synthea writes its times with the offset +00:00, or the one of Massachusetts.
func utcYear(at string) string {
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return at
	}
	return when.UTC().Format(time.RFC3339)
}
