package fhirpath

import (
	"fmt"
	"strings"

	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// shape is what the compiler knows of the types that a collection can hold. Computed values have no shape.
type shape struct {
	known bool
	types []*spec.Type // of a known shape: elements of other types cannot occur; none: the collection is always empty
	base  *spec.Type   // of an unknown one: the type that all have or descend from, which the expression named; or nil
}

// never is the shape of a collection that is always empty.
func never() shape { return shape{known: true} }

func (s shape) never() bool { return s.known && len(s.types) == 0 }

// and returns the shape of both collections together.
func (s shape) and(o shape) shape {
	if !s.known || !o.known {
		return shape{}
	}
	both := shape{known: true, types: append([]*spec.Type{}, s.types...)}
	for _, t := range o.types {
		both.add(t)
	}
	return both
}

func (s *shape) add(t *spec.Type) {
	for _, have := range s.types {
		if have == t {
			return
		}
	}
	s.types = append(s.types, t)
}

// typeTest is a type specifier that was resolved.
type typeTest struct {
	fhir   string // the FHIR type, "" where only a System type has the name
	system string // the System type, "" where only a FHIR type has the name
}

// resolveType finds the type of a specifier: without a namespace a FHIR type comes first, then a System type.
// Quantity alone is both. https://hl7.org/fhirpath/N1/#models
func (c *compiler) resolveType(t typeName, pos int) (typeTest, error) {
	var test typeTest
	if t.namespace != "System" && c.spec.Type(t.name) != nil {
		test.fhir = t.name
	}
	if t.namespace != "FHIR" && systemTypes[t.name] {
		test.system = t.name
	}
	// System.Patient is well formed: it is a type that nothing has.
	if test == (typeTest{}) && (t.namespace != "System" || c.spec.Type(t.name) == nil) {
		return test, syntaxError(c.src, pos, fmt.Sprintf("%q is no type", t.String()))
	}
	return test, nil
}

// filterType is resolveType for as and ofType. The official component of Observation code-value-date writes
// as(DateTime) for dateTime: where only a System type has the name, the FHIR primitive of that name is taken too.
func (c *compiler) filterType(t typeName, pos int) (typeTest, error) {
	test, err := c.resolveType(t, pos)
	if err == nil && t.namespace == "" && test.fhir == "" && test.system != "" {
		test.fhir = strings.ToLower(test.system[:1]) + test.system[1:]
	}
	return test, err
}

// matches reports whether the value has the type or a type that descends from it.
func (t typeTest) matches(s *spec.Spec, v Value) bool {
	if v.computed() {
		return v.Type == t.system
	}
	return t.fhir != "" && (v.Type == t.fhir || s.Is(v.Type, t.fhir))
}

// narrow returns the part of a shape that can pass the test, and whether everything passes.
func (c *compiler) narrow(s shape, t typeTest) (kept shape, all bool) {
	if !s.known {
		def := c.spec.Type(t.fhir)
		switch {
		case def == nil:
			return shape{}, false
		case open(def) || c.hasDescendants(def) || t.system != "":
			return shape{base: def}, false
		default:
			return shape{known: true, types: []*spec.Type{def}}, false
		}
	}
	kept, all = never(), true
	for _, have := range s.types {
		switch {
		case t.fhir != "" && c.spec.Is(have.Name, t.fhir):
			kept.add(have)
		case t.fhir != "" && open(have) && c.spec.Is(t.fhir, have.Name):
			kept.add(c.spec.Type(t.fhir))
			all = false
		default:
			all = false
		}
	}
	return kept, all
}

// hasDescendants reports whether elements of other types are of this type too, as an Age is a Quantity. All such
// types can be the value of an extension.
func (c *compiler) hasDescendants(t *spec.Type) bool {
	for _, f := range fieldsOf(c.spec.Type("Extension"), "value") {
		if f.typ != t.Name && c.spec.Is(f.typ, t.Name) {
			return true
		}
	}
	return false
}

// open reports whether an element of the type can be of another type when it is met: Resource, DomainResource, Element.
func open(t *spec.Type) bool { return t.Abstract }

// shapeOf returns the shape of elements of a type; that of an abstract type is unknown.
func shapeOf(t *spec.Type) shape {
	if t == nil || open(t) {
		return shape{}
	}
	return shape{known: true, types: []*spec.Type{t}}
}

// resourceType returns the name of the type of the resource at n, as the definitions hold it.
func resourceType(s *spec.Spec, n tree.Node) string {
	m := n.Member("resourceType")
	if m.Kind() != tree.String {
		return ""
	}
	name := m.Text()
	if t := s.Type(name); t != nil {
		return t.Name
	}
	return name
}
