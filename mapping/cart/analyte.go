package cart

import (
	"fmt"
	"strings"
	"unicode"

	"firewolf/fhir/decimal"
	"firewolf/fhir/ucum"
	"firewolf/registry/term"
)

// analyte is what is measured.
type analyte struct {
	code     string // LOINC
	label    string
	unit     string // canonical; "" is kept as the laboratory says, and must be an arbitrary one
	category string
	ranged   bool  // a reference range is expected
	molar    molar // how amounts of substance become masses
}

// molar converts where UCUM cannot, since the molar mass belongs to the substance and not to the unit.
type molar struct {
	from    string // the unit that the factor is for; "" for none
	divisor string // value[from] / divisor = value[canonical]
	factor  string // value[from] * factor = value[canonical]
}

// creatinine has a molar mass of 113.12 g/mol: 88.42 umol/L are 1 mg/dL. https://pubchem.ncbi.nlm.nih.gov/compound/588
// So 1 mg/mmol of protein by creatinine is 1 mg by 0.11312 g, 0.00884 g/g.
var (
	creatinineMass = molar{from: "umol/L", divisor: "88.42"}
	proteinRatio   = molar{from: "mg/mmol", factor: "0.00884"}
)

// others are tests beside those of package term. What is here is known, so that a wrong unit or name is found.
var others = []analyte{
	{code: "29463-7", label: "Body weight", unit: "kg", category: "vital-signs"},
	{code: "8302-2", label: "Body height", unit: "cm", category: "vital-signs"},
	{code: "3140-1", label: "Body surface area", unit: "m2", category: "vital-signs"},
	{code: "8277-6", label: "Body surface area", unit: "m2", category: "vital-signs"},
	{code: "8310-5", label: "Body temperature", unit: "Cel", category: "vital-signs"},
	{code: "59408-5", label: "Oxygen saturation", unit: "%", category: "vital-signs"},
	{code: "13945-1", label: "Erythrocytes in urine sediment", unit: "/[HPF]", category: "laboratory"},
	{code: "5821-4", label: "Leukocytes in urine sediment", unit: "/[HPF]", category: "laboratory"},
	{code: "2888-6", label: "Protein in urine", unit: "mg/dL", category: "laboratory"},
	// Rheumatoid factor: it stands in public files as C3.
	{code: "11572-5", label: "Rheumatoid factor", category: "laboratory"},
}

// analytes returns the known tests by LOINC code.
func analytes() map[string]analyte {
	m := map[string]analyte{}
	for _, a := range others {
		m[a.code] = a
	}
	for _, t := range term.Analytes() {
		for _, code := range t.Codes {
			a := analyte{code: code, label: t.Label, unit: t.Unit, category: "laboratory"}
			switch t.Name {
			case "dsdna", "c3", "c4":
				a.ranged = true
			case "creatinine":
				a.molar = creatinineMass
			case "upcr":
				a.molar = proteinRatio
			}
			m[code] = a
		}
	}
	return m
}

// spoken are the names that laboratories give to the tests, without blanks, dashes and capitals, with what is meant. A LOINC code beside
// such a name has to be one of that test: files exist that have them wrong.
var spoken = map[string]string{
	"dsdna": "dsdna", "antidsdna": "dsdna", "dnaab": "dsdna",
	"c3": "c3", "c3c": "c3", "complementc3": "c3",
	"c4": "c4", "complementc4": "c4",
	"upcr": "upcr", "pcr": "upcr", "proteincreatinineratio": "upcr",
	"crea": "creatinine", "creatinine": "creatinine", "krea": "creatinine", "kreatinin": "creatinine",
	"egfr": "egfr", "gfr": "egfr",
	"plt": "platelets", "platelets": "platelets", "thrombocytes": "platelets",
	"wbc": "leukocytes", "leukocytes": "leukocytes",
	"hb": "hemoglobin", "hgb": "hemoglobin", "hemoglobin": "hemoglobin",
	"anc": "neutrophils", "neutrophils": "neutrophils",
	"alc": "lymphocytes", "lymphocytes": "lymphocytes",
	"ldh": "ldh", "ferritin": "ferritin",
	"cd19": "cd19", "cd19abs": "cd19", "cd19+": "cd19",
	"igg": "igg", "iga": "iga", "igm": "igm",
	"il6": "il-6", "crp": "crp", "hscrp": "crp", "esr": "esr", "bsg": "esr",
	"ana": "ana",
}

// plain is a name as spoken has it.
func plain(name string) string {
	return strings.NewReplacer(" ", "", "-", "", "_", "", ".", "", "/", "").Replace(strings.ToLower(name))
}

// Pairing says what is wrong with a LOINC code beside a laboratory's name of the test, "" for nothing that is known.
func Pairing(loinc, name string) string {
	meant, ok := spoken[plain(name)]
	if !ok {
		return mispaired(loinc, name)
	}
	a, _ := term.AnalyteNamed(meant)
	for _, code := range a.Codes {
		if code == loinc {
			return ""
		}
	}
	return fmt.Sprintf("%s is not %s: LOINC has %s for it", loinc, a.Label, strings.Join(a.Codes, ", "))
}

// words are parts of a longer name that say what is measured: "Komplement C3", "anti-dsDNA IgG".
var words = map[string]string{"dsdna": "dsdna", "c3": "c3", "c3c": "c3", "c4": "c4", "cd19": "cd19"}

// mistaken are codes that stand for a test in public files and mean another.
var mistaken = map[string]string{"8124-0": "cd19", "11572-5": "c3"}

// mispaired says that a code is that of another test than the words of a name mean. A code that is not known may be that of a variant.
func mispaired(loinc, name string) string {
	meant := ""
	for _, w := range strings.FieldsFunc(strings.ToLower(strings.ReplaceAll(name, "ds-", "ds")), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if m := words[w]; m != "" && meant != "" && m != meant {
			return "" // of both
		} else if m != "" {
			meant = m
		}
	}
	a, _ := term.AnalyteNamed(meant)
	known, other := term.AnalyteOf(loinc)
	if meant == "" || known.Name == meant || known.Name == meant+"-percent" || !other && mistaken[loinc] != meant {
		return ""
	}
	return fmt.Sprintf("%s is not %s: LOINC has %s for it", loinc, a.Label, strings.Join(a.Codes, ", "))
}

// analyteOf returns the LOINC code that a laboratory's name means, "" for none.
func analyteOf(name string) string {
	a, ok := term.AnalyteNamed(spoken[plain(name)])
	if !ok {
		return ""
	}
	return a.Codes[0]
}

// CheckDigit reports whether a text is a LOINC code with the right check digit: Mod 10, every second digit from the right is doubled.
// https://loinc.org/kb/faq/structure/
func CheckDigit(code string) bool {
	number, digit, ok := strings.Cut(code, "-")
	if !ok || len(digit) != 1 || number == "" || len(number) > 8 || strings.Trim(number+digit, "0123456789") != "" {
		return false
	}
	sum := 0
	for k := range len(number) {
		d := int(number[len(number)-1-k] - '0')
		if k%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return (10-sum%10)%10 == int(digit[0]-'0')
}

// measure is a value in the canonical unit of its test.
type measure struct {
	unit    string // canonical
	convert func(decimal.Decimal) (decimal.Decimal, error)
	same    bool // the source has the canonical unit already
	exact   bool // it multiplies by a factor of the literature: nothing is rounded
}

// unitError is a unit that a test is not measured in, or none at all.
type unitError struct {
	unknown bool
	text    string
}

func (e *unitError) Error() string { return e.text }

// measured finds the way from a unit to the canonical one of a test.
func measured(units *ucum.Table, a analyte, unit string) (measure, error) {
	from, err := units.Parse(unit)
	if err != nil {
		return measure{}, &unitError{true, err.Error()}
	}
	canonical, _, _ := from.Canonical()
	if a.unit == "" {
		// Arbitrary units stand in brackets, and belong to their assay: nothing converts them.
		if a.code != "" && !strings.Contains(canonical, "[") {
			return measure{}, &unitError{false, fmt.Sprintf("%s is measured in an arbitrary unit, such as [IU]/mL or [arb'U]/mL, not in %s", a.label, unit)}
		}
		return measure{unit: unit, same: true, convert: same}, nil
	}
	if unit == a.unit {
		return measure{unit: unit, same: true, convert: same}, nil
	}
	target, err := units.Parse(a.unit)
	if err != nil {
		return measure{}, err
	}
	if noted := annotations(a.unit); from.Comparable(target) && (noted == "" || noted == annotations(unit)) && alikeCounted(unit, a.unit) {
		return measure{unit: a.unit, convert: func(v decimal.Decimal) (decimal.Decimal, error) { return from.Convert(v, target) }}, nil
	}
	if a.molar.from != "" {
		if amount, err := units.Parse(a.molar.from); err == nil && from.Comparable(amount) {
			return measure{unit: a.unit, convert: a.molar.through(from, amount), exact: a.molar.factor != ""}, nil
		}
	}
	return measure{}, &unitError{false, fmt.Sprintf("%s is measured in %s, and %s cannot be converted to it", a.label, a.unit, unit)}
}

// alikeCounted reports whether units that UCUM calls comparable count the same. To UCUM a mole is a number, so that mmol/mol were g/g and a
// mmol/L some 10*20 cells; a field of the microscope is 1, and what stands in braces alone is too.
func alikeCounted(unit, canonical string) bool {
	bare := strings.TrimSpace(withoutAnnotations(unit))
	for _, part := range []string{"mol", "eq", "osm", "[HPF]", "[LPF]"} {
		if part == "mol" && strings.Contains(canonical, "U") {
			continue // an enzyme unit is a micromole a minute
		}
		if strings.Contains(bare, part) != strings.Contains(canonical, part) {
			return false
		}
	}
	return bare != ""
}

func same(v decimal.Decimal) (decimal.Decimal, error) { return v, nil }

// through converts to the unit of the factor, and by the factor.
func (m molar) through(from, amount ucum.Unit) func(decimal.Decimal) (decimal.Decimal, error) {
	return func(v decimal.Decimal) (decimal.Decimal, error) {
		v, err := from.Convert(v, amount)
		if err != nil {
			return v, err
		}
		if m.divisor != "" {
			d, _ := decimal.Parse(m.divisor)
			return v.Quo(d)
		}
		f, _ := decimal.Parse(m.factor)
		return v.Mul(f)
	}
}

// annotations returns what stands in braces: UCUM ignores it, but mL/min and mL/min/{1.73_m2} are not the same thing.
func annotations(unit string) string {
	noted, _ := braces(unit)
	return noted
}

func withoutAnnotations(unit string) string {
	_, bare := braces(unit)
	return bare
}

// braces splits a unit into what stands in braces and what does not.
func braces(unit string) (inside, outside string) {
	var in, out strings.Builder
	depth := 0
	for _, r := range unit {
		switch {
		case r == '{':
			depth++
		case r == '}':
			depth--
		case depth > 0:
			in.WriteRune(r)
		default:
			out.WriteRune(r)
		}
	}
	return in.String(), out.String()
}

// leastDigits is how many significant digits a converted value has at least.
const leastDigits = 3

// precise rounds a converted value to the significant digits of the source, but at least three where the factor has no end, and gives back
// the zeros that the source wrote: 90 mg/dL are 0.90 g/L, 88 umol/L are 0.995 mg/dL. What is exact keeps its digits: 339 mg/mmol are 2.99676 g/g,
// which is below the 3 g/g of a partial response (KDIGO 2024), and 3.00 would not be.
func precise(v, source decimal.Decimal, exact bool) decimal.Decimal {
	digits := source.Digits()
	if exact {
		v = v.Reduce()
	}
	switch {
	case v.Sign() == 0 || exact && v.Digits() > digits:
		return v
	case v.Digits() > digits:
		digits = max(digits, leastDigits)
		if v.Digits() <= digits {
			return v
		}
	}
	first := v.Exponent() + v.Digits() - 1 // the power of ten of the first digit
	r, err := v.Round(max(digits-1-first, 0), decimal.HalfUp)
	if err != nil {
		return v
	}
	return r
}
