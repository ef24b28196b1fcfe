package decimal

import (
	"errors"
	"strconv"
)

// errText does not repeat the text, which may be confidential.
var errText = errors.New("a number is written as digits, perhaps with a minus, one point and an exponent")

// maxDigits is how many digits Parse reads: more than any resource can hold.
const maxDigits = 1000

// Parse reads a decimal as FHIR and JSON write it: -12.50 or 1.2e-3, but not +1, .5, 5. or 05.
// https://hl7.org/fhir/R4/datatypes.html#decimal
func Parse(s string) (Decimal, error) {
	p, ok := split(s)
	if !ok {
		return Decimal{}, errText
	}
	exponent, ok := p.power()
	if !ok || len(p.whole)+len(p.fraction) > maxDigits {
		return Decimal{}, ErrRange
	}
	var d Decimal
	if len(p.whole)+len(p.fraction) <= 18 {
		d = New(atoi(atoi(0, p.whole), p.fraction), exponent)
		d.v.Negative = p.negative && d.v.Sign() != 0
	} else {
		if _, _, err := d.v.SetString(s); err != nil {
			return Decimal{}, ErrRange
		}
	}
	if !inRange(&d.v) {
		return Decimal{}, ErrRange
	}
	d.exponential = p.exponent != ""
	return d, nil
}

// parts are the parts of a written number.
type parts struct {
	negative                  bool
	whole, fraction, exponent string // exponent has its sign
}

// split takes a number apart by the grammar of JSON.
// https://www.rfc-editor.org/rfc/rfc8259#section-6
func split(s string) (p parts, ok bool) {
	if s != "" && s[0] == '-' {
		p.negative, s = true, s[1:]
	}
	p.whole, s = digits(s)
	if p.whole == "" || len(p.whole) > 1 && p.whole[0] == '0' {
		return p, false
	}
	if s != "" && s[0] == '.' {
		if p.fraction, s = digits(s[1:]); p.fraction == "" {
			return p, false
		}
	}
	if s == "" || s[0] != 'e' && s[0] != 'E' {
		return p, s == ""
	}
	p.exponent = s[1:]
	rest := p.exponent
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		rest = rest[1:]
	}
	number, rest := digits(rest)
	return p, number != "" && rest == ""
}

// power returns the power of ten of the last digit. It reports false for a huge one.
func (p parts) power() (int, bool) {
	if p.exponent == "" {
		return -len(p.fraction), true
	}
	e, err := strconv.ParseInt(p.exponent, 10, 32)
	if err != nil || e > maxExponent || e < -maxExponent {
		return 0, false
	}
	return int(e) - len(p.fraction), true
}

// digits cuts the leading digits off.
func digits(s string) (number, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

func atoi(v int64, digits string) int64 {
	for i := range len(digits) {
		v = v*10 + int64(digits[i]-'0')
	}
	return v
}
