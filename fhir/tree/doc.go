// Package tree is one resource as a lossless tree over its JSON: parse, walk, edit, write.
//
// Nothing is decoded into Go values: numbers keep their text (1.50 stays 1.50),
// strings their escapes until asked for, members their order. White space between
// tokens is the one thing that is not kept.
// https://hl7.org/fhir/R4/json.html
package tree
