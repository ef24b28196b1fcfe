// Package stats is the arithmetic of a clinical registry: intervals of a proportion, quantiles, survival curves,
// cumulative incidence under competing risks, the log-rank test.
//
// It knows no patients and no FHIR. What it computes is compared with R in a test.
package stats
