// Package decimal holds exact decimal numbers as FHIR writes them: 1.50 is not 1.5, and 0.1 is a tenth.
//
// Parsing, comparing, implicit ranges and ordered bytes are exact. Arithmetic rounds to 34 significant digits,
// half to even, as a decimal128 does.
// https://hl7.org/fhir/R4/datatypes.html#decimal
package decimal
