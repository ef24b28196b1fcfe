// Package disclose keeps small groups of patients out of aggregates. A count of 1 to k-1 is never shown, and nothing that
// lets one be derived: another count is hidden beside it, and a percentage, a mean or a curve is told only of k or more.
//
// The United States' CMS shows no cell of 1 to 10, which is k = 11; many registries use k = 5.
// https://resdac.org/articles/cms-cell-size-suppression-policy
package disclose
