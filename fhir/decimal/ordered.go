package decimal

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
)

// The first byte of an ordered number. That of a negative number is the complement of positive.
const (
	zero     = 0x80
	positive = 0x81
)

// bias makes exponents unsigned.
const bias = 1 << 15

// Ordered returns bytes whose order is the order of the numbers, exactly, at any
// precision. Equal numbers have equal bytes: 1.50 and 1.5, 100 and 1e2, 0 and -0.0. No ordered number is the start of another.
//
// A positive number 0.d1d2d3... * 10^e is: the byte 81, e as two bytes, two digits as each byte (1 more than
// their value, an odd last digit with a 0), the byte 00. Zero is 80 00. A negative number has the complement of each byte.
func Ordered(d Decimal) string {
	var buf [48]byte
	b := d.appendDigits(buf[:0])
	n := len(b)
	for n > 0 && b[n-1] == '0' {
		n--
	}
	if n == 0 {
		return "\x80\x00"
	}
	e := len(b) + int(d.v.Exponent)
	var out [48]byte
	o := append(out[:0], positive)
	o = binary.BigEndian.AppendUint16(o, uint16(e+bias))
	for i := 0; i < n; i += 2 {
		pair := (b[i] - '0') * 10
		if i+1 < n {
			pair += b[i+1] - '0'
		}
		o = append(o, pair+1)
	}
	o = append(o, 0)
	if d.v.Negative {
		complement(o)
	}
	return string(o)
}

func complement(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

// appendDigits appends the coefficient without leading zeros; nothing for 0.
func (d Decimal) appendDigits(b []byte) []byte {
	if !d.v.Coeff.IsUint64() {
		return d.v.Coeff.Append(b, 10)
	}
	if u := d.v.Coeff.Uint64(); u > 0 {
		b = strconv.AppendUint(b, u, 10)
	}
	return b
}

// OrderedBelow returns bytes that come before Ordered(d) and after those of every smaller number. They close
// a range that does not include its end, and are the bytes of no number.
func OrderedBelow(d Decimal) string {
	s := Ordered(d)
	open := s[:len(s)-1]
	if d.Sign() >= 0 {
		return open
	}
	// Of the smaller numbers, those nearest to d have its digits and then pairs of zeros, as FE, before any other.
	return open + "\xfe\xff"
}

// errOrdered says that bytes were not made by Ordered.
var errOrdered = errors.New("these bytes are no ordered number")

// Unordered returns the number, in as few digits as it needs, of bytes that Ordered made.
func Unordered(s string) (Decimal, error) {
	if s == "\x80\x00" {
		return Decimal{}, nil
	}
	b := []byte(s)
	negative := len(b) > 0 && b[0] == 0xff&^positive
	if negative {
		complement(b)
	}
	if len(b) < 5 || b[0] != positive || b[len(b)-1] != 0 {
		return Decimal{}, errOrdered
	}
	digits := make([]byte, 0, 2*len(b))
	for _, pair := range b[3 : len(b)-1] {
		if pair < 1 || pair > 100 {
			return Decimal{}, errOrdered
		}
		digits = append(digits, '0'+(pair-1)/10, '0'+(pair-1)%10)
	}
	if digits[0] == '0' || strings.HasSuffix(string(digits), "00") {
		return Decimal{}, errOrdered
	}
	var d Decimal
	if _, ok := d.v.Coeff.SetString(string(digits), 10); !ok {
		return Decimal{}, errOrdered
	}
	d.v.Exponent = int32(binary.BigEndian.Uint16(b[1:])) - bias - int32(len(digits))
	d.v.Negative = negative
	return d.Reduce(), nil
}
