package search

import (
	"firewolf/fhir"
	"firewolf/fhir/decimal"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/tree"
	"firewolf/fhir/ucum"
)

// A quantity is a number with a unit, compared as a number is. [number]|[system]|[code] asks for a coded unit; of UCUM any unit
// that converts to it matches, by its value there. [number]||[code] asks for the unit by its code or as people read it, as it is
// written. [number] alone is "irrespective of the unit". https://hl7.org/fhir/R4/search.html#quantity

const (
	ucumSystem     = "http://unitsofmeasure.org"
	currencySystem = "urn:iso:std:iso:4217" // https://hl7.org/fhir/R4/datatypes.html#Money
)

// measure is an amount of a resource with its unit.
type measure struct {
	low, high          *decimal.Decimal // nil is open
	above, below       bool             // low, or high, is not included
	system, code, unit string
}

// quantity indexes a value of a quantity parameter under a name.
func (ix *indexer) quantity(name string, v fhirpath.Value) {
	m, ok := measureOf(v)
	if !ok {
		return
	}
	x := m.extent()
	ix.extent(name, x)
	if m.code != "" {
		ix.extent(unitName(name, "", m.code), x)
	}
	if m.unit != "" && m.unit != m.code {
		ix.extent(unitName(name, "", m.unit), x)
	}
	if m.system != "" && m.code != "" {
		ix.coded(name, m, x)
	}
}

// coded indexes a quantity by its coded unit: in the canonical unit where the unit is one of UCUM.
func (ix *indexer) coded(name string, m measure, x extent) {
	unit, canonical := ix.e.canonical(m.system, m.code)
	if canonical == "" || !m.convert(unit) {
		ix.extent(unitName(name, m.system, m.code), x)
		return
	}
	ix.extent(canonicalName(name, canonical), m.extent())
}

// canonical returns the unit of a code of UCUM, and its canonical unit; "" for any other.
func (e *Engine) canonical(system, code string) (ucum.Unit, string) {
	if system != ucumSystem {
		return ucum.Unit{}, ""
	}
	unit, err := e.units.Parse(code)
	if err != nil {
		return ucum.Unit{}, ""
	}
	text, _, _ := unit.Canonical()
	return unit, text
}

// convert brings a measure to the canonical unit; false where that is out of range.
func (m *measure) convert(unit ucum.Unit) bool {
	for _, d := range []**decimal.Decimal{&m.low, &m.high} {
		if *d == nil {
			continue
		}
		c, err := unit.Canonicalize(**d)
		if err != nil {
			return false
		}
		*d = &c
	}
	return true
}

// canonicalName is the name of the ranges of all units of one dimension.
func canonicalName(name, unit string) string { return name + "|~" + unit }

// unitName is the name of the ranges of one unit.
func unitName(name, system, code string) string {
	return joinKey(name, system, code)
}

// measureOf reads a Quantity (or Age, Duration, ...), a Money or a Range.
func measureOf(v fhirpath.Value) (measure, bool) {
	n := v.Node
	switch v.Type {
	case "SampledData":
		return measure{}, false // many values, and none that the parameter would mean
	case "Money":
		d := numberIn(n)
		return measure{low: d, high: d, system: currencySystem, code: n.Member("currency").Text()}, d != nil
	case "Range":
		low, high := n.Member("low"), n.Member("high")
		m := unitOf(low)
		if !low.Exists() {
			m = unitOf(high)
		}
		m.low, m.high = numberIn(low), numberIn(high)
		return m, m.low != nil || m.high != nil
	}
	d := numberIn(n)
	if d == nil {
		return measure{}, false
	}
	m := unitOf(n)
	m.compare(n.Member("comparator").Text(), d)
	return m, true
}

func unitOf(n tree.Node) measure {
	return measure{system: n.Member("system").Text(), code: n.Member("code").Text(), unit: n.Member("unit").Text()}
}

// compare sets the bounds that a comparator leaves: "<5" is everything below 5.
// https://hl7.org/fhir/R4/datatypes.html#Quantity
func (m *measure) compare(comparator string, d *decimal.Decimal) {
	switch comparator {
	case "<", "<=":
		m.high, m.below = d, comparator == "<"
	case ">", ">=":
		m.low, m.above = d, comparator == ">"
	default:
		m.low, m.high = d, d
	}
}

// extent returns the amount as an index keeps it.
func (m *measure) extent() extent {
	x, _ := between(m.low, m.high)
	if m.above {
		x.lo = orderedAbove(*m.low)
	}
	if m.below {
		x.hi = decimal.OrderedBelow(*m.high)
	}
	return x
}

// quantity compiles a value of a quantity parameter.
func (c *compiler) quantity(name, value string) (Expr, *fhir.Issue) {
	parts := splitEscaped(value, '|')
	if len(parts) != 1 && len(parts) != 3 {
		return nil, badValue(c.name, value, "no [number], [number]|[system]|[code] or [number]||[code]")
	}
	a, issue := c.readNumber(value, unescape(parts[0]))
	if issue != nil || len(parts) == 1 {
		return a.expr(name), issue
	}
	system, code := unescape(parts[1]), unescape(parts[2])
	if code == "" {
		return nil, badValue(c.name, value, "without the code of a unit: it is [number]|[system]|[code] or [number]||[code]")
	}
	unit, canonical := c.e.canonical(system, code)
	if canonical == "" || !a.convert(unit) {
		return a.expr(unitName(name, system, code)), nil
	}
	return a.expr(canonicalName(name, canonical)), nil
}

// convert brings what is asked to the canonical unit; false where that is out of range.
func (a *asked) convert(unit ucum.Unit) bool {
	exact, err := unit.Canonicalize(a.exact)
	if err != nil {
		return false
	}
	lo, err := unit.Canonicalize(a.lo)
	if err != nil {
		return false
	}
	hi, err := unit.Canonicalize(a.hi)
	if err != nil {
		return false
	}
	a.exact, a.lo, a.hi = exact, lo, hi
	return true
}
