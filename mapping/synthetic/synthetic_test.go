package synthetic_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/mapping"
	"firewolf/mapping/cart"
	"firewolf/mapping/csv"
	"firewolf/mapping/synthetic"
)

// count is a Sink that counts resources and looks for codes in them.
type count struct{ types, codes map[string]int }

func (n *count) Put(_ context.Context, c *mapping.Case) error {
	for _, d := range c.Drafts {
		n.types[d.Key.Type]++
		for code := range n.codes {
			if bytes.Contains(d.Body, []byte(code)) {
				n.codes[code]++
			}
		}
	}
	return nil
}

func step() mapping.Step { return cart.New(cart.Options{Now: synthetic.Cut(), TestData: true}) }

func TestASyntheticCohortIsWithoutFaultAndHasEveryKindOfCourse(t *testing.T) {
	n := &count{map[string]int{}, map[string]int{
		`"criterion-met"`: 0, `"relapse"`: 0, `"out-of-specification"`: 0, `"icans"`: 0, `"infection"`: 0, `"cause-of-death"`: 0, `"status":"inactive"`: 0, `"comparator"`: 0,
	}}
	report, err := mapping.Run(t.Context(), mapping.Options{
		Source: synthetic.Source{Patients: 200, Seed: 7}, Steps: []mapping.Step{step()}, Sink: n, InOrder: true,
		Found: func(f mapping.Finding) { t.Error(f) },
	})
	if err != nil || report.Cases != 200 {
		t.Fatalf("%d patients, %v", report.Cases, err)
	}
	for code, seen := range n.codes {
		if seen == 0 {
			t.Errorf("nobody has %s", code)
		}
	}
	if per := report.Rows / 200; per < 60 || per > 120 {
		t.Errorf("%d rows for each patient", per)
	}
}

// texts are the files of a folder.
func texts(t *testing.T, dir string) map[string]string {
	t.Helper()
	m := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		m[e.Name()] = string(b)
	}
	return m
}

func TestTheSameSeedGivesTheSameBytesAndAnotherGivesOthers(t *testing.T) {
	write := func(seed uint64, patients int) map[string]string {
		dir := t.TempDir()
		if err := synthetic.WriteCSV(t.Context(), dir, synthetic.Source{Patients: patients, Seed: seed}); err != nil {
			t.Fatal(err)
		}
		return texts(t, dir)
	}
	one := write(1, 20)
	if diff := cmp.Diff(one, write(1, 20)); diff != "" {
		t.Error("the same seed gives other bytes")
	}
	if one["labs.csv"] == write(2, 20)["labs.csv"] {
		t.Error("another seed gives the same laboratory values")
	}
	if !strings.HasPrefix(write(1, 30)["labs.csv"], one["labs.csv"]) {
		t.Error("patients of a larger cohort are others")
	}
}

func TestACohortAsCSVGivesTheResourcesThatItGivesByItself(t *testing.T) {
	dir := t.TempDir()
	from := synthetic.Source{Patients: 15, Seed: 3}
	if err := synthetic.WriteCSV(t.Context(), dir, from); err != nil {
		t.Fatal(err)
	}
	ndjson := func(s mapping.Source) map[string]string {
		out := t.TempDir()
		sink := &mapping.NDJSON{Dir: out}
		if _, err := mapping.Run(t.Context(), mapping.Options{Source: s, Steps: []mapping.Step{step()}, Sink: sink, InOrder: true}); err != nil {
			t.Fatal(err)
		}
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
		return texts(t, out)
	}
	if diff := cmp.Diff(ndjson(from), ndjson(csv.NewSource(dir, nil))); diff != "" {
		t.Errorf("(-generated +through CSV)\n%.2000s", diff)
	}
}

func TestALargeCohortStreamsInConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	var least, most uint64
	rows := 0
	n := 0
	for c, err := range (synthetic.Source{Patients: 2_000, Seed: 1}).Cases(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows += len(c.Rows)
		if n++; n%400 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if least == 0 {
				least = m.HeapAlloc
			}
			most = max(most, m.HeapAlloc)
		}
	}
	if most > least+(4<<20) || rows < 120_000 {
		t.Errorf("%d rows; the heap grew from %d to %d", rows, least, most)
	}
}
