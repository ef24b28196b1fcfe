package fhirpath

import (
	"github.com/cockroachdb/apd/v3"

	"firewolf/fhir/decimal"
)

// mathFunctions are those on numbers. https://hl7.org/fhirpath/N1/#math
var mathFunctions = map[string]function{
	"abs":      {run: runAbs},
	"ceiling":  {run: func(c called) ([]Value, error) { return c.whole(decimal.Ceiling) }},
	"floor":    {run: func(c called) ([]Value, error) { return c.whole(decimal.Floor) }},
	"truncate": {run: func(c called) ([]Value, error) { return c.whole(decimal.Down) }},
	"exp":      {run: func(c called) ([]Value, error) { return c.transcendental((*apd.Context).Exp) }},
	"ln":       {run: func(c called) ([]Value, error) { return c.transcendental((*apd.Context).Ln) }},
	"sqrt":     {run: func(c called) ([]Value, error) { return c.transcendental((*apd.Context).Sqrt) }},
	"log":      {min: 1, max: 1, run: runLog},
	"power":    {min: 1, max: 1, run: runPower},
	"round":    {max: 1, run: runRound},
}

// number returns the single item of the input as a number.
func (c called) number() (d decimal.Decimal, a atom, has bool, err error) {
	v, has, err := c.one()
	if !has || err != nil {
		return d, a, false, err
	}
	a = atomOf(v)
	if !isNumber(a.kind) {
		return d, a, false, c.fail("takes a number, not " + describe(v))
	}
	d, ok := a.number()
	if !ok {
		return d, a, false, c.fail("takes a number that is not as large")
	}
	return d, a, true, nil
}

// whole rounds to an Integer.
func (c called) whole(mode decimal.Mode) ([]Value, error) {
	d, _, has, err := c.number()
	if !has || err != nil {
		return c.dst, err
	}
	r, err := d.Round(0, mode)
	if err != nil {
		return c.none()
	}
	if v, ok := wholeValue(r); ok {
		return c.give(v)
	}
	return c.none()
}

// function1 is a function of package apd on one number.
type function1 func(c *apd.Context, d, x *apd.Decimal) (apd.Condition, error)

// compute applies a function to ten more digits, and rounds to those that a decimal keeps; what has no result (the root
// of -1) is false. So a result that should be exact is: the logarithm of 100 to the base of 10 is 2.
func compute(f function1, x decimal.Decimal) (decimal.Decimal, bool) {
	wide := apd.BaseContext.WithPrecision(decimal.Precision + 10)
	narrow := apd.BaseContext.WithPrecision(decimal.Precision)
	var d apd.Decimal
	cond, err := f(wide, &d, x.Apd())
	if err != nil || cond.InvalidOperation() || cond.Overflow() || cond.DivisionByZero() || d.Form != apd.Finite {
		return decimal.Decimal{}, false
	}
	if cond.Inexact() {
		if _, err := narrow.Round(&d, &d); err != nil {
			return decimal.Decimal{}, false
		}
	}
	r, ok := decimal.FromApd(&d)
	if ok && r.Exponent() > 0 {
		r, err = r.Round(0, decimal.Down)
		ok = err == nil
	}
	return r, ok && bounded(r)
}

// maxExponent bounds the power of e: its result has 435 digits.
var maxExponent = decimal.New(1000, 0)

// transcendental applies a function whose result is a Decimal.
func (c called) transcendental(f function1) ([]Value, error) {
	d, _, has, err := c.number()
	if !has || err != nil {
		return c.dst, err
	}
	if d.Abs().Cmp(maxExponent) > 0 && c.name == "exp" {
		return c.none()
	}
	r, ok := compute(f, d)
	if !ok {
		return c.none()
	}
	return c.give(decimalValue(trim(r)))
}

// trim drops the zeroes behind the point that a computation leaves.
func trim(d decimal.Decimal) decimal.Decimal {
	r, err := d.Round(places(d), decimal.Down)
	if err != nil {
		return d
	}
	return r
}

func runAbs(c called) ([]Value, error) {
	v, has, err := c.one()
	if !has || err != nil {
		return c.dst, err
	}
	a := atomOf(v)
	if !isQuantity(a.kind) {
		return nil, c.fail("takes a number or a Quantity, not " + describe(v))
	}
	q, ok := quantityOf(a)
	if !ok {
		return c.none()
	}
	v, _ = signed(a, q.value.Sign() < 0)
	return c.give(v)
}

func runLog(c called) ([]Value, error) {
	d, _, has, err := c.number()
	base, given, argErr := c.argument(0, atomDecimal)
	if argErr != nil {
		return nil, argErr
	}
	if !has || !given || err != nil {
		return c.dst, err
	}
	b, _ := base.number()
	r, ok := compute(func(wide *apd.Context, r, x *apd.Decimal) (apd.Condition, error) {
		var over, under apd.Decimal
		cond, err := wide.Ln(&over, x)
		if err != nil || cond.InvalidOperation() {
			return cond, err
		}
		if cond, err = wide.Ln(&under, b.Apd()); err != nil || cond.InvalidOperation() {
			return cond, err
		}
		return wide.Quo(r, &over, &under)
	}, d)
	if !ok {
		return c.none()
	}
	return c.give(decimalValue(trim(r)))
}

// maxPower bounds exponents, so that no number of millions of digits is computed.
var maxPower = decimal.New(10_000, 0)

func runPower(c called) ([]Value, error) {
	d, a, has, err := c.number()
	exponent, given, argErr := c.argument(0, atomDecimal)
	if argErr != nil {
		return nil, argErr
	}
	if !has || !given || err != nil {
		return c.dst, err
	}
	e, ok := exponent.number()
	if !ok || e.Abs().Cmp(maxPower) > 0 {
		return c.none()
	}
	r, ok := compute(func(wide *apd.Context, r, x *apd.Decimal) (apd.Condition, error) {
		return wide.Pow(r, x, e.Apd())
	}, d)
	if !ok {
		return c.none()
	}
	if a.kind != atomInteger || exponent.kind != atomInteger || e.Sign() < 0 {
		return c.give(decimalValue(trim(r)))
	}
	if v, ok := wholeValue(r); ok {
		return c.give(v)
	}
	return c.none()
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
	if places < 0 {
		return nil, c.fail("takes a number of decimal places from 0 on")
	}
	r, err := d.Round(int(places), decimal.HalfUp)
	if err != nil {
		return c.none()
	}
	return c.give(decimalValue(r))
}
