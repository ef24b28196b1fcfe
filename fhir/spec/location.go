package spec

import (
	"strconv"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// Location returns the FHIRPath of the element at n: "Observation.component[0].value.code". Evaluated on the resource
// at the root it selects that element alone.
//
// A choice has no type in its name, a "_birthDate" has the name of the "birthDate" that it belongs to, and what the definitions do not
// have keeps its JSON name. Nulls that stand for no element are not counted. A member that is an array is named without an index:
// as all its items. Where the root says no type the location starts with the first name below it, and of the root itself it is "".
//
// https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression https://hl7.org/fhir/R4/fhirpath.html#simple
func (s *Spec) Location(n tree.Node) string {
	if !n.Exists() {
		return ""
	}
	b, _ := s.appendLocation(nil, n)
	return strings.TrimPrefix(string(b), ".")
}

// appendLocation appends the location of n, and returns its type: nil where the definitions have none. An array is of the type of its items.
func (s *Spec) appendLocation(b []byte, n tree.Node) ([]byte, *Type) {
	p := n.Parent()
	if !p.Exists() {
		if typ := n.Member("resourceType").Text(); fhir.ValidTypeName(typ) {
			b = append(b, typ...)
		}
		return b, s.resource(n)
	}
	b, t := s.appendLocation(b, p)
	if p.Kind() == tree.Array {
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(place(n, p)), 10)
		return append(b, ']'), s.typeAt(n, t)
	}
	name, t := meaning(n.Name(), t)
	return tree.AppendIdentifier(append(b, '.'), name), s.typeAt(n, t)
}

// meaning returns the name and the type of the element that a member of a type stands for.
func meaning(member string, t *Type) (string, *Type) {
	if t == nil {
		return member, nil
	}
	bare, beside := strings.CutPrefix(member, "_")
	c, ok := t.Child(bare)
	if !ok || beside && c.Def.Kind != Primitive {
		return member, nil
	}
	return c.Element.Name, c.Def
}

// typeAt returns the type of the node: of a resource, what it says itself.
func (s *Spec) typeAt(n tree.Node, t *Type) *Type {
	if t != nil && t.Kind == Resource && t.Abstract && n.Kind() == tree.Object {
		return s.resource(n)
	}
	return t
}

// place returns how many elements stand before an item of a list. A null is one only with another half beside it.
// https://hl7.org/fhir/R4/json.html#primitive
func place(n, list tree.Node) int {
	elements := 0
	half := otherHalf(list).First()
	for item := list.First(); item.Exists() && item != n; item = item.Next() {
		if isSomething(item) || isSomething(half) {
			elements++
		}
		half = half.Next()
	}
	return elements
}

// otherHalf returns the list that stands beside a list of primitives, or of their ids and extensions.
func otherHalf(list tree.Node) tree.Node {
	name, beside := strings.CutPrefix(list.Name(), "_")
	if !beside {
		name = "_" + name
	}
	other := list.Parent().Member(name)
	if other.Kind() != tree.Array {
		return tree.Node{}
	}
	return other
}

func isSomething(n tree.Node) bool { return n.Kind() != tree.None && n.Kind() != tree.Null }
