package search

import (
	"slices"

	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// others indexes the references that no parameter reaches, in elements that R4 has no parameter for, in extensions and in contained
// resources: each resource that they name once, without a parameter.
func (ix *indexer) others(t *tree.Tree) {
	if !ix.leavesOthers(t) {
		return // nearly always; so only few resources are walked with their definitions
	}
	reached := make(map[fhir.Key]bool, len(ix.refs))
	for _, r := range ix.refs {
		reached[r.Key] = true
	}
	ix.e.spec.Walk(t.Root(), func(n tree.Node, typ string, e *spec.Element) bool {
		if typ == "Reference" {
			ref, local := ix.e.local(n.Member("reference").Text())
			ix.base(ref)
			if local && !reached[ref.Key] {
				reached[ref.Key] = true
				ix.ref(RefEntry{Key: ref.Key})
			}
		}
		// A Bundle that is kept is a scope of its own: https://hl7.org/fhir/R4/bundle.html#references
		return e == nil || e.Path != "Bundle.entry"
	})
}

// leavesOthers reports whether something in the resource may be a reference that is no entry yet, or one whose base is not noted.
func (ix *indexer) leavesOthers(t *tree.Tree) bool {
	looked := 0
	for n := range t.Named("reference") {
		if n.Kind() != tree.String {
			continue
		}
		ref, local := ix.e.local(n.Text())
		if ref.Base != "" || local && !slices.ContainsFunc(ix.refs, func(r RefEntry) bool { return r.Key == ref.Key }) {
			return true
		}
		// A List holds thousands: to look at each among all would take longer than the walk.
		if looked += len(ix.refs); looked > manyLooks {
			return true
		}
	}
	return false
}

// manyLooks is how often references are compared before all of them are gathered.
const manyLooks = 4096
