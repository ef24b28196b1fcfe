package fhirpath_test

import (
	"io/fs"
	"strings"
	"testing"

	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/fixtures"
)

func TestOfficialInvariantsHoldOnTheSampleBundles(t *testing.T) {
	it := &invariantTest{
		T: t, spec: definitions(t), byPath: readInvariants(t),
		compiled: map[string]*fhirpath.Expr{}, held: map[string]int{}, failed: map[string]bool{},
	}
	names, err := fs.Glob(fixtures.FS, "bundles/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no sample bundles: %v", err)
	}
	for _, name := range names {
		src, err := fs.ReadFile(fixtures.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := tree.Parse(src, tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		it.check(it.byPath["Bundle"], doc.Root(), "Bundle", name)
		it.spec.Walk(doc.Root(), func(n tree.Node, typ string, e *spec.Element) bool {
			if e != nil {
				it.check(it.byPath[e.Path], n, typ, name)
			}
			if !strings.Contains(typ, ".") {
				it.check(it.byPath[typ], n, typ, name)
			}
			return true
		})
	}
	for _, key := range []string{"bdl-1", "bdl-7", "con-4", "con-5", "obs-6", "obs-7", "mad-1", "ppc-1", "qty-3", "ref-1", "per-1", "ext-1", "dom-2"} {
		if it.held[key] == 0 {
			t.Errorf("%s was not checked", key)
		}
	}
}
