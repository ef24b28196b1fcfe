// Package registry answers what a registry of CAR-T cells in lupus is asked: the outcomes of a patient ($assess), response
// rates, survival and incidence, toxicity, laboratory values and completeness of a cohort. There is one file for each
// operation.
//
// A cohort is any search for patients. Of it the analysis set counts: who was infused, has lupus, and has an active
// consent at the moment of the answer. Day 0 is the first infusion. Every answer says of which moment of the store it is.
//
// Aggregates keep small groups out (package disclose): what is hidden is absent with the reason "masked".
// http://hl7.org/fhir/R4/extension-data-absent-reason.html
package registry
