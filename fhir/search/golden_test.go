package search_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

var update = flag.Bool("update", false, "write testdata/params.golden anew")

// source is a resource that parameters are shown on.
type source struct {
	name string // "Patient-example", or "own/Patient-1" of the folder testdata
	id   string
	tree *tree.Tree
}

// folder returns a folder of the repository's root, or skips the test where it is not there.
func folder(t testing.TB, path string) string {
	t.Helper()
	dir := filepath.Join("..", "..", filepath.FromSlash(path))
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not there: run scripts/testdata", path)
		}
		t.Skipf("%s is not there: run scripts/testdata", path)
	}
	return dir
}

// readExamples reads a folder of resources by type, in order of file name. Files of more than a megabyte, which are
// bundles of definitions, are left out.
var readExamples = sync.OnceValues(func() (map[string][]source, error) {
	byType := map[string][]source{}
	for _, dir := range []string{"../../.cache/r4", "testdata/own"} {
		files, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*.json"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			s, err := readSource(file)
			if err != nil {
				return nil, err
			}
			if s.tree != nil {
				byType[s.tree.ResourceType()] = append(byType[s.tree.ResourceType()], s)
			}
		}
	}
	return byType, nil
})

func readSource(file string) (source, error) {
	info, err := os.Stat(file)
	if err != nil || info.Size() > 1<<20 {
		return source{}, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return source{}, err
	}
	doc, err := tree.Parse(data, tree.Limits{})
	if err != nil {
		return source{}, err
	}
	if doc.ID() == "" {
		return source{}, nil // the package's own listings are no resources
	}
	name := strings.TrimSuffix(filepath.Base(file), ".json")
	if strings.Contains(file, "testdata") {
		name = "own/" + name
	}
	return source{name: name, id: doc.ID(), tree: doc}, nil
}

func examples(t testing.TB) map[string][]source {
	t.Helper()
	folder(t, ".cache/r4")
	byType, err := readExamples()
	if err != nil {
		t.Fatal(err)
	}
	return byType
}

// TestEverySearchParameterIsIndexed shows for each parameter of each type the entries that it makes of one resource: of the first
// official example that has a value for it, or of a resource in testdata/own where none has. The file was read by people.
func TestEverySearchParameterIsIndexed(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	all := examples(t)
	var b strings.Builder
	seen := map[string]bool{}
	for _, typ := range s.ResourceTypes() {
		fmt.Fprintf(&b, "# %s\n\n", typ)
		for _, p := range s.Params(typ) {
			if p.Expression == "" || slices.Contains(p.Base, "Resource") && typ != "Patient" {
				continue
			}
			seen[p.URL] = true
			showParam(t, &b, typ, p, all[typ])
		}
	}
	if len(seen) != 1372 {
		t.Errorf("%d parameters are shown, not 1372", len(seen))
	}
	compareGolden(t, filepath.Join("testdata", "params.golden"), b.String())
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// showParam writes one parameter: its name, the resource, and the entries.
func showParam(t *testing.T, b *strings.Builder, typ string, p *spec.Param, sources []source) {
	t.Helper()
	switch {
	case p.Code == "_id" || p.Code == "_lastUpdated":
		fmt.Fprintf(b, "%s (%s): known to every store\n\n", p.Code, p.Type)
		return
	case p.Type == spec.ParamSpecial:
		fmt.Fprintf(b, "%s (%s): not supported\n\n", p.Code, p.Type)
		return
	}
	made := engine(t).MadeOf(typ, p.Code)
	if p.Type == spec.ParamComposite && len(made) > 0 {
		fmt.Fprintf(b, "%s (%s): %s\n\n", p.Code, p.Type, strings.Join(made, " "))
		return
	}
	name, lines := firstWithValue(t, p, sources, len(made) > 0)
	if len(lines) == 0 {
		t.Errorf("%s.%s: no resource has a value for it; write one into testdata/own", typ, p.Code)
		return
	}
	fmt.Fprintf(b, "%s (%s) of %s%s\n", p.Code, p.Type, name, strings.Join(append([]string{""}, made...), " "))
	for _, line := range lines {
		fmt.Fprintf(b, "\t%s\n", line)
	}
	b.WriteByte('\n')
}

// firstWithValue returns the first resource that has more than the presence of a value, and the entries.
func firstWithValue(t *testing.T, p *spec.Param, sources []source, made bool) (string, []string) {
	t.Helper()
	for _, src := range sources {
		lines := ofParam(indexed(t, src), p.Code)
		if len(lines) > 1 || made && len(lines) > 0 || p.Type == spec.ParamComposite && len(lines) > 0 {
			return src.name, lines
		}
	}
	return "", nil
}

var cached sync.Map // source name -> search.Entries

func indexed(t testing.TB, src source) search.Entries {
	t.Helper()
	if e, ok := cached.Load(src.name); ok {
		return e.(search.Entries)
	}
	e, err := engine(t).Entries(src.tree)
	if err != nil {
		t.Fatalf("%s: %v", src.name, err)
	}
	cached.Store(src.name, e)
	return e
}

// ofParam returns the lines of the entries that belong to one parameter.
func ofParam(e search.Entries, code string) []string {
	var got []string
	for _, line := range showEntries(e) {
		_, rest, _ := strings.Cut(line, " ")
		rest, ok := strings.CutPrefix(strings.TrimPrefix(rest, "!"), code)
		if ok && (rest == "" || strings.ContainsRune(" |:#", rune(rest[0]))) {
			got = append(got, short(line))
		}
	}
	return got
}

// short cuts a line that nobody would read to its end.
func short(line string) string {
	const most = 240
	if len(line) <= most {
		return line
	}
	return fmt.Sprintf("%s... (%d bytes, SHA-256 %x)", strings.ToValidUTF8(line[:most], ""), len(line), sha256.Sum256([]byte(line)))
}

// TestEntriesKeepWhatStoresRelyOn looks at the entries of every official example.
func TestEntriesKeepWhatStoresRelyOn(t *testing.T) {
	for _, sources := range examples(t) {
		for _, src := range sources {
			e := indexed(t, src)
			if !slices.IsSorted(e.Keys) || len(slices.Compact(slices.Clone(e.Keys))) != len(e.Keys) {
				t.Errorf("%s: the keys are not sorted, each once: %q", src.name, e.Keys)
			}
			for i, text := range e.Texts {
				if text.Value == "" || slices.Contains(e.Texts[i+1:], text) {
					t.Errorf("%s: the text %v is empty or stands twice", src.name, text)
				}
			}
			for i, r := range e.Ranges {
				if r.Lo == "" || r.Hi == "" || r.Kind == 0 || slices.Contains(e.Ranges[i+1:], r) {
					t.Errorf("%s: the range %v lacks a bound or stands twice", src.name, r)
				}
			}
			for i, ref := range e.Refs {
				if _, there := slices.BinarySearch(e.Keys, search.RefKey(ref.Param, ref.Key)); !there && ref.Param != "" || slices.Contains(e.Refs[i+1:], ref) {
					t.Errorf("%s: the reference %v has no key or stands twice", src.name, ref)
				}
			}
		}
	}
}
