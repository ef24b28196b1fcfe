package course

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/tree"
	"firewolf/registry/term"
)

// readOne is the course of an Observation of 2024-04-09 with a local code, beside an infusion.
func readOne(t *testing.T, code, rest string) *Course {
	t.Helper()
	b := NewBuilder("p", true)
	for _, text := range []string{
		`{"resourceType":"Procedure","id":"i","status":"completed","subject":{"reference":"Patient/p"},"performedDateTime":"2024-01-10","code":{"coding":[{"system":"` + term.Local + `","code":"cart-infusion"}]}}`,
		`{"resourceType":"Observation","id":"o","status":"final","subject":{"reference":"Patient/p"},"effectiveDateTime":"2024-04-09","code":{"coding":[{"system":"` + term.Local + `","code":"` + code + `"}]},` + rest + `}`,
	} {
		r, err := tree.Parse([]byte(text), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		b.Add(r)
	}
	return b.Course(nil)
}

func TestANumberIsReadOnTheScaleOfItsCode(t *testing.T) {
	quantity := func(value, unit string) string {
		return `"valueQuantity":{"value":` + value + `,"unit":"` + unit + `","system":"http://unitsofmeasure.org","code":"` + unit + `"}`
	}
	for _, tt := range []struct{ name, code, value, want string }{
		{"a PGA", "pga", quantity("0.5", "{score}"), "0.5"},
		{"a PGA of 10 mm on a line of 100", "pga", quantity("10", "mm"), "0.3"},
		{"a PGA of 5 cm on a line of 10", "pga", quantity("5", "cm"), "1.5"},
		{"a PGA of 101 mm", "pga", quantity("101", "mm"), "unknown"},
		{"the highest PGA", "pga", quantity("3", "1"), "3"},
		{"a PGA of another scale", "pga", quantity("3.1", "{score}"), "unknown"},
		{"a PGA below 0", "pga", quantity("-1", "{score}"), "unknown"},
		{"a PGA in percent", "pga", quantity("20", "%"), "unknown"},
		{"a PGA as an integer", "pga", `"valueInteger":1`, "1"},
		{"a dose", "gc-dose", quantity("5", "mg/d"), "5"},
		{"a dose without a unit", "gc-dose", `"valueQuantity":{"value":5}`, "5"},
		{"a dose with a unit that is only told", "gc-dose", `"valueQuantity":{"value":5,"unit":"mg/day"}`, "5"},
		{"a dose in grams", "gc-dose", quantity("0.02", "g/d"), "20"},
		{"a dose of a week", "gc-dose", quantity("14", "mg/wk"), "2"},
		{"a dose by body weight", "gc-dose", quantity("1", "mg/kg/d"), "unknown"},
		{"a dose of no time", "gc-dose", quantity("5", "mg"), "unknown"},
		{"a dose below 0", "gc-dose", quantity("-5", "mg/d"), "unknown"},
	} {
		c := readOne(t, tt.code, tt.value)
		of := c.PGA
		if tt.code == "gc-dose" {
			of = c.GC
		}
		if got := valueAt(of, ParseDay("2024-04-09").From, VisitDays).String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAScoreThatCannotBeIsNotKnown(t *testing.T) {
	for _, tt := range []struct{ name, code, value, total, clinical string }{
		{"0", "sledai-2k", `"valueQuantity":{"value":0}`, "0", "0"},
		{"an integer", "sledai-2k", `"valueInteger":105`, "105", ">=101, incomplete"},
		{"above the sum of all weights", "sledai-2k", `"valueQuantity":{"value":106}`, ">=0, incomplete", ">=0, incomplete"},
		{"below 0", "sledai-2k", `"valueQuantity":{"value":-1}`, ">=0, incomplete", ">=0, incomplete"},
		{"half a point", "sledai-2k", `"valueQuantity":{"value":4.5}`, ">=0, incomplete", ">=0, incomplete"},
		{"a clinical score", "csledai-2k", `"valueQuantity":{"value":0}`, ">=0, incomplete", "0"},
		{"a clinical score below 0", "csledai-2k", `"valueQuantity":{"value":-2}`, ">=0, incomplete", ">=0, incomplete"},
	} {
		got := []string{">=0, incomplete", ">=0, incomplete"}
		if l := readOne(t, tt.code, tt.value).Assessments; len(l) == 1 {
			got = []string{l[0].Score().String(), l[0].ClinicalScore().String()}
		}
		if diff := cmp.Diff([]string{tt.total, tt.clinical}, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestAPartOfAnInstrumentIsReadOnItsScale(t *testing.T) {
	part := func(code, value string) string {
		return `"component":[{"code":{"coding":[{"system":"` + term.Local + `","code":"` + code + `"}]},` + value + `}]`
	}
	for _, tt := range []struct{ name, code, part, value, want string }{
		{"a temperature", "crs-max-grade", "crs-fever", `"valueQuantity":{"value":38.5,"code":"Cel"}`, "38.5"},
		{"a temperature in Fahrenheit", "crs-max-grade", "crs-fever", `"valueQuantity":{"value":98.6,"code":"[degF]"}`, "37"},
		{"a temperature that must be in Fahrenheit and does not say so", "crs-max-grade", "crs-fever", `"valueQuantity":{"value":98.6}`, "unknown"},
		{"an ICE score", "icans-max-grade", "icans-ice", `"valueInteger":10`, "10"},
		{"an ICE score above 10", "icans-max-grade", "icans-ice", `"valueInteger":11`, "unknown"},
		{"three objects", "ice-score", "ice-objects", `"valueInteger":3`, "3"},
		{"four objects of three", "ice-score", "ice-objects", `"valueInteger":4`, "unknown"},
	} {
		i := readOne(t, tt.code, part(tt.part, tt.value)).Instruments[0]
		if got := i.Part(tt.part).Number.String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := readOne(t, "ice-score", `"valueQuantity":{"value":12}`).Instruments[0].Stated.Known; got {
		t.Error("an ICE score of 12 is known")
	}
}
