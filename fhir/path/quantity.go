package fhirpath

import (
	"slices"
	"strings"

	"firewolf/fhir/decimal"
	"firewolf/fhir/tree"
	"firewolf/fhir/ucum"
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

// calendarMonths says how many months calendar units have whose length varies.
var calendarMonths = map[string]int64{"month": 1, "year": 12}

// calendarOf names the calendar unit that is equivalent to a UCUM unit of time.
// https://hl7.org/fhirpath/N1/#time-valued-quantities
var calendarOf = map[string]string{
	"a": "year", "mo": "month", "wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond",
}

// ucumOf names the UCUM unit that is as long as a calendar unit.
var ucumOf = map[string]string{
	"millisecond": "ms", "second": "s", "minute": "min", "hour": "h", "day": "d", "week": "wk",
}

// common converts two quantities to one unit; false where that is not possible: calendar months and years have no
// fixed length, so that they can only be compared with each other.
func (e *env) common(a, b quantity) (x, y decimal.Decimal, ok bool) {
	if a.unit == b.unit && a.calendar == b.calendar {
		return a.value, b.value, true
	}
	if m, n := calendarMonths[a.unit], calendarMonths[b.unit]; a.calendar && b.calendar && m > 0 && n > 0 {
		x, err := a.value.Mul(decimal.New(m, 0))
		y, err2 := b.value.Mul(decimal.New(n, 0))
		return x, y, err == nil && err2 == nil
	}
	u, v, ok := e.measures(a, b)
	if !ok {
		return x, y, false
	}
	x, err := u.Canonicalize(a.value)
	y, err2 := v.Canonicalize(b.value)
	return x, y, err == nil && err2 == nil
}

// measures returns the units of two quantities of one kind; false where they are of different kinds.
func (e *env) measures(a, b quantity) (u, v ucum.Unit, ok bool) {
	u, ok = e.measure(a)
	v, ok2 := e.measure(b)
	return u, v, ok && ok2 && u.Comparable(v)
}

func (e *env) measure(q quantity) (ucum.Unit, bool) {
	code := q.unit
	if q.calendar {
		code = ucumOf[q.unit]
	}
	if code == "" {
		return ucum.Unit{}, false
	}
	u, err := e.ucum().Parse(code)
	return u, err == nil
}

// convert returns a value in another unit.
func (e *env) convert(from, to quantity) (decimal.Decimal, bool) {
	if u, v, ok := e.measures(from, to); ok {
		d, err := u.Convert(from.value, v)
		return d, err == nil
	}
	x, ok := from.value, from.unit == to.unit && from.calendar == to.calendar
	if m, n := calendarMonths[from.unit], calendarMonths[to.unit]; !ok && from.calendar && to.calendar && m > 0 && n > 0 {
		months, err := x.Mul(decimal.New(m, 0))
		x, err2 := months.Quo(decimal.New(n, 0))
		return x, err == nil && err2 == nil
	}
	return x, ok
}

// compareQuantities reports false where the units cannot be compared.
func (e *env) compareQuantities(x, y atom) (int, bool) {
	a, ok := quantityOf(x)
	b, ok2 := quantityOf(y)
	if !ok || !ok2 {
		return 0, false
	}
	v, w, ok := e.common(a, b)
	if !ok {
		return 0, false
	}
	return v.Cmp(w), true
}

func isQuantity(k atomKind) bool { return k == atomQuantity || isNumber(k) }

func (e *env) equalQuantities(x, y atom) truth {
	if !isQuantity(x.kind) || !isQuantity(y.kind) {
		return no
	}
	d, known := e.compareQuantities(x, y)
	if !known {
		return unknown
	}
	return truthOf(d == 0)
}

// equivalentQuantities takes a UCUM unit of time for its calendar counterpart, and compares in the larger of the
// two units to the precision of the less precise value: 4 'g' ~ 4040 'mg'.
// https://hl7.org/fhirpath/N1/#quantity-equivalence
func (e *env) equivalentQuantities(x, y atom) bool {
	a, ok := quantityOf(x)
	b, ok2 := quantityOf(y)
	if !ok || !ok2 {
		return false
	}
	if a.calendar != b.calendar {
		a, b = a.inCalendar(), b.inCalendar()
	}
	if v, w, ok := e.inLarger(a, b); ok {
		return nearNumber(v, w)
	}
	v, w, ok := e.common(a, b)
	return ok && nearNumber(v, w)
}

// inLarger converts to the larger unit of two.
func (e *env) inLarger(a, b quantity) (x, y decimal.Decimal, ok bool) {
	u, v, ok := e.measures(a, b)
	if !ok {
		return x, y, false
	}
	to := u
	if smaller(u, v) {
		to = v
	}
	x, err := u.Convert(a.value, to)
	y, err2 := v.Convert(b.value, to)
	return x, y, err == nil && err2 == nil
}

// smaller reports whether one unit is smaller than another of its kind.
func smaller(u, v ucum.Unit) bool {
	_, f, _ := u.Canonical()
	_, g, _ := v.Canonical()
	return f.Cmp(g) < 0
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
