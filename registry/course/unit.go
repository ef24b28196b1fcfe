package course

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"firewolf/fhir/decimal"
	"firewolf/fhir/tree"
	"firewolf/fhir/ucum"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// analytes is term.Analytes, made once: a Lab names its analyte by the place in it.
var analytes = term.Analytes()

// AnalyteNamed returns the place of an analyte by its name.
func AnalyteNamed(name string) (Analyte, bool) {
	for k := range analytes {
		if analytes[k].Name == name {
			return Analyte(k), true
		}
	}
	return 0, false
}

// Of returns the analyte of a place.
func (a Analyte) Of() term.Analyte { return analytes[a] }

// divisor brings a unit to the canonical one of an analyte: value / by.
type divisor struct {
	analyte, unit string
	by            float64
}

// divisors are what the units of each analyte are divided by. Division keeps decimals as they are on paper: 500 mg/g are 0.5
// g/g. A protein/creatinine ratio per mole is converted by the molar mass of creatinine, 113.12 g/mol.
var divisors = []divisor{
	{"c3", "mg/dL", 100},
	{"c4", "mg/dL", 100},
	{"c3", "mg/L", 1000},
	{"c4", "mg/L", 1000},
	{"upcr", "mg/g", 1000},
	{"upcr", "mg/mg", 1},
	{"upcr", "g/mol", 113.12},
	{"upcr", "mg/mmol", 113.12},
	{"urine-protein", "mg/(24.h)", 1000},
	{"urine-protein", "g/d", 1},
	{"urine-protein", "mg/d", 1000},
	{"creatinine", "umol/L", 88.42},
	{"creatinine", "mg/L", 10},
	{"platelets", "10*3/uL", 1},
	{"leukocytes", "10*3/uL", 1},
	{"neutrophils", "10*3/uL", 1},
	{"lymphocytes", "10*3/uL", 1},
	{"hemoglobin", "g/L", 10},
	{"cd19", "10*6/L", 1},
	{"cd19", "{cells}/uL", 1},
	{"cd19", "cells/uL", 1}, // no code of UCUM, nor are those of the next two
	{"egfr", "mL/min/1.73m2", 1},
	{"egfr", "mL/min/1.73 m2", 1},
	{"egfr", "mL/min/{1.73m2}", 1},
	{"cd19", "10*9/L", 0.001},
	{"igg", "g/L", 0.01},
	{"iga", "g/L", 0.01},
	{"igm", "g/L", 0.01},
	{"crp", "mg/dL", 0.1},
	{"ferritin", "ug/L", 1},
}

// canonical brings a value to the canonical unit of an analyte: by the table of its own, or else by UCUM. One in a unit that cannot be brought there
// is unknown. A filtration is of a body surface, which UCUM does not see, as it is a note to it.
func canonical(a term.Analyte, v score.Value, unit string) score.Value {
	if a.Unit == "" || unit == a.Unit || unit == oneOf && a.Unit == "{titer}" {
		return v
	}
	plain := withoutNotes(unit)
	for _, d := range divisors {
		if d.analyte == a.Name && (d.unit == unit || d.unit == plain) {
			v.X /= d.by
			return v
		}
	}
	if strings.Contains(a.Unit, "{1.73_m2}") {
		return score.Value{}
	}
	return converted(v, unit, a.Unit)
}

// withoutNotes is a unit without its annotations, which change no value: mg/mmol of mg/mmol{creat}. https://ucum.org/ucum#section-Curly-Braces
func withoutNotes(unit string) string {
	before, rest, found := strings.Cut(unit, "{")
	if !found {
		return unit
	}
	_, after, _ := strings.Cut(rest, "}")
	return before + withoutNotes(after)
}

// units is the table of UCUM, read when it is first needed.
var units = sync.OnceValue(ucum.New)

// converted brings a value to another unit by UCUM. One that cannot be brought there is unknown.
func converted(v score.Value, from, to string) score.Value {
	if !v.Known || from == "" {
		return score.Value{}
	}
	x, err := decimal.Parse(strconv.FormatFloat(v.X, 'f', -1, 64))
	if err != nil {
		return score.Value{}
	}
	if x, err = units().Convert(x, from, to); err != nil {
		return score.Value{}
	}
	if v.X, err = strconv.ParseFloat(x.String(), 64); err != nil {
		return score.Value{}
	}
	return v
}

// number reads what an Observation or a component tells as a Quantity or as an integer.
func number(n tree.Node, from string) (score.Value, string) {
	if whole := n.Member("valueInteger"); whole.Exists() {
		x, err := strconv.Atoi(whole.Text())
		return score.Value{X: float64(x), Known: err == nil, From: from}, ""
	}
	if r := n.Member("valueRatio"); r.Exists() {
		return amountOf(r, from)
	}
	return quantity(n.Member("valueQuantity"), from)
}

// oneOf is the unit of a titer that is told as a ratio of two plain numbers, 1:160; what else is told so is no number.
const oneOf = "1:n"

// amountOf reads a Ratio: one amount of another, 500 mg of 1 g, or a titer. https://hl7.org/fhir/R4/datatypes.html#Ratio
func amountOf(n tree.Node, from string) (score.Value, string) {
	part, unit := quantity(n.Member("numerator"), from)
	whole, of := quantity(n.Member("denominator"), from)
	plain := (unit == "" || unit == "1") && (of == "" || of == "1")
	if plain {
		part, whole = whole, part
	}
	if !part.Known || !whole.Exact() || whole.X <= 0 {
		return score.Value{}, ""
	}
	if part.X /= whole.X; plain {
		return part, oneOf
	}
	return part, unit + "/" + of
}

// quantity reads a Quantity: its value with the comparator, and the code of its unit in UCUM, or how it is named.
func quantity(n tree.Node, from string) (score.Value, string) {
	x, err := strconv.ParseFloat(n.Member("value").Text(), 64)
	if err != nil {
		return score.Value{}, ""
	}
	v := score.Value{X: x, Known: true, From: from}
	switch n.Member("comparator").Text() {
	case "":
	case "<":
		v.Sign = score.LessThan
	case "<=":
		v.Sign = score.AtMostThat
	case ">=":
		v.Sign = score.AtLeastThat
	case ">":
		v.Sign = score.MoreThan
	default:
		return score.Value{}, ""
	}
	unit := n.Member("code").Text()
	if system := n.Member("system").Text(); unit == "" || system != "" && system != term.UCUM {
		unit = n.Member("unit").Text()
	}
	if unit = micro.Replace(unit); strings.Contains(unit, "l") {
		unit = liter.ReplaceAllString(unit, "${1}L")
	}
	return v, unit
}

// micro is the sign of a millionth as people write it; its code in UCUM is u.
var micro = strings.NewReplacer("\u00b5", "u", "\u03bc", "u")

// liter is the other of the two codes that UCUM has of the liter: tables of units name L.
var liter = regexp.MustCompile(`\b([pnumcd]?)l\b`)
