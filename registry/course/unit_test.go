package course

import (
	"math"
	"strings"
	"testing"

	"firewolf/registry/score"
)

// What each unit becomes, reckoned by hand.
func TestEveryUnitBecomesTheCanonicalOneOfItsAnalyte(t *testing.T) {
	tests := []struct {
		analyte, unit string
		value, want   float64
	}{
		{"c3", "mg/dL", 82, 0.82},
		{"c4", "mg/dL", 9, 0.09},
		{"c3", "mg/L", 820, 0.82},
		{"c4", "mg/L", 90, 0.09},
		{"upcr", "mg/g", 500, 0.5},
		{"upcr", "mg/mg", 0.5, 0.5},
		{"upcr", "g/mol", 56.56, 0.5}, // 0.5 g/g of 113.12 g/mol
		{"upcr", "mg/mmol", 56.56, 0.5},
		{"urine-protein", "mg/(24.h)", 850, 0.85},
		{"urine-protein", "g/d", 0.85, 0.85},
		{"urine-protein", "mg/d", 850, 0.85},
		{"creatinine", "umol/L", 88.42, 1},
		{"creatinine", "mg/L", 10, 1},
		{"platelets", "10*3/uL", 150, 150},
		{"leukocytes", "10*3/uL", 4.2, 4.2},
		{"neutrophils", "10*3/uL", 1.5, 1.5},
		{"lymphocytes", "10*3/uL", 0.8, 0.8},
		{"hemoglobin", "g/L", 131, 13.1},
		{"cd19", "10*6/L", 12, 12},
		{"cd19", "{cells}/uL", 12, 12},
		{"cd19", "10*9/L", 0.012, 12},
		{"igg", "g/L", 7.1, 710},
		{"iga", "g/L", 0.7, 70},
		{"igm", "g/L", 0.4, 40},
		{"crp", "mg/dL", 0.5, 5},
		{"ferritin", "ug/L", 400, 400},
		{"cd19", "cells/uL", 12, 12},
		{"cd19", "/mm3", 12, 12}, // from here on by UCUM
		{"cd19", "10*3/uL", 0.012, 12},
		{"cd19-percent", "1", 0.02, 2},
		{"egfr", "mL/min/1.73m2", 90, 90},
		{"egfr", "mL/min/1.73 m2", 90, 90},
		{"egfr", "mL/min/{1.73m2}", 90, 90},
		{"upcr", "mg/g{creat}", 500, 0.5},
		{"upcr", "mg/mmol{creat}", 56.56, 0.5},
		{"upcr", "ug/mg", 500, 0.5},
		{"platelets", "/nL", 150, 150},
		{"ldh", "ukat/L", 4, 240},
	}
	tried := map[[2]string]bool{}
	for _, tt := range tests {
		tried[[2]string{tt.analyte, tt.unit}] = true
		a, ok := AnalyteNamed(tt.analyte)
		if !ok {
			t.Fatalf("%s is no analyte", tt.analyte)
		}
		got := canonical(a.Of(), score.Under(tt.value), tt.unit)
		if math.Abs(got.X-tt.want) > 1e-9*tt.want || got.Sign != score.LessThan || !got.Known {
			t.Errorf("<%v %s of %s is %v, want <%v", tt.value, tt.unit, tt.analyte, got, tt.want)
		}
	}
	for _, d := range divisors {
		if !tried[[2]string{d.analyte, d.unit}] {
			t.Errorf("%s in %s is not tried", d.analyte, d.unit)
		}
	}
}

func TestAUnitOfAnotherAnalyteIsUnknown(t *testing.T) {
	for _, tt := range [][2]string{{"c3", "umol/L"}, {"egfr", "mL/min"}, {"creatinine", "mg/g"}, {"cd19", "%"}, {"igg", "[IU]/mL"}, {"crp", "g"}, {"upcr", "mg/dL"}, {"egfr", "mL/min/m2"}, {"hemoglobin", ""}} {
		a, _ := AnalyteNamed(tt[0])
		if got := canonical(a.Of(), score.Num(1), tt[1]); got.Known {
			t.Errorf("1 %s of %s is %v", tt[1], tt[0], got)
		}
	}
	dsdna, _ := AnalyteNamed("dsdna")
	if got := canonical(dsdna.Of(), score.Num(30), "anything"); got != score.Num(30) {
		t.Errorf("antibodies stay in the unit of their assay: %v", got)
	}
}

func TestALabKeepsWhatItWasMadeOf(t *testing.T) {
	limits := Limits{Low: score.Num(0.9), High: score.Num(1.8)}
	for _, v := range []score.Value{score.Num(0.82), score.Under(0.1), score.Over(9), {}, {X: 1, Known: true, From: "Observation/1"}} {
		l := newLab(day(3), 1, v, limits)
		if l.Value() != v || l.Limits() != limits || l.Day != day(3) || l.Analyte != 1 {
			t.Errorf("%+v became %+v of %+v", v, l.Value(), l.Limits())
		}
	}
	if l := (Lab{}); l.Value() != (score.Value{}) || l.Limits() != (Limits{}) {
		t.Errorf("nothing became %+v of %+v", l.Value(), l.Limits())
	}
}

// UCUM has two codes of the liter, l and L. https://ucum.org/ucum#section-Other-Units-from-ISO-1000%2C-ISO-2955%2C-and-ANSI-X3.50
func TestALiterIsWrittenEitherWay(t *testing.T) {
	lab := func(loinc, value, unit, limitUnit string) string {
		return `{"resourceType":"Observation","id":"x","status":"final","effectiveDateTime":"2024-01-10","code":{"coding":[{"system":"http://loinc.org","code":"` + loinc + `"}]},
			"valueQuantity":{"value":` + value + `,"system":"http://unitsofmeasure.org","code":"` + unit + `"},"referenceRange":[{"high":{"value":15,"code":"` + limitUnit + `"}}]}`
	}
	for _, tt := range []struct{ name, resource, want string }{
		{"creatinine", lab("2160-0", "88.42", "umol/l", "mg/dl"), "1 of 15"},
		{"filtration", lab("98979-8", "90", "ml/min/{1.73_m2}", "mL/min/{1.73_m2}"), "90 of 15"},
		{"complement", lab("4485-9", "82", "mg/dl", "g/l"), "0.82 of 15"},
		{"cells", lab("8116-6", "0.012", "10*9/l", "/ul"), "12 of 15"},
		{"ferritin", lab("2276-4", "400", "ug/l", "ng/ml"), "400 of 15"},
		{"antibodies", lab("5130-0", "96", "[IU]/ml", "[IU]/mL"), "96 of 15"},
		{"creatinine without a code", strings.Replace(lab("2160-0", "88.42", "µmol/L", "mg/dL"), `"code":"µ`, `"unit":"µ`, 1), "1 of 15"}, // U+00B5
		{"cells without a code", strings.Replace(lab("8116-6", "12", "/μL", "/uL"), `"code":"/`, `"unit":"/`, 1), "12 of 15"},             // U+03BC
		{"antibodies of another unit", lab("5130-0", "96", "[IU]/ml", "[IU]/dL"), "96 of unknown"},
	} {
		l := told(t, "", tt.resource).Labs[0]
		if got := l.Value().String() + " of " + l.Limits().High.String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A code is one of UCUM where its system says so, or says nothing. https://hl7.org/fhir/R4/datatypes.html#Quantity
func TestTheUnitOfAnotherSystemIsReadByItsName(t *testing.T) {
	for _, tt := range []struct{ name, loinc, quantity, want string }{
		{"by UCUM", "2890-2", `"value":300,"unit":"something","system":"http://unitsofmeasure.org","code":"mg/g"`, "0.3"},
		{"by a code without a system", "2890-2", `"value":300,"unit":"something","code":"mg/g"`, "0.3"},
		{"by SNOMED CT, whose code is a number", "2890-2", `"value":300,"unit":"mg/g","system":"http://snomed.info/sct","code":"396163008"`, "0.3"},
		{"by SNOMED CT without a name", "2890-2", `"value":300,"system":"http://snomed.info/sct","code":"396163008"`, "unknown"},
		{"by a system of the hospital", "4485-9", `"value":82,"unit":"mg/dL","system":"http://hospital.example.org/units","code":"g/L"`, "0.82"},
		{"by a name alone", "4485-9", `"value":82,"unit":"mg/dL"`, "0.82"},
	} {
		l := told(t, "", `{"resourceType":"Observation","id":"x","status":"final","effectiveDateTime":"2024-01-10","code":{"coding":[{"system":"http://loinc.org","code":"`+tt.loinc+`"}]},"valueQuantity":{`+tt.quantity+`}}`).Labs[0]
		if got := l.Value().String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
