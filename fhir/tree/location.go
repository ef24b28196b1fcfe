package tree

import (
	"fmt"
	"strconv"
	"strings"

	"firewolf/fhir"
)

// Location returns where the node stands, in the words of JSON: "Observation.component[0].valueQuantity.code". It
// starts with the root's resourceType, where there is one. A "_given" member, which
// holds id and extensions of "given", has the location of "given".
//
// What a client is told is FHIRPath, in which a choice has no type in its name: that takes the definitions, see spec.Spec.Location.
func (n Node) Location() string {
	if n.t == nil {
		return ""
	}
	return strings.TrimPrefix(string(n.appendLocation(nil)), ".")
}

func (n Node) appendLocation(b []byte) []byte {
	p := n.Parent()
	if !p.Exists() {
		if typ := n.t.ResourceType(); fhir.ValidTypeName(typ) {
			b = append(b, typ...)
		}
		return b
	}
	b = p.appendLocation(b)
	if p.Kind() == Array {
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(n.Index()), 10)
		return append(b, ']')
	}
	name := n.Name()
	if len(name) > 1 {
		name = strings.TrimPrefix(name, "_")
	}
	return AppendIdentifier(append(b, '.'), name)
}

// AppendIdentifier appends a member name, delimited where FHIRPath wants that.
// http://hl7.org/fhirpath/N1/#identifiers
func AppendIdentifier(b []byte, name string) []byte {
	if isIdentifier(name) {
		return append(b, name...)
	}
	b = append(b, '`')
	for _, r := range name {
		switch {
		case r == '`' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = append(b, string(r)...)
		}
	}
	return append(b, '`')
}

// isIdentifier reports whether a name needs no delimiters: it has the letters of one, and is no keyword.
func isIdentifier(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && !isKeyword(name)
}

// isKeyword reports whether FHIRPath would read a name as something else. Its grammar lets "as", "is", "in" and
// "contains" be names too. http://hl7.org/fhirpath/N1/#keywords http://hl7.org/fhirpath/N1/grammar.html
func isKeyword(name string) bool {
	switch name {
	case "true", "false", "and", "or", "xor", "implies", "div", "mod",
		"year", "month", "week", "day", "hour", "minute", "second", "millisecond",
		"years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds":
		return true
	}
	return false
}
