// Package memory is a store that keeps everything in memory and forgets it when the process ends.
//
// It is written to be obviously correct, not fast: a list of all versions in their order, and searches that
// look at every current resource. It is the oracle that other stores are compared with, and serves developers
// who want a server without files.
//
// To be an oracle it takes no notice of index entries or of Plan.Where. It evaluates what the client asked for (Plan.Query)
// on the resources themselves: the FHIRPath of each search parameter, and then comparisons written from
// https://hl7.org/fhir/R4/search.html anew.
package memory
