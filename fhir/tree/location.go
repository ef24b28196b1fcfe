package tree

import (
	"fmt"
	"strconv"
	"strings"

	"firewolf/fhir"
)

// Location returns the FHIRPath of the node, such as "Patient.name[0].given[1]". It
// starts with the root's resourceType, where there is one. A "_given" member, which
// holds id and extensions of "given", has the location of "given".
// https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression
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
	return appendIdentifier(append(b, '.'), name)
}

// appendIdentifier appends a member name, delimited where FHIRPath wants that.
// http://hl7.org/fhirpath/N1/#identifiers
func appendIdentifier(b []byte, name string) []byte {
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

func isIdentifier(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
