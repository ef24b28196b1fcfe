package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func tempDir(t *rapid.T) (string, func()) {
	dir, err := os.MkdirTemp("", "firewolf-sqlite")
	if err != nil {
		t.Fatal(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

// numberIndex gives a resource whose element e is a number n entries of every kind:
// the keys "n|<n>", "all" and "even" or "odd", the text and number n, a date n days after 2024-01-01, and a reference to Basic/<n>.
type numberIndex struct{}

func (numberIndex) Entries(t *tree.Tree) (search.Entries, error) {
	e := t.Root().Member("e").Text()
	n, err := strconv.Atoi(e)
	if err != nil {
		return search.Entries{}, fmt.Errorf("indexing %q: %w", e, err)
	}
	return numberEntries(n), nil
}

func numberEntries(n int) search.Entries {
	to := fhir.Key{Type: "Basic", ID: fmt.Sprint(n)}
	at := time.Date(2024, 1, 1+n, 0, 0, 0, 0, time.UTC)
	text := fmt.Sprintf("%04d", n)
	e := search.Entries{
		Keys:  []string{"all", fmt.Sprint("n|", n), []string{"even", "odd"}[n%2], search.RefKey("r", to)},
		Texts: []search.Text{{Name: "t", Value: text}},
		Ranges: []search.Range{
			{Kind: search.DateRange, Name: "date", Lo: datetime.Ordered(at), Hi: datetime.Ordered(at.Add(36 * time.Hour))},
			{Kind: search.NumberRange, Name: "num", Lo: text, Hi: text},
		},
		Refs: []search.RefEntry{{Param: "r", Key: to}},
	}
	slices.Sort(e.Keys)
	return e
}

// basic makes Basic/<id> with the number n.
func basic(id string, n int) store.Op {
	doc, err := tree.Parse(fmt.Appendf(nil, `{"resourceType":"Basic","id":%q,"e":"%d"}`, id, n), tree.Limits{})
	if err != nil {
		panic(err)
	}
	return store.Op{
		Action: store.Put, Key: fhir.Key{Type: "Basic", ID: id}, Method: fhir.MethodUpdate,
		Stamp: doc.Stamp(), Digest: doc.Digest(), Entries: numberEntries(n),
	}
}

func remove(id string) store.Op {
	return store.Op{Action: store.Delete, Key: fhir.Key{Type: "Basic", ID: id}, Method: fhir.MethodDelete}
}

// write writes a transaction that must be taken.
func write(t testing.TB, s *Store, ops ...store.Op) store.Commit {
	t.Helper()
	c, err := s.Write(context.Background(), store.Tx{Ops: ops})
	if err != nil {
		t.Fatalf("writing: %v", err)
	}
	return c
}

// find searches Basic and returns what matches as id@n.
func find(t testing.TB, s *Store, at fhir.Moment, where search.Expr, sort ...search.SortKey) []string {
	t.Helper()
	out := []string{}
	for m, err := range s.Search(context.Background(), search.Plan{Type: "Basic", Where: where, Sort: sort}, store.Page{T: at}) {
		if err != nil {
			t.Fatalf("searching: %v", err)
		}
		out = append(out, fmt.Sprintf("%s@%d", m.ID, m.T))
	}
	return out
}

// everything is a condition of every kind, each of which holds for all numbers from 0 to 9999.
func everything() map[string]search.Expr {
	return map[string]search.Expr{
		"all":       search.And{},
		"a key":     search.HasKey{Key: "all"},
		"a text":    search.TextIs{Name: "t", Test: search.TextStartsWith, Value: ""},
		"a date":    search.InRange{Kind: search.DateRange, Name: "date", LoMin: datetime.Ordered(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))},
		"a number":  search.InRange{Kind: search.NumberRange, Name: "num", LoMin: "0000"},
		"no key":    search.Not{Expr: search.HasKey{Key: "none"}},
		"one or so": search.Or{search.HasKey{Key: "even"}, search.HasKey{Key: "odd"}},
		"a time":    search.UpdatedIn{From: time.Unix(0, 0)},
	}
}

// doorman is a clock that can keep the writer waiting. The writer reads its clock once a group holds all its transactions, so
// that whatever is written while the writer waits comes into a later group.
type doorman struct {
	mu   sync.Mutex
	stop *pending // the transaction whose group waits; nil for none
	here chan struct{}
	free chan struct{}
}

func (d *doorman) now() time.Time {
	d.mu.Lock()
	waits := d.stop != nil && d.stop.taken.Load()
	if waits {
		d.stop = nil
	}
	d.mu.Unlock()
	if waits {
		close(d.here)
		select {
		case <-d.free:
		case <-time.After(time.Minute): // the test gave up
		}
	}
	return time.Now()
}

// rawConn is a connection to the file of a store beside the store's own, for as long as the test.
func rawConn(t testing.TB, dir string) *sqlite3.Conn {
	t.Helper()
	c, err := sqlite3.Open("file:" + filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	// An open store may hold the file's write lock at this moment: a connection waits for it only if told to.
	if err := c.BusyTimeout(time.Minute); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// change changes the file of a store behind its back.
func change(t testing.TB, dir, sql string) {
	t.Helper()
	c := rawConn(t, dir)
	if err := c.Exec(sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// manualClock is a clock that a test turns.
type manualClock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *manualClock {
	return &manualClock{at: time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)}
}

func (c *manualClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *manualClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// eventually waits for what the writer does in the background.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("after a minute: not %s", what)
}

func filesIn(t testing.TB, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// takeReader takes a connection out of the pool of a store.
func takeReader(t testing.TB, s *Store) *reader {
	t.Helper()
	r, err := s.readers.take(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
