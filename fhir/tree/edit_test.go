package tree_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir/tree"
)

func TestApplyChangesTheNodesAndNothingElse(t *testing.T) {
	const src = `{"a":1,"b":[10,20,30,40],"c":{"d":"\u0041","e":1.50},"f":null}`
	set := func(path, v string) [2]string { return [2]string{path, v} }
	tests := []struct {
		name  string
		edits [][2]string // path by dots, JSON ("" removes)
		want  string
	}{
		{"nothing to do", nil, src},
		{"a value is replaced", [][2]string{set("c.e", "1.5")}, `{"a":1,"b":[10,20,30,40],"c":{"d":"\u0041","e":1.5},"f":null}`},
		{"a value by a larger one with white space", [][2]string{set("a", ` { "x" : [ 1 ] } `)}, `{"a":{"x":[1]},"b":[10,20,30,40],"c":{"d":"\u0041","e":1.50},"f":null}`},
		{"edits come in any order", [][2]string{set("f", "1"), set("b.3", "4"), set("a", "2")}, `{"a":2,"b":[10,20,30,4],"c":{"d":"\u0041","e":1.50},"f":1}`},
		{"the first member is removed", [][2]string{set("a", "")}, `{"b":[10,20,30,40],"c":{"d":"\u0041","e":1.50},"f":null}`},
		{"the last member is removed", [][2]string{set("f", "")}, `{"a":1,"b":[10,20,30,40],"c":{"d":"\u0041","e":1.50}}`},
		{"the last two members are removed", [][2]string{set("f", ""), set("c", "")}, `{"a":1,"b":[10,20,30,40]}`},
		{"all members but one are removed", [][2]string{set("a", ""), set("b", ""), set("f", "")}, `{"c":{"d":"\u0041","e":1.50}}`},
		{"all members are removed", [][2]string{set("a", ""), set("b", ""), set("c", ""), set("f", "")}, `{}`},
		{"items are removed from the middle", [][2]string{set("b.1", ""), set("b.2", "")}, `{"a":1,"b":[10,40],"c":{"d":"\u0041","e":1.50},"f":null}`},
		{"items are removed from both ends", [][2]string{set("b.0", ""), set("b.3", "")}, `{"a":1,"b":[20,30],"c":{"d":"\u0041","e":1.50},"f":null}`},
		{"all items are removed", [][2]string{set("b.0", ""), set("b.1", ""), set("b.2", ""), set("b.3", "")}, `{"a":1,"b":[],"c":{"d":"\u0041","e":1.50},"f":null}`},
		{"an item is replaced beside one that goes", [][2]string{set("b.2", "3"), set("b.3", "")}, `{"a":1,"b":[10,20,3],"c":{"d":"\u0041","e":1.50},"f":null}`},
		{"the root is replaced", [][2]string{set("", `{"z":1}`)}, `{"z":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := parse(t, src)
			var edits []tree.Edit
			for _, e := range tt.edits {
				edit := tree.Edit{Node: find(tr, e[0])}
				if e[1] != "" {
					edit.JSON = []byte(e[1])
				}
				edits = append(edits, edit)
			}
			got, err := tr.Apply(edits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.want, src}, []string{string(got.Bytes()), string(tr.Bytes())}); diff != "" {
				t.Error(diff)
			}
			isThatOfItsBytes(t, got)
		})
	}
}

// find returns the node at a path of names and indices with dots between.
func find(tr *tree.Tree, path string) tree.Node {
	n := tr.Root()
	if path == "" {
		return n
	}
	for _, step := range strings.Split(path, ".") {
		var k int
		if _, err := fmt.Sscan(step, &k); err == nil {
			n = n.Item(k)
		} else {
			n = n.Member(step)
		}
	}
	return n
}

func TestApplyRefusesEditsThatHaveNoMeaning(t *testing.T) {
	tr, other := parse(t, `{"a":{"b":1},"c":2}`), parse(t, `{"a":1}`)
	a, b := find(tr, "a"), find(tr, "a.b")
	tests := []struct {
		name  string
		edits []tree.Edit
		want  string
	}{
		{"a node of another tree", []tree.Edit{{Node: find(other, "a")}}, "editing a resource: the node is of another tree"},
		{"a node that is not there", []tree.Edit{{}}, "editing a resource: the node is of another tree"},
		{"one edit inside another", []tree.Edit{{Node: b, JSON: []byte("2")}, {Node: a, JSON: []byte("1")}}, "editing a resource: one edit is inside another"},
		{"two edits of one node", []tree.Edit{{Node: b, JSON: []byte("2")}, {Node: b}}, "editing a resource: one edit is inside another"},
		{"removal of the root", []tree.Edit{{Node: tr.Root()}}, "editing a resource: the root cannot be removed"},
		{"a root that is no object", []tree.Edit{{Node: tr.Root(), JSON: []byte("[]")}}, "structure: line 1, column 1: a resource starts as a JSON object, with a brace"},
		{"an empty value", []tree.Edit{{Node: b, JSON: []byte{}}}, "structure: line 1, column 1: the document ends too early (a.b)"},
		{"JSON that is more than a value", []tree.Edit{{Node: b, JSON: []byte(`1,"x":2`)}}, "structure: line 1, column 2: there is something after the end of the document (a.b)"},
		{"JSON that is not one", []tree.Edit{{Node: b, JSON: []byte(`{"x":}`)}}, "structure: line 1, column 6: there is no JSON value here (a.b)"},
		{"JSON that goes too deep", []tree.Edit{{Node: b, JSON: []byte(strings.Repeat("[", 89) + strings.Repeat("]", 89))}}, "structure: line 1, column 89: objects and arrays are nested too deep (a.b)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tr.Apply(tt.edits)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWithIDSetsTheIDInItsPlace(t *testing.T) {
	tests := []struct{ name, src, id, want string }{
		{"an id is replaced", `{"resourceType":"Basic","id":"a","x":1}`, "b", `{"resourceType":"Basic","id":"b","x":1}`},
		{"an id that is no string is replaced", `{"id":null}`, "b", `{"id":"b"}`},
		{"a new id comes after the type", `{"resourceType":"Basic","x":1}`, "b", `{"resourceType":"Basic","id":"b","x":1}`},
		{"a new id comes after a type at the end", `{"x":1,"resourceType":"Basic"}`, "b", `{"x":1,"resourceType":"Basic","id":"b"}`},
		{"without a type it comes first", `{"x":1}`, "b", `{"id":"b","x":1}`},
		{"an empty object gets it", `{}`, "b", `{"id":"b"}`},
		{"an id with odd characters is escaped", `{}`, "a\"\\\n\xff", `{"id":"a\"\\\u000a` + "\ufffd" + `"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(t, tt.src).WithID(tt.id)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got.Bytes())); diff != "" {
				t.Error(diff)
			}
			isThatOfItsBytes(t, got)
		})
	}
}

func TestWithIDReturnsTheTreeItselfWhereNothingChanges(t *testing.T) {
	tr := parse(t, `{"id":"\u0061"}`)
	if got, err := tr.WithID("a"); err != nil || got != tr {
		t.Errorf("another tree, or %v", err)
	}
}

// name draws a member name that every store can keep.
var name = rapid.String().Filter(func(s string) bool { return !strings.Contains(s, "\x00") })

// value draws a JSON value with odd white space, as a Go value would be written.
func value(depth int) *rapid.Generator[any] {
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.IntRange(-1000, 1000).AsAny(), rapid.String().AsAny(),
	)
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf,
		rapid.SliceOfN(value(depth-1), 0, 4).AsAny(),
		rapid.MapOfN(name, value(depth-1), 0, 4).AsAny(),
	)
}

func draw(t *rapid.T) *tree.Tree {
	v := rapid.MapOfN(name, value(3), 0, 5).Draw(t, "document")
	src, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	tr, err := tree.Parse(src, tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// all returns the nodes below n in document order.
func all(n tree.Node) []tree.Node {
	var nodes []tree.Node
	children := n.Members()
	if n.Kind() == tree.Array {
		children = n.Items()
	}
	for m := range children {
		nodes = append(append(nodes, m), all(m)...)
	}
	return nodes
}

// rebuilt writes n with the edits done, the plain way.
func rebuilt(n tree.Node, edits map[tree.Node][]byte) []byte {
	var b bytes.Buffer
	write := func(m tree.Node) []byte {
		if v, ok := edits[m]; ok {
			return v
		}
		return rebuilt(m, edits)
	}
	switch n.Kind() {
	case tree.Object, tree.Array:
		children, brackets := n.Members(), "{}"
		if n.Kind() == tree.Array {
			children, brackets = n.Items(), "[]"
		}
		b.WriteByte(brackets[0])
		for m := range children {
			v := write(m)
			if v == nil {
				continue
			}
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			if n.Kind() == tree.Object {
				b.Write(tree.Quote(nil, m.Name()))
				b.WriteByte(':')
			}
			b.Write(v)
		}
		b.WriteByte(brackets[1])
		return b.Bytes()
	default:
		return n.Raw()
	}
}

func TestApplyDoesWhatRebuildingTheDocumentDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := draw(t)
		edits := map[tree.Node][]byte{}
		var list []tree.Edit
		skip := tree.Node{}
		for _, n := range all(tr.Root()) {
			inside := false
			for p := n; p.Exists(); p = p.Parent() {
				inside = inside || p == skip
			}
			if inside || !rapid.Bool().Draw(t, "edit") {
				continue
			}
			skip = n
			var v []byte
			if rapid.Bool().Draw(t, "replace") {
				v = rapid.SampledFrom([][]byte{[]byte("1.50"), []byte(`{"x":[]}`), []byte(`"\u0041"`)}).Draw(t, "value")
			}
			edits[n] = v
			list = append(list, tree.Edit{Node: n, JSON: v})
		}
		got, err := tr.Apply(rapid.Permutation(list).Draw(t, "order"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(canonical(rebuilt(tr.Root(), edits)), canonical(got.Bytes())); diff != "" {
			t.Fatal(diff)
		}
		isThatOfItsBytes(t, got)
	})
}

// isThatOfItsBytes fails unless Parse makes the same tree of the tree's bytes.
func isThatOfItsBytes(t interface{ Fatalf(string, ...any) }, got *tree.Tree) {
	again, err := tree.Parse(got.Bytes(), tree.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", got.Bytes(), err)
	}
	if !tree.Same(again, got) {
		t.Fatalf("the tree is not that of its bytes %s", got.Bytes())
	}
}

func TestApplyOnAResourceInABundleGivesATreeOfItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		outer := draw(t)
		var objects []tree.Node
		for _, n := range all(outer.Root()) {
			if n.Kind() == tree.Object {
				objects = append(objects, n)
			}
		}
		if len(objects) == 0 {
			return
		}
		sub := outer.Sub(rapid.SampledFrom(objects).Draw(t, "resource"))
		var edits []tree.Edit
		for n := range sub.Root().Members() {
			if rapid.Bool().Draw(t, "edit") {
				edits = append(edits, tree.Edit{Node: n, JSON: []byte(`[1, {"x": "\u0041"}]`)})
			}
		}
		if len(edits) == 0 {
			return
		}
		got, err := sub.Apply(edits)
		if err != nil {
			t.Fatal(err)
		}
		isThatOfItsBytes(t, got)
		withID, err := sub.WithID("x")
		if err != nil {
			t.Fatal(err)
		}
		isThatOfItsBytes(t, withID)
	})
}

// canonical gives names and strings one form.
func canonical(src []byte) string {
	tr, err := tree.Parse(src, tree.Limits{})
	if err != nil {
		return err.Error()
	}
	return strings.Join(walked(tr.Root()), "\n")
}

func BenchmarkApply(b *testing.B) {
	tr := parse(b, patient)
	n := tr.Root().Member("name").Item(0).Member("family")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tr.Apply([]tree.Edit{{Node: n, JSON: []byte(`"Bär"`)}}); err != nil {
			b.Fatal(err)
		}
	}
}
