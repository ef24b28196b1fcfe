// Package interaction is what https://hl7.org/fhir/R4/http.html says, without HTTP: one file per interaction.
//
// A Bundle entry is the same Request as a call from outside, so batch and transaction re-enter the Service.
package interaction
