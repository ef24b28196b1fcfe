// Package spec is the R4 definitions, embedded, compiled once to compact tables:
// types and their elements, search parameters, compartments, codes of required bindings.
//
// Source: npm package hl7.fhir.r4.examples 4.0.1 (CC0), read by go generate.
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

// Spec is the compiled definitions. It is immutable and safe for concurrent use.
type Spec struct {
	types        map[string]*Type
	resources    []string
	params       map[string][]*Param
	compartments map[string]*Compartment
	codes        map[string]*CodeSet
}

// Open decodes the embedded definitions. It takes tens of milliseconds: call it once and hand it on.
func Open() (*Spec, error) { panic("unwritten") }

// Type returns a type by name ("Patient", "HumanName", "date", "Patient.contact"), nil where there is none.
func (s *Spec) Type(name string) *Type { return s.types[name] }

// ResourceTypes returns the 146 concrete resource types... in alphabetical order (those that stand alone, so Parameters is one).
func (s *Spec) ResourceTypes() []string { return s.resources }

// IsResource reports whether name is a concrete resource type.
func (s *Spec) IsResource(name string) bool {
	t := s.types[name]
	return t != nil && t.Kind == Resource && !t.Abstract
}

// Type is one type of the specification.
type Type struct {
	Name     string // "Patient", "HumanName", "string", "Patient.contact"
	Kind     Kind
	Abstract bool
	Base     string     // "DomainResource", "Element", "BackboneElement"; "" for Resource and Element
	Elements []*Element // all of them, inherited first, in order
	Regex    string     // of a primitive: the pattern its text must match as a whole; "" where any text goes
	JSON     tree.Kind  // of a primitive: String, Number or Bool

	byName map[string]Child
}

// Child is what a JSON member name means inside a type.
type Child struct {
	Element *Element
	Type    string // the type that this name gives the value: "Quantity" for valueQuantity
}

// Child resolves a JSON member name without leading underscore: "name", "valueQuantity".
func (t *Type) Child(jsonName string) (Child, bool) {
	c, ok := t.byName[jsonName]
	return c, ok
}

// Element is one element of a type.
type Element struct {
	Name     string   // "name"; "value" for value[x]
	Path     string   // "Patient.name", "Observation.value[x]"
	Choice   bool     // value[x]
	Types    []string // type names; a content reference or backbone has the one name of its type, "Questionnaire.item"; xhtml, Resource and Reference are types too
	Min, Max int      // Max -1 means *
	Targets  []string // resource types that a Reference or canonical may point to; empty means any
	Binding  *Binding // nil where there is none
	Summary  bool
	Modifier bool
}

// Binding ties a coded element to a value set.
type Binding struct {
	Strength string // required, extensible, preferred, example
	ValueSet string // canonical without version
}

// CodeSet is the codes of a value set that is bound somewhere with strength required.
type CodeSet struct {
	URL   string
	pairs map[string]struct{} // "system|code" and "|code"
}

// Codes returns the codes of a value set; false where it cannot be enumerated (such as all MIME types).
func (s *Spec) Codes(valueSet string) (*CodeSet, bool) {
	c, ok := s.codes[valueSet]
	return c, ok
}

// Has reports whether the set holds the code; system "" asks for the code in any system of the set.
func (c *CodeSet) Has(system, code string) bool {
	_, ok := c.pairs[system+"|"+code]
	return ok
}

// ParamType is SearchParameter.type.
type ParamType string

// The search parameter types. https://hl7.org/fhir/R4/search.html#ptypes
const (
	ParamNumber    ParamType = "number"
	ParamDate      ParamType = "date"
	ParamString    ParamType = "string"
	ParamToken     ParamType = "token"
	ParamReference ParamType = "reference"
	ParamComposite ParamType = "composite"
	ParamQuantity  ParamType = "quantity"
	ParamURI       ParamType = "uri"
	ParamSpecial   ParamType = "special"
)

// Param is one search parameter.
type Param struct {
	Code        string // as in the URL: "birthdate"
	URL         string // canonical
	Type        ParamType
	Expression  string   // FHIRPath; "" for 16 of them
	Base        []string // resource types
	Targets     []string // of a reference
	Components  []Component
	Description string
}

// Component is one part of a composite parameter.
type Component struct {
	Definition string // canonical of the parameter
	Expression string // FHIRPath relative to the composite's own expression
}

// Params returns the parameters of a resource type, those of Resource and DomainResource
// included, in alphabetical order of code.
func (s *Spec) Params(resourceType string) []*Param { return s.params[resourceType] }

// Param returns one parameter of a resource type, nil where there is none.
func (s *Spec) Param(resourceType, code string) *Param { panic("unwritten") }

// ParamByURL returns a parameter by its canonical, nil where there is none.
func (s *Spec) ParamByURL(url string) *Param { panic("unwritten") }

// Compartment says which parameters tie a resource type to the compartment's owner.
// https://hl7.org/fhir/R4/compartmentdefinition.html
type Compartment struct {
	Code   string              // "Patient"
	Params map[string][]string // resource type -> parameter codes; "{def}" marks the owner itself
}

// Compartment returns the compartment of Patient, Encounter, RelatedPerson, Practitioner or Device; nil for others.
func (s *Spec) Compartment(code string) *Compartment { return s.compartments[code] }

// Walk calls visit for every element of the resource at n in document order, contained resources included, with
// the type that the definitions give it. It goes below an element only if visit returns true. Unknown members are not visited.
func (s *Spec) Walk(n tree.Node, visit func(n tree.Node, typ string, e *Element) bool) {
	panic("unwritten")
}
