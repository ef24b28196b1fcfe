package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// hand is a store whose writer the test drives itself, step by step.
type hand struct {
	*Store
	t     *testing.T
	w     *writer
	clock *manualClock
	dir   string
}

func byHand(t *testing.T, dir string, clock *manualClock, o Options) *hand {
	t.Helper()
	if o.Engine == nil {
		o.Engine = numberIndex{}
	}
	o.Clock, o.Readers = clock.now, 2
	s, w, err := prepare(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	h := &hand{s, t, w, clock, dir}
	t.Cleanup(func() { h.die() })
	return h
}

func (h *hand) die() {
	h.t.Helper()
	if h.w == nil {
		return
	}
	if err := errors.Join(closeConn(h.w.conn), h.release()); err != nil {
		h.t.Fatal(err)
	}
	h.w = nil
}

// put writes a transaction a second after the one before.
func (h *hand) put(ops ...store.Op) store.Commit {
	h.t.Helper()
	h.clock.advance(time.Second)
	p := newPending(context.Background(), store.Tx{Ops: ops})
	if h.w.writeAll([]*pending{p}); p.err != nil {
		h.t.Fatal(p.err)
	}
	return p.commit
}

func (h *hand) merge() {
	h.t.Helper()
	if err := h.w.mergeAll(); err != nil {
		h.t.Fatal(err)
	}
}

// prune prunes all that the retention allows.
func (h *hand) prune() {
	h.t.Helper()
	if err := h.w.raiseFloor(); err != nil {
		h.t.Fatal(err)
	}
	for h.w.pruner.busy = true; h.w.pruner.busy; {
		if err := h.w.pruneNext(3); err != nil {
			h.t.Fatal(err)
		}
	}
	h.w.forgetPruned()
}

// families lists, for each family of postings in the file, the rows that are in any.
func (h *hand) families() map[string][]uint32 {
	h.t.Helper()
	out := map[string]map[uint32]bool{}
	err := h.read(context.Background(), func(r *reader) error {
		return r.containers([]byte{0}, []byte{0xff}, func(k, v []byte) error {
			f := string(k[:1])
			if out[f] == nil {
				out[f] = map[uint32]bool{}
			}
			chunk := binary.BigEndian.Uint16(k[len(k)-2:])
			for _, low := range decodeContainer(chunk, v).lows() {
				out[f][uint32(chunk)<<16|uint32(low)] = true
			}
			return nil
		})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	sorted := map[string][]uint32{}
	for f, rows := range out {
		sorted[f] = slices.Sorted(maps.Keys(rows))
	}
	return sorted
}

// answers asks everything at a moment.
func (h *hand) answers(at fhir.Moment) map[string][]string {
	h.t.Helper()
	out := map[string][]string{}
	for name, e := range everything() {
		out[name] = find(h.t, h.Store, at, e)
	}
	return out
}

func (h *hand) expired(at fhir.Moment) {
	h.t.Helper()
	p := search.Plan{Type: "Basic", Where: search.And{}}
	for _, err := range h.Search(context.Background(), p, store.Page{T: at}) {
		if !fhir.HasCode(err, fhir.Expired) {
			h.t.Errorf("a search at %d: %v", at, err)
		}
	}
	if _, err := h.Count(context.Background(), p, at); !fhir.HasCode(err, fhir.Expired) {
		h.t.Errorf("a count at %d: %v", at, err)
	}
}

// churn writes four versions of two resources each, and deletes one: rows 1 to 9.
func (h *hand) churn() {
	for i := range 4 {
		h.put(basic("a", i), basic("b", 10+i))
	}
	h.put(remove("b"))
}

func TestEntriesOfVersionsThatNoKeptMomentShowsAreDroppedAndTheRestStays(t *testing.T) {
	clock := newClock()
	dir := t.TempDir()
	h := byHand(t, dir, clock, Options{Retention: time.Minute})
	h.churn()
	h.merge()
	all := []uint32{1, 2, 3, 4, 5, 6, 7, 8}
	before := map[string][]uint32{"A": all, "B": all, "I": append(all, 9), "K": all, "R": all, "T": all, "V": append(all, 9)}
	if diff := cmp.Diff(before, h.families()); diff != "" {
		t.Fatal(diff)
	}
	history := slices.Collect(versions(t, h.Store))
	now, kept := h.answers(store.Now), h.answers(4)
	clock.advance(58 * time.Second) // moment 4 was the present until a minute ago, moment 2 was not
	h.prune()
	h.expired(2)
	h.expired(3)
	left := []uint32{3, 4, 5, 6, 7, 8} // rows 1 and 2 were closed by 3 and 4
	after := map[string][]uint32{"A": left, "B": left, "I": before["I"], "K": left, "R": left, "T": left, "V": before["V"]}
	if diff := cmp.Diff(after, h.families()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(kept, h.answers(4)); diff != "" {
		t.Errorf("at the oldest kept moment: %s", diff)
	}
	clock.advance(time.Hour)
	h.prune()
	h.expired(8)
	last := []uint32{7} // the last version of a; the last of b is a deletion
	after = map[string][]uint32{"A": last, "B": last, "I": before["I"], "K": last, "R": last, "T": last, "V": before["V"]}
	if diff := cmp.Diff(after, h.families()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(now, h.answers(store.Now)); diff != "" {
		t.Error(diff)
	}
	if n := h.shut.len(); n != 0 {
		t.Errorf("%d closings are in memory", n)
	}
	if diff := cmp.Diff(history, slices.Collect(versions(t, h.Store))); diff != "" {
		t.Errorf("the history: %s", diff)
	}
	h.die()
	h = byHand(t, dir, clock, Options{Retention: time.Hour * 1000})
	h.expired(8)
	if diff := cmp.Diff(now, h.answers(9)); diff != "" {
		t.Errorf("after a restart: %s", diff)
	}
	if v, err := h.ReadVersion(context.Background(), fhir.Key{Type: "Basic", ID: "a"}, 1); err != nil || v.T != 1 {
		t.Errorf("the first version of a: %v, %v", v.T, err)
	}
	if v, err := h.Read(context.Background(), 2, fhir.Key{Type: "Basic", ID: "b"}); err != nil || v.T != 2 {
		t.Errorf("b at an expired moment: %v, %v", v.T, err)
	}
}

// versions yields the whole history.
func versions(t *testing.T, s *Store) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for v, err := range s.History(context.Background(), store.Scope{}, store.HistoryPage{}) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(fmt.Sprintf("%s at %s: %s", v.Location(), v.At, v.JSON)) {
				return
			}
		}
	}
}

func TestVersionsThatAreNotMergedYetAreNotPruned(t *testing.T) {
	clock := newClock()
	h := byHand(t, t.TempDir(), clock, Options{Retention: time.Minute})
	h.put(basic("a", 1), basic("b", 1))
	h.merge()
	h.put(basic("a", 2))
	h.put(basic("a", 3))
	now := h.answers(store.Now)
	clock.advance(time.Hour)
	h.prune() // row 1 of a; row 3 is in memory
	if n := h.shut.len(); n != 1 {
		t.Errorf("%d closings are left, want that of row 3", n)
	}
	if diff := cmp.Diff([]uint32{2}, h.families()["K"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(now, h.answers(store.Now)); diff != "" {
		t.Error(diff)
	}
	h.merge()
	h.prune()
	if diff := cmp.Diff([]uint32{2, 4}, h.families()["K"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(now, h.answers(store.Now)); diff != "" {
		t.Error(diff)
	}
}

func TestAReadThatBeganBeforeThePruningStillKnowsWhatWasClosed(t *testing.T) {
	clock := newClock()
	h := byHand(t, t.TempDir(), clock, Options{Retention: time.Minute})
	h.churn()
	h.merge()
	clock.advance(time.Hour)
	err := h.read(context.Background(), func(r *reader) error {
		if _, err := r.loadTime(1); err != nil { // here the read's state of the file begins
			return err
		}
		h.prune()
		if h.shut.len() == 0 {
			t.Error("the closings are forgotten")
		}
		q, _ := r.query(context.Background(), "Basic", h.head().n)
		rows, err := q.matches(search.HasKey{Key: "all"})
		if diff := cmp.Diff([]uint32{7}, rows.ToArray()); diff != "" {
			t.Error(diff)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if h.w.forgetPruned(); h.shut.len() != 0 {
		t.Errorf("%d closings are in memory once the read ended", h.shut.len())
	}
}

// shiftingIndex gives all resources other entries once it has shifted.
type shiftingIndex struct{ by atomic.Int64 }

func (x *shiftingIndex) Entries(t *tree.Tree) (search.Entries, error) {
	e, err := numberIndex{}.Entries(t)
	if x.by.Load() == 0 || err != nil {
		return e, err
	}
	e.Keys = e.Keys[:1]
	e.Refs = nil
	return e, nil
}

func TestAVersionWhoseEntriesAreNotKnownForSureStaysClosedAndTheOthersArePruned(t *testing.T) {
	tests := []struct {
		name string
		harm func(h *hand, x *shiftingIndex)
		left []uint32
	}{
		{"its entries are made in another way now", func(_ *hand, x *shiftingIndex) { x.by.Store(1) }, []uint32{1, 2, 3, 4, 5, 6, 7, 8}},
		{"its JSON is damaged", func(h *hand, _ *shiftingIndex) {
			change(h.t, h.dir, `UPDATE version SET json = x'7b' WHERE n IN (1, 4)`)
		}, []uint32{1, 4, 7}},
		{"its row is lost", func(h *hand, _ *shiftingIndex) {
			change(h.t, h.dir, `DELETE FROM version WHERE n = 4`)
		}, []uint32{4, 7}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := newClock()
			index := &shiftingIndex{}
			h := byHand(t, t.TempDir(), clock, Options{Retention: time.Minute, Engine: index})
			h.churn()
			h.merge()
			now := h.answers(store.Now)
			tt.harm(h, index)
			clock.advance(time.Hour)
			h.prune()
			h.prune()
			if diff := cmp.Diff(tt.left, h.families()["K"]); diff != "" {
				t.Errorf("what is left: %s", diff)
			}
			if diff := cmp.Diff(now, h.answers(store.Now)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnErrorOfTheDiskWhilePruningLeavesEverythingAndItIsTriedAgain(t *testing.T) {
	disk, name := newBadDisk(t)
	clock := newClock()
	h := byHand(t, t.TempDir(), clock, Options{Retention: time.Minute, VFS: name})
	h.churn()
	h.merge()
	now, before := h.answers(store.Now), h.families()
	clock.advance(time.Hour)
	if err := h.w.raiseFloor(); err != nil {
		t.Fatal(err)
	}
	disk.failing(func(what, _ string) error {
		if what == "write" {
			return errors.New("a bad sector")
		}
		return nil
	})
	h.w.pruner.busy = true
	if h.w.pruneSome(); h.w.pruner.busy || h.w.broken != nil {
		t.Errorf("busy %v, broken %v", h.w.pruner.busy, h.w.broken)
	}
	disk.failing(nil)
	if diff := cmp.Diff(before, h.families()); diff != "" {
		t.Error(diff)
	}
	h.prune()
	if diff := cmp.Diff([]uint32{7}, h.families()["K"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(now, h.answers(store.Now)); diff != "" {
		t.Error(diff)
	}
}

func TestIdempotencyKeysAreForgottenAfterADayAlsoWhereNothingIsPruned(t *testing.T) {
	clock := newClock()
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: numberIndex{}, Clock: clock.now, tick: time.Millisecond})
	defer func() { _ = s.Close() }()
	for i := range 3 {
		tx := store.Tx{Ops: []store.Op{basic(fmt.Sprint(i), i)}, Idempotency: &store.Idempotency{Key: fmt.Sprint(i)}}
		if _, err := s.Write(context.Background(), tx); err != nil {
			t.Fatal(err)
		}
		clock.advance(12 * time.Hour)
	}
	c := rawConn(t, dir)
	count := func() int {
		st, _, err := c.Prepare(`SELECT count(*) FROM idempotency`)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = st.Close() }()
		st.Step()
		return st.ColumnInt(0)
	}
	eventually(t, "forgotten", func() bool { return count() == 2 }) // the second is exactly a day old
	time.Sleep(20 * time.Millisecond)
	if n := count(); n != 2 {
		t.Errorf("%d are left", n)
	}
}

// TestAnswersAtKeptMomentsStayWhilePruningAndMergingRun asks at moments of the last seconds, while a writer goes on and all
// that is older is pruned. What a moment shows is known from when it was written.
func TestAnswersAtKeptMomentsStayWhilePruningAndMergingRun(t *testing.T) {
	clock := newClock()
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Clock: clock.now, Merge: 7, Retention: 20 * time.Second, tick: time.Millisecond})
	var asked, expired atomic.Int64
	var known sync.Map // moment -> answer
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for k := range 3 {
		wg.Go(func() { askAround(t, s, k, &known, &asked, &expired, stop) })
	}
	rounds := 600
	if testing.Short() {
		rounds = 250
	}
	last := map[string]string{}
	for i := range rounds {
		clock.advance(time.Second)
		id := fmt.Sprint(i * 7 % 13)
		op := basic(id, i)
		if i%9 == 8 {
			op = remove(id)
		}
		c := write(t, s, op)
		if delete(last, id); op.Action == store.Put {
			last[id] = fmt.Sprintf("%s@%d", id, c.Results[0].Version.T)
		}
		known.Store(c.T, strings.Join(slices.Sorted(maps.Values(last)), " "))
	}
	close(stop)
	wg.Wait()
	eventually(t, "pruned", func() bool { return s.shut.len() <= 21 })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if asked.Load() < 100 {
		t.Errorf("only %d answers were compared (%d moments had expired)", asked.Load(), expired.Load())
	}
}

func askAround(t *testing.T, s *Store, k int, known *sync.Map, asked, expired *atomic.Int64, stop chan struct{}) {
	names := slices.Sorted(maps.Keys(everything()))
	for i := k; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		head, _, _ := s.Head(context.Background())
		at := head - fhir.Moment(i%22)
		want, ok := known.Load(at)
		if !ok {
			continue
		}
		name := names[i%len(names)]
		var got []string
		var err error
		for m, e := range s.Search(context.Background(), search.Plan{Type: "Basic", Where: everything()[name]}, store.Page{T: at}) {
			if err = e; err != nil {
				break
			}
			got = append(got, fmt.Sprintf("%s@%d", m.ID, m.T))
		}
		if fhir.HasCode(err, fhir.Expired) && uint32(at) < s.floor.Load() {
			expired.Add(1)
			continue
		}
		slices.Sort(got)
		if answer := strings.Join(got, " "); err != nil || answer != want {
			t.Errorf("%s at %d: %q, %v; want %q", name, at, answer, err, want)
			return
		}
		asked.Add(1)
	}
}

func TestAMomentThatIsHeldStaysSearchable(t *testing.T) {
	clock := newClock()
	h := byHand(t, t.TempDir(), clock, Options{Retention: time.Minute})
	first := h.put(basic("a", 1)).T
	h.put(basic("a", 2))
	held, release, err := h.Hold(context.Background(), first)
	if err != nil || held != first {
		t.Fatalf("held %d, want %d (%v)", held, first, err)
	}
	clock.advance(time.Hour)
	h.put(basic("a", 3))
	h.prune()
	if err := h.checkFloor(uint32(first)); err != nil {
		t.Errorf("while it is held: %v", err)
	}
	release()
	h.prune()
	if err := h.checkFloor(uint32(first)); !fhir.HasCode(err, fhir.Expired) {
		t.Errorf("after it was given back: %v", err)
	}
	if _, _, err := h.Hold(context.Background(), first); !fhir.HasCode(err, fhir.Expired) {
		t.Errorf("a moment that has passed was held: %v", err)
	}
}
