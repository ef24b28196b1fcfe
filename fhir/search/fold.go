package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold brings a text into the form in which strings are compared: "insensitive to casing and included combining
// characters, like accents or other diacritical marks. Punctuation and non-significant whitespace (e.g. repeated space
// characters, tab vs space) should also be ignored." https://hl7.org/fhir/R4/search.html#string
//
// Characters are decomposed (NFKD), marks dropped, letters lowered, ß and ς written ss and σ. A run of white space is one
// space, and none stands at either end. Punctuation that joins or lists words (dashes, slashes, commas, semicolons and the like)
// is white space: Smith-Jones is "smith jones". All other punctuation is dropped: O'Brien is "obrien".
func Fold(s string) string {
	return string(appendFold(make([]byte, 0, len(s)), s))
}

// appendFold appends the folded text to b.
func appendFold(b []byte, s string) []byte {
	f := folder{b: b, start: len(b)}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			for _, r := range norm.NFKD.String(s[i:]) {
				f.rune(r)
			}
			return f.b
		}
		f.ascii(s[i])
	}
	return f.b
}

// folder writes folded text; a space is written only once something follows it.
type folder struct {
	b     []byte
	start int
	gap   bool
}

func (f *folder) ascii(c byte) {
	switch {
	case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		f.space()
		f.b = append(f.b, c)
	case c >= 'A' && c <= 'Z':
		f.space()
		f.b = append(f.b, c+'a'-'A')
	default:
		f.rune(rune(c))
	}
}

func (f *folder) rune(r rune) {
	switch {
	case r == 'ß', r == 'ẞ':
		f.space()
		f.b = append(f.b, "ss"...)
	case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), strings.ContainsRune(`/\,;:|&+_`, r):
		f.gap = true
	case unicode.IsPunct(r), unicode.Is(unicode.M, r), unicode.IsControl(r):
	case r == 'ς':
		f.space()
		f.b = append(f.b, "σ"...)
	default:
		f.space()
		f.b = utf8.AppendRune(f.b, unicode.ToLower(r))
	}
}

func (f *folder) space() {
	if f.gap && len(f.b) > f.start {
		f.b = append(f.b, ' ')
	}
	f.gap = false
}
