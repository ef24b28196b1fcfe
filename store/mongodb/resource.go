package mongodb

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// A resource is kept as native BSON, so that people can query it with Mongo's own tools, and comes back token by
// token as it was sent (https://hl7.org/fhir/R4/json.html). appendResource writes it, appendJSON reads it; neither
// builds anything between the two texts.
//
//   - Objects are documents and arrays are arrays, in the order of the text; strings, true, false and null are
//     themselves. Dates stay strings: FHIR dates are partial ("2024-05") and have a zone.
//   - A number without point and exponent is an int32, an int64, or, beyond those, a Decimal128; every other number,
//     and -0, is a Decimal128, which keeps the digits as they are written: 1.50 stays 1.50.
//   - A Decimal128 is read as plain digits where its exponent is from -40 to 0, else as digits, "e" and exponent. A
//     number that is written otherwise (1E+2, 1.5e1) is kept by its value like all others, and its text beside it:
//     the first element of the resource is then the array "%numbers" (with a full width percent sign, see below) of
//     pairs: how many numbers stand before it in the document, and its text.
//   - The engine gives "$" and "." in names a meaning of its own. In a name "$" is kept as U+FF04 and "." as U+FF0E;
//     where one of these, or U+FF05, is itself part of a name U+FF05 stands before it; an empty name is U+FF05 alone.
//     No name of FHIR has any of them.
//
// What BSON cannot hold (a number beyond a Decimal128, a name with NUL, nesting beyond tree.DefaultDepth) is refused
// by tree.Parse, with its place.

// The full width forms that stand for "$" and "." in names, and the mark before those that stand for themselves.
const (
	wideDollar = '＄'
	wideDot    = '．'
	wideMark   = '％'
)

// numbersName is the name of the array of the texts of numbers. No member has it, because the mark is never before an n.
const numbersName = "％numbers"

// maxNesting bounds what is read and written: what tree.Parse accepts, and no more than the stack holds easily.
const maxNesting = 200

var (
	errNoJSON     = errors.New("this is no JSON that the store was given")
	errNesting    = errors.New("a resource is nested too deep")
	errNoResource = errors.New("this is no resource that the store has written")
)

// plainName says which bytes of a name mean the same in JSON and in BSON.
var plainName = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' && c != '$' && c != '.'
	}
	return t
}()

// appendName appends the name of a member as the engine holds it.
func appendName(dst []byte, name string) []byte {
	if name == "" {
		return utf8.AppendRune(dst, wideMark)
	}
	for _, r := range name {
		switch r {
		case '$':
			r = wideDollar
		case '.':
			r = wideDot
		case wideDollar, wideDot, wideMark:
			dst = utf8.AppendRune(dst, wideMark)
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// memberName returns the name of which appendName made s.
func memberName(s string) (string, bool) {
	if s == "" || !utf8.ValidString(s) {
		return "", false
	}
	var b strings.Builder
	marked := false
	for _, r := range s {
		special := r == wideDollar || r == wideDot || r == wideMark
		switch {
		case marked && !special:
			return "", false
		case !marked && r == wideMark:
			marked = true
			continue
		case !marked && r == wideDollar:
			r = '$'
		case !marked && r == wideDot:
			r = '.'
		}
		marked = false
		b.WriteRune(r)
	}
	if marked && b.Len() > 0 {
		return "", false
	}
	return b.String(), true
}
