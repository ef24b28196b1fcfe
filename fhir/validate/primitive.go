package validate

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// format is the set of texts that a primitive allows. The matchers are written by
// hand: regular expressions would take most of the time of a write's check.
// https://hl7.org/fhir/R4/datatypes.html#primitive
type format uint8

const (
	formatAny format = iota
	formatString
	formatElementID
	formatBase64
	formatCode
	formatDate
	formatDateTime
	formatInstant
	formatTime
	formatID
	formatURI
	formatOID
	formatUUID
	formatInteger
	formatUnsigned
	formatPositive
	formatXHTML
)

// formats are those of the primitive types. Booleans and decimals are right when they are right in JSON.
var formats = map[string]format{
	"string": formatString, "markdown": formatString, "base64Binary": formatBase64, "code": formatCode,
	"date": formatDate, "dateTime": formatDateTime, "instant": formatInstant, "time": formatTime,
	"id": formatID, "uri": formatURI, "url": formatURI, "canonical": formatURI, "oid": formatOID, "uuid": formatUUID,
	"integer": formatInteger, "unsignedInt": formatUnsigned, "positiveInt": formatPositive, "xhtml": formatXHTML,
}

// primitive checks one value of a primitive type.
func (k *checking) primitive(n tree.Node, kid *member) {
	if want := kid.rule.def.JSON; n.Kind() != want {
		k.report(fhir.Structure, n, kid.element.Path+" must be "+article(want)+", not "+article(n.Kind()))
		return
	}
	text := n.Text()
	if text == "" {
		k.report(fhir.Value, n, "a string must not be empty")
		return
	}
	if kid.format == formatXHTML {
		k.narrative(n, text)
		return
	}
	if problem := kid.format.problem(text); problem != "" {
		k.report(fhir.Value, n, problem)
		return
	}
	if kid.codes != nil && !kid.codes.Has("", text) {
		k.report(fhir.CodeInvalid, n, kid.element.Path+" must be a code of "+kid.codes.URL)
	}
}

// problem says what is wrong with a text that is not empty; "" where it is right.
func (f format) problem(s string) string {
	ok := true
	switch f {
	case formatAny, formatXHTML:
	case formatString:
		ok = len(s) <= maxString || utf8.RuneCountInString(s) <= maxString
	case formatElementID, formatURI:
		ok = !strings.ContainsAny(s, space)
	case formatBase64:
		ok = isBase64(s)
	case formatCode:
		ok = isCode(s)
	case formatDate:
		ok = isDate(s)
	case formatDateTime:
		ok = isDateTime(s)
	case formatInstant:
		ok = isInstant(s)
	case formatTime:
		ok = isTime(s)
	case formatID:
		ok = fhir.ValidID(s)
	case formatOID:
		ok = isOID(s)
	case formatUUID:
		ok = isUUID(s)
	case formatInteger:
		ok = inRange(s, -1<<31)
	case formatUnsigned:
		ok = inRange(s, 0) && s[0] != '-'
	case formatPositive:
		ok = inRange(s, 1)
	}
	if ok {
		return ""
	}
	return problems[f]
}

// problems say, by format, what a wrong text should have been.
var problems = [...]string{
	formatString:    "a string must not be longer than 1,048,576 characters",
	formatElementID: "the id of an element must not have white space",
	formatBase64:    "not base64: groups of four characters of A-Z a-z 0-9 + /, the last padded with =",
	formatCode:      "not a code: no white space but single spaces inside",
	formatDate:      "not a date: YYYY, YYYY-MM or YYYY-MM-DD, and a day of the calendar",
	formatDateTime:  "not a dateTime: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone, and a day of the calendar",
	formatInstant:   "not an instant: YYYY-MM-DDThh:mm:ss with a time zone, and a day of the calendar",
	formatTime:      "not a time: hh:mm:ss",
	formatID:        "not an id: 1 to 64 of A-Z a-z 0-9 - .",
	formatURI:       "not a URI: it must not have white space",
	formatOID:       "not an OID: urn:oid: and numbers with dots between",
	formatUUID:      "not a UUID: urn:uuid: and 8-4-4-4-12 lowercase hexadecimal digits",
	formatInteger:   "not an integer: a whole number from -2147483648 to 2147483647, without exponent",
	formatUnsigned:  "not an unsignedInt: a whole number from 0 to 2147483647, without exponent",
	formatPositive:  "not a positiveInt: a whole number from 1 to 2147483647, without exponent",
}

// maxString is the longest string, in characters.
// https://hl7.org/fhir/R4/datatypes.html#string
const maxString = 1 << 20

// space is what \s means in the patterns of the specification.
const space = " \t\n\r\f\v"

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// isCode wants at least one character, and white space only singly between others.
func isCode(s string) bool {
	before := true
	for i := range len(s) {
		now := isSpace(s[i])
		if now && before {
			return false
		}
		before = now
	}
	return !before
}

// isBase64 allows white space between groups of four, as the pattern of R4 does.
func isBase64(s string) bool {
	place, padded := 0, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case isSpace(c) && place == 0:
			continue
		case c == '=':
			if padded++; place < 2 {
				return false
			}
		case padded > 0 || !isBase64Digit(c):
			return false
		}
		place = (place + 1) & 3
	}
	return place == 0 && padded <= 2 && !strings.HasPrefix(strings.TrimLeft(s, space), "=") && strings.Trim(s, space) != ""
}

func isBase64Digit(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// isOID matches urn:oid:[0-2](\.(0|[1-9][0-9]*))+
func isOID(s string) bool {
	arcs, ok := strings.CutPrefix(s, "urn:oid:")
	if !ok || len(arcs) < 3 || arcs[0] < '0' || arcs[0] > '2' || arcs[1] != '.' {
		return false
	}
	for arc := range strings.SplitSeq(arcs[2:], ".") {
		if arc == "" || len(arc) > 1 && arc[0] == '0' || !allDigits(arc) {
			return false
		}
	}
	return true
}

// isUUID matches urn:uuid: and lowercase hexadecimal digits with dashes.
func isUUID(s string) bool {
	digits, ok := strings.CutPrefix(s, "urn:uuid:")
	if !ok || len(digits) != 36 {
		return false
	}
	for i := range len(digits) {
		c := digits[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// inRange reports whether the JSON number is whole, has no exponent, and is from least to 2147483647.
func inRange(s string, least int64) bool {
	if !allDigits(strings.TrimPrefix(s, "-")) {
		return false
	}
	v, err := strconv.ParseInt(s, 10, 32)
	return err == nil && v >= least
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
