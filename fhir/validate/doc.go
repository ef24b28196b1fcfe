// Package validate judges a resource. Structure checks it against the R4 definitions as
// every write does: names, JSON types, cardinality, primitive formats, codes of required
// bindings, choices, references, contained resources, narrative. Invariants and profiles are not part of it.
// https://hl7.org/fhir/R4/validation.html
package validate
