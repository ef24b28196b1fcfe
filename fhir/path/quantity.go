package fhirpath

import (
	"slices"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"firewolf/fhir/tree"
)

// ucumSystem is the code system of units. https://hl7.org/fhir/R4/valueset-ucum-units.html
const ucumSystem = "http://unitsofmeasure.org"

// quantity is a number with a unit.
type quantity struct {
	value    *apd.Decimal
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

// calendarOf maps the UCUM durations of a Quantity element to calendar units.
// https://hl7.org/fhir/R4/fhirpath.html#quantity
var calendarOf = map[string]string{
	"a": "year", "mo": "month", "wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond",
}

// quantityAt converts a Quantity element. One with a comparator is a range, not a value.
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

func (q quantity) text() string {
	if q.calendar {
		return decimalText(q.value) + " " + q.unit
	}
	return quantityText(decimalText(q.value), q.unit)
}

// calendarSeconds says how long calendar units are that are as long as their UCUM counterparts, in milliseconds.
var calendarMillis = map[string]int64{
	"millisecond": 1, "second": 1000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000, "week": 604_800_000,
	"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "wk": 604_800_000,
}

// calendarMonths says how many months calendar units have whose length varies.
var calendarMonths = map[string]int64{"month": 1, "year": 12}

// common converts two quantities to one unit; false where that is not possible.
func common(a, b quantity) (x, y *apd.Decimal, ok bool) {
	if a.unit == b.unit && a.calendar == b.calendar {
		return a.value, b.value, true
	}
	for _, table := range []map[string]int64{calendarMillis, calendarMonths} {
		if table[a.unit] > 0 && table[b.unit] > 0 {
			return times(a.value, table[a.unit]), times(b.value, table[b.unit]), true
		}
	}
	return nil, nil, false
}

func times(d *apd.Decimal, n int64) *apd.Decimal {
	var r apd.Decimal
	_, _ = digits28.Mul(&r, d, apd.New(n, 0))
	return &r
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

func equalQuantities(x, y atom) truth {
	if !isNumber(x.kind) && x.kind != atomQuantity || !isNumber(y.kind) && y.kind != atomQuantity {
		return no
	}
	d, ok := compareQuantities(x, y)
	if !ok {
		return unknown
	}
	return truthOf(d == 0)
}

// equivalentQuantities takes a calendar unit for its UCUM counterpart. https://hl7.org/fhirpath/N1/#quantity-equivalence
func equivalentQuantities(x, y atom) bool {
	a, ok := quantityOf(x)
	b, ok2 := quantityOf(y)
	if !ok || !ok2 {
		return false
	}
	for _, q := range []*quantity{&a, &b} {
		if unit, found := calendarOf[q.unit]; found && !q.calendar {
			q.unit, q.calendar = unit, true
		}
	}
	v, w, ok := common(a, b)
	return ok && nearNumber(v, w)
}

// singular returns the calendar unit of a word, "" where it is none.
func singular(word string) string {
	if !slices.Contains(calendarUnits, word) {
		return ""
	}
	return strings.TrimSuffix(word, "s")
}
