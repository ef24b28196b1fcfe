package cart

import (
	"errors"
	"strings"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir/decimal"
	"firewolf/mapping"
	"firewolf/registry/term"
)

// result is a laboratory value that was understood.
type result struct {
	test        analyte
	value       decimal.Decimal
	comparator  string
	source      string // the value as the source has it
	unit        string // likewise
	measure     measure
	low, high   decimal.Decimal
	hasL, hasH  bool
	lowS, highS string
}

// buildLab makes an Observation in the canonical unit of its test; what the source said stands beside it.
func (r *record) buildLab(e entry) {
	x, ok := r.result(e)
	if !ok {
		return
	}
	d := e.date("date")
	o := r.observation(r.rowID(e, ""), x.test.category, r.testCode(e, x.test), d)
	value, err := x.canonical(x.value)
	if err != nil {
		return // it was reported
	}
	if x.measure.unit == "%" && value.Cmp(decimal.New(100, 0)) > 0 {
		r.Report(e.Row, "value", rulePercent, value.Plain()+" % is not 0 to 100 %")
		return
	}
	o.ValueQuantity = quantity(value.Plain(), x.measure.unit)
	o.ValueQuantity.Comparator = comparators[x.comparator]
	if !x.measure.same {
		o.ValueQuantity.Extension = []r4.Extension{raw(x.comparator + x.source + " " + x.unit)}
	}
	if assay := e.Cell("assay"); assay != "" {
		o.Method = named(assay)
	}
	if code := x.interpret(); code != "" {
		o.Interpretation = []r4.CodeableConcept{*concept(term.Terminology("v3-ObservationInterpretation", code, interpretations[code]))}
	}
	if x.hasL || x.hasH {
		o.ReferenceRange = []r4.ObservationReferenceRange{x.reference()}
	}
	r.add(r.partOf(r.courseAt(d)), o, e)
}

var interpretations = map[string]string{"L": "Low", "H": "High", "N": "Normal"}

var comparators = map[string]*r4.QuantityComparator{
	"<": to(r4.QuantityComparatorLessThan), "<=": to(r4.QuantityComparatorLessOrEquals),
	">": to(r4.QuantityComparatorGreaterThan), ">=": to(r4.QuantityComparatorGreaterOrEquals),
}

// result reads a row. What is wrong with it is reported.
func (r *record) result(e entry) (x result, ok bool) {
	if x.test, ok = r.test(e); !ok {
		return x, false
	}
	if x.comparator, x.source, ok = r.compared(e); !ok {
		return x, false
	}
	var err error
	if x.value, err = decimal.Parse(x.source); err != nil {
		r.Report(e.Row, "value", ruleNumber, notNumber(x.source))
		return x, false
	}
	if !measurable(x.value) {
		r.Report(e.Row, "value", ruleNumber, tooWide(x.source))
		return x, false
	}
	if x.value.Sign() < 0 && x.test.unit != "Cel" {
		r.Report(e.Row, "value", ruleNegative, x.source+" is below 0")
		return x, false
	}
	x.unit = e.Cell("unit")
	if x.measure, err = measured(r.s.o.Units, x.test, x.unit); err != nil {
		rule := ruleUnit
		if wrong := (*unitError)(nil); errors.As(err, &wrong) && !wrong.unknown {
			rule = ruleUnitKind
		}
		text := err.Error()
		if x.unit == "" {
			rule, text = ruleUnit, "the unit is missing"
		}
		r.Report(e.Row, "unit", rule, text)
		return x, false
	}
	return x, r.limits(e, &x) && r.converts(e, &x)
}

// converts reports what the unit of the source makes too large to be kept.
func (r *record) converts(e entry, x *result) bool {
	for _, of := range []struct {
		column string
		value  decimal.Decimal
	}{{"value", x.value}, {"low", x.low}, {"high", x.high}} {
		v, err := x.canonical(of.value)
		if err == nil && storable(v) {
			continue
		}
		r.Report(e.Row, of.column, ruleNumber, e.Cell(of.column)+" "+x.unit+" cannot be told in "+x.measure.unit)
		return false
	}
	return true
}

// compared splits the comparator from the value.
func (r *record) compared(e entry) (comparator, number string, ok bool) {
	text := strings.TrimSpace(e.Cell("value"))
	for _, c := range []string{"<=", ">=", "<", ">"} {
		if rest, cut := strings.CutPrefix(text, c); cut {
			comparator, text = c, strings.TrimSpace(rest)
			break
		}
	}
	given := e.Cell("comparator")
	if comparator != "" && given != "" && comparator != given {
		r.Report(e.Row, "comparator", ruleComparators, "the value has "+comparator+", the column "+given)
		return "", "", false
	}
	if comparator == "" {
		comparator = given
	}
	return comparator, text, true
}

// test finds out what was measured.
func (r *record) test(e entry) (analyte, bool) {
	loinc, name := e.Cell("loinc"), e.Cell("local_code")
	switch {
	case loinc == "" && name == "":
		r.Report(e.Row, "loinc", ruleNoTest, "neither a LOINC code nor a local code")
		return analyte{}, false
	case loinc == "":
		if loinc = analyteOf(name); loinc == "" {
			r.Report(e.Row, "local_code", ruleUnmapped, mapping.Quote(name)+" is no known test: the mapping can give its LOINC code")
			return analyte{label: name, category: "laboratory"}, true
		}
	case !CheckDigit(loinc):
		r.Report(e.Row, "loinc", ruleCheckDigit, mapping.Quote(loinc)+" is no LOINC code: its check digit is wrong")
		return analyte{}, false
	}
	if name != "" {
		if why := Pairing(loinc, name); why != "" {
			r.Report(e.Row, "loinc", rulePairing, why)
			return analyte{}, false
		}
	}
	a, known := r.s.analytes[loinc]
	if !known {
		r.Report(e.Row, "loinc", ruleUnmapped, loinc+" is no test that this registry knows: its unit is not checked")
		return analyte{code: loinc, label: name, unit: e.Cell("unit"), category: "laboratory"}, true
	}
	return a, true
}

// testCode is the code of a test with its text, and beside it what the center calls it.
func (r *record) testCode(e entry, a analyte) *r4.CodeableConcept {
	if a.code == "" {
		return r.spoken(e.Cell("local_code"))
	}
	c := named(a.label, term.Coding{System: term.Loinc, Code: a.code})
	if name := e.Cell("local_code"); name != "" {
		c.Coding = append(c.Coding, r.spoken(name).Coding...)
	}
	return c
}

// limits reads the reference range.
func (r *record) limits(e entry, x *result) bool {
	x.low, x.hasL = e.number("low")
	x.high, x.hasH = e.number("high")
	x.lowS, x.highS = e.Cell("low"), e.Cell("high")
	if x.hasL && x.hasH && x.low.Cmp(x.high) > 0 {
		r.Report(e.Row, "low", ruleRange, x.lowS+" is above "+x.highS)
		return false
	}
	if x.test.ranged && !x.hasL && !x.hasH {
		r.Report(e.Row, "high", ruleNoRange, x.test.label+" without reference range")
	}
	return true
}

// canonical brings a value of the source to the canonical unit.
func (x *result) canonical(v decimal.Decimal) (decimal.Decimal, error) {
	if x.measure.same {
		return v, nil
	}
	c, err := x.measure.convert(v)
	if err != nil {
		return c, err
	}
	return precise(c, v, x.measure.exact), nil
}

// reference is the range of the own laboratory, in the canonical unit; its text is what the source said.
func (x *result) reference() r4.ObservationReferenceRange {
	var rr r4.ObservationReferenceRange
	for _, l := range []struct {
		value decimal.Decimal
		has   bool
		to    **r4.Quantity
	}{{x.low, x.hasL, &rr.Low}, {x.high, x.hasH, &rr.High}} {
		if v, err := x.canonical(l.value); l.has && err == nil {
			*l.to = quantity(v.Plain(), x.measure.unit)
		}
	}
	if !x.measure.same {
		text := x.lowS + " - " + x.highS
		if !x.hasL {
			text = "<= " + x.highS
		} else if !x.hasH {
			text = ">= " + x.lowS
		}
		rr.Text = to(text + " " + x.unit)
	}
	return rr
}

// interpret says where a value lies by the laboratory's own limits; of a value that only is below or above something it may not be known.
func (x *result) interpret() string {
	below := x.comparator == "<" || x.comparator == "<="
	above := x.comparator == ">" || x.comparator == ">="
	switch {
	case !x.hasL && !x.hasH:
		return ""
	case below:
		switch {
		case x.hasL && (x.value.Cmp(x.low) < 0 || x.value.Equal(x.low) && x.comparator == "<"):
			return "L"
		case !x.hasL && x.value.Cmp(x.high) <= 0:
			return "N"
		}
		return ""
	case above:
		switch {
		case x.hasH && (x.value.Cmp(x.high) > 0 || x.value.Equal(x.high) && x.comparator == ">"):
			return "H"
		case !x.hasH && x.value.Cmp(x.low) >= 0:
			return "N"
		}
		return ""
	case x.hasL && x.value.Cmp(x.low) < 0:
		return "L"
	case x.hasH && x.value.Cmp(x.high) > 0:
		return "H"
	}
	return "N"
}
