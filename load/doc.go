// Package load brings files into a FHIR server: Bundles, single resources, NDJSON, plain or compressed, in folders.
//
// A file is cut into units: what is sent, accepted or rejected, and remembered as one. A transaction or batch Bundle is
// one unit, sent as it is. Each entry of a collection, searchset or document, each line of an NDJSON file and each single resource is
// a unit that is put where it has an id and posted where it has none. A history Bundle is refused. A Sink takes the units: a server over HTTP, or the interactions themselves.
//
// Units are sent in parallel, but two that write the same resource keep the order of the files. Memory is bounded: big
// files are streamed, and what is under way is limited in bytes. A Ledger remembers in 16 bytes each unit that was stored.
//
// https://hl7.org/fhir/R4/http.html#transaction https://hl7.org/fhir/R4/nd-json.html
package load
