package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestLoadTakesTheSyntheaBundles loads them over HTTP into one store and by itself into another. What is counted by type is what is in
// the files. (Searches over them are compared in data_test.go.)
func TestLoadTakesTheSyntheaBundles(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	files := dataFiles(t, syntheaDir, "*.json.gz", 10)
	if underRace {
		files = files[:min(6, len(files))]
	}
	want := map[string]int{}
	all := 0
	for _, name := range files {
		for _, typ := range typesOf(t, name) {
			want[typ]++
			all++
		}
	}
	served := startOn(t, filepath.Join(t.TempDir(), "served"))
	own := filepath.Join(t.TempDir(), "own")
	for _, into := range [][]string{{"--server", served.base}, {"--store", "sqlite:" + own}} {
		code, out, complaint := runCommand(t, append(append([]string{"load"}, into...), files...)...)
		if code != 0 || !strings.HasPrefix(out, fmt.Sprintf("stored %d resources", all)) {
			t.Errorf("load %s: exit code %d, want all %d resources stored\n%s%s", into[0], code, all, out, complaint)
		}
	}
	wantTotals(t, served.base, want)
	s, err := startServer(exec.Command("firewolf", "serve", "--addr", "127.0.0.1:0", "--store", "sqlite:"+own))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	wantTotals(t, s.base, want)
	for _, s := range []*server{s, served} {
		if err := s.stop(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}
}

// typesOf returns the types of the resources in a bundle.
func typesOf(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		Entry []struct{ Resource struct{ ResourceType string } }
	}
	if err := json.NewDecoder(z).Decode(&bundle); err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, e := range bundle.Entry {
		types = append(types, e.Resource.ResourceType)
	}
	return types
}
