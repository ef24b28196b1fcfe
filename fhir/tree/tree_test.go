package tree_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/tree"
)

// parse is a Must for documents that a test writes itself.
func parse(t testing.TB, src string) *tree.Tree {
	t.Helper()
	tr, err := tree.Parse([]byte(src), tree.Limits{})
	if err != nil {
		t.Fatalf("parsing %s: %v", src, err)
	}
	return tr
}

// examples returns the files of the official R4 package, from the root of the repository.
func examples(t testing.TB) []string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	files, err := filepath.Glob(filepath.Join(dir, ".cache", "r4", "*-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case len(files) == 0 && os.Getenv("CI") != "true":
		t.Skip("the official examples are not there: run scripts/testdata")
	case len(files) != 5306:
		t.Fatalf("there are %d official examples instead of 5306: run scripts/testdata", len(files))
	}
	return files
}

// smaller returns the examples up to a size, and in a short test up to a tenth of it. The 17 largest of the
// 5,306, Bundles of more than a megabyte, are two thirds of all text and hold nothing that the others do not.
func smaller(t testing.TB, size int64) []string {
	t.Helper()
	if testing.Short() {
		size /= 10
	}
	return slices.DeleteFunc(examples(t), func(file string) bool {
		info, err := os.Stat(file)
		return err == nil && info.Size() > size
	})
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestTheTypeAndIDOfATreeAreThoseOfItsRoot(t *testing.T) {
	tests := []struct{ name, src, typ, id string }{
		{"both are there", `{"resourceType":"Patient","id":"1"}`, "Patient", "1"},
		{"neither is there", `{}`, "", ""},
		{"those of contained resources do not count", `{"contained":[{"resourceType":"Patient","id":"1"}]}`, "", ""},
		{"they are no strings", `{"resourceType":1,"id":{"a":"b"}}`, "", ""},
		{"they are written with escapes", `{"resourceTyp\u0065":"P\u0061tient","id":"\u0031"}`, "Patient", "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := parse(t, tt.src)
			if diff := cmp.Diff([]string{tt.typ, tt.id}, []string{tr.ResourceType(), tr.ID()}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAResourceInABundleIsATreeOfItsOwn(t *testing.T) {
	bundle := parse(t, ` {"resourceType":"Bundle", "id":"b", "entry":[{"fullUrl":"urn:uuid:1"},
		{"resource": {"resourceType":"Patient","id":"p","name":[{"given":["Ä\u0041"]}],"meta":{"versionId":"1"}} }]}`)
	n := bundle.Root().Member("entry").Item(1).Member("resource")
	sub := bundle.Sub(n)

	const want = `{"resourceType":"Patient","id":"p","name":[{"given":["Ä\u0041"]}],"meta":{"versionId":"1"}}`
	alone := parse(t, want)
	given := sub.Root().Member("name").Item(0).Member("given").Item(0)
	got := map[string]any{
		"bytes": string(sub.Bytes()), "length": sub.Len(), "type": sub.ResourceType(), "id": sub.ID(),
		"digest": sub.Digest() == alone.Digest(), "root name": sub.Root().Name(), "root parent": sub.Root().Parent().Exists(),
		"location": given.Location(), "text": given.Text(), "in the bundle": n.Location(),
		"stamp": string(sub.Stamp().Before) == string(alone.Stamp().Before) && string(sub.Stamp().After) == string(alone.Stamp().After),
	}
	if diff := cmp.Diff(map[string]any{
		"bytes": want, "length": len(want), "type": "Patient", "id": "p",
		"digest": true, "root name": "", "root parent": false,
		"location": "Patient.name[0].given[0]", "text": "ÄA", "in the bundle": "Bundle.entry[1].resource",
		"stamp": true,
	}, got); diff != "" {
		t.Error(diff)
	}

	edited, err := sub.Apply([]tree.Edit{{Node: given, JSON: []byte(`"B"`)}, {Node: sub.Root().Member("meta")}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"resourceType":"Patient","id":"p","name":[{"given":["B"]}]}`, string(edited.Bytes())); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyAnObjectIsATreeOfItsOwn(t *testing.T) {
	tr := parse(t, `{"a":[1]}`)
	if tr.Sub(tr.Root().Member("a")) != nil || tr.Sub(tree.Node{}) != nil {
		t.Error("an array or nothing became a tree")
	}
}
