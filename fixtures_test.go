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

// loadSamples posts every sample bundle.
func (s *stack) loadSamples(t *testing.T) {
	t.Helper()
	names, texts := sampleBundles(t)
	for k, text := range texts {
		if got := s.send(t, http.MethodPost, "", text, nil); got.status != http.StatusOK {
			t.Fatalf("%s: %d %s", names[k], got.status, got.body)
		}
	}
}

func TestTheSampleBundlesLoadInTheOrderOfTheirNamesAndASecondTimeChangeNothing(t *testing.T) {
	types := map[string]int{}
	_, texts := sampleBundles(t)
	for _, text := range texts {
		for _, typ := range entryTypes(t, text) {
			types[typ]++
		}
	}
	eachStack(t, usualRules, func(t *testing.T, s *stack) {
		s.loadSamples(t)
		loaded := s.head(t)
		s.loadSamples(t)
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

const (
	cartPipe  = "http://example.org/fhir/sle-cart/CodeSystem/sle-cart" + "|"
	rxnorm    = "http://www.nlm.nih.gov/research/umls/rxnorm|"
	icd10     = "http://hl7.org/fhir/sid/icd-10-cm|"
	gramLiter = "|http://unitsofmeasure.org|g/L"
)

// These are the searches of those who count outcomes. The numbers were counted in the tables of the patients, by hand.
func TestSearchesOfARegistryFindTheSampleCohort(t *testing.T) {
	tests := []struct {
		name  string
		query string
		want  int
	}{
		{"infusions since 2023, not the planned one that failed", "Procedure?code=1156961008&date=ge2023", 9},
		{"products that failed", "Procedure?code=" + cartPipe + "cart-infusion&status=not-done", 1},
		{"remissions of one infusion", "Observation?code=" + cartPipe + "doris-2021&value-concept=" + cartPipe + "criterion-met&focus=Procedure/SYN-P01-infusion", 5},
		{"the remission of one day", "Observation?code=" + cartPipe + "doris-2021&value-concept=" + cartPipe + "criterion-met&focus=Procedure/SYN-P01-infusion&date=2023-04-18", 1},
		{"remissions that SNOMED CT names", "Observation?code=" + cartPipe + "doris-2021&value-concept=http://snomed.info/sct|103338009&patient=Patient/SYN-P06", 4},
		{"what could not be evaluated", "Observation?code=" + cartPipe + "doris-2021&value-concept=" + cartPipe + "not-evaluable", 1},
		{"active lupus", "Observation?code-value-quantity=" + cartPipe + "sledai-2k$ge6", 20},
		{"doses above a half", "Observation?component-code-value-quantity=" + cartPipe + "cart-dose-per-kg$gt0.5", 9},
		{"doses above 0.9", "Observation?component-code-value-quantity=" + cartPipe + "cart-dose-per-kg$gt0.9", 8},
		{"adverse events of an infusion", "AdverseEvent?substance=Procedure/SYN-P08-infusion", 2},
		{"what is derived from a score", "Observation?derived-from=Observation/SYN-P01-csledai-m03", 2},
		{"who relapsed", "Patient?_has:Observation:patient:code=" + cartPipe + "relapse", 1},
		{"lupus that relapsed", "Condition?clinical-status=relapse", 1},
		{"cytokine release of grade 1", "Condition?code=" + icd10 + "D89.831", 5},
		{"patients without cytokine release", "Observation?code=" + cartPipe + "crs-max-grade&value-quantity=0", 3},
		{"low C3, whatever the unit of the center", "Observation?code=http://loinc.org|4485-9&value-quantity=lt0.9" + gramLiter, 22},
		{"nephritis of class IV", "Condition?stage=" + cartPipe + "isn-rps-iv", 3},
		{"tocilizumab", "MedicationAdministration?code=" + rxnorm + "612865", 1},
		{"lymphodepletion, one a day and drug", "MedicationAdministration?code=" + rxnorm + "24698", 27},
		{"subjects who left the study", "ResearchSubject?status=off-study", 3},
		{"test data", "Patient?_tag=http://terminology.hl7.org/CodeSystem/v3-ActReason|HTEST", 10},
		{"patients of a center", "Patient?_security=http://example.org/fhir/sle-cart/CodeSystem/center|SYN-C2", 5},
		{"procedures in the compartment of a patient", "Patient/SYN-P01/Procedure?", 4},
		{"how an outcome was computed", "Provenance?target=Observation/SYN-P01-doris-2021-m03", 1},
		{"who died", "Patient?death-date=ge2024", 1},
	}
	eachStack(t, usualRules, func(t *testing.T, s *stack) {
		s.loadSamples(t)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if got := s.count(t, tt.query+"&_summary=count"); got != tt.want {
					t.Errorf("%d, want %d: %s", got, tt.want, tt.query)
				}
			})
		}
		for query, want := range map[string]int{
			// Six visits after the infusion with a score and three outcomes each, two highest grades, the return of B cells.
			"Procedure?_id=SYN-P01-infusion&_revinclude=Observation:focus":                              1 + 6*4 + 3,
			"Procedure?code=" + cartPipe + "cart-infusion&_include=Procedure:reason-reference":          10 + 10,
			"Observation?_id=SYN-P01-drug-free-remission-m03&_include:iterate=Observation:derived-from": 1 + 2 + 2 + 1,
		} {
			got := s.send(t, http.MethodGet, query+"&_count=100", nil, nil)
			if n := len(entryTypes(t, got.body)); n != want {
				t.Errorf("%s has %d entries, want %d", query, n, want)
			}
		}
	})
}
