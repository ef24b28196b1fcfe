// Package spec is the R4 definitions, embedded, compiled once to compact tables:
// types and their elements, search parameters, compartments, codes of required bindings.
//
// Source: npm package hl7.fhir.r4.examples 4.0.1 (CC0), read by go generate after scripts/testdata.
// https://hl7.org/fhir/R4/downloads.html
package spec

//go:generate go run ./gen -from ../../.cache/r4 -to .
