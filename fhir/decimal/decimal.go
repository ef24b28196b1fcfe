package decimal

import (
	"errors"
	"math/big"

	"github.com/cockroachdb/apd/v3"
)

// Precision is how many significant digits arithmetic keeps.
const Precision = 34

// maxExponent bounds the power of ten of the first digit, so that nobody makes this server write out 1e999999999.
// It leaves room for what arithmetic makes of the numbers that a resource can hold.
const maxExponent = 30_000

// Decimal is a decimal number with the precision that it was written with. It is
// immutable; the zero Decimal is 0.
type Decimal struct {
	v           apd.Decimal // finite; its memory may be shared, so it is never changed
	exponential bool        // written with an exponent
}

// ErrRange says that a result is beyond what this package holds.
var ErrRange = errors.New("the number is too large or too small")

// ErrDivision says that a divisor is zero.
var ErrDivision = errors.New("a number cannot be divided by zero")

// New returns the number coefficient * 10^exponent.
func New(coefficient int64, exponent int) Decimal {
	var d Decimal
	d.v.SetFinite(coefficient, int32(exponent))
	return d
}

// FromRat returns the rational number rounded to Precision digits.
func FromRat(r *big.Rat) (Decimal, error) {
	var n, d Decimal
	n.v.Coeff.SetMathBigInt(new(big.Int).Abs(r.Num()))
	n.v.Negative = r.Sign() < 0
	d.v.Coeff.SetMathBigInt(r.Denom())
	return n.Quo(d)
}

// Rat returns the number as a rational number, exactly.
func (d Decimal) Rat() *big.Rat {
	r := new(big.Rat).SetInt(d.coefficient())
	if d.v.Exponent == 0 {
		return r
	}
	e := int64(d.v.Exponent)
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(e, -e)), nil)
	if e < 0 {
		return r.SetFrac(r.Num(), p)
	}
	return r.SetInt(p.Mul(p, r.Num()))
}

// coefficient returns the written digits as a signed integer of its own.
func (d Decimal) coefficient() *big.Int {
	c := d.v.Coeff.MathBigInt()
	if d.v.Negative {
		c.Neg(c)
	}
	return c
}

// Apd returns the number for the functions of package apd. It is a copy.
func (d Decimal) Apd() *apd.Decimal { return new(apd.Decimal).Set(&d.v) }

// FromApd returns the number of an apd.Decimal. It reports false where that is infinite, no number, or out of range.
func FromApd(a *apd.Decimal) (Decimal, bool) {
	if a.Form != apd.Finite || !inRange(a) {
		return Decimal{}, false
	}
	var d Decimal
	d.v.Set(a)
	return d, true
}

func inRange(a *apd.Decimal) bool {
	e := int64(a.Exponent)
	first := e + a.NumDigits()
	return first <= maxExponent && e >= -maxExponent
}

// String returns the number with its precision, as FHIR can read it again: 1.50, 100, 1E+2.
func (d Decimal) String() string { return d.v.String() }

// Plain returns the number without an exponent, with its precision where that has no zeros before the point: 1e2 gives 100.
func (d Decimal) Plain() string { return d.v.Text('f') }

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int { return d.v.Sign() }

// Digits returns how many significant digits are written, leading zeros aside; 0 has one.
func (d Decimal) Digits() int { return int(d.v.NumDigits()) }

// Exponent returns the power of ten of the last written digit: -2 for 1.50.
func (d Decimal) Exponent() int { return int(d.v.Exponent) }

// IsInteger reports whether the number has no fraction; 1.00 has none.
func (d Decimal) IsInteger() bool {
	var integer, fraction apd.Decimal
	d.v.Modf(&integer, &fraction)
	return fraction.IsZero()
}

// Cmp returns -1, 0 or 1 as d is less than, equal to, or greater than e. Precision does not count.
func (d Decimal) Cmp(e Decimal) int { return d.v.Cmp(&e.v) }

// Equal reports whether the numbers are equal. Precision does not count.
func (d Decimal) Equal(e Decimal) bool { return d.v.Cmp(&e.v) == 0 }
