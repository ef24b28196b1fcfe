package fhirpath

import (
	"slices"
	"strings"

	"firewolf/fhir/decimal"
	"firewolf/fhir/tree"
)

// ucumSystem is the code system of units. https://hl7.org/fhir/R4/valueset-ucum-units.html
const ucumSystem = "http://unitsofmeasure.org"

// quantity is a number with a unit.
type quantity struct {
	value    decimal.Decimal
	unit     string // a UCUM code, or a calendar unit in the singular
	calendar bool
}

// quantityOf converts a number or a Quantity.
func quantityOf(a atom) (quantity, bool) {
	switch {
	case isNumber(a.kind):
		d, ok := a.number()
		return quantity{value: d, unit: "1"}, ok
	case a.kind != atomQuantity:
		return quantity{}, false
	case a.node.Exists():
		return quantityAt(a.node)
	}
	return parseQuantity(a.text)
}

// parseQuantity reads a literal: 4 days, 10.1 'mg'.
func parseQuantity(text string) (quantity, bool) {
	number, unit, _ := strings.Cut(text, " ")
	d, ok := parseDecimal(number)
	if quoted, found := strings.CutPrefix(unit, "'"); found {
		return quantity{value: d, unit: strings.ReplaceAll(strings.TrimSuffix(quoted, "'"), `\'`, "'")}, ok
	}
	return quantity{value: d, unit: strings.TrimSuffix(unit, "s"), calendar: true}, ok
}

// quantityAt converts a Quantity element. One with a comparator is a range, not a value.
// https://hl7.org/fhir/R4/fhirpath.html#quantity
func quantityAt(n tree.Node) (quantity, bool) {
	if n.Member("comparator").Exists() {
		return quantity{}, false
	}
	d, ok := parseDecimal(n.Member("value").Text())
	q := quantity{value: d, unit: "1"}
	system, code, unit := n.Member("system").Text(), n.Member("code").Text(), n.Member("unit").Text()
	switch {
	case system == ucumSystem && code != "":
		q.unit = code
	case code != "" || unit != "":
		// A unit of another system is comparable with itself alone; | is in no UCUM code.
		q.unit = system + "|" + code + "|" + unit
	}
	return q, ok
}

// computed makes a Value of the quantity.
func (q quantity) computed() Value { return Value{Type: typeQuantity, Text: q.text()} }

func (q quantity) text() string {
	if q.calendar {
		return q.value.Plain() + " " + q.unit
	}
	return quantityText(q.value.Plain(), q.unit)
}

// calendarMillis says how long calendar units are that are as long as their UCUM counterparts, in milliseconds.
var calendarMillis = map[string]int64{
	"millisecond": 1, "second": 1000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000, "week": 604_800_000,
	"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "wk": 604_800_000,
}

// calendarMonths says how many months calendar units have whose length varies.
var calendarMonths = map[string]int64{"month": 1, "year": 12}

// calendarOf names the calendar unit that is equivalent to a UCUM unit of time.
// https://hl7.org/fhirpath/N1/#time-valued-quantities
var calendarOf = map[string]string{
	"a": "year", "mo": "month", "wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond",
}

// common converts two quantities to one unit; false where that is not possible.
func common(a, b quantity) (x, y decimal.Decimal, ok bool) {
	if a.unit == b.unit && a.calendar == b.calendar {
		return a.value, b.value, true
	}
	for _, table := range []map[string]int64{calendarMillis, calendarMonths} {
		m, n := table[a.unit], table[b.unit]
		if m == 0 || n == 0 {
			continue
		}
		x, err := a.value.Mul(decimal.New(m, 0))
		y, err2 := b.value.Mul(decimal.New(n, 0))
		return x, y, err == nil && err2 == nil
	}
	return x, y, false
}

// compareQuantities reports false where the units cannot be compared.
func compareQuantities(x, y atom) (int, bool) {
	a, ok := quantityOf(x)
	b, ok2 := quantityOf(y)
	if !ok || !ok2 {
		return 0, false
	}
	v, w, ok := common(a, b)
	if !ok {
		return 0, false
	}
	return v.Cmp(w), true
}

func isQuantity(k atomKind) bool { return k == atomQuantity || isNumber(k) }

func equalQuantities(x, y atom) truth {
	if !isQuantity(x.kind) || !isQuantity(y.kind) {
		return no
	}
	d, ok := compareQuantities(x, y)
	if !ok {
		return unknown
	}
	return truthOf(d == 0)
}

// equivalentQuantities takes a UCUM unit of time for its calendar counterpart. https://hl7.org/fhirpath/N1/#quantity-equivalence
func equivalentQuantities(x, y atom) bool {
	a, ok := quantityOf(x)
	b, ok2 := quantityOf(y)
	if !ok || !ok2 {
		return false
	}
	if a.calendar != b.calendar {
		a, b = a.inCalendar(), b.inCalendar()
	}
	v, w, ok := common(a, b)
	return ok && nearNumber(v, w)
}

func (q quantity) inCalendar() quantity {
	if unit, found := calendarOf[q.unit]; found && !q.calendar {
		q.unit, q.calendar = unit, true
	}
	return q
}

// singular returns the calendar unit of a word, "" where it is none.
func singular(word string) string {
	if !slices.Contains(calendarUnits, word) {
		return ""
	}
	return strings.TrimSuffix(word, "s")
}
