package validate_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"firewolf/fhir/tree"
)

// syntheaDir holds 62 transaction Bundles of synthetic patients, beside the repository.
const syntheaDir = "../../../shared/data/synthea"

func TestTheBundlesOfSyntheticPatientsPass(t *testing.T) {
	if testing.Short() {
		t.Skip("reads all bundles")
	}
	files, err := filepath.Glob(filepath.Join(syntheaDir, "*.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("the Synthea bundles are absent")
		}
		t.Skip("the Synthea bundles are absent: they lie at ../shared/data/synthea of a developer's machine")
	}
	c := checker(t)
	resources := 0
	for _, file := range files {
		doc := parseGzip(t, file)
		if is := c.Structure(doc); len(is) > 0 {
			t.Errorf("%s: %v", filepath.Base(file), is)
		}
		resources += doc.Root().Member("entry").Len()
	}
	if len(files) != 62 || resources != 18319 {
		t.Errorf("%d bundles with %d resources, want 62 with 18319", len(files), resources)
	}
}

func parseGzip(t *testing.T, file string) *tree.Tree {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	src, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := tree.Parse(src, tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
