// Package fhirpath compiles and evaluates FHIRPath over a resource tree.
//
// It covers at least what the R4 search parameters need; the complete language
// comes with the validation issue. https://hl7.org/fhirpath/N1/ https://hl7.org/fhir/R4/fhirpath.html
package fhirpath

import (
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// Expr is a compiled expression, immutable and safe for concurrent use.
type Expr struct{}

// Compile reads an expression. An unknown function, a syntax error: an error that names the place.
func Compile(s *spec.Spec, expr string) (*Expr, error) { panic("unwritten") }

// Value is one item of a collection: an element of the resource (Node and Type set), or a value that was computed.
type Value struct {
	Node tree.Node // zero for a computed value
	Type string    // the FHIR type: "Quantity", "code", "Patient.contact"; "Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity" for computed ones
	Text string    // of a computed value
}

// Eval evaluates over the root resource of a tree (or a contained resource). resolve() gives, without
// reading anything, the contained resource for "#id", and otherwise an item that knows only its type, from the reference's text.
func (e *Expr) Eval(focus tree.Node) ([]Value, error) { panic("unwritten") }

// EvalAt evaluates over any element with its type, for the components of composites.
func (e *Expr) EvalAt(focus Value) ([]Value, error) { panic("unwritten") }
