package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGenerateWritesACohortThatLoadsAndThatImports(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, format := range []string{"bundle", "csv", "ndjson"} {
		code, out, complaint := runCommand(t, "generate", "--patients", "5", "--seed", "4", "--out", at(format), "--format", format)
		if code != 0 || !strings.Contains(out, "5 synthetic patients") {
			t.Fatalf("%s: %d %q %q", format, code, out, complaint)
		}
	}
	store := "sqlite:" + at("store")
	code, loaded, complaint := runCommand(t, "load", "--store", store, at("bundle"))
	if code != 0 || !strings.HasPrefix(loaded, "stored ") {
		t.Fatalf("load: %d %q %q", code, loaded, complaint)
	}
	// What the CSV files say is there already, made by the same rows.
	code, out, complaint := runCommand(t, "import", "csv", at("csv"), "--store", store)
	if code != 0 || !strings.HasPrefix(out, "created 0, changed 0 and left ") || complaint != "" {
		t.Errorf("import: %d %q %q", code, out, complaint)
	}
	if code, _, complaint = runCommand(t, "generate", "--out", at("csv")); code != exitFailed || !strings.Contains(complaint, "is not empty") {
		t.Errorf("into a folder with files: %d %q", code, complaint)
	}
	if code, _, _ = runCommand(t, "generate", "--out", at("none"), "--patients", "0"); code != exitFailed {
		t.Errorf("nobody: %d", code)
	}
}

func TestTheSameSeedGeneratesTheSameBytesInEveryFormat(t *testing.T) {
	for _, format := range []string{"bundle", "ndjson"} {
		var files []map[string]string
		for range 2 {
			dir := filepath.Join(t.TempDir(), "x")
			if code, _, complaint := runCommand(t, "generate", "--patients", "4", "--out", dir, "--format", format); code != 0 {
				t.Fatal(complaint)
			}
			m := map[string]string{}
			names, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range names {
				text, err := os.ReadFile(filepath.Join(dir, n.Name()))
				if err != nil {
					t.Fatal(err)
				}
				m[n.Name()] = string(text)
			}
			files = append(files, m)
		}
		if diff := cmp.Diff(files[0], files[1]); diff != "" || len(files[0]) < 4 {
			t.Errorf("%s: %d files\n%.500s", format, len(files[0]), diff)
		}
	}
}
