package tree_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/tree"
)

func TestFirstAndNextVisitWhatMembersAndItemsYield(t *testing.T) {
	doc := parse(t, `{"a":[1,{"b":[]},[],"x"],"c":{},"d":{"e":{"f":null}}}`)
	var walk func(n tree.Node, at string)
	walk = func(n tree.Node, at string) {
		var want, got []string
		children := n.Members()
		if n.Kind() == tree.Array {
			children = n.Items()
		}
		for m := range children {
			want = append(want, m.Name()+"="+string(m.Raw()))
			walk(m, at+"/"+m.Name())
		}
		for m := n.First(); m.Exists(); m = m.Next() {
			got = append(got, m.Name()+"="+string(m.Raw()))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("children of %s (-want +got):\n%s", at, d)
		}
	}
	walk(doc.Root(), "")
}

func TestFirstAndNextOfNothingAreNothing(t *testing.T) {
	doc := parse(t, `{"a":{"b":1},"c":2}`)
	inner := doc.Sub(doc.Root().Member("a")).Root()
	for name, n := range map[string]tree.Node{
		"first of the zero node": tree.Node{}.First(), "next of the zero node": tree.Node{}.Next(),
		"first of a number": doc.Root().Member("c").First(), "next of the root": doc.Root().Next(),
		"next of the last member": doc.Root().Member("c").Next(), "next of a root inside": inner.Next(),
	} {
		if n.Exists() {
			t.Errorf("%s: got %s, want nothing", name, n.Raw())
		}
	}
}

func TestPairFindsAPrimitiveAndItsCompanion(t *testing.T) {
	root := parse(t, `{"_a":{"id":"1"},"a":"x","b":"y","_c":{"id":"2"},"d":{"_e":1},"\u0066":"z"}`).Root()
	cases := []struct{ name, value, companion string }{
		{"a", `"x"`, `{"id":"1"}`},
		{"b", `"y"`, ""},
		{"c", "", `{"id":"2"}`},
		{"e", "", ""},
		{"f", `"z"`, ""},
	}
	for _, c := range cases {
		value, companion := root.Pair(c.name)
		if string(value.Raw()) != c.value || string(companion.Raw()) != c.companion {
			t.Errorf("Pair(%q) = %s, %s; want %s, %s", c.name, value.Raw(), companion.Raw(), c.value, c.companion)
		}
	}
	if value, companion := root.Member("b").Pair("a"); value.Exists() || companion.Exists() {
		t.Error("Pair of a string finds something")
	}
}
