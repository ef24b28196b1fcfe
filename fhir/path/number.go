package fhirpath

import (
	"math"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// digits28 computes as FHIRPath wants it at least: 28 digits before and 8 after the point.
// https://hl7.org/fhirpath/N1/#decimal
var digits28 = apd.BaseContext.WithPrecision(36)

// number returns the value of an Integer or a Decimal.
func (a atom) number() (*apd.Decimal, bool) {
	if a.kind != atomInteger && a.kind != atomDecimal {
		return nil, false
	}
	return parseDecimal(a.text)
}

// parseDecimal reads a number as JSON or FHIRPath writes it. Exponents that would
// make a number of millions of digits are refused.
func parseDecimal(text string) (*apd.Decimal, bool) {
	d, _, err := apd.NewFromString(text)
	return d, err == nil && bounded(d)
}

// bounded refuses what is no number, and numbers that have more digits than anyone can mean.
func bounded(d *apd.Decimal) bool {
	return d.Form == apd.Finite && d.Exponent <= 1000 && d.Exponent >= -1000 && d.NumDigits() <= 2000
}

// smallInteger reads an Integer.
func smallInteger(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= math.MinInt32 && n <= math.MaxInt32
}

// sameNumber compares two texts of numbers by value.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	if x, ok := plainNumber(a); ok {
		if y, ok := plainNumber(b); ok {
			return x == y
		}
	}
	x, ok := parseDecimal(a)
	y, ok2 := parseDecimal(b)
	return ok && ok2 && x.Cmp(y) == 0
}

// plain is a number without exponent and without needless zeroes.
type plain struct {
	negative        bool
	whole, fraction string
}

// plainNumber splits the text of a number; false where it has an exponent.
func plainNumber(text string) (plain, bool) {
	var p plain
	text, p.negative = strings.CutPrefix(text, "-")
	if strings.ContainsAny(text, "eE+") {
		return p, false
	}
	p.whole, p.fraction, _ = strings.Cut(text, ".")
	p.whole, p.fraction = strings.TrimLeft(p.whole, "0"), strings.TrimRight(p.fraction, "0")
	p.negative = p.negative && p.whole+p.fraction != ""
	return p, true
}

// nearNumber compares after rounding to the precision of the less precise operand.
// https://hl7.org/fhirpath/N1/#equivalent
func nearNumber(a, b *apd.Decimal) bool {
	places := -max(reduced(a), reduced(b))
	x, y := round(a, places), round(b, places)
	return x != nil && y != nil && x.Cmp(y) == 0
}

// reduced returns the exponent of a number without its trailing zeroes, at most 0.
func reduced(d *apd.Decimal) int32 {
	var r apd.Decimal
	r.Reduce(d)
	return min(r.Exponent, 0)
}

// round rounds half away from zero to a number of decimal places; nil where that is not possible.
func round(d *apd.Decimal, places int32) *apd.Decimal {
	c := digits28.WithPrecision(1100)
	c.Rounding = apd.RoundHalfUp
	var r apd.Decimal
	if cond, err := c.Quantize(&r, d, -places); err != nil || cond.InvalidOperation() {
		return nil
	}
	return &r
}

// decimalText writes a number without exponent.
func decimalText(d *apd.Decimal) string { return d.Text('f') }

// decimalValue makes a Decimal of a result.
func decimalValue(d *apd.Decimal) Value { return Value{Type: typeDecimal, Text: decimalText(d)} }
