package validate_test

import (
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// place is a place in a JSON document, that another document of the same shape has too.
type place []any // names and indexes

func placeOf(n tree.Node) place {
	p := n.Parent()
	switch {
	case !p.Exists():
		return nil
	case p.Kind() == tree.Array:
		return append(placeOf(p), n.Index())
	default:
		return append(placeOf(p), n.Name())
	}
}

func (p place) in(root tree.Node) tree.Node {
	for _, step := range p {
		switch step := step.(type) {
		case string:
			root = root.Member(step)
		case int:
			root = root.Item(step)
		}
	}
	return root
}

// element is an element of an example, with what the definitions say of it.
type element struct {
	node tree.Node
	typ  string
	def  *spec.Element
}

func elementsOf(t *testing.T, doc *tree.Tree) []element {
	var all []element
	definitions(t).Walk(doc.Root(), func(n tree.Node, typ string, e *spec.Element) bool {
		all = append(all, element{n, typ, e})
		return true
	})
	return all
}

// breakage breaks an element; ok is false where it cannot. The node is the one that must be told of: it has the same place in the broken
// document.
type breakage func(s *spec.Spec, e element) (edit tree.Edit, at tree.Node, ok bool)

// breakages are what is done to elements. Each breaks the one element alone.
var breakages = map[string]breakage{
	"a value of another JSON type": func(s *spec.Spec, e element) (tree.Edit, tree.Node, bool) {
		wrong := `"wolf"`
		if def := s.Type(e.typ); e.node.Kind() == tree.String || e.node.Kind() == tree.Object && def.Kind == spec.Primitive {
			wrong = `5`
		}
		return tree.Edit{Node: e.node, JSON: []byte(wrong)}, e.node, true
	},
	"an empty string": func(_ *spec.Spec, e element) (tree.Edit, tree.Node, bool) {
		return tree.Edit{Node: e.node, JSON: []byte(`""`)}, e.node, e.node.Kind() == tree.String
	},
	"an empty object": func(_ *spec.Spec, e element) (tree.Edit, tree.Node, bool) {
		return tree.Edit{Node: e.node, JSON: []byte(`{}`)}, e.node, e.node.Kind() == tree.Object && !e.node.Member("resourceType").Exists()
	},
	"null": func(_ *spec.Spec, e element) (tree.Edit, tree.Node, bool) {
		around := e.node.Parent()
		if around.Kind() == tree.Array {
			around = around.Parent()
		}
		return tree.Edit{Node: e.node, JSON: []byte(`null`)}, around, true
	},
	"a required element less": func(_ *spec.Spec, e element) (tree.Edit, tree.Node, bool) {
		whole := e.node.Parent()
		alone := whole.Kind() == tree.Object && !hasHalf(e.node) && whole.Len() > 1
		return tree.Edit{Node: e.node}, whole, alone && e.def.Min > 0
	},
	"a list in a list": func(_ *spec.Spec, e element) (tree.Edit, tree.Node, bool) {
		return tree.Edit{Node: e.node, JSON: []byte(`["wolf"]`)}, e.node, e.node.Parent().Kind() == tree.Array
	},
	"a list where one value belongs": func(_ *spec.Spec, e element) (tree.Edit, tree.Node, bool) {
		list := append(append([]byte(`[`), e.node.Raw()...), ']')
		return tree.Edit{Node: e.node, JSON: list}, e.node, e.node.Parent().Kind() == tree.Object && e.def.Max == 1 && !hasHalf(e.node)
	},
	"no list where one belongs": func(_ *spec.Spec, e element) (tree.Edit, tree.Node, bool) {
		list := e.node.Parent()
		return tree.Edit{Node: list, JSON: e.node.Raw()}, list, list.Kind() == tree.Array && list.Len() == 1 && !hasHalf(list)
	},
}

// hasHalf reports whether a primitive has both its value and extensions.
func hasHalf(n tree.Node) bool {
	bare := strings.TrimPrefix(n.Name(), "_")
	return n.Parent().Member(bare).Exists() && n.Parent().Member("_"+bare).Exists()
}

// selected evaluates an expression on a resource, and wants exactly one element.
func selected(t *testing.T, where, expr string, root tree.Node) tree.Node {
	t.Helper()
	x, err := fhirpath.Compile(definitions(t), expr)
	if err != nil {
		t.Errorf("%s: %s is no FHIRPath: %v", where, expr, err)
		return tree.Node{}
	}
	found, err := x.Eval(root)
	if err != nil || len(found) != 1 {
		t.Errorf("%s: %s selects %d elements, want one: %v", where, expr, len(found), err)
		return tree.Node{}
	}
	return found[0].Node
}

// same reports whether nodes are one element: a primitive has its value in one place and its extensions in another.
func same(a, b tree.Node) bool { return a.Exists() && b.Exists() && a.Location() == b.Location() }

// told reports whether some issue selects the node, and checks that each selects one element.
func told(t *testing.T, where string, is fhir.Issues, doc *tree.Tree, want tree.Node) {
	t.Helper()
	hit := false
	var all []string
	for _, i := range is {
		for _, expr := range i.Expression {
			all = append(all, expr)
			n := selected(t, where, expr, doc.Root())
			// A list of one is selected as its item.
			hit = hit || same(n, want) || n.Parent() == want && want.Kind() == tree.Array
		}
	}
	if !hit {
		t.Errorf("%s: none of %q selects %s", where, all, want.Location())
	}
}

// everyExample calls f with each official example that has no faults of its own; with few of them in a short run.
func everyExample(t *testing.T, f func(name string, doc *tree.Tree, r *rand.Rand)) {
	k := 0
	eachExample(t, func(name string, doc *tree.Tree) {
		k++
		if _, bad := brokenExamples[name]; bad || testing.Short() && k%12 != 0 || doc.Len() > 20_000 {
			return
		}
		h := fnv.New64a()
		h.Write([]byte(name))
		f(name, doc, rand.New(rand.NewPCG(h.Sum64(), 1)))
	})
}

func TestTheLocationOfAProblemIsFHIRPathThatSelectsTheBrokenElement(t *testing.T) {
	c, s := checker(t), definitions(t)
	done := map[string]int{}
	everyExample(t, func(name string, doc *tree.Tree, r *rand.Rand) {
		all := elementsOf(t, doc)
		for _, what := range slices.Sorted(maps.Keys(breakages)) { // in one order, so that chance is the same in each run
			b := breakages[what]
			for range 20 {
				e := all[r.IntN(len(all))]
				edit, at, ok := b(s, e)
				if !ok {
					continue
				}
				broken, err := doc.Apply([]tree.Edit{edit})
				if err != nil {
					t.Fatal(err)
				}
				where := name + " with " + what + " at " + e.node.Location()
				told(t, where, c.Structure(broken), broken, placeOf(at).in(broken.Root()))
				done[what]++
				break
			}
		}
	})
	for what := range breakages {
		if done[what] < 100 {
			t.Errorf("%s was tried %d times: too few to tell", what, done[what])
		}
	}
}

func TestTheLocationOfExtensionsThatAreNoListIsTheElementThatTheyBelongTo(t *testing.T) {
	doc, err := tree.Parse([]byte(`{"resourceType":"ActivityDefinition","status":"draft",
		"timingTiming":{"_event":{"extension":[{"url":"http://example.org/wolf","valueString":"x"}]}}}`), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	is := checker(t).Structure(doc)
	if len(is) != 1 || !slices.Equal(is[0].Expression, []string{"ActivityDefinition.timing.event"}) {
		t.Errorf("%+v", is)
	}
	told(t, "extensions without a list", is, doc, doc.Root().Member("timingTiming").Member("_event"))
}

// https://hl7.org/fhir/R4/json.html#primitive
func TestTheLocationInTheExtensionsOfAPrimitiveIsThatOfThePrimitive(t *testing.T) {
	c, count := checker(t), 0
	everyExample(t, func(name string, doc *tree.Tree, r *rand.Rand) {
		for _, e := range elementsOf(t, doc) {
			if e.node.Kind() != tree.Object || definitions(t).Type(e.typ).Kind != spec.Primitive || !e.node.Member("extension").Exists() {
				continue
			}
			url := e.node.Member("extension").Item(0).Member("url")
			broken, err := doc.Apply([]tree.Edit{{Node: url, JSON: []byte(`""`)}})
			if err != nil {
				t.Fatal(err)
			}
			told(t, name, c.Structure(broken), broken, placeOf(url).in(broken.Root()))
			count++
		}
	})
	if count < 5 || count < 50 && !testing.Short() {
		t.Errorf("%d primitives with extensions: too few to tell", count)
	}
}

// An unknown element cannot be selected; what it stands in can, and its name is that in the JSON.
func TestTheLocationOfAnUnknownElementIsItsNameBelowTheElementAround(t *testing.T) {
	names := map[string]string{
		"wolf": "wolf", "valueFoo": "valueFoo", "_wolf": "_wolf", "value[x]": "`value[x]`", "div": "`div`", "true": "`true`", "in": "in", "A`\\b": "`A\\`\\\\b`",
	}
	c := checker(t)
	everyExample(t, func(name string, doc *tree.Tree, r *rand.Rand) {
		all := elementsOf(t, doc)
		e := all[r.IntN(len(all))]
		for range 50 {
			if e.node.Kind() == tree.Object && e.typ != "Narrative" && e.typ != "xhtml" {
				break
			}
			e = all[r.IntN(len(all))]
		}
		if e.node.Kind() != tree.Object || e.typ == "Narrative" {
			return
		}
		for member, want := range names {
			with := append(append([]byte(`{`), tree.Quote(nil, member)...), `:[1],`...)
			broken, err := doc.Apply([]tree.Edit{{Node: e.node, JSON: append(with, e.node.Raw()[1:]...)}})
			if err != nil {
				t.Fatal(err)
			}
			is := c.Structure(broken)
			if len(is) != 1 || len(is[0].Expression) != 1 {
				t.Fatalf("%s with %q in %s: %v", name, member, e.node.Location(), is)
			}
			around, ok := strings.CutSuffix(is[0].Expression[0], "."+want)
			if !ok {
				t.Errorf("%s: %q is at %s", name, member, is[0].Expression[0])
			}
			if n := selected(t, name, around, broken.Root()); !same(n, placeOf(e.node).in(broken.Root())) {
				t.Errorf("%s: %q is at %s, want it below %s", name, member, is[0].Expression[0], e.node.Location())
			}
		}
	})
}

func TestAnIndexInALocationCountsWhatIsAnElement(t *testing.T) {
	tests := []struct {
		name, names string
		want        string
		at          place
	}{
		{"a null that stands for an extension is counted", `{"given":["a",null,5],"_given":[null,{"id":"b"},null]}`, "Patient.name[0].given[2]", place{"given", 2}},
		{"an extension beside a null", `{"given":["a",null],"_given":[null,{"id":""}]}`, "Patient.name[0].given[1].id", place{"_given", 1, "id"}},
		{"halves alone", `{"_given":[{"id":"a"},{"id":""}]}`, "Patient.name[0].given[1].id", place{"_given", 1, "id"}},
		{"a null that stands for nothing is not", `{"given":["a",null,5]}`, "Patient.name[0].given[1]", place{"given", 2}},
		{"nor is one beside another null", `{"given":[null,null,5],"_given":[null,{"id":"x"},null]}`, "Patient.name[0].given[1]", place{"given", 2}},
	}
	c := checker(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := tree.Parse([]byte(`{"resourceType":"Patient","name":[`+tt.names+`]}`), tree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			is := c.Structure(doc)
			if got := is[0].Expression[0]; got != tt.want {
				t.Errorf("at %s, want %s", got, tt.want)
			}
			name := doc.Root().Member("name").Item(0)
			if n := selected(t, strconv.Quote(tt.names), tt.want, doc.Root()); n != tt.at.in(name) {
				t.Errorf("%s selects %s", tt.want, n.Raw())
			}
		})
	}
}
