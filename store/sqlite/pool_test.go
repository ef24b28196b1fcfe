package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// readVID reads the current version of a Basic.
func readVID(t testing.TB, s *Store, id string) int64 {
	t.Helper()
	v, err := s.Read(context.Background(), store.Now, fhir.Key{Type: "Basic", ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return v.VID
}

func keeps(t testing.TB, s *Store) bool {
	t.Helper()
	r := takeReader(t, s)
	defer s.readers.give(r)
	return r.kept && !r.conn.GetAutocommit()
}

func TestAConnectionKeepsItsTransactionUntilSomethingIsWritten(t *testing.T) {
	// Merge is 2: every second write also merges, so that what is read comes from memory and from the file by turns.
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Readers: 1, Merge: 2})
	defer closeStore(t, s)
	for vid := int64(1); vid <= 40; vid++ {
		write(t, s, basic("a", int(vid)))
		if keeps(t, s) {
			t.Fatalf("version %d is written, and a transaction from before is open", vid)
		}
		for range 3 {
			if got := readVID(t, s, "a"); got != vid {
				t.Fatalf("read version %d of %d", got, vid)
			}
			if diff := cmp.Diff([]string{fmt.Sprint("a@", vid)}, find(t, s, store.Now, search.And{})); diff != "" {
				t.Fatal(diff)
			}
		}
		eventually(t, "kept, once nothing is merged any more", func() bool { readVID(t, s, "a"); return keeps(t, s) })
	}
}

func TestReadsBetweenWritesSeeEachOfThem(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Readers: 3, Merge: 5})
	defer closeStore(t, s)
	var wg sync.WaitGroup
	for client := range 4 {
		id := fmt.Sprint("c", client)
		wg.Go(func() {
			for vid := int64(1); vid <= 100; vid++ {
				if _, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{basic(id, int(vid))}}); err != nil {
					t.Error(err)
					return
				}
				for range 4 {
					v, err := s.Read(context.Background(), store.Now, fhir.Key{Type: "Basic", ID: id})
					if err != nil || v.VID != vid {
						t.Errorf("%s: version %d was written, %d read, %v", id, vid, v.VID, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestTheLogBeginsAnewThoughConnectionsKeepTransactions(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: numberIndex{}, Readers: 2, setup: `PRAGMA wal_autocheckpoint = 20;`})
	defer closeStore(t, s)
	for i := range 400 {
		write(t, s, basic("a", i))
		for range 3 {
			readVID(t, s, "a")
		}
	}
	info, err := os.Stat(filepath.Join(dir, FileName+"-wal"))
	if err != nil {
		t.Fatal(err)
	}
	if pages := info.Size() / 8192; pages > 100 {
		t.Errorf("the log has %d pages and should begin anew after 20", pages)
	}
}

func TestAWriteThatFailedLetsTransactionsBeKeptAgain(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: numberIndex{}, Readers: 1})
	defer closeStore(t, s)
	write(t, s, basic("a", 1))
	change(t, dir, `CREATE TRIGGER broken BEFORE INSERT ON version BEGIN SELECT RAISE(ABORT, 'the page is damaged'); END`)
	if _, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{basic("b", 1)}}); err == nil {
		t.Fatal("the write did not fail")
	}
	for range 3 {
		readVID(t, s, "a")
	}
	if !keeps(t, s) {
		t.Error("no transaction is kept")
	}
}

func TestAReadThatIsCanceledBeforeItBeginsLeavesNoTransactionBehind(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Readers: 1})
	defer closeStore(t, s)
	write(t, s, basic("a", 1))
	for range 2 {
		readVID(t, s, "a")
	}
	r := takeReader(t, s)
	if !r.kept {
		t.Fatal("no transaction is kept")
	}
	write(t, s, basic("a", 2)) // passes over the connection, which is not idle
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.settle(canceled, s.readers.state.Load()); err != nil {
		t.Error(err)
	}
	s.readers.give(r)
	if !r.conn.GetAutocommit() {
		t.Error("a transaction of an old state is open")
	}
}

func TestKeysAreForgottenWithoutATransactionFromBefore(t *testing.T) {
	clock := newClock()
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Readers: 1, Clock: clock.now, tick: 5 * time.Millisecond})
	defer closeStore(t, s)
	for i := range 50 {
		tx := store.Tx{Ops: []store.Op{basic("a", i)}, Idempotency: &store.Idempotency{Key: fmt.Sprint(i), Request: [32]byte{1}}}
		if _, err := s.Write(context.Background(), tx); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "kept", func() bool { readVID(t, s, "a"); return keeps(t, s) })
	clock.advance(2 * keepIdempotency)
	eventually(t, "forgotten", func() bool { return !keeps(t, s) })
}
