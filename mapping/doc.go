// Package mapping brings other people's data into FHIR: Source -> Step -> Sink.
//
// A Source reads a delivery (a folder of CSV files, an export, messages) and yields Cases: all that it says of one patient, as rows of
// instruments. Steps work on a Case: they judge its rows, turn them into drafts of resources, report what is wrong. A Sink takes the
// drafts: it writes them to a server, into files, or only looks what would change. What is wrong with one row is a Finding with
// file, line, column and rule, and never stops the others.
//
// The rooms below know formats (mapping/csv) and fields of medicine (mapping/cart); this one knows neither.
package mapping
