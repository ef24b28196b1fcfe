package fhirpath

import (
	"slices"

	"github.com/cockroachdb/apd/v3"
)

// boundaryFunctions tell what values a value of a limited precision can stand for.
// https://build.fhir.org/ig/HL7/FHIRPath/#lowboundaryprecision-integer-decimal--date--datetime--time
var boundaryFunctions = map[string]function{
	"lowBoundary":  {max: 1, run: func(c called) ([]Value, error) { return c.boundary(false) }},
	"highBoundary": {max: 1, run: func(c called) ([]Value, error) { return c.boundary(true) }},
	"precision":    {run: runPrecision},
}

// maxPlaces is the largest number of decimal places that a boundary is computed to.
const maxPlaces = 28

// temporalDigits lists the precisions of dates and times, in digits as they are written.
var temporalDigits = map[atomKind][]int{
	atomDate:     {4, 6, 8},
	atomDateTime: {4, 6, 8, 10, 12, 14, 17},
	atomTime:     {2, 4, 6, 9},
}

func (c called) boundary(high bool) ([]Value, error) {
	v, has, err := c.one()
	if !has || err != nil {
		return c.dst, err
	}
	places, given, err := c.integerArgument(0)
	if err != nil {
		return nil, err
	}
	a := atomOf(v)
	switch {
	case isDate(a.kind) || a.kind == atomTime:
		return c.temporalBoundary(a, int(places), given, high)
	case !isNumber(a.kind) && a.kind != atomQuantity:
		return nil, c.fail("takes a number, a Quantity, a date or a time, not " + describe(v))
	}
	if !given {
		places = 8
	}
	q, ok := quantityOf(a)
	if !ok || places < 0 || places > maxPlaces {
		return c.none()
	}
	if q.value = decimalBoundary(q.value, int32(places), high); q.value == nil {
		return c.none()
	}
	if a.kind == atomQuantity {
		return c.give(Value{Type: typeQuantity, Text: q.text()})
	}
	return c.give(decimalValue(q.value))
}

// decimalBoundary goes half a unit of the last place written down or up, and from there to the next number
// of that many places. It is nil where the number is too large for that.
func decimalBoundary(d *apd.Decimal, places int32, high bool) *apd.Decimal {
	c := digits28.WithPrecision(1100)
	half := apd.New(5, min(d.Exponent, 0)-1)
	c.Rounding = apd.RoundFloor
	step := c.Sub
	if high {
		c.Rounding, step = apd.RoundCeiling, c.Add
	}
	var edge apd.Decimal
	if _, err := step(&edge, d, half); err != nil {
		return nil
	}
	if cond, err := c.Quantize(&edge, &edge, -places); err != nil || cond.InvalidOperation() {
		return nil
	}
	return &edge
}

func (c called) temporalBoundary(a atom, digits int, given, high bool) ([]Value, error) {
	allowed := temporalDigits[a.kind]
	most := allowed[len(allowed)-1]
	if !given {
		digits = most
	}
	t, ok := parseTemporal(a.kind, a.text)
	if !ok || digits > most {
		return c.none()
	}
	at := slices.Index(allowed, digits)
	if at < 0 {
		return nil, c.fail("takes the number of digits of a date or time as it is written")
	}
	fields := at + 1
	if a.kind == atomTime {
		fields += toDay
	}
	t.fill(min(fields, toSecond), fields > toSecond, high)
	return c.give(Value{Type: atomTypes[a.kind], Text: t.String()})
}

// fill gives the value exactly so many fields, those that are missing with their least or greatest value. A zone
// that is missing is the one in which the moment comes first or last.
func (t *temporal) fill(fields int, millis, high bool) {
	first := [6]int{1, 1, 1, 0, 0, 0}
	last := [6]int{9999, 12, 31, 23, 59, 59}
	for k := t.precision; k < fields; k++ {
		t.fields[k] = first[k]
		if high {
			t.fields[k] = last[k]
		}
		if k == toDay-1 && high {
			t.fields[k] = daysIn(t.fields[0], t.fields[1])
		}
	}
	t.fillFraction(millis, high)
	t.precision = fields
	if t.kind == atomDateTime && fields > toDay && !t.zoned {
		t.zoned, t.offset = true, 14*60
		if high {
			t.offset = -12 * 60
		}
	}
}

// fillFraction gives the second exactly three digits or none; digits that were not written are 0 or 9.
func (t *temporal) fillFraction(millis, high bool) {
	if !millis {
		t.nanos, t.digits = 0, 0
		return
	}
	for unit := 100_000_000; unit >= 1_000_000; unit /= 10 {
		if t.digits > 0 {
			t.digits--
		} else if high {
			t.nanos += 9 * unit
		}
	}
	t.nanos -= t.nanos % 1_000_000
	t.digits = 3
}

// runPrecision counts the decimal places of a number and the digits of a date or time.
func runPrecision(c called) ([]Value, error) {
	v, has, err := c.one()
	if !has || err != nil {
		return c.dst, err
	}
	a := atomOf(v)
	if d, ok := a.number(); ok {
		return c.give(integerValue(int64(max(-d.Exponent, 0))))
	}
	allowed, ok := temporalDigits[a.kind]
	if !ok {
		return nil, c.fail("takes a number, a date or a time, not " + describe(v))
	}
	t, ok := parseTemporal(a.kind, a.text)
	if !ok {
		return c.none()
	}
	at := t.precision - 1
	if a.kind == atomTime {
		at -= toDay
	}
	if t.digits > 0 {
		at++
	}
	return c.give(integerValue(int64(allowed[at])))
}
