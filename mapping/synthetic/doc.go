// Package synthetic makes cohorts of patients who never lived: lupus, a course of CAR-T cells, response, relapse, toxicity, laboratory values,
// second infusions, dropout and withdrawal, as canonical rows (see firewolf/mapping/cart), with the gaps that records have.
//
// Shapes and rates are plausible, not measured: they follow the aggregates of published cohorts loosely, and no patient of any. The doses of
// lymphodepletion are an assumption: 25 mg/m2 of fludarabine on three days and 1000 mg/m2 of cyclophosphamide on one, of which no source was at hand. A patient
// depends on the seed and its number alone, so that a cohort can be made in parallel, in parts and again: the same seed gives the same bytes.
package synthetic
