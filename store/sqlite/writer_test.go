package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// writeAsync writes in a goroutine, and waits until the transaction is in the queue or has left it.
func writeAsync(ctx context.Context, t *testing.T, s *Store, tx store.Tx) (result func() error) {
	t.Helper()
	before := len(s.queue)
	done := make(chan error, 1)
	go func() {
		_, err := s.Write(ctx, tx)
		done <- err
	}()
	eventually(t, "in the queue", func() bool { return len(s.queue) > before || len(done) > 0 })
	return func() error { return <-done }
}

// stall makes the writer wait with one transaction, so that others queue behind it. The clock of the store is that of the doorman.
func stall(t *testing.T, s *Store, d *doorman) (release func()) {
	t.Helper()
	p := newPending(context.Background(), store.Tx{Ops: []store.Op{basic("stall", 0)}})
	d.mu.Lock()
	d.stop, d.here, d.free = p, make(chan struct{}), make(chan struct{})
	d.mu.Unlock()
	if err := s.enqueue(p); err != nil {
		t.Fatal(err)
	}
	<-d.here
	return func() {
		close(d.free)
		if <-p.done; p.err != nil {
			t.Errorf("the transaction that waited: %v", p.err)
		}
	}
}

func TestAWriteBeyondAFullQueueIsThrottledAndTheOthersAreWritten(t *testing.T) {
	d := &doorman{}
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Queue: 3, Clock: d.now})
	defer func() { _ = s.Close() }()
	release := stall(t, s, d)
	var results []func() error
	for i := range 3 {
		results = append(results, writeAsync(context.Background(), t, s, store.Tx{Ops: []store.Op{basic(fmt.Sprint(i), i)}}))
	}
	_, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{basic("late", 1)}})
	if !fhir.HasCode(err, fhir.Throttled) || !fhir.HasReason(err, fhir.ReasonQueueFull) {
		t.Errorf("a write beyond the queue: %v", err)
	}
	release()
	for i, result := range results {
		if err := result(); err != nil {
			t.Errorf("waiting transaction %d: %v", i, err)
		}
	}
	if diff := cmp.Diff([]string{"stall@1", "0@2", "1@3", "2@4"}, find(t, s, store.Now, search.And{})); diff != "" {
		t.Error(diff)
	}
}

func TestWaitingWritesAreBoundedInBytesButOneMayBeLarger(t *testing.T) {
	d := &doorman{}
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Clock: d.now})
	defer func() { _ = s.Close() }()
	release := stall(t, s, d)
	large := basic("large", 1)
	large.Stamp.Before = append(large.Stamp.Before, make([]byte, store.WaitingBytes)...)
	large.If.Version = 7 // it is not there: refused, so that nothing large is written
	result := writeAsync(context.Background(), t, s, store.Tx{Ops: []store.Op{large}})
	_, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{basic("small", 1)}})
	if !fhir.HasReason(err, fhir.ReasonQueueFull) {
		t.Errorf("a write behind %d bytes: %v", store.WaitingBytes, err)
	}
	release()
	if err := result(); !fhir.HasReason(err, fhir.ReasonVersionMismatch) {
		t.Errorf("the large write: %v", err)
	}
	write(t, s, basic("small", 1))
	if n := s.waiting.Bytes(); n != 0 {
		t.Errorf("%d bytes are said to wait", n)
	}
}

func TestALargeWriteNeedsNoEmptyQueue(t *testing.T) {
	s := &Store{queue: make(chan *pending, 100)}
	for k, size := range []int64{1, store.WaitingBytes - 2, store.WaitingBytes, 0, 1} {
		err := s.enqueue(&pending{size: size})
		if full := fhir.HasReason(err, fhir.ReasonQueueFull); full != (k > 2) {
			t.Errorf("write %d of %d bytes: %v", k, size, err)
		}
	}
	if got := s.waiting.Bytes(); got != 2*store.WaitingBytes-1 {
		t.Errorf("%d bytes are said to wait", got)
	}
}

func TestAWriteThatIsTurnedAwayIsNeverCounted(t *testing.T) {
	s := &Store{queue: make(chan *pending, 1)}
	if !s.waiting.Admit(store.WaitingBytes) {
		t.Fatal("an empty queue takes nothing")
	}
	var stop atomic.Bool
	var others sync.WaitGroup
	for range 4 {
		others.Go(func() {
			for !stop.Load() {
				if s.waiting.Admit(10) {
					t.Error("a full queue takes more")
				}
			}
		})
	}
	for range 300_000 {
		if got := s.waiting.Bytes(); got != store.WaitingBytes {
			t.Errorf("%d bytes are said to wait: another write could be turned away for them", got)
			break
		}
	}
	stop.Store(true)
	others.Wait()
}

func TestAWriteThatIsCanceledWhileItWaitsIsNotWritten(t *testing.T) {
	d := &doorman{}
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Clock: d.now})
	defer func() { _ = s.Close() }()
	release := stall(t, s, d)
	ctx, cancel := context.WithCancel(context.Background())
	result := writeAsync(ctx, t, s, store.Tx{Ops: []store.Op{basic("given-up", 1)}})
	kept := writeAsync(context.Background(), t, s, store.Tx{Ops: []store.Op{basic("kept", 1)}})
	cancel()
	if err := result(); !errors.Is(err, context.Canceled) {
		t.Errorf("the canceled write: %v", err)
	}
	release()
	if err := kept(); err != nil {
		t.Error(err)
	}
	if _, err := s.Write(ctx, store.Tx{Ops: []store.Op{basic("never", 1)}}); !errors.Is(err, context.Canceled) {
		t.Errorf("a write with a canceled context: %v", err)
	}
	if diff := cmp.Diff([]string{"stall@1", "kept@2"}, find(t, s, store.Now, search.And{})); diff != "" {
		t.Error(diff)
	}
}

func TestAWriteWhoseCallerGivesUpWhileItIsLookedAtLetsTheOthersOfItsGroupPass(t *testing.T) {
	d := &doorman{}
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Clock: d.now})
	defer func() { _ = s.Close() }()
	release := stall(t, s, d)
	ctx, cancel := context.WithCancel(context.Background())
	assume := store.Assumption{Plan: search.Plan{Type: "Basic", Where: search.HasKey{Key: "none"}}}
	p := newPending(ctx, store.Tx{Ops: []store.Op{basic("given-up", 1)}, Assume: []store.Assumption{assume}})
	if err := s.enqueue(p); err != nil {
		t.Fatal(err)
	}
	kept := writeAsync(context.Background(), t, s, store.Tx{Ops: []store.Op{basic("kept", 1)}})
	cancel() // nobody claims it back: it is taken, and its assumption is a search that ends
	release()
	<-p.done
	if !errors.Is(p.err, context.Canceled) {
		t.Errorf("the canceled write: %v", p.err)
	}
	if err := kept(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"stall@1", "kept@2"}, find(t, s, store.Now, search.And{})); diff != "" {
		t.Error(diff)
	}
}

func TestATransactionThatCannotBeLookedAtIsRefusedAlone(t *testing.T) {
	tests := []struct {
		name   string
		assume store.Assumption
		want   string
	}{
		{"it panics", store.Assumption{Plan: search.Plan{Type: "Basic", Sort: []search.SortKey{{Kind: search.SortID}}}, Limit: -1}, "slice bounds out of range"},
		{"it gives an error", store.Assumption{Plan: search.Plan{Type: "Basic", Where: search.Not{}}}, "does not know the condition"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &doorman{}
			s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Clock: d.now})
			defer func() { _ = s.Close() }()
			if tt.assume.Plan.Where == nil {
				tt.assume.Plan.Where = search.And{}
			}
			release := stall(t, s, d)
			first := writeAsync(context.Background(), t, s, store.Tx{Ops: []store.Op{basic("first", 1)}})
			bad := writeAsync(context.Background(), t, s, store.Tx{Ops: []store.Op{basic("bad", 1)}, Assume: []store.Assumption{tt.assume}})
			last := writeAsync(context.Background(), t, s, store.Tx{Ops: []store.Op{basic("last", 2)}})
			release()
			if err := errors.Join(first(), last()); err != nil {
				t.Error(err)
			}
			err := bad()
			if _, refused := fhir.IssuesOf(err); err == nil || refused || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the bad transaction: %v", err)
			}
			if diff := cmp.Diff([]string{"stall@1", "first@2", "last@3"}, find(t, s, store.Now, search.HasKey{Key: "all"})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPanicKeepsItsValueOutOfTheLogAndTellsWhere(t *testing.T) {
	err := guard(func() error { panic("the name of a patient") })
	if !errors.Is(err, errPanic) || strings.Contains(err.Error(), "patient") || !strings.Contains(err.Error(), "writer_test.go") {
		t.Errorf("got %v", err)
	}
}

func TestAPanicInTheBackgroundEndsNothing(t *testing.T) {
	clock := newClock()
	var broken atomic.Bool
	var panics atomic.Int32
	now := func() time.Time {
		if broken.Load() {
			panics.Add(1)
			panic("no clock")
		}
		return clock.now()
	}
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Clock: now, tick: time.Millisecond})
	write(t, s, basic("a", 1))
	broken.Store(true)
	eventually(t, "in panic", func() bool { return panics.Load() > 3 })
	if _, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{basic("b", 1)}}); !errors.Is(err, errPanic) {
		t.Errorf("a write at which the writer panics: %v", err)
	}
	broken.Store(false)
	write(t, s, basic("c", 1))
	if diff := cmp.Diff([]string{"a@1", "c@2"}, find(t, s, store.Now, search.HasKey{Key: "all"})); diff != "" {
		t.Error(diff)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestAWriterWhoseConnectionCannotEndItsTransactionRefusesWritesAndLeavesReads(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: numberIndex{}})
	write(t, s, basic("a", 1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, w, err := prepare(context.Background(), dir, Options{Engine: numberIndex{}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	w.broken = errors.New("the memory of the connection is damaged")
	go w.run()
	for range 2 {
		if _, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{basic("b", 1)}}); !fhir.HasReason(err, fhir.ReasonUnavailable) {
			t.Errorf("a write: %v", err)
		}
	}
	if diff := cmp.Diff([]string{"a@1"}, find(t, s, store.Now, search.And{})); diff != "" {
		t.Error(diff)
	}
}

func TestAFailedCommitTakesBackEverythingAndTellsEverybody(t *testing.T) {
	disk, name := newBadDisk(t)
	d := &doorman{}
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, VFS: name, Clock: d.now})
	defer func() { _ = s.Close() }()
	write(t, s, basic("a", 1))
	release := stall(t, s, d)
	exists := basic("a", 3)
	exists.If.Absent = true
	ops := []store.Op{basic("a", 2), basic("b", 2), exists, {Action: store.Put, Key: fhir.Key{Type: "Other", ID: "x"}, Stamp: basic("x", 1).Stamp}}
	var results []func() error
	for _, op := range ops {
		results = append(results, writeAsync(context.Background(), t, s, store.Tx{Ops: []store.Op{op}}))
	}
	disk.failing(func(what, file string) error {
		if what == "write" && file == "-wal" && len(s.queue) == 0 && s.head().n >= 2 {
			return errors.New("a bad sector")
		}
		return nil
	})
	release()
	for i, result := range results {
		if err := result(); !fhir.HasReason(err, fhir.ReasonOutcomeUnknown) || !fhir.HasCode(err, fhir.NoStore) {
			t.Errorf("transaction %d of a group that cannot be written: %v", i, err)
		}
	}
	disk.failing(nil)
	if _, known := s.kinds.id("Other"); known {
		t.Error("the type of a version that was not written has a number")
	}
	if diff := cmp.Diff([]string{"a@1", "stall@2"}, find(t, s, store.Now, search.And{})); diff != "" {
		t.Error(diff)
	}
	c := write(t, s, basic("a", 2), ops[3])
	if c.T != 4 || c.Results[0].Version.VID != 2 {
		t.Errorf("the next transaction has moment %d, version %d", c.T, c.Results[0].Version.VID)
	}
	if diff := cmp.Diff([]string{"stall@2", "a@3"}, find(t, s, store.Now, search.HasKey{Key: "all"})); diff != "" {
		t.Error(diff)
	}
}

func TestACommitThatTheDiskDoesNotConfirmIsOfUnknownOutcome(t *testing.T) {
	disk, name := newBadDisk(t)
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, VFS: name})
	defer func() { _ = s.Close() }()
	write(t, s, basic("a", 1))
	disk.once("sync", "-wal", errors.New("the cable came off"))
	_, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{basic("b", 1)}})
	if !fhir.HasReason(err, fhir.ReasonOutcomeUnknown) {
		t.Errorf("an unconfirmed write: %v", err)
	}
	write(t, s, basic("c", 1))
	if diff := cmp.Diff([]string{"a@1", "c@2"}, find(t, s, store.Now, search.And{})); diff != "" {
		t.Error(diff)
	}
}

func TestADiskWithoutSpaceIsSaidToBeFullAndWritesGoOnOnceThereIsSpace(t *testing.T) {
	for _, space := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		t.Run(space.Error(), func(t *testing.T) {
			disk, name := newBadDisk(t)
			s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, VFS: name, Merge: 2})
			defer func() { _ = s.Close() }()
			write(t, s, basic("a", 1))
			disk.failing(func(what, file string) error {
				if what == "write" {
					return fmt.Errorf("write %s: %w", file, space)
				}
				return nil
			})
			for range 3 {
				_, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{basic("b", 1)}})
				if !fhir.HasReason(err, fhir.ReasonStorageFull) {
					t.Errorf("a full disk: %v", err)
				}
				if diff := cmp.Diff([]string{"a@1"}, find(t, s, store.Now, search.HasKey{Key: "all"})); diff != "" {
					t.Error(diff)
				}
			}
			disk.failing(nil)
			for i := range 20 {
				write(t, s, basic(fmt.Sprint(i), i))
			}
			eventually(t, "merged", func() bool { return len(s.memtables()) == 1 })
			if got := find(t, s, store.Now, search.HasKey{Key: "all"}); len(got) != 21 {
				t.Errorf("found %v", got)
			}
		})
	}
}

func TestWritesAreRefusedWhileTheIndexCannotBeWrittenAndIsTooFarBehind(t *testing.T) {
	dir := t.TempDir()
	o := Options{Engine: numberIndex{}, Merge: 2, tick: time.Millisecond} // each time merging is tried again, and no write may slip through
	s := openAt(t, dir, o)
	change(t, dir, `CREATE TRIGGER broken BEFORE INSERT ON posting BEGIN SELECT RAISE(ABORT, 'the page is damaged'); END`)
	var err error
	n := 0
	for ; n < 200 && err == nil; n++ {
		_, err = s.Write(context.Background(), store.Tx{Ops: []store.Op{basic(fmt.Sprint(n), n)}})
	}
	if !fhir.HasReason(err, fhir.ReasonUnavailable) || n < maxBehind*o.Merge || n > (maxBehind+2)*o.Merge {
		t.Errorf("write %d: %v", n, err)
	}
	if got := find(t, s, store.Now, search.HasKey{Key: "all"}); len(got) != n-1 {
		t.Errorf("%d of %d are found", len(got), n-1)
	}
	change(t, dir, `DROP TRIGGER broken`)
	eventually(t, "written", func() bool {
		_, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{basic("again", 1)}})
		return err == nil
	})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseWaitsForReadsAndLaterCallsAreRefused(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Readers: 2})
	write(t, s, basic("a", 1))
	reading, finish := make(chan struct{}), make(chan struct{})
	read, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		read <- s.read(context.Background(), func(r *reader) error {
			close(reading)
			<-finish
			_, err := r.load(1)
			return err
		})
	}()
	<-reading
	go func() { closed <- s.Close() }()
	eventually(t, "closing", func() bool { return errors.As(s.read(context.Background(), nothing), new(*fhir.Issue)) })
	select {
	case err := <-closed:
		t.Fatalf("Close returned during a read: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(finish)
	if err := errors.Join(<-read, <-closed); err != nil {
		t.Error(err)
	}
	_, readErr := s.Read(context.Background(), store.Now, fhir.Key{Type: "Basic", ID: "a"})
	_, writeErr := s.Write(context.Background(), store.Tx{})
	for _, err := range []error{readErr, writeErr} {
		if !fhir.HasReason(err, fhir.ReasonUnavailable) {
			t.Errorf("after Close: %v", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

func nothing(*reader) error { return nil }

func TestAClosedStoreLeavesOneFileAndItsLock(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: numberIndex{}, Readers: 3})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() { write(t, s, basic(fmt.Sprint(i), i)); find(t, s, store.Now, search.And{}) })
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{FileName, FileName + ".lock"}, filesIn(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestAReaderWhoseTransactionCouldNotBeEndedIsUsedAgain(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Readers: 1})
	defer func() { _ = s.Close() }()
	write(t, s, basic("a", 1))
	r := takeReader(t, s)
	if err := r.conn.Exec(`BEGIN`); err != nil {
		t.Fatal(err)
	}
	s.readers.give(r)
	for range 2 {
		if diff := cmp.Diff([]string{"a@1"}, find(t, s, store.Now, search.And{})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestACanceledReadEndsAndItsConnectionServesTheNext(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Readers: 1})
	defer func() { _ = s.Close() }()
	write(t, s, basic("a", 1))
	ctx, cancel := context.WithCancel(context.Background())
	err := s.read(ctx, func(r *reader) error {
		cancel()
		return r.conn.Exec(`WITH RECURSIVE c(x) AS (VALUES(1) UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c`)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the canceled read: %v", err)
	}
	if diff := cmp.Diff([]string{"a@1"}, find(t, s, store.Now, search.And{})); diff != "" {
		t.Error(diff)
	}
	hold := takeReader(t, s)
	if _, err := s.Count(ctx, search.Plan{Type: "Basic", Where: search.And{}}, store.Now); !errors.Is(err, context.Canceled) {
		t.Errorf("a read that waits for a connection: %v", err)
	}
	s.readers.give(hold)
}
