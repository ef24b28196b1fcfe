package fhirpath_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

var openSpec = sync.OnceValues(spec.Open)

// definitions returns the R4 definitions, decoded once for all tests.
func definitions(t testing.TB) *spec.Spec {
	t.Helper()
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t testing.TB, src string) tree.Node {
	t.Helper()
	doc, err := tree.Parse([]byte(src), tree.Limits{})
	if err != nil {
		t.Fatalf("parsing %.80s: %v", src, err)
	}
	return doc.Root()
}

// folder returns a folder beside or below the repository's root, and skips the test where it is absent.
func folder(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	dir = filepath.Join(dir, name)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is absent", dir)
		}
		t.Skipf("%s is absent: run scripts/testdata", dir)
	}
	return dir
}

func suiteDir(t testing.TB) string { return folder(t, "../shared/suites/fhirpath") }

func examplesDir(t testing.TB) string { return folder(t, ".cache/r4") }
