package cart_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firewolf/mapping/cart"
)

// lab is the value of an Observation as tests look at it.
type lab struct {
	Code struct {
		Text   string
		Coding []struct{ System, Code string }
	}
	ValueQuantity struct {
		Value      jsonNumber
		Comparator string
		Code       string
		Extension  []struct{ URL, ValueString string }
	}
	Interpretation []struct{ Coding []struct{ Code string } }
	ReferenceRange []struct {
		Low, High *struct {
			Value jsonNumber
			Code  string
		}
		Text string
	}
	Method struct{ Text string }
}

// jsonNumber keeps how a number is written.
type jsonNumber string

func (n *jsonNumber) UnmarshalJSON(b []byte) error {
	*n = jsonNumber(b)
	return nil
}

// said is a lab in one line: value, unit, source, interpretation, range, text of the range.
func (l lab) said() string {
	s := l.ValueQuantity.Comparator + string(l.ValueQuantity.Value) + " " + l.ValueQuantity.Code
	for _, x := range l.ValueQuantity.Extension {
		s += " (" + x.ValueString + ")"
	}
	for _, i := range l.Interpretation {
		s += " " + i.Coding[0].Code
	}
	for _, r := range l.ReferenceRange {
		s += " ["
		if r.Low != nil {
			s += string(r.Low.Value)
		}
		s += ".."
		if r.High != nil {
			s += string(r.High.Value)
		}
		s += "]"
		if r.Text != "" {
			s += " (" + r.Text + ")"
		}
	}
	return s
}

// The units of clinical laboratories, and what they become. The molar factors are computed by hand: 88 / 88.42 = 0.99525,
// 200 mg/mmol * 0.00884 = 1.768 g/g.
func TestLaboratoryValuesComeInTheCanonicalUnitAndKeepWhatTheSourceSaid(t *testing.T) {
	tests := []struct {
		name                         string
		loinc, value, unit, low, hig string
		want                         string
	}{
		{"C3 of milligrams", "4485-9", "52", "mg/dL", "90", "180", "0.52 g/L (52 mg/dL) L [0.90..1.80] (90 - 180 mg/dL)"},
		{"C3 keeps a zero", "4485-9", "90", "mg/dL", "90", "", "0.90 g/L (90 mg/dL) N [0.90..] (>= 90 mg/dL)"},
		{"C4 in its own unit", "4498-2", "0.10", "g/L", "0.10", "0.40", "0.10 g/L N [0.10..0.40]"},
		{"creatinine of micromoles", "2160-0", "88", "umol/L", "45", "84", "0.995 mg/dL (88 umol/L) H [0.509..0.950] (45 - 84 umol/L)"},
		{"creatinine of millimoles", "2160-0", "0.08842", "mmol/L", "", "", "1.000 mg/dL (0.08842 mmol/L)"},
		{"creatinine to five digits", "2160-0", "884.20", "umol/L", "", "", "10.000 mg/dL (884.20 umol/L)"},
		{"a protein ratio of milligrams by millimole", "2890-2", "200", "mg/mmol", "", "15", "1.768 g/g (200 mg/mmol) H [..0.1326] (<= 15 mg/mmol)"},
		{"a protein ratio of milligrams by gram", "2890-2", "500", "mg/g", "", "150", "0.500 g/g (500 mg/g) H [..0.150] (<= 150 mg/g)"},
		{"protein a day", "2889-4", "850", "mg/(24.h)", "", "", "0.850 g/(24.h) (850 mg/(24.h))"},
		{"platelets by microliter", "777-3", "150", "10*3/uL", "150", "400", "150 10*9/L (150 10*3/uL) N [150..400] (150 - 400 10*3/uL)"},
		{"B cells by liter", "8116-6", "12", "10*6/L", "", "", "12 /uL (12 10*6/L)"},
		{"B cells below the limit", "8116-6", "<1", "/uL", "100", "500", "<1 /uL L [100..500]"},
		{"below the lower limit, or the limit itself", "8116-6", "<=100", "/uL", "100", "500", "<=100 /uL [100..500]"},
		{"below the lower limit itself", "8116-6", "<100", "/uL", "100", "500", "<100 /uL L [100..500]"},
		{"above the upper limit, or the limit itself", "8116-6", ">=500", "/uL", "100", "500", ">=500 /uL [100..500]"},
		{"above the upper limit itself", "8116-6", ">500", "/uL", "100", "500", ">500 /uL H [100..500]"},
		{"the upper limit at most", "8116-6", "<=500", "/uL", "", "500", "<=500 /uL N [..500]"},
		{"the lower limit at least", "8116-6", ">=100", "/uL", "100", "", ">=100 /uL N [100..]"},
		{"a value below something inside the range", "8116-6", "<200", "/uL", "100", "500", "<200 /uL [100..500]"},
		{"a value above something above the range", "5130-0", ">200", "[IU]/mL", "", "100", ">200 [IU]/mL H [..100]"},
		{"IgG of grams by liter", "2465-3", "7.1", "g/L", "7.0", "16.0", "710 mg/dL (7.1 g/L) N [700..1600] (7.0 - 16.0 g/L)"},
		{"international units stay", "5130-0", "428", "[IU]/mL", "", "100", "428 [IU]/mL H [..100]"},
		{"arbitrary units stay", "5130-0", "31.5", "[arb'U]/mL", "", "20", "31.5 [arb'U]/mL H [..20]"},
		{"weight in pounds", "29463-7", "150", "[lb_av]", "", "", "68.0 kg (150 [lb_av])"},
		{"temperature of Fahrenheit", "8310-5", "100.4", "[degF]", "", "", "38.00 Cel (100.4 [degF])"},
		{"C4 of milligrams by liter", "4498-2", "150", "mg/L", "100", "400", "0.150 g/L (150 mg/L) N [0.100..0.400] (100 - 400 mg/L)"},
		{"a protein ratio of another code", "13801-6", "0.5", "mg/mg", "", "", "0.5 g/g (0.5 mg/mg)"},
		{"a protein ratio just below that of a partial response", "2890-2", "339", "mg/mmol", "", "", "2.99676 g/g (339 mg/mmol)"},
		{"a protein ratio just below that of a complete response", "2890-2", "56.56", "mg/mmol", "", "", "0.4999904 g/g (56.56 mg/mmol)"},
		{"a protein ratio that keeps a zero", "2890-2", "50.00", "mg/mmol", "", "", "0.4420 g/g (50.00 mg/mmol)"},
		{"a protein ratio without needless zeros", "2890-2", "100", "mg/mmol", "", "", "0.884 g/g (100 mg/mmol)"},
		{"a protein ratio of grams by mole", "34366-5", "200", "g/mol", "", "", "1.768 g/g (200 g/mol)"},
		{"protein a day in grams", "2889-4", "0.85", "g/d", "", "", "0.85 g/(24.h) (0.85 g/d)"},
		{"creatinine of milligrams by liter", "2160-0", "9.5", "mg/L", "", "", "0.95 mg/dL (9.5 mg/L)"},
		{"filtration by the surface", "98979-8", "90", "mL/min/{1.73_m2}", "60", "", "90 mL/min/{1.73_m2} N [60..]"},
		{"platelets by liter", "26515-7", "150", "10*9/L", "", "", "150 10*9/L"},
		{"leukocytes by microliter", "6690-2", "4200", "/uL", "", "", "4.200 10*9/L (4200 /uL)"},
		{"neutrophils by cubic millimeter", "751-8", "1500", "/mm3", "", "", "1.500 10*9/L (1500 /mm3)"},
		{"lymphocytes by microliter", "731-0", "0.8", "10*3/uL", "", "", "0.8 10*9/L (0.8 10*3/uL)"},
		{"hemoglobin of grams by liter", "718-7", "131", "g/L", "120", "160", "13.1 g/dL (131 g/L) N [12.0..16.0] (120 - 160 g/L)"},
		{"lactate dehydrogenase in katals", "2532-0", "4", "ukat/L", "", "", "240 U/L (4 ukat/L)"},
		{"ferritin of micrograms", "2276-4", "400", "ug/L", "", "", "400 ng/mL (400 ug/L)"},
		{"B cells of billions", "8116-6", "0.012", "10*9/L", "", "", "12 /uL (0.012 10*9/L)"},
		{"the share of B cells", "8117-4", "0.4", "%", "", "", "0.4 %"},
		{"IgA of grams", "2458-8", "0.7", "g/L", "", "", "70 mg/dL (0.7 g/L)"},
		{"IgM of grams", "2472-9", "0.40", "g/L", "", "", "40 mg/dL (0.40 g/L)"},
		{"interleukin 6 of nanograms", "26881-3", "7", "ng/L", "", "", "7 pg/mL (7 ng/L)"},
		{"C-reactive protein by deciliter", "1988-5", "0.5", "mg/dL", "", "0.5", "5 mg/L (0.5 mg/dL) N [..5] (<= 0.5 mg/dL)"},
		{"sedimentation", "30341-2", "20", "mm/h", "", "", "20 mm/h"},
		{"height in inches", "8302-2", "66", "[in_i]", "", "", "168 cm (66 [in_i])"},
		{"a surface of square centimeters", "3140-1", "17200", "cm2", "", "", "1.7200 m2 (17200 cm2)"},
		{"saturation", "59408-5", "97", "%", "", "", "97 %"},
		{"cells of the sediment", "13945-1", "6", "/[HPF]", "", "5", "6 /[HPF] H [..5]"},
		{"protein in urine by liter", "2888-6", "300", "mg/L", "", "", "30.0 mg/dL (300 mg/L)"},
		{"lactate dehydrogenase in micromoles a minute", "2532-0", "240", "umol/min/L", "", "", "240 U/L (240 umol/min/L)"},
		{"all cells are B cells", "8117-4", "100", "%", "", "", "100 %"},
		{"a titer", "5048-4", "1280", "{titer}", "", "", "1280 {titer}"},
		{"zero", "4485-9", "0", "mg/dL", "90", "180", "0 g/L (0 mg/dL) L [0.90..1.80] (90 - 180 mg/dL)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := onePatient().drop("labs").add("labs", "date=2023-01-05", "loinc="+tt.loinc, "value="+tt.value, "unit="+tt.unit, "low="+tt.low, "high="+tt.hig).run(t)
			var l lab
			out.one(t, &l, "Observation", `"effectiveDateTime":"2023-01-05"`, `"code":"`+tt.loinc+`"`)
			if diff := cmp.Diff(tt.want, l.said()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// The wrong pairings stand in public files: each gives no Observation.
func TestWrongTestsAndUnitsAreRejected(t *testing.T) {
	tests := []struct {
		name string
		row  []string
		want string
	}{
		{"antinuclear antibodies as anti-dsDNA, by unit", []string{"loinc=5048-4", "value=30", "unit=[IU]/mL"}, "unit unit-wrong"},
		{"antinuclear antibodies as anti-dsDNA, by name", []string{"loinc=5048-4", "local_code=anti-dsDNA", "value=30", "unit={titer}"}, "loinc loinc-pairing"},
		{"7465-1 as anti-dsDNA", []string{"loinc=7465-1", "value=30", "unit=[IU]/mL"}, "loinc loinc-check-digit"},
		{"4420-8 as C3", []string{"loinc=4420-8", "value=0.9", "unit=g/L"}, "loinc loinc-check-digit"},
		{"4407-5 as C4", []string{"loinc=4407-5", "value=0.2", "unit=g/L"}, "loinc loinc-check-digit"},
		{"rheumatoid factor as C3", []string{"loinc=11572-5", "local_code=C3", "value=0.9", "unit=g/L"}, "loinc loinc-pairing"},
		{"rheumatoid factor in grams", []string{"loinc=11572-5", "value=0.9", "unit=g/L"}, "unit unit-wrong"},
		{"C3 as C4", []string{"loinc=4485-9", "local_code=C4", "value=0.2", "unit=g/L"}, "loinc loinc-pairing"},
		{"8124-0 as CD19", []string{"loinc=8124-0", "local_code=CD19", "value=3", "unit=/uL"}, "loinc loinc-pairing"},
		{"a code without its digit", []string{"loinc=5130", "value=3", "unit=[IU]/mL"}, "loinc loinc-check-digit"},
		{"neither code", []string{"value=3", "unit=g/L"}, "loinc lab-code"},
		{"anti-dsDNA in enzyme units", []string{"loinc=5130-0", "value=3", "unit=U/mL"}, "unit unit-wrong"},
		{"C3 in moles", []string{"loinc=4485-9", "value=3", "unit=mmol/L"}, "unit unit-wrong"},
		{"a protein ratio of moles by moles", []string{"loinc=2890-2", "value=30", "unit=mmol/mol"}, "unit unit-wrong"},
		{"a protein ratio in words", []string{"loinc=2890-2", "value=30", "unit={ratio}"}, "unit unit-wrong"},
		{"platelets in moles", []string{"loinc=777-3", "value=200", "unit=mmol/L"}, "unit unit-wrong"},
		{"cells of the sediment in no field", []string{"loinc=13945-1", "value=5", "unit=1"}, "unit unit-wrong"},
		{"a share of B cells by the field", []string{"loinc=8117-4", "value=5", "unit=/[HPF]"}, "unit unit-wrong"},
		{"more B cells than all", []string{"loinc=8117-4", "value=100.1", "unit=%"}, "value percent"},
		{"more B cells than all, as a number", []string{"loinc=8117-4", "value=1.01", "unit=1"}, "value percent"},
		{"C4 under a longer name of C3", []string{"loinc=4498-2", "local_code=Komplement C3", "value=0.9", "unit=g/L", "low=0.1"}, "loinc loinc-pairing"},
		{"antinuclear antibodies under a longer name", []string{"loinc=5048-4", "local_code=Anti-ds-DNA IgG", "value=80", "unit={titer}"}, "loinc loinc-pairing"},
		{"rheumatoid factor under a longer name of C3", []string{"loinc=11572-5", "local_code=C3 complement", "value=9", "unit=[IU]/mL"}, "loinc loinc-pairing"},
		{"8124-0 under a longer name of CD19", []string{"loinc=8124-0", "local_code=CD19+ B cells", "value=3", "unit=/uL"}, "loinc loinc-pairing"},
		{"filtration without the surface", []string{"loinc=98979-8", "value=90", "unit=mL/min"}, "unit unit-wrong"},
		{"a unit of another case", []string{"loinc=4485-9", "value=0.9", "unit=g/l_"}, "unit unit-unknown"},
		{"no unit", []string{"loinc=4485-9", "value=0.9"}, "unit unit-unknown"},
		{"a word for a value", []string{"loinc=4485-9", "value=low", "unit=g/L"}, "value number"},
		{"a negative value", []string{"loinc=4485-9", "value=-0.9", "unit=g/L"}, "value lab-negative"},
		{"two comparators", []string{"loinc=4485-9", "value=<0.1", "comparator=>", "unit=g/L"}, "comparator comparator"},
		{"a comparator that FHIR lacks", []string{"loinc=4485-9", "value=0.1", "comparator=~", "unit=g/L"}, "comparator code-unknown"},
		{"a range upside down", []string{"loinc=4485-9", "value=0.1", "unit=g/L", "low=2", "high=1"}, "low range"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := onePatient().drop("labs").add("labs", append([]string{"date=2023-01-05"}, tt.row...)...).run(t)
			if diff := cmp.Diff([]string{"labs.csv:2 " + tt.want}, out.findings); diff != "" {
				t.Errorf("(-want +got)\n%s\n%v", diff, out.texts)
			}
			if n := len(out.drafts); n != 67 {
				t.Errorf("%d drafts, want the 67 of the rest", n)
			}
		})
	}
}

func TestTestsThatAreNotKnownAreKeptAndReported(t *testing.T) {
	tests := []struct {
		name string
		row  []string
		want []string
		said string
	}{
		{"a local code alone", []string{"local_code=XYZ", "value=3", "unit=g/L"}, []string{"labs.csv:2 local_code code-unmapped"}, "3 g/L"},
		{"a LOINC code of another field", []string{"loinc=1751-7", "value=40", "unit=g/L"}, []string{"labs.csv:2 loinc code-unmapped"}, "40 g/L"},
		{"a local code that is a name of a test", []string{"local_code=C3c", "value=52", "unit=mg/dL", "low=90"}, nil, "0.52 g/L (52 mg/dL) L [0.90..] (>= 90 mg/dL)"},
		{"C3 without its range", []string{"loinc=4485-9", "value=0.52", "unit=g/L"}, []string{"labs.csv:2 high range-missing"}, "0.52 g/L"},
		{"a comparator in its own column", []string{"loinc=8116-6", "value=0.5", "comparator=<", "unit=/uL"}, nil, "<0.5 /uL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := onePatient().drop("labs").add("labs", append([]string{"date=2023-01-05"}, tt.row...)...).run(t)
			if diff := cmp.Diff(tt.want, out.findings, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			var l lab
			out.one(t, &l, "Observation", `"effectiveDateTime":"2023-01-05"`, `"code":"laboratory"`)
			if diff := cmp.Diff(tt.said, l.said()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A LOINC code ends with a check digit: https://loinc.org/kb/faq/structure/
func TestCheckDigitsOfLOINC(t *testing.T) {
	tests := []struct {
		code string
		want bool
	}{
		{"5130-0", true},
		{"4485-9", true},
		{"8116-6", true},
		{"98979-8", true},
		{"7465-1", false},
		{"4420-8", false},
		{"4407-5", false},
		{"5130-1", false},
		{"5130", false},
		{"-0", false},
		{"51a0-0", false},
		{"5130-00", false},
		{"", false},
		{"123456789-0", false},
	}
	for _, tt := range tests {
		if got := cart.CheckDigit(tt.code); got != tt.want {
			t.Errorf("CheckDigit(%q) = %v", tt.code, got)
		}
	}
}

func TestALongerNameGoesWithTheCodesOfItsTest(t *testing.T) {
	for _, x := range [][2]string{{"4485-9", "Komplement C3"}, {"8117-4", "CD19 %"}, {"8116-6", "CD19+ B cells"}, {"5130-0", "dsDNA-Ak (ELISA)"}, {"4498-2", "C3/C4"}, {"31348-8", "C3 nephritic factor"}, {"777-3", "PLT count"}} {
		if why := cart.Pairing(x[0], x[1]); why != "" {
			t.Error(why)
		}
	}
}
