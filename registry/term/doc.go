// Package term holds the words of the registry's field, systemic lupus erythematosus treated with CAR-T cells: the
// canonical base, the local code system with its displays, the public code systems, the time points with their
// windows, the items of SLEDAI-2K with their weights, the drugs by class, the URLs of the extensions.
//
// Who writes resources of this field and who reads them speak by these words, so that they cannot drift apart. It
// imports the standard library only.
//
// No public code system has a code for a lupus score, a remission outcome or a grade of ASTCT; those stand in the
// local one. Codes of SNOMED CT come without terms, which are not ours to give.
package term
