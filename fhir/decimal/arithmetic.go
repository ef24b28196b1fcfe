package decimal

import "github.com/cockroachdb/apd/v3"

// context returns the rules of arithmetic: those of a decimal128, but for a wider exponent.
func context() *apd.Context {
	return &apd.Context{
		Precision:   Precision,
		Rounding:    apd.RoundHalfEven,
		MaxExponent: maxExponent,
		MinExponent: -maxExponent,
		Traps:       apd.DefaultTraps,
	}
}

// operation is a method of apd.Context.
type operation func(c *apd.Context, d, x, y *apd.Decimal) (apd.Condition, error)

func calculate(op operation, x, y Decimal) (Decimal, error) {
	var d Decimal
	condition, err := op(context(), &d.v, &x.v, &y.v)
	switch {
	case condition.DivisionByZero() || condition.DivisionUndefined():
		return Decimal{}, ErrDivision
	case err != nil || !inRange(&d.v):
		return Decimal{}, ErrRange
	}
	return d, nil
}

// Add returns d + e.
func (d Decimal) Add(e Decimal) (Decimal, error) { return calculate((*apd.Context).Add, d, e) }

// Sub returns d - e.
func (d Decimal) Sub(e Decimal) (Decimal, error) { return calculate((*apd.Context).Sub, d, e) }

// Mul returns d * e.
func (d Decimal) Mul(e Decimal) (Decimal, error) { return calculate((*apd.Context).Mul, d, e) }

// Quo returns d / e, or ErrDivision where e is 0. An exact quotient has no more digits than it needs.
func (d Decimal) Quo(e Decimal) (Decimal, error) {
	q, err := calculate((*apd.Context).Quo, d, e)
	if err != nil {
		return Decimal{}, err
	}
	ideal := max(min(d.v.Exponent-e.v.Exponent, maxExponent), -maxExponent)
	if q.v.Exponent >= ideal {
		return q, nil
	}
	q = q.Reduce()
	if q.v.Exponent > ideal {
		var r Decimal
		if _, err := context().Quantize(&r.v, &q.v, ideal); err == nil {
			return r, nil
		}
	}
	return q, nil
}

// Neg returns -d.
func (d Decimal) Neg() Decimal {
	d.v.Negative = !d.v.Negative && d.v.Sign() != 0
	return d
}

// Abs returns d without its sign.
func (d Decimal) Abs() Decimal {
	d.v.Negative = false
	return d
}

// Reduce returns the number with as few digits as it needs: 1.50 becomes 1.5, and 100 becomes 1E+2.
func (d Decimal) Reduce() Decimal {
	var r Decimal
	r.v.Reduce(&d.v)
	return r
}
