package fhirpath

import (
	"slices"

	"firewolf/fhir/datetime"
	"firewolf/fhir/decimal"
)

// boundaryFunctions tell what values a value of a limited precision can stand for.
// https://build.fhir.org/ig/HL7/FHIRPath/#lowboundaryprecision-integer-decimal--date--datetime--time
var boundaryFunctions = map[string]function{
	"lowBoundary":  {max: 1, run: func(c called) ([]Value, error) { return c.boundary(false) }},
	"highBoundary": {max: 1, run: func(c called) ([]Value, error) { return c.boundary(true) }},
	"precision":    {run: runPrecision},
	"comparable":   {min: 1, max: 1, run: runComparable},
}

// maxPlaces is the largest number of decimal places that a boundary is computed to.
const maxPlaces = 28

func (c called) boundary(high bool) ([]Value, error) {
	v, has, err := c.one()
	if !has || err != nil {
		return c.dst, err
	}
	digits, given, err := c.integerArgument(0)
	if err != nil {
		return nil, err
	}
	a := atomOf(v)
	switch {
	case isDate(a.kind) || a.kind == atomTime:
		return c.temporalBoundary(a, digits, given, high)
	case !isNumber(a.kind) && a.kind != atomQuantity:
		return nil, c.fail("takes a number, a Quantity, a date or a time, not " + describe(v))
	}
	if !given {
		digits = 8
	}
	q, ok := quantityOf(a)
	if !ok || digits < 0 || digits > maxPlaces {
		return c.none()
	}
	if q.value, err = decimalBoundary(q.value, int(digits), high); err != nil {
		return c.none()
	}
	if a.kind == atomQuantity {
		return c.give(q.computed())
	}
	return c.give(decimalValue(q.value))
}

// decimalBoundary goes half a unit of the last place written down or up, and from there to the next number
// of so many decimal places.
func decimalBoundary(d decimal.Decimal, places int, high bool) (decimal.Decimal, error) {
	half := decimal.New(5, min(d.Exponent(), 0)-1)
	mode := decimal.Ceiling
	if !high {
		half, mode = half.Neg(), decimal.Floor
	}
	edge, err := d.Add(half)
	if err != nil {
		return d, err
	}
	return edge.Round(places, mode)
}

// The precisions of dates and times in digits as they are written. Where there is one more than
// units, the last counts the milliseconds.
var (
	dateDigits     = []int64{4, 6, 8}
	dateTimeDigits = []int64{4, 6, 8, 10, 12, 14, 17}
	timeDigits     = []int64{2, 4, 6, 9}
)

func digitsOf(kind atomKind) []int64 {
	switch kind {
	case atomDate:
		return dateDigits
	case atomDateTime:
		return dateTimeDigits
	default:
		return timeDigits
	}
}

func (c called) temporalBoundary(a atom, digits int64, given, high bool) ([]Value, error) {
	allowed := digitsOf(a.kind)
	most := allowed[len(allowed)-1]
	if !given {
		digits = most
	}
	if digits > most {
		return c.none()
	}
	at := slices.Index(allowed, digits)
	if at < 0 {
		return nil, c.fail("takes the number of digits of a date or time as it is written")
	}
	fraction := 0
	if digits == most && a.kind != atomDate {
		at, fraction = at-1, 3
	}
	text, ok := edgeOf(a, at, fraction, high)
	if !ok {
		return c.none()
	}
	return c.give(Value{Type: atomTypes[a.kind], Text: text})
}

// edgeOf writes the first or last value to the unit at a place of those that the kind has.
func edgeOf(a atom, at, fraction int, high bool) (string, bool) {
	if t, ok := timeOf(a); ok {
		p := datetime.Hour + datetime.Precision(at)
		if high {
			return t.Last(p, fraction).String(), true
		}
		return t.First(p, fraction).String(), true
	}
	d, ok := dateOf(a)
	p := datetime.Year + datetime.Precision(at)
	if high {
		return d.Last(p, fraction).String(), ok
	}
	return d.First(p, fraction).String(), ok
}

// runPrecision counts the decimal places of a number and the digits of a date or time.
func runPrecision(c called) ([]Value, error) {
	v, has, err := c.one()
	if !has || err != nil {
		return c.dst, err
	}
	a := atomOf(v)
	if d, ok := a.number(); ok {
		return c.give(integerValue(int64(max(-d.Exponent(), 0))))
	}
	if !isDate(a.kind) && a.kind != atomTime {
		return nil, c.fail("takes a number, a date or a time, not " + describe(v))
	}
	var at, fraction int
	if t, ok := timeOf(a); ok {
		at, fraction = int(t.Precision()-datetime.Hour), t.Digits()
	} else if d, ok := dateOf(a); ok {
		at, fraction = int(d.Precision()-datetime.Year), d.Digits()
	} else {
		return c.none()
	}
	if fraction > 0 {
		at++
	}
	return c.give(integerValue(digitsOf(a.kind)[at]))
}

// runComparable tells whether the units of two quantities are of one kind.
func runComparable(c called) ([]Value, error) {
	v, has, err := c.one()
	other, given, argErr := c.argument(0, atomQuantity)
	if argErr != nil {
		return nil, argErr
	}
	if !has || !given || err != nil {
		return c.dst, err
	}
	if a := atomOf(v); !isQuantity(a.kind) {
		return nil, c.fail("takes a Quantity, not " + describe(v))
	}
	_, known := c.e.compareQuantities(atomOf(v), other)
	return c.give(booleanValue(known))
}
