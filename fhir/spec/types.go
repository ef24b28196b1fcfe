package spec

import "firewolf/fhir/tree"

// Kind is what a type is.
type Kind uint8

// The kinds of types.
const (
	Primitive Kind = iota + 1
	Complex        // HumanName, Extension
	Backbone       // Patient.contact: a type that lives inside another
	Resource
)

// Type is one type of the specification.
type Type struct {
	Name     string // "Patient", "HumanName", "string", "Patient.contact"
	Kind     Kind
	Abstract bool
	Base     string     // "DomainResource", "Element", "BackboneElement"; "" for Resource and Element
	Elements []*Element // all of them, inherited first, in order; of a primitive: id and extension, the members of its "_x" object
	Regex    string     // of a primitive: the pattern its text must match as a whole; "" where any text goes
	JSON     tree.Kind  // of a primitive: String, Number or Bool

	byName map[string]Child
}

// Child is what a JSON member name means inside a type.
type Child struct {
	Element *Element
	Type    string // the type that this name gives the value: "Quantity" for valueQuantity
	Def     *Type  // the definition of Type
}

// Child resolves a JSON member name without leading underscore: "name", "valueQuantity".
func (t *Type) Child(jsonName string) (Child, bool) {
	c, ok := t.byName[jsonName]
	return c, ok
}

// Element is one element of a type.
type Element struct {
	Name       string   // "name"; "value" for value[x]
	Path       string   // "Patient.name", "Observation.value[x]"
	Choice     bool     // value[x]
	Types      []string // type names; a content reference or backbone has the one name of its type, "Questionnaire.item"; xhtml, Resource and Reference are types too
	Profile    string   // "SimpleQuantity" where a value of type Quantity must be one; else ""
	Min, Max   int      // Max -1 means *
	Targets    []string // resource types that a Reference may point to; empty means any
	Canonicals []string // resource types that a canonical may point to; empty means any
	Binding    *Binding // nil where there is none
	Summary    bool
	Modifier   bool
}

// Binding ties a coded element to a value set.
// https://hl7.org/fhir/R4/terminologies.html#strength
type Binding struct {
	Strength string // required, extensible, preferred, example
	ValueSet string // canonical without version; "" where the binding only describes its set in words
}

// index makes the table behind Child.
func (t *Type) index(s *Spec) {
	t.byName = make(map[string]Child, len(t.Elements))
	for _, e := range t.Elements {
		for _, name := range e.Types {
			t.byName[e.JSONName(name)] = Child{Element: e, Type: name, Def: s.types[name]}
		}
	}
}

// JSONName returns the member name of the element when its value is of the type: "valueQuantity".
// https://hl7.org/fhir/R4/json.html#choice
func (e *Element) JSONName(typ string) string {
	if !e.Choice {
		return e.Name
	}
	b := append([]byte(e.Name), typ...)
	if c := b[len(e.Name)]; c >= 'a' && c <= 'z' {
		b[len(e.Name)] = c - 'a' + 'A'
	}
	return string(b)
}
