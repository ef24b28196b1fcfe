package search_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
)

// params are the parameters of a plan, each once, sorted.
func params(p search.Plan) []string {
	var all []string
	for name := range p.Params {
		all = append(all, name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestAPlanNamesTheParametersThatItIsAnsweredFrom(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"nothing", "Patient?", ""},
		{"id and time need no entries", "Patient?_id=1&_lastUpdated=gt2020&_sort=_id,-_lastUpdated", ""},
		{"a token", "Observation?code=http://loinc.org|1-2", "Observation.code"},
		{"a token that is too long for a key", "Observation?code=http://loinc.org|" + strings.Repeat("x", 300), "Observation.code"},
		{"a negated token", "Observation?code:not=a", "Observation.code"},
		{"a value that is missing", "Observation?code:missing=true", "Observation.code"},
		{"a string in all its forms", "Patient?name=a&name:exact=b&name:contains=c", "Patient.name"},
		{"a date, a number, a quantity", "Observation?date=2020&value-quantity=5|http://unitsofmeasure.org|mg", "Observation.date Observation.value-quantity"},
		{"a reference, by identifier too", "Observation?subject=Patient/1&performer:identifier=a|b", "Observation.performer Observation.subject"},
		{"the order", "Observation?_sort=-date,code", "Observation.code Observation.date"},
		{"a composite that is joined", "Observation?component-code-value-quantity=a|b$5", "Observation.component-code-value-quantity"},
		{"a composite of two parameters", "Observation?code-value-quantity=a|b$5", "Observation.code Observation.value-quantity"},
		{"a union of two", "Observation?combo-code=a", "Observation.code Observation.component-code"},
		{"a chain, and the same inside the resource", "MedicationRequest?medication.code=a|b", "Medication.code MedicationRequest.medication"},
		{"a reverse chain", "Patient?_has:Observation:subject:code=a", "Observation.code Observation.subject"},
		{"a chain in a reverse chain", "Patient?_has:Observation:subject:encounter.status=planned", "Encounter.status Observation.encounter Observation.subject"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := plan(t, c.query)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, strings.Join(params(p), " ")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReadingTheParametersOfAPlanCanStop(t *testing.T) {
	p, err := plan(t, "Observation?subject.name=a&code=b")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range p.Params {
		n++
		break
	}
	if n != 1 {
		t.Errorf("told %d times after a stop", n)
	}
}

// TestEveryEntryBelongsToAParameterThatIsDefined shows that the name of no entry is read as that of another parameter.
func TestEveryEntryBelongsToAParameterThatIsDefined(t *testing.T) {
	e := engine(t)
	defined := e.Definitions()
	looked := 0
	for typ, all := range examples(t) {
		for _, x := range all[:min(len(all), 20)] {
			entries, err := e.Entries(x.tree)
			if err != nil {
				t.Fatal(err)
			}
			where := search.And{}
			for _, k := range entries.Keys {
				if !strings.HasPrefix(k, "@") {
					where = append(where, search.HasKey{Key: k})
				}
			}
			for _, text := range entries.Texts {
				where = append(where, search.TextIs{Name: text.Name})
			}
			for _, r := range entries.Ranges {
				where = append(where, search.InRange{Name: r.Name})
			}
			for _, r := range entries.Refs {
				if r.Param != "" {
					where = append(where, search.RefersTo{Param: r.Param})
				}
			}
			for _, name := range params(search.Plan{Type: typ, Where: where}) {
				looked++
				if defined[name] == "" {
					t.Errorf("%s: an entry seems to be of %s, which is not defined", x.name, name)
				}
			}
		}
	}
	if looked < 5000 {
		t.Errorf("only %d names were looked at", looked)
	}
}

func TestADefinitionSaysWhetherItsEntriesDependOnTheBasesOfTheServer(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	here, err := search.NewEngine(s, "http://here/fhir")
	if err != nil {
		t.Fatal(err)
	}
	there, err := search.NewEngine(s)
	if err != nil {
		t.Fatal(err)
	}
	d := here.Definitions()
	if diff := cmp.Diff(d, there.Definitions()); diff != "" {
		t.Errorf("the digests depend on the bases:\n%s", diff)
	}
	if len(d) < 1375 {
		t.Errorf("only %d definitions", len(d))
	}
	for name, want := range map[string]bool{
		"Observation.subject": true, "Observation.code": false, "DocumentReference.relationship": true, "Observation.code-value-quantity": false,
		search.References: true, "Patient.general-practitioner": true,
	} {
		if d[name] == "" || strings.HasSuffix(d[name], "@") != want {
			t.Errorf("%s has the digest %q", name, d[name])
		}
	}
	if d["Observation.subject"] == d["Observation.patient"] || d["Observation.code"] == d["Observation.component-code"] {
		t.Error("two definitions have one digest")
	}
}
