package mongodb

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// What a decimal128 holds: https://www.mongodb.com/docs/manual/reference/bson-types/ names IEEE 754-2008, in the binary
// integer form. A finite number is a sign, an exponent above the lowest in 14 bits, and a coefficient in 113 bits.
const (
	decimalDigits      = 34
	minDecimalExponent = -6176
	maxDecimalExponent = 6111
	exponentShift      = 49 // in the higher half
	// plainExponent is down to which exponent a number is read as plain digits.
	plainExponent = -40
)

// The halves of the greatest coefficient, 10^34 - 1.
const (
	maxCoefficientHigh = 0x1ed09bead87c0
	maxCoefficientLow  = 0x378d8e63ffffffff
)

// decimal is a decimal128: coefficient * 10^exponent, with a sign that 0 has too.
type decimal struct {
	high, low uint64 // of the coefficient
	exponent  int
	negative  bool
}

// smallInteger reads a number without point, exponent and minus zero, of at most 18 digits; n is 0 if there is none.
func smallInteger(b []byte) (v int64, n int) {
	const digits = 18
	first := 0
	if len(b) > 0 && b[0] == '-' {
		first = 1
	}
	n = first
	for n < len(b) && b[n]-'0' <= 9 && n-first < digits {
		v = v*10 + int64(b[n]-'0')
		n++
	}
	if n == first || n < len(b) && (b[n]-'0' <= 9 || b[n] == '.' || b[n]|0x20 == 'e') || b[first] == '0' && n-first > 1 {
		return 0, 0
	}
	if first == 1 {
		v = -v
		if v == 0 {
			return 0, 0
		}
	}
	return v, n
}

// readDecimal reads a JSON number. It returns its length.
// https://www.rfc-editor.org/rfc/rfc8259#section-6
func readDecimal(b []byte) (d decimal, n int, ok bool) {
	d.negative = len(b) > 0 && b[0] == '-'
	if d.negative {
		n++
	}
	first := n
	if n = d.digits(b, n); n == first || b[first] == '0' && n > first+1 {
		return d, 0, false
	}
	if n < len(b) && b[n] == '.' {
		point := n
		if n = d.digits(b, n+1); n == point+1 {
			return d, 0, false
		}
		d.exponent = point + 1 - n
	}
	if n < len(b) && b[n]|0x20 == 'e' {
		e, length := readExponent(b[n+1:])
		if length == 0 {
			return d, 0, false
		}
		d.exponent += e
		n += 1 + length
	}
	return d, n, d.fits()
}

// digits takes in the digits from i on and returns their end. A coefficient that is too large stays too large.
func (d *decimal) digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		if d.high <= maxCoefficientHigh {
			d.push(b[i] - '0')
		}
		i++
	}
	return i
}

// push adds a digit at the end of the coefficient.
func (d *decimal) push(digit byte) {
	carry, low := bits.Mul64(d.low, 10)
	low, c := bits.Add64(low, uint64(digit), 0)
	d.high, d.low = d.high*10+carry+c, low
}

// fits reports whether a decimal128 holds the number.
func (d *decimal) fits() bool {
	if d.high > maxCoefficientHigh || d.high == maxCoefficientHigh && d.low > maxCoefficientLow {
		return false
	}
	return d.exponent >= minDecimalExponent && d.exponent <= maxDecimalExponent
}

// readExponent reads what follows the letter e.
func readExponent(b []byte) (e, n int) {
	negative := len(b) > 0 && b[0] == '-'
	if negative || len(b) > 0 && b[0] == '+' {
		n++
	}
	first := n
	for n < len(b) && b[n]-'0' <= 9 {
		e = min(e*10+int(b[n]-'0'), 1<<30)
		n++
	}
	if n == first {
		return 0, 0
	}
	if negative {
		e = -e
	}
	return e, n
}

// append appends the number as BSON.
func (d *decimal) append(dst []byte) []byte {
	high := uint64(d.exponent-minDecimalExponent)<<exponentShift | d.high
	if d.negative {
		high |= 1 << 63
	}
	dst = binary.LittleEndian.AppendUint64(dst, d.low)
	return binary.LittleEndian.AppendUint64(dst, high)
}

// decodeDecimal reads a number as BSON; what is infinite, no number, or not as append writes it, is none.
func decodeDecimal(b []byte) (d decimal, ok bool) {
	d.low = binary.LittleEndian.Uint64(b)
	high := binary.LittleEndian.Uint64(b[8:])
	d.negative = high>>63 == 1
	if high>>61&3 == 3 { // another form of coefficient, or no number
		return d, false
	}
	d.exponent = int(high>>exponentShift&(1<<14-1)) + minDecimalExponent
	d.high = high & (1<<exponentShift - 1)
	return d, d.fits()
}

// text appends the number as it is read unless another text is kept of it.
func (d *decimal) text(dst []byte) []byte {
	if d.negative {
		dst = append(dst, '-')
	}
	var buf [decimalDigits]byte
	digits := d.coefficient(&buf)
	switch point := len(digits) + d.exponent; {
	case d.exponent > 0 || d.exponent < plainExponent:
		return strconv.AppendInt(append(append(dst, digits...), 'e'), int64(d.exponent), 10)
	case d.exponent == 0:
		return append(dst, digits...)
	case point > 0:
		return append(append(append(dst, digits[:point]...), '.'), digits[point:]...)
	default:
		dst = append(dst, '0', '.')
		for range -point {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
}

// coefficient writes the digits of the coefficient at the end of buf.
func (d *decimal) coefficient(buf *[decimalDigits]byte) []byte {
	if d.high == 0 {
		var short [20]byte
		return append(buf[:0], strconv.AppendUint(short[:0], d.low, 10)...)
	}
	const part = 1e17
	upper, lower := bits.Div64(d.high, d.low, part) // 10^34 / 10^17 fits in 64 bits
	i := len(buf)
	for range 17 {
		i--
		buf[i] = '0' + byte(lower%10)
		lower /= 10
	}
	for ; upper > 0; upper /= 10 {
		i--
		buf[i] = '0' + byte(upper%10)
	}
	return buf[i:]
}

// writes reports whether text returns this text.
func (d *decimal) writes(text []byte) bool {
	const longest = decimalDigits - plainExponent + 8
	if len(text) > longest {
		return false
	}
	var buf [longest]byte
	return string(d.text(buf[:0])) == string(text)
}
