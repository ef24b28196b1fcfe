package decimal

import "github.com/cockroachdb/apd/v3"

// Implicit returns the range that a number stands for in a search: from lo up to, but
// not with, hi. That is half a unit of the last written digit around it: 100 and 1.00e2 are [99.5, 100.5),
// 5.40 is [5.395, 5.405).
//
// The specification shows 1e2 as [95, 105) and calls that one significant digit, although half a unit
// of its only digit is 50. The example is followed: one digit with an exponent counts as two.
// https://hl7.org/fhir/R4/search.html#number
func (d Decimal) Implicit() (lo, hi Decimal) {
	scale, exponent := int64(10), d.v.Exponent-1
	if d.exponential && d.Digits() == 1 {
		scale, exponent = 100, exponent-1
	}
	return d.shifted(scale, -5, exponent), d.shifted(scale, 5, exponent)
}

// shifted returns (coefficient * scale + by) * 10^exponent, exactly.
func (d Decimal) shifted(scale, by int64, exponent int32) Decimal {
	var c, n apd.BigInt
	c.Mul(&d.v.Coeff, n.SetInt64(scale))
	if d.v.Negative {
		c.Neg(&c)
	}
	c.Add(&c, n.SetInt64(by))
	r := Decimal{}
	r.v.Exponent = exponent
	r.v.Negative = c.Sign() < 0
	r.v.Coeff.Abs(&c)
	return r
}
