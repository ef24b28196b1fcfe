package memory

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/tree"
)

// span is an interval of numbers. A nil end is an infinite one; an open end does not belong to it.
type span struct {
	lo, hi         *big.Rat
	loOpen, hiOpen bool
}

// numberTest is the test of a number parameter. https://hl7.org/fhir/R4/search.html#number
func numberTest(want string) (test, error) {
	holds, err := numberCompare(unescape(want))
	if err != nil {
		return nil, err
	}
	return func(v fhirpath.Value) bool {
		s, ok := numberSpan(v)
		return ok && holds(s)
	}, nil
}

// numberSpan returns the interval of a number or of a Range of the resource. A number in a resource is exact.
func numberSpan(v fhirpath.Value) (span, bool) {
	if v.Type == "Range" {
		return rangeSpan(v.Node)
	}
	n, err := rational(text(v))
	return span{lo: n, hi: n}, err == nil
}

// rangeSpan returns the interval of a Range, whose missing ends are infinite.
// https://hl7.org/fhir/R4/datatypes.html#Range
func rangeSpan(n tree.Node) (span, bool) {
	var s span
	low, high := n.Member("low").Member("value"), n.Member("high").Member("value")
	if low.Exists() {
		s.lo, _ = rational(low.Text())
	}
	if high.Exists() {
		s.hi, _ = rational(high.Text())
	}
	return s, s.lo != nil || s.hi != nil
}

// numberCompare reads prefix and number and returns what they ask of an interval. Only eq and ne look at the precision
// that the text implies; for the others the number is exact.
func numberCompare(want string) (func(span) bool, error) {
	prefix, digits := cutPrefix(want)
	x, err := rational(digits)
	if err != nil {
		return nil, err
	}
	switch prefix {
	case "eq":
		around := around(x, precision(digits))
		return around.contains, nil
	case "ne":
		around := around(x, precision(digits))
		return func(s span) bool { return !around.contains(s) }, nil
	case "ap":
		tenth := new(big.Rat).Mul(new(big.Rat).Abs(x), big.NewRat(1, 10))
		near := around(x, tenth)
		near.hiOpen = false
		return near.overlaps, nil
	}
	return func(s span) bool { return s.compare(prefix, x) }, nil
}

// around returns the interval [x-d, x+d).
func around(x, d *big.Rat) span {
	return span{lo: new(big.Rat).Sub(x, d), hi: new(big.Rat).Add(x, d), hiOpen: true}
}

// compare does the prefixes for which the number asked for is exact.
// https://hl7.org/fhir/R4/search.html#prefix
func (s span) compare(prefix string, x *big.Rat) bool {
	switch prefix {
	case "gt": // some value of the interval lies above x
		return s.hi == nil || s.hi.Cmp(x) > 0
	case "ge":
		return s.hi == nil || s.hi.Cmp(x) > 0 || s.hi.Cmp(x) == 0 && !s.hiOpen
	case "lt":
		return s.lo == nil || s.lo.Cmp(x) < 0
	case "le":
		return s.lo == nil || s.lo.Cmp(x) < 0 || s.lo.Cmp(x) == 0 && !s.loOpen
	case "sa": // all values of the interval lie above x
		return s.lo != nil && (s.lo.Cmp(x) > 0 || s.lo.Cmp(x) == 0 && s.loOpen)
	case "eb":
		return s.hi != nil && (s.hi.Cmp(x) < 0 || s.hi.Cmp(x) == 0 && s.hiOpen)
	}
	return false
}

// contains reports whether every value of t is one of s, whose ends are finite.
func (s span) contains(t span) bool {
	if t.lo == nil || t.hi == nil {
		return false
	}
	lo, hi := s.lo.Cmp(t.lo), s.hi.Cmp(t.hi)
	return (lo < 0 || lo == 0 && (!s.loOpen || t.loOpen)) && (hi > 0 || hi == 0 && (!s.hiOpen || t.hiOpen))
}

// overlaps reports whether s, whose ends are finite, and t have a value in common.
func (s span) overlaps(t span) bool {
	if t.hi != nil {
		if c := t.hi.Cmp(s.lo); c < 0 || c == 0 && (t.hiOpen || s.loOpen) {
			return false
		}
	}
	if t.lo != nil {
		if c := t.lo.Cmp(s.hi); c > 0 || c == 0 && (t.loOpen || s.hiOpen) {
			return false
		}
	}
	return true
}

// precision returns half a unit of the last digit that the text shows: 100 is 99.5 to 100.5, 5.40e-3 is 0.005395 to 0.005405.
// The page gives 1e2 as 95 to 105: one digit with an exponent counts as two.
func precision(digits string) *big.Rat {
	mantissa, exponent, exponential := strings.Cut(strings.ToLower(digits), "e")
	_, decimals, _ := strings.Cut(mantissa, ".")
	e, _ := strconv.Atoi(exponent) // rational has read it
	e -= len(decimals)
	if significant := strings.TrimLeft(strings.ReplaceAll(mantissa, ".", ""), "+-0"); exponential && len(significant) <= 1 {
		e--
	}
	half, err := rational(fmt.Sprintf("0.5e%d", e))
	if err != nil {
		return new(big.Rat)
	}
	return half
}

// maxExponent is more than a resource can hold and a query ask for, with what its precision takes away. A larger exponent would fill the
// memory with zeros.
const maxExponent = 30_100

// rational reads a decimal number exactly.
func rational(digits string) (*big.Rat, error) {
	_, exponent, has := strings.Cut(strings.ToLower(digits), "e")
	if has {
		if e, err := strconv.Atoi(exponent); err != nil || max(e, -e) > maxExponent {
			return nil, fhir.NewIssue(fhir.Value, strconv.Quote(digits)+" is not a number")
		}
	}
	if strings.Trim(digits, "+-.0123456789eE") != "" {
		return nil, fhir.NewIssue(fhir.Value, strconv.Quote(digits)+" is not a number")
	}
	n, ok := new(big.Rat).SetString(digits)
	if !ok {
		return nil, fhir.NewIssue(fhir.Value, strconv.Quote(digits)+" is not a number")
	}
	return n, nil
}

// cutPrefix splits a value into its prefix, eq where there is none, and the rest.
func cutPrefix(s string) (string, string) {
	if len(s) >= 2 {
		switch p := s[:2]; p {
		case "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap":
			return p, s[2:]
		}
	}
	return "eq", s
}
