// Package fhirpath compiles and evaluates FHIRPath over a resource tree.
//
// The whole grammar is read; what the compiler does not know how to evaluate is an error that names the function
// and its place, never an empty answer. An expression is compiled once, against the R4 definitions, and evaluated
// very often: search indexes every write with it.
//
// An element that the definitions do not have is an error of Compile wherever the type is known there.
// https://hl7.org/fhirpath/N1/ https://hl7.org/fhir/R4/fhirpath.html
package fhirpath
