package mongodb

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/store"
)

// processes opens a database several times, as several processes do.
func processes(t *testing.T, n int, o Options) []*Store {
	a := newAddress(t)
	all := make([]*Store, n)
	for k := range all {
		all[k] = openAt(t, a, o)
		t.Cleanup(func() { all[k].Close() })
	}
	return all
}

func TestWhatOneProcessAcknowledgesAllOthersSeeAtOnce(t *testing.T) {
	all := processes(t, 3, Options{})
	ctx := context.Background()
	for n := range 10 {
		by, op := all[n%3], put(t, patient("p1", fmt.Sprint(n)))
		if n > 0 {
			op.If.Version = int64(n) // what another process wrote just before
		}
		c := mustWrite(t, by, op)
		for k, s := range all {
			head, at, err := s.Head(ctx)
			if err != nil || head != c.T || !at.Equal(c.At) {
				t.Errorf("process %d is at %d (%v) after a commit at %d (%v)", k, head, err, c.T, at)
			}
			if diff := cmp.Diff(c.Results[0].Version, mustRead(t, s, "Patient", "p1")); diff != "" {
				t.Errorf("process %d reads: %s", k, diff)
			}
		}
	}
	if secret := string(all[0].Secret()); secret != string(all[1].Secret()) || secret != string(all[2].Secret()) {
		t.Error("the processes sign cursors with different keys")
	}
}

func TestWritersOfSeveralProcessesLoseNoUpdate(t *testing.T) {
	rounds := 15
	if testing.Short() {
		rounds = 4
	}
	all := processes(t, 3, Options{})
	mustWrite(t, all[0], put(t, patient("counter", "0")))
	var won [3]atomic.Int64
	var wg sync.WaitGroup
	for k, s := range all {
		for w := range 4 {
			wg.Go(func() {
				for n := range rounds {
					increment(t, s, fmt.Sprintf("%d-%d-%d", k, w, n))
					won[k].Add(1)
				}
			})
		}
	}
	wg.Wait()
	want := int64(3*4*rounds + 1)
	if v := mustRead(t, all[0], "Patient", "counter"); v.VID != want {
		t.Errorf("want version %d, got %d", want, v.VID)
	}
	vs := histories(t, all[1], store.Scope{})
	last := fhir.Moment(1 << 62)
	seen := map[string]bool{}
	for _, v := range vs {
		if v.T >= last {
			t.Errorf("%s has moment %d after %d", v.Location(), v.T, last)
		}
		last, seen[v.Location()] = v.T, true
	}
	// Each increment writes the counter and a witness.
	if len(vs) != 2*int(want)-1 || len(seen) != len(vs) {
		t.Errorf("want %d versions, got %d (%d distinct)", 2*want-1, len(vs), len(seen))
	}
}

// increment writes the next version of the counter, and a witness in the same transaction.
func increment(t *testing.T, s *Store, name string) {
	for {
		v := mustRead(t, s, "Patient", "counter")
		op := put(t, patient("counter", name))
		op.If.Version = v.VID
		_, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{op, put(t, fmt.Sprintf(`{"resourceType":"Basic","id":%q}`, name))}})
		switch {
		case err == nil:
			return
		case !fhir.HasReason(err, fhir.ReasonVersionMismatch):
			t.Errorf("incrementing: %v", err)
			return
		}
	}
}

func TestAnIdempotencyKeyIsKnownToAllProcesses(t *testing.T) {
	all := processes(t, 3, Options{})
	tx := store.Tx{Ops: []store.Op{put(t, patient("p1", "A"))}, Idempotency: &store.Idempotency{Key: "k", Request: [32]byte{1}, Note: []byte("note")}}
	var fresh atomic.Int64
	var wg sync.WaitGroup
	for n := range 12 {
		wg.Go(func() {
			c, err := all[n%3].Write(context.Background(), tx)
			if err != nil {
				t.Errorf("writing: %v", err)
			} else if !c.Replayed {
				fresh.Add(1)
			} else if string(c.Note) != "note" || c.Results[0].Version.VID != 1 || c.Results[0].Effect != store.Created {
				t.Errorf("replayed: %+v", c)
			}
		})
	}
	wg.Wait()
	if fresh.Load() != 1 {
		t.Errorf("%d processes did the transaction", fresh.Load())
	}
}

// orphan commits a transaction and applies only a part of it, as a process does that dies.
func orphan(t *testing.T, s *Store, part int, ops ...store.Op) commit {
	t.Helper()
	ctx := context.Background()
	w := newWriter(s)
	if err := w.refresh(ctx); err != nil {
		t.Fatal(err)
	}
	p, err := newPending(ctx, store.Tx{Ops: ops})
	if err != nil {
		t.Fatal(err)
	}
	e := w.evaluation()
	if err := e.evaluate(ctx, []*pending{p}); err != nil || p.verdict.err != nil {
		t.Fatal(err, p.verdict.err)
	}
	c, err := e.commit()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ensureAll(ctx, e.changes, nil); err != nil {
		t.Fatal(err)
	}
	done, how, err := s.protocol.commit(ctx, w.over.tail, *c)
	if how != committed {
		t.Fatal(how, err)
	}
	if err := s.protocol.insertAll(ctx, e.changes.inserts[:part]); err != nil {
		t.Fatal(err)
	}
	return done
}

func TestACommitThatAProcessLeftIsAppliedByAnother(t *testing.T) {
	all := processes(t, 2, Options{Help: 50 * time.Millisecond, Tick: 10 * time.Millisecond})
	first := mustWrite(t, all[0], put(t, patient("p1", "A")))
	for part := range 3 {
		vid := int64(part + 2)
		c := orphan(t, all[0], part, put(t, patient("p1", fmt.Sprint(part))), put(t, patient(fmt.Sprint("new", part), "B")))
		eventually(t, "readers see the commit", func() bool { return mustRead(t, all[1], "Patient", "p1").VID == vid })
		if v := mustRead(t, all[1], "Patient", fmt.Sprint("new", part)); v.T != c.t {
			t.Errorf("the last version of the commit has moment %d, the commit %d", v.T, c.t)
		}
		old, err := all[1].Read(context.Background(), first.T, fhir.Key{Type: "Patient", ID: "p1"})
		if err != nil || old.VID != 1 {
			t.Errorf("at the moment before, version %d is read (%v)", old.VID, err)
		}
	}
}

func TestAWriterBuildsOnACommitThatIsNotAppliedYet(t *testing.T) {
	all := processes(t, 2, Options{Help: 200 * time.Millisecond, Tick: 20 * time.Millisecond})
	mustWrite(t, all[0], put(t, patient("p1", "A")))
	orphan(t, all[0], 0, put(t, patient("p1", "B")))
	op := put(t, patient("p1", "C"))
	op.If.Version = 2
	if c := mustWrite(t, all[1], op); c.Results[0].Version.VID != 3 {
		t.Errorf("version %d", c.Results[0].Version.VID)
	}
	orphan(t, all[0], 0, remove("Patient", "p1"))
	_, err := all[1].Write(context.Background(), store.Tx{Ops: []store.Op{op}})
	if !fhir.HasReason(err, fhir.ReasonVersionMismatch) {
		t.Errorf("an update of what another process deleted: %v", err)
	}
	if _, err := all[1].Read(context.Background(), store.Now, op.Key); !fhir.HasCode(err, fhir.Deleted) {
		t.Errorf("who heard of a deletion reads: %v", err)
	}
}

func TestAReaderSeesNothingOfACommitThatIsNotPublished(t *testing.T) {
	s := openNew(t, Options{Help: time.Hour})
	first := mustWrite(t, s, put(t, patient("p1", "A")))
	orphan(t, s, 2, put(t, patient("p1", "B")), put(t, patient("p2", "B")))
	ctx := context.Background()
	if v := mustRead(t, s, "Patient", "p1"); v.VID != 1 {
		t.Errorf("version %d is read", v.VID)
	}
	if _, err := s.ReadVersion(ctx, fhir.Key{Type: "Patient", ID: "p1"}, 2); !fhir.HasCode(err, fhir.NotFound) {
		t.Errorf("the version that is not published: %v", err)
	}
	if _, err := s.Read(ctx, store.Now, fhir.Key{Type: "Patient", ID: "p2"}); !fhir.HasCode(err, fhir.NotFound) {
		t.Errorf("the resource that is not published: %v", err)
	}
	if vs := histories(t, s, store.Scope{}); len(vs) != 1 || vs[0].T != first.T {
		t.Errorf("the history shows %v", vs)
	}
	n, err := s.HistoryCount(ctx, store.Scope{Type: "Patient"}, store.HistoryPage{})
	if err != nil || n != 1 {
		t.Errorf("the history counts %d (%v)", n, err)
	}
}
