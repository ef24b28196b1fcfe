package tree

// What a decimal128 can hold, and so what every store keeps without loss.
const (
	maxDigits   = 34
	maxExponent = 6111
	minExponent = -6176
)

// scanNumber reads a JSON number at the start of b. It returns its length, 0 if
// there is none, and whether a decimal128 holds it: written digits without leading
// zeros, and the exponent of the last digit.
// https://www.rfc-editor.org/rfc/rfc8259#section-6
func scanNumber(b []byte) (n int, fits bool) {
	if n < len(b) && b[n] == '-' {
		n++
	}
	first := n
	n = digits(b, n)
	if n == first || b[first] == '0' && n > first+1 {
		return 0, false
	}
	if n == len(b) || b[n] != '.' && b[n]|0x20 != 'e' {
		return n, n-first <= maxDigits
	}
	stop, fraction := n, 0
	if b[n] == '.' {
		n = digits(b, n+1)
		if fraction = n - stop - 1; fraction == 0 {
			return 0, false
		}
		stop = n
	}
	exponent := 0
	if n < len(b) && b[n]|0x20 == 'e' {
		if exponent, n = scanExponent(b, n+1); n == 0 {
			return 0, false
		}
	}
	exponent -= fraction
	return n, significant(b[first:stop]) <= maxDigits && exponent >= minExponent && exponent <= maxExponent
}

// digits returns the end of the run of digits that starts at i.
func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// significant counts the digits of a number without sign and exponent, leading zeros aside.
func significant(b []byte) int {
	count := 0
	for _, c := range b {
		if c != '.' && (count > 0 || c != '0') {
			count++
		}
	}
	return count
}

// scanExponent reads what follows the letter e at i. It returns the end, 0 where
// there is no digit. A huge exponent is cut off: all of them are out of range.
func scanExponent(b []byte, i int) (exponent, end int) {
	negative := i < len(b) && b[i] == '-'
	if negative || i < len(b) && b[i] == '+' {
		i++
	}
	end = digits(b, i)
	if end == i {
		return 0, 0
	}
	for ; i < end; i++ {
		exponent = min(exponent*10+int(b[i]-'0'), 1<<40)
	}
	if negative {
		exponent = -exponent
	}
	return exponent, end
}
