package tree_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/tree"
)

const patient = `{"resourceType":"Patient","active":true,"deceasedBoolean":false,"multipleBirthInteger":2,
	"name":[{"family":"O\u0027Neill","given":["Ann",null,"B\u00e4r"],"_given":[null,{"id":"g1"}]},{}],"x":null,"empty":[]}`

func TestANodeAnswersForItsKindNameTextAndJSON(t *testing.T) {
	root := parse(t, patient).Root()
	type answer struct {
		Kind       tree.Kind
		Name, Text string
		Raw        string
		Len, Index int
	}
	tests := []struct {
		name string
		node tree.Node
		want answer
	}{
		{"a string", root.Member("resourceType"), answer{tree.String, "resourceType", "Patient", `"Patient"`, 0, -1}},
		{"true", root.Member("active"), answer{tree.Bool, "active", "true", "true", 0, -1}},
		{"false", root.Member("deceasedBoolean"), answer{tree.Bool, "deceasedBoolean", "false", "false", 0, -1}},
		{"a number", root.Member("multipleBirthInteger"), answer{tree.Number, "multipleBirthInteger", "2", "2", 0, -1}},
		{"null", root.Member("x"), answer{tree.Null, "x", "", "null", 0, -1}},
		{"an empty array", root.Member("empty"), answer{tree.Array, "empty", "", "[]", 0, -1}},
		{"an object in an array", root.Member("name").Item(1), answer{tree.Object, "", "", "{}", 0, 1}},
		{"an array", root.Member("name").Item(0).Member("_given"), answer{tree.Array, "_given", "", `[null,{"id":"g1"}]`, 2, -1}},
		{"a string with an escape", root.Member("name").Item(0).Member("family"), answer{tree.String, "family", "O'Neill", `"O\u0027Neill"`, 0, -1}},
		{"an item with an escape", root.Member("name").Item(0).Member("given").Item(2), answer{tree.String, "", "Bär", `"B\u00e4r"`, 0, 2}},
		{"nothing", tree.Node{}, answer{tree.None, "", "", "", 0, -1}},
		{"a member of what is no object", root.Member("active").Member("x"), answer{Index: -1}},
		{"a member that is not there", root.Member("gender"), answer{Index: -1}},
		{"an item beyond the end", root.Member("name").Item(2), answer{Index: -1}},
		{"an item before the start", root.Member("name").Item(-1), answer{Index: -1}},
		{"an item of an object", root.Item(0), answer{Index: -1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := tt.node
			got := answer{n.Kind(), n.Name(), n.Text(), string(n.Raw()), n.Len(), n.Index()}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if n.Exists() != (tt.want.Kind != tree.None) {
				t.Error("Exists and Kind disagree")
			}
		})
	}
}

func TestItemsOfASingleValueIsTheValue(t *testing.T) {
	tr := parse(t, `{"one":1,"many":[1,2,[3]],"none":[],"object":{"a":1}}`)
	texts := func(name string) []string {
		got := []string{}
		for n := range tr.Root().Member(name).Items() {
			got = append(got, string(n.Raw()))
		}
		return got
	}
	got := map[string][]string{}
	for _, name := range []string{"one", "many", "none", "object", "absent"} {
		got[name] = texts(name)
	}
	want := map[string][]string{
		"one": {"1"}, "many": {"1", "2", "[3]"}, "none": {}, "object": {`{"a":1}`}, "absent": {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFirstAndNextGoWhereMembersAndItemsGo(t *testing.T) {
	var compare func(n tree.Node)
	compare = func(n tree.Node) {
		seq := n.Members()
		if n.Kind() == tree.Array {
			seq = n.Items()
		}
		at := n.First()
		for want := range seq {
			if at != want {
				t.Errorf("below %s: at %s, want %s", n.Location(), at.Location(), want.Location())
			}
			compare(want)
			at = at.Next()
		}
		if at.Exists() {
			t.Errorf("below %s: %s is one too many", n.Location(), at.Location())
		}
	}
	tr := parse(t, patient)
	compare(tr.Root())
	compare(tr.Sub(tr.Root().Member("name").Item(0)).Root())
	if n := tr.Sub(tr.Root().Member("name").Item(0)).Root().Next(); n.Exists() {
		t.Errorf("the root of a part is followed by %s", n.Location())
	}
	if (tree.Node{}).First().Exists() || (tree.Node{}).Next().Exists() {
		t.Error("nothing has a first or a next")
	}
}

func TestMembersOfWhatIsNoObjectAreNone(t *testing.T) {
	tr := parse(t, `{"a":[1]}`)
	for _, n := range []tree.Node{tr.Root().Member("a"), {}} {
		for range n.Members() {
			t.Error("a member of nothing")
		}
	}
}

func TestAnIterationStopsWhereTheCallerStops(t *testing.T) {
	tr := parse(t, `{"a":1,"b":2}`)
	var got []string
	for n := range tr.Root().Members() {
		got = append(got, n.Name())
		break
	}
	if diff := cmp.Diff([]string{"a"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestParentAndTreeLeadBackUp(t *testing.T) {
	tr := parse(t, patient)
	given := tr.Root().Member("name").Item(0).Member("given").Item(0)
	if got := given.Parent().Parent().Parent().Parent(); got != tr.Root() {
		t.Errorf("four steps up from %s is not the root", given.Location())
	}
	if tr.Root().Parent().Exists() || given.Tree() != tr || (tree.Node{}).Tree() != nil || (tree.Node{}).Parent().Exists() {
		t.Error("the root has a parent, or a node another tree")
	}
}

func TestTheLocationOfANodeIsItsFHIRPath(t *testing.T) {
	tr := parse(t, `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient",
		"contained":[{"name":[{"_given":[null,{"extension":[{"url":"u"}]}]}]}],"_birthDate":{"id":"b"}}}],
		"odd name":[[1,2]],"":1,"_":2,"tick`+"`"+`\\":3,"a1":4,"1a":5,"\u0001":6}`)
	root := tr.Root()
	resource := root.Member("entry").Item(0).Member("resource")
	tests := []struct {
		name string
		node tree.Node
		want string
	}{
		{"the root is its type", root, "Bundle"},
		{"an entry", root.Member("entry").Item(0), "Bundle.entry[0]"},
		{"the array itself", root.Member("entry"), "Bundle.entry"},
		{"inside a resource of a Bundle", resource.Member("contained").Item(0).Member("name"), "Bundle.entry[0].resource.contained[0].name"},
		{"the extension of a primitive is located at the primitive", resource.Member("_birthDate").Member("id"), "Bundle.entry[0].resource.birthDate.id"},
		{
			"the extension of a repeated primitive keeps the index",
			resource.Member("contained").Item(0).Member("name").Item(0).Member("_given").Item(1).Member("extension").Item(0).Member("url"),
			"Bundle.entry[0].resource.contained[0].name[0].given[1].extension[0].url",
		},
		{"an array in an array", root.Member("odd name").Item(0).Item(1), "Bundle.`odd name`[0][1]"},
		{"an empty name", root.Member(""), "Bundle.``"},
		{"an underscore alone", root.Member("_"), "Bundle._"},
		{"a name with a tick", root.Member("tick`\\"), "Bundle.`tick\\`\\\\`"},
		{"a name with a digit", root.Member("a1"), "Bundle.a1"},
		{"a name that starts with a digit", root.Member("1a"), "Bundle.`1a`"},
		{"a name with a control character", root.Member("\x01"), "Bundle.`\\u0001`"},
		{"nothing", tree.Node{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.node.Location()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALocationWithoutATypeStartsAtTheMember(t *testing.T) {
	for src, want := range map[string]string{
		`{"a":{"b":1}}`: "a.b", `{"resourceType":"not a type","a":{"b":1}}`: "a.b", `{"a":{"b":1},"resourceType":"Basic"}`: "Basic.a.b",
	} {
		if diff := cmp.Diff(want, parse(t, src).Root().Member("a").Member("b").Location()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestKindsHaveNames(t *testing.T) {
	var got []string
	for k := tree.None; k <= tree.Null; k++ {
		got = append(got, k.String())
	}
	want := []string{"nothing", "object", "array", "string", "number", "boolean", "null"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMembersOfANameAreFoundAtEveryDepthInTheirOrder(t *testing.T) {
	doc, err := tree.Parse([]byte(`{"a":1,"b":{"a":[{"a":2}],"A":3,"a\u0062":4},"c":[{"\u0061":5}]}`), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for n := range doc.Named("a") {
		got = append(got, n.Location()+"="+string(n.Raw()))
	}
	want := []string{`a=1`, `b.a=[{"a":2}]`, `b.a[0].a=2`, `c[0].a=5`}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for n := range doc.Named("a") {
		if n.Text() != "1" {
			t.Error("it goes on after it was told to stop")
		}
		break
	}
	for n := range doc.Sub(doc.Root().Member("b")).Named("a") {
		got = append(got[:0], n.Text())
	}
	if d := cmp.Diff([]string{"2"}, got); d != "" {
		t.Error("a part of a tree has its own members: " + d)
	}
}
