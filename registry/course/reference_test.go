package course

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/tree"
)

// A reference below a base URL of this server is as a relative one, and one below another is to something else of that id.
func TestAReferenceLeadsToWhatItNames(t *testing.T) {
	const (
		cells = `"extension":[{"url":"http://example.org/fhir/sle-cart/StructureDefinition/procedure-used-product","valueReference":{"reference":"BASEBiologicallyDerivedProduct/a"}}],`
		dose  = `{"resourceType":"Observation","id":"d","status":"final","code":{"coding":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"cart-dose"}]},"partOf":[{"reference":"BASEProcedure/i"}],
			"component":[{"code":{"coding":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"cart-dose-total"}]},"valueQuantity":{"value":70,"code":"10*6"}}]}`
		drug     = `"medicationReference":{"reference":"BASEMedication/m"}`
		syndrome = `{"resourceType":"Condition","id":"s","code":{"coding":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"crs"}]}}`
	)
	for base, want := range map[string][]string{
		"":                              {"obe-cel", "mycophenolate", "dosed", "against the syndrome"},
		"http://here.example/fhir/":     {"obe-cel", "mycophenolate", "dosed", "against the syndrome"},
		"https://here.example/fhir/":    {"obe-cel", "mycophenolate", "dosed", "against the syndrome"},
		"http://another.example/fhir/":  {"", "", "", ""},
		"http://here.example/fhir/old/": {"", "", "", ""},
	} {
		b := NewBuilder("p", true)
		b.bases = []string{"http://here.example/fhir"}
		for _, text := range []string{
			`{"resourceType":"Procedure","id":"i","status":"completed",` + cells + `"performedDateTime":"2024-01-10","code":{"coding":[{"system":"http://snomed.info/sct","code":"1156961008"}]}}`,
			dose, syndrome, statement("a", "active", drug, `"effectivePeriod":{"start":"2024-02-01"}`),
			`{"resourceType":"MedicationAdministration","id":"g","status":"completed",` + mmfTold + `,"effectiveDateTime":"2024-05-02","reasonReference":[{"reference":"BASECondition/s"}]}`,
		} {
			b.Add(below(t, text, base))
		}
		b.Medication(below(t, `{"resourceType":"Medication","id":"m","code":`+mmfCode+`}`, ""))
		c := b.Course(map[string]string{"a": "obe-cel"})
		got := []string{c.Product(), Drug(c.Therapies[0].Drug).Name, "", ""}
		if len(c.Dosed) > 0 && c.Dosed[0] == "i" {
			got[2] = "dosed"
		}
		if c.Given[0].Aside {
			got[3] = "against the syndrome"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("below %q: %s", base, diff)
		}
	}
}

// A product may stand in the Procedure that used it.
func TestTheProductWithinAnInfusionIsThatOfIt(t *testing.T) {
	c := told(t, "", `{"resourceType":"Procedure","id":"i","status":"completed","contained":[{"resourceType":"BiologicallyDerivedProduct","id":"a"},{"resourceType":"BiologicallyDerivedProduct","id":"b",
		"productCode":{"coding":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"obe-cel"}]}}],
		"extension":[{"url":"http://example.org/fhir/sle-cart/StructureDefinition/procedure-used-product","valueReference":{"reference":"#b"}}],
		"performedDateTime":"2024-01-10","code":{"coding":[{"system":"http://snomed.info/sct","code":"1156961008"}]}}`)
	if got := c.Product(); got != "obe-cel" {
		t.Errorf("%q, want obe-cel", got)
	}
}

// below parses a resource whose references are below a base.
func below(t *testing.T, text, base string) *tree.Tree {
	t.Helper()
	r, err := tree.Parse([]byte(strings.ReplaceAll(text, "BASE", base)), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Two sources tell of one infusion, of which one knows the product.
func TestTheProductIsThatOfAnyRecordOfTheInfusion(t *testing.T) {
	infused := func(id, on, product, of string) string {
		used := ""
		if product != "" {
			used = `"extension":[{"url":"http://example.org/fhir/sle-cart/StructureDefinition/procedure-used-product","valueReference":{"reference":"BiologicallyDerivedProduct/` + product + `"}}],`
		}
		return `{"resourceType":"Procedure","id":"` + id + `","status":"completed",` + used + of + `"performedDateTime":"` + on + `","code":{"coding":[{"system":"http://snomed.info/sct","code":"1156961008"}]}}`
	}
	const course = `"partOf":[{"reference":"Procedure/course"}],`
	for _, tt := range []struct {
		name string
		told []string
		want string
	}{
		{"the first record", []string{infused("a", "2024-01-10", "x", ""), infused("b", "2024-01-10", "", "")}, "obe-cel"},
		{"the second record of the day", []string{infused("a", "2024-01-10", "", ""), infused("b", "2024-01-10", "x", "")}, "obe-cel"},
		{"the second part of the course", []string{infused("a", "2024-01-10", "", course), infused("b", "2024-01-12", "x", course)}, "obe-cel"},
		{"the second part of the course of one of two records", []string{infused("a", "2024-01-10", "", ""), infused("b", "2024-01-10", "", course), infused("c", "2024-01-12", "x", course)}, "obe-cel"},
		{"other cells", []string{infused("a", "2024-01-10", "", ""), infused("b", "2024-07-10", "x", "")}, ""},
	} {
		b := NewBuilder("p", false)
		for _, text := range tt.told {
			b.Add(below(t, text, ""))
		}
		if got := b.Course(map[string]string{"x": "obe-cel"}).Product(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
