package decimal

import (
	"math/big"

	"github.com/cockroachdb/apd/v3"
)

// Mode says what becomes of the digits that rounding cuts off.
type Mode uint8

// The modes of rounding.
const (
	HalfUp  Mode = iota // to the nearest, and from the middle away from zero
	Down                // towards zero
	Floor               // towards minus infinity
	Ceiling             // towards plus infinity
)

// maxPlaces bounds what Round writes, in decimal places.
const maxPlaces = 1000

// Round returns the number with exactly so many decimal places: 1.25 with 1 place is 1.3, 7 with 2 places is 7.00.
// It returns ErrRange for a negative number of places, for more than 1000, and where the result has too many digits.
func (d Decimal) Round(places int, mode Mode) (Decimal, error) {
	if places < 0 || places > maxPlaces || int64(d.v.Exponent)+d.v.NumDigits() > maxDigits {
		return Decimal{}, ErrRange
	}
	c := d.v.Coeff.MathBigInt()
	shift := int64(d.v.Exponent) + int64(places)
	if shift >= 0 {
		c.Mul(c, tenTo(shift))
	} else {
		c = cut(c, -shift, d.v.Negative, mode)
	}
	var r Decimal
	r.v.Coeff.SetMathBigInt(c)
	r.v.Exponent = int32(-places)
	r.v.Negative = d.v.Negative
	return r, nil
}

func tenTo(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }

// cut removes the last n digits of the absolute value of a number.
func cut(c *big.Int, n int64, negative bool, mode Mode) *big.Int {
	unit := tenTo(n)
	q, rest := new(big.Int).QuoRem(c, unit, new(big.Int))
	up := false
	switch mode {
	case HalfUp:
		up = rest.Lsh(rest, 1).Cmp(unit) >= 0
	case Down:
	case Floor:
		up = negative && rest.Sign() != 0
	case Ceiling:
		up = !negative && rest.Sign() != 0
	}
	if up {
		q.Add(q, big.NewInt(1))
	}
	return q
}

// Int64 returns the number as an integer. It reports false where it has a fraction or is too large.
func (d Decimal) Int64() (int64, bool) {
	if int64(d.v.Exponent)+d.v.NumDigits() > 19 {
		return 0, false
	}
	n, err := d.v.Int64()
	return n, err == nil
}

// Div returns the integer part of d / e, or ErrDivision where e is 0.
func (d Decimal) Div(e Decimal) (Decimal, error) { return calculate((*apd.Context).QuoInteger, d, e) }

// Mod returns what Div leaves over, with the sign of d, or ErrDivision where e is 0.
func (d Decimal) Mod(e Decimal) (Decimal, error) {
	if e.Sign() == 0 {
		return Decimal{}, ErrDivision
	}
	return calculate((*apd.Context).Rem, d, e)
}
