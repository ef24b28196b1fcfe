package storetest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"firewolf/store"
)

// Scripts returns the scripts that every store runs: fixtures/search/*.fhirtest of the repository.
func Scripts(t testing.TB) []*Script {
	t.Helper()
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	dir := os.DirFS(filepath.Join(root, "fixtures", "search"))
	names, err := fs.Glob(dir, "*.fhirtest")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts in fixtures/search (%v)", err)
	}
	var all []*Script
	for _, name := range names {
		src, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatalf("reading a script: %v", err)
		}
		s, err := ParseScript(name, src)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// repository returns the folder of go.mod, at or above the working folder.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod above the working folder")
		}
	}
}

// runScripts runs each script on a store of its own.
func (b *bench) runScripts(t *testing.T) {
	for _, s := range Scripts(t) {
		t.Run(s.Name, func(t *testing.T) {
			w := b.open(t)
			for _, step := range s.Steps {
				w.step(s.Name, step)
			}
		})
	}
}

// step does one directive of a script.
func (w *world) step(script string, s Step) {
	w.Helper()
	switch {
	case s.Load != nil:
		for _, r := range s.Load {
			w.load(string(r))
		}
	case s.Delete != "":
		w.write(remove(s.Delete))
	default:
		fault := s.judge(w.ask(s.Search))
		switch {
		case s.Broken && fault == "":
			w.Errorf("%s:%d: %s is answered right: it is broken no longer", script, s.Line, s.Search)
		case !s.Broken && fault != "":
			w.Errorf("%s:%d: %s: %s", script, s.Line, s.Search, fault)
		}
	}
}

// ask returns the ids of all matches of a search that may be refused.
func (w *world) ask(text string) ([]string, error) {
	p, err := planOf(w.bench.engine, text)
	if err != nil {
		return nil, err
	}
	var ids []string
	for m, err := range w.store.Search(w.Context(), p, store.Page{}) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, m.ID)
	}
	return ids, nil
}
