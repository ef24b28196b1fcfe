package search

import "strings"

// The characters $ , | and \ are escaped by \ where they are part of a value.
// https://hl7.org/fhir/R4/search.html#escaping

// splitEscaped cuts at every separator that no backslash precedes, and keeps the escapes.
func splitEscaped(s string, sep byte) []string {
	if strings.IndexByte(s, sep) < 0 {
		return []string{s}
	}
	var parts []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			parts, from = append(parts, s[from:i]), i+1
		}
	}
	return append(parts, s[from:])
}

// cutEscaped cuts at the first separator that no backslash precedes, and keeps the escapes.
func cutEscaped(s string, sep byte) (before, after string, found bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// unescape takes the backslashes away that escape a character.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// wellEscaped reports whether every backslash escapes one of the four characters:
// "the parameter value xx\xx is illegal".
func wellEscaped(s string) bool {
	for i := strings.IndexByte(s, '\\'); i >= 0 && i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		i++
		if i == len(s) || strings.IndexByte(`$,|\`, s[i]) < 0 {
			return false
		}
	}
	return true
}

// Escape writes a text so that it is one value of a query. https://hl7.org/fhir/R4/search.html#escaping
func Escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`).Replace(s)
}
