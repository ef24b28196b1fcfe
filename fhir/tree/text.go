package tree

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// plain returns the place, from i on, of the first byte that a string scanner must
// look at: a quote, a backslash, a control character, or a byte beyond ASCII.
// It reads eight bytes at a time, which is most of the speed of Parse.
func plain(b []byte, i int) int {
	const lows, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^(lows*'"'), w^(lows*'\\')
		// A borrow can only mark bytes above the first true hit, so the lowest mark is right.
		hit := (w | (w - lows*0x20) | (quote - lows) | (slash - lows)) & highs
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for i < len(b) && b[i] >= 0x20 && b[i] < 0x80 && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// utf8Len returns the length of the UTF-8 character at the start of b, 0 if there is none.
func utf8Len(b []byte) int {
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n == 1 {
		return 0
	}
	return n
}

// escape returns the length of the escape at the start of b, 0 if it is none. Half
// of a surrogate pair is none: it stands for no character.
// https://www.rfc-editor.org/rfc/rfc8259#section-7
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	if b[1] != 'u' {
		if shortEscapes[b[1]] == 0 {
			return 0
		}
		return 2
	}
	r, ok := hex4(b[2:])
	switch {
	case !ok:
		return 0
	case !utf16.IsSurrogate(r):
		return 6
	}
	if len(b) < 12 || b[6] != '\\' || b[7] != 'u' {
		return 0
	}
	low, ok := hex4(b[8:])
	if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
		return 0
	}
	return 12
}

// shortEscapes holds, by the letter after the backslash, the byte that it stands for.
var shortEscapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

func hex4[T []byte | string](b T) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		c := b[i]
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// unescape decodes the inside of a JSON string that the scanner has accepted.
func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		k := strings.IndexByte(s, '\\')
		if k < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:k])
		s = s[k:]
		if s[1] != 'u' {
			b.WriteByte(shortEscapes[s[1]])
			s = s[2:]
			continue
		}
		r, _ := hex4(s[2:])
		s = s[6:]
		if utf16.IsSurrogate(r) {
			low, _ := hex4(s[2:])
			r, s = utf16.DecodeRune(r, low), s[6:]
		}
		b.WriteRune(r)
	}
}

// Quote appends s as a JSON string with as few escapes as JSON allows. Bytes that
// are not UTF-8 become U+FFFD.
func Quote(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
