package fhirpath_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// invariant is a constraint of an element of the base definitions.
type invariant struct {
	Key        string `json:"key"`
	Severity   string `json:"severity"`
	Expression string `json:"expression"`
}

// readInvariants returns the constraints of all types and resources by the path of their element.
func readInvariants(t *testing.T) map[string][]invariant {
	t.Helper()
	byPath := map[string][]invariant{}
	for _, file := range []string{"Bundle-types.json", "Bundle-resources.json"} {
		data, err := os.ReadFile(filepath.Join(examplesDir(t), file))
		if err != nil {
			t.Fatal(err)
		}
		var bundle struct {
			Entry []struct {
				Resource struct {
					Type     any    `json:"type"`
					Name     string `json:"name"`
					Snapshot struct {
						Element []struct {
							Path       string      `json:"path"`
							Constraint []invariant `json:"constraint"`
						} `json:"element"`
					} `json:"snapshot"`
				} `json:"resource"`
			} `json:"entry"`
		}
		if err := json.Unmarshal(data, &bundle); err != nil {
			t.Fatal(err)
		}
		for _, entry := range bundle.Entry {
			if entry.Resource.Type != entry.Resource.Name {
				continue // a profile of a type
			}
			for _, el := range entry.Resource.Snapshot.Element {
				for _, c := range el.Constraint {
					if c.Expression != "" {
						byPath[el.Path] = append(byPath[el.Path], c)
					}
				}
			}
		}
	}
	return byPath
}

// notCompiled lists the official invariants that are refused, with the reason.
var notCompiled = map[string]string{
	"txt-1": "htmlChecks() needs a validator",
	"cid-0": "the specification is wrong: a ChargeItemDefinition has no name",
}

// broken lists the invariants that official examples do not satisfy, with the reason.
var broken = map[string]string{
	"que-7": "the specification is wrong: it writes answer is Boolean where it means the FHIR type boolean",
}

// invariantTest checks the invariants of the elements that it meets.
type invariantTest struct {
	*testing.T
	spec     *spec.Spec
	byPath   map[string][]invariant
	compiled map[string]*fhirpath.Expr
	held     map[string]int // how often an invariant was checked
	failed   map[string]bool
}

func TestOfficialInvariantsHoldOnOfficialExamples(t *testing.T) {
	it := &invariantTest{
		T: t, spec: definitions(t), byPath: readInvariants(t),
		compiled: map[string]*fhirpath.Expr{}, held: map[string]int{}, failed: map[string]bool{},
	}
	for typ, list := range examples(t) {
		for _, ex := range list[:min(len(list), 6)] {
			it.check(it.byPath[typ], ex.root, typ, ex.file)
			it.spec.Walk(ex.root, func(n tree.Node, typ string, e *spec.Element) bool {
				it.check(it.byPath[e.Path], n, typ, ex.file)
				if !strings.Contains(typ, ".") {
					it.check(it.byPath[typ], n, typ, ex.file)
				}
				return true
			})
		}
	}
	for key, why := range broken {
		if !it.failed[key] {
			t.Errorf("%s holds, though it is listed as: %s", key, why)
		}
	}
	if len(it.held) < 180 {
		t.Errorf("%d invariants were checked, want at least 180", len(it.held))
	}
}

// check evaluates invariants on an element. Nothing is not false: an invariant on what is not there holds.
func (t *invariantTest) check(list []invariant, n tree.Node, typ, file string) {
	for _, inv := range list {
		x := t.compile(inv, typ)
		if x == nil || inv.Severity != "error" {
			continue
		}
		got, err := x.EvalAt(fhirpath.Value{Node: n, Type: typ})
		if err != nil {
			t.Errorf("%s %s on %s %s: %v", typ, inv.Key, file, n.Location(), err)
			continue
		}
		t.held[inv.Key]++
		if len(got) == 0 || len(got) == 1 && got[0].Text == "true" {
			continue
		}
		t.failed[inv.Key] = true
		if _, ok := broken[inv.Key]; !ok {
			t.Errorf("%s %s on %s %s: %v\n\t%s", typ, inv.Key, file, n.Location(), locations(got), inv.Expression)
		}
	}
}

// compile compiles an invariant for a type, once; nil where it is refused. What holds of an element that is
// a choice need not make sense for each of its types.
func (t *invariantTest) compile(inv invariant, typ string) *fhirpath.Expr {
	id := typ + " " + inv.Expression
	x, ok := t.compiled[id]
	if ok {
		return x
	}
	x, err := fhirpath.CompileFor(t.spec, typ, inv.Expression)
	_, listed := notCompiled[inv.Key]
	if err != nil && inv.Key != "ras-1" && !listed {
		t.Errorf("%s %s does not compile: %v", typ, inv.Key, err)
	}
	if err == nil && listed {
		t.Errorf("%s compiles, though it is listed", inv.Key)
	}
	t.compiled[id] = x
	return x
}
