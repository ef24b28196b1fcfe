package fhirpath

import (
	"math"

	"github.com/cockroachdb/apd/v3"
)

// mathFunctions are those on numbers. https://hl7.org/fhirpath/N1/#math
var mathFunctions = map[string]function{
	"abs":      {run: runAbs},
	"ceiling":  {run: func(c called) ([]Value, error) { return c.whole(digits28.Ceil) }},
	"floor":    {run: func(c called) ([]Value, error) { return c.whole(digits28.Floor) }},
	"truncate": {run: func(c called) ([]Value, error) { return c.whole(truncate) }},
	"exp":      {run: func(c called) ([]Value, error) { return c.decimal(digits28.Exp) }},
	"ln":       {run: func(c called) ([]Value, error) { return c.decimal(digits28.Ln) }},
	"sqrt":     {run: func(c called) ([]Value, error) { return c.decimal(digits28.Sqrt) }},
	"log":      {min: 1, max: 1, run: runLog},
	"power":    {min: 1, max: 1, run: runPower},
	"round":    {max: 1, run: runRound},
}

// number returns the single item of the input as a number.
func (c called) number() (d *apd.Decimal, a atom, has bool, err error) {
	v, has, err := c.one()
	if !has || err != nil {
		return nil, a, false, err
	}
	a = atomOf(v)
	if !isNumber(a.kind) {
		return nil, a, false, c.fail("takes a number, not " + describe(v))
	}
	d, ok := a.number()
	if !ok {
		return nil, a, false, c.fail("takes a number, not " + a.text)
	}
	return d, a, true, nil
}

// operation is an operation of apd on one number.
type operation func(d, x *apd.Decimal) (apd.Condition, error)

// compute applies an operation; what it cannot do (the root of -1) gives nothing.
func compute(op operation, x *apd.Decimal) (*apd.Decimal, bool) {
	var r apd.Decimal
	cond, err := op(&r, x)
	return &r, err == nil && !cond.InvalidOperation() && !cond.Overflow() && bounded(&r)
}

func truncate(d, x *apd.Decimal) (apd.Condition, error) {
	if x.Negative {
		return digits28.Ceil(d, x)
	}
	return digits28.Floor(d, x)
}

// whole applies an operation whose result is an Integer.
func (c called) whole(op operation) ([]Value, error) {
	d, _, has, err := c.number()
	if !has || err != nil {
		return c.dst, err
	}
	r, ok := compute(op, d)
	if !ok {
		return c.none()
	}
	if v, has, _ := wholeValue(r); has {
		return c.give(v)
	}
	return c.none()
}

// decimal applies an operation whose result is a Decimal.
func (c called) decimal(op operation) ([]Value, error) {
	d, _, has, err := c.number()
	if !has || err != nil {
		return c.dst, err
	}
	// e to the power of a thousand has 434 digits; no one asks for more.
	if d.Cmp(apd.New(1000, 0)) > 0 && d.NumDigits() > 400 {
		return c.none()
	}
	r, ok := compute(op, d)
	if !ok {
		return c.none()
	}
	return c.give(decimalValue(r))
}

func runAbs(c called) ([]Value, error) {
	v, has, err := c.one()
	if !has || err != nil {
		return c.dst, err
	}
	a := atomOf(v)
	q, ok := quantityOf(a)
	if !ok {
		return nil, c.fail("takes a number or a Quantity, not " + describe(v))
	}
	negative := q.value.Negative
	if v, ok = signed(a, negative); !ok {
		return c.none()
	}
	return c.give(v)
}

func runLog(c called) ([]Value, error) {
	base, has, err := c.argument(0, atomDecimal)
	if !has || err != nil {
		return c.dst, err
	}
	b, ok := base.number()
	if !ok {
		return c.none()
	}
	return c.decimal(func(d, x *apd.Decimal) (apd.Condition, error) {
		var lnBase apd.Decimal
		cond, err := digits28.Ln(&lnBase, b)
		if err != nil || cond.InvalidOperation() {
			return cond | apd.InvalidOperation, err
		}
		var ln apd.Decimal
		if cond, err = digits28.Ln(&ln, x); err != nil || cond.InvalidOperation() {
			return cond | apd.InvalidOperation, err
		}
		if lnBase.IsZero() {
			return apd.InvalidOperation, nil
		}
		if cond, err = digits28.Quo(d, &ln, &lnBase); err != nil {
			return cond, err
		}
		// The quotient of two rounded logarithms is right to about 34 digits: 100 to the base of 10 is 2.
		if r := round(d, 28); r != nil {
			d.Reduce(r)
		}
		return cond, nil
	})
}

func runPower(c called) ([]Value, error) {
	x, a, has, err := c.number()
	if !has || err != nil {
		return c.dst, err
	}
	exponent, has, err := c.argument(0, atomDecimal)
	if !has || err != nil {
		return c.dst, err
	}
	y, ok := exponent.number()
	if !ok || y.Cmp(apd.New(10_000, 0)) > 0 || y.Cmp(apd.New(-10_000, 0)) < 0 {
		return c.none()
	}
	r, ok := compute(func(d, x *apd.Decimal) (apd.Condition, error) { return digits28.Pow(d, x, y) }, x)
	if !ok {
		return c.none()
	}
	if a.kind == atomInteger && exponent.kind == atomInteger && !y.Negative {
		if v, has, _ := wholeValue(r); has {
			return c.give(v)
		}
		return c.none()
	}
	return c.give(decimalValue(r))
}

func runRound(c called) ([]Value, error) {
	d, _, has, err := c.number()
	if !has || err != nil {
		return c.dst, err
	}
	places, _, err := c.integerArgument(0)
	if err != nil {
		return nil, err
	}
	if places < 0 || places > 1000 {
		return nil, c.fail("takes a number of decimal places from 0 to 1000")
	}
	r := round(d, int32(min(places, math.MaxInt16)))
	if r == nil {
		return c.none()
	}
	return c.give(decimalValue(r))
}
