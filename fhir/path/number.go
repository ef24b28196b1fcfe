package fhirpath

import (
	"math"
	"strconv"
	"strings"

	"firewolf/fhir/decimal"
)

// number returns the value of an Integer or a Decimal.
func (a atom) number() (decimal.Decimal, bool) {
	if !isNumber(a.kind) {
		return decimal.Decimal{}, false
	}
	return parseDecimal(a.text)
}

// mostDigits bounds the numbers that are computed with.
const mostDigits = 1000

// parseDecimal reads a number as JSON or FHIRPath writes it: FHIRPath lets zeroes lead.
func parseDecimal(text string) (decimal.Decimal, bool) {
	sign, digits := "", text
	if strings.HasPrefix(text, "-") {
		sign, digits = "-", text[1:]
	}
	for len(digits) > 1 && digits[0] == '0' && isDigit(digits[1]) {
		digits = digits[1:]
	}
	d, err := decimal.Parse(sign + digits)
	return d, err == nil && bounded(d)
}

// bounded refuses numbers that have more digits than anyone can mean.
func bounded(d decimal.Decimal) bool {
	return d.Exponent() <= mostDigits && d.Exponent() >= -mostDigits && d.Digits() <= mostDigits
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
	if !strings.ContainsAny(a, "eE") && !strings.ContainsAny(b, "eE") && a != "" && b != "" && a[0] != b[0] && a[0] != '0' && b[0] != '0' {
		return false // most numbers that differ do so at once: zeroes aside, the first digit or the sign decides
	}
	x, ok := parseDecimal(a)
	y, ok2 := parseDecimal(b)
	return ok && ok2 && x.Equal(y)
}

// nearNumber compares after rounding to the precision of the less precise operand.
// https://hl7.org/fhirpath/N1/#equivalent
func nearNumber(a, b decimal.Decimal) bool {
	places := min(places(a), places(b))
	x, err := a.Round(places, decimal.HalfUp)
	y, err2 := b.Round(places, decimal.HalfUp)
	return err == nil && err2 == nil && x.Equal(y)
}

// places returns how many decimal places a number needs.
func places(d decimal.Decimal) int { return max(-d.Reduce().Exponent(), 0) }

// decimalValue makes a Decimal of a result.
func decimalValue(d decimal.Decimal) Value { return Value{Type: typeDecimal, Text: d.Plain()} }

// wholeValue makes an Integer of a number without fraction; false where it is too large.
func wholeValue(d decimal.Decimal) (Value, bool) {
	n, ok := d.Int64()
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		return Value{}, false
	}
	return integerValue(n), true
}
