package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"firewolf/fhir"
	"firewolf/store"
)

// A group of transactions shares one fsync. Its bounds keep the first of it from waiting long.
const (
	groupTx    = 128
	groupOps   = 4000
	groupBytes = 16 << 20
)

// pending is a transaction that waits to be written.
type pending struct {
	tx     store.Tx
	done   chan struct{}
	taken  atomic.Bool // by the writer, or by a caller who gave up before
	commit store.Commit
	err    error
}

// writer is the one goroutine that changes the file.
type writer struct {
	s     *Store
	conn  *sqlite3.Conn
	r     *reader // reads what the group wrote so far
	group *group  // under way

	insert *sqlite3.Stmt // a version
	closed *sqlite3.Stmt // a closing
	put    *sqlite3.Stmt // a container
	remove *sqlite3.Stmt // a container

	merge  *merge // of the frozen memtable; nil where none is frozen
	pruned []batchOfOld
}

func (s *Store) newWriter(c *sqlite3.Conn) (*writer, error) {
	kinds, err := loadKinds(c)
	if err != nil {
		return nil, err
	}
	s.kinds = kinds
	s.now.Store(&headState{})
	s.mem.Store(&[]*memtable{newMemtable()})
	w := &writer{s: s, conn: c}
	if w.r, err = s.newReader(c); err != nil {
		return nil, err
	}
	for _, p := range []struct {
		to  **sqlite3.Stmt
		sql string
	}{
		{&w.insert, `INSERT INTO version (n, type, id, vid, at, method, prev, digest, vals, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.closed, `INSERT INTO closed VALUES (?, ?)`},
		{&w.put, `INSERT INTO posting VALUES (?, ?) ON CONFLICT DO UPDATE SET v = excluded.v`},
		{&w.remove, `DELETE FROM posting WHERE k = ?`},
	} {
		st, _, err := c.PrepareFlags(p.sql, sqlite3.PREPARE_PERSISTENT)
		if err != nil {
			return nil, fmt.Errorf("preparing %q: %w", p.sql, err)
		}
		*p.to = st
	}
	return w, nil
}

// Write commits a transaction.
func (s *Store) Write(ctx context.Context, tx store.Tx) (store.Commit, error) {
	if err := ctx.Err(); err != nil {
		return store.Commit{}, err
	}
	p := &pending{tx: tx, done: make(chan struct{})}
	if err := s.enqueue(p); err != nil {
		return store.Commit{}, err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		if p.taken.CompareAndSwap(false, true) {
			return store.Commit{}, ctx.Err() // the writer will pass it by
		}
		<-p.done // it is being written: wait for how that ends
	}
	return p.commit, p.err
}

func (s *Store) enqueue(p *pending) error {
	s.closeMu.RLock()
	defer s.closeMu.RUnlock()
	if s.closed {
		return fhir.NewIssue(fhir.Transient, "the store is closing").Because(fhir.ReasonUnavailable)
	}
	select {
	case s.queue <- p:
		return nil
	default:
		return fhir.NewIssue(fhir.Throttled, "too many writes wait: try again in a moment").Because(fhir.ReasonQueueFull)
	}
}

// pruneEvery is how often the writer looks for index entries that can go.
const pruneEvery = 2 * time.Second

// run writes groups until the store closes. Between groups it merges and prunes, a slice at a time.
func (w *writer) run() {
	defer close(w.s.stopped)
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		if w.merge != nil && !w.merge.failed { // work is left: do not wait
			select {
			case p := <-w.s.queue:
				w.writeGroup(p)
			default:
			}
			w.mergeSlice()
			if !w.stopping() {
				continue
			}
		}
		select {
		case p := <-w.s.queue:
			w.writeGroup(p)
			w.startMerge()
		case <-tick.C:
			w.retryMerge()
			w.prune()
		case <-w.s.stop:
			w.finish()
			return
		}
	}
}

func (w *writer) stopping() bool {
	select {
	case <-w.s.stop:
		return true
	default:
		return false
	}
}

// finish writes what waits, merges all and closes the connection.
func (w *writer) finish() {
	for {
		select {
		case p := <-w.s.queue:
			w.writeGroup(p)
			continue
		default:
		}
		break
	}
	err := w.mergeAll()
	w.s.dirty = errors.Join(err, closeConn(w.conn))
}

// writeGroup collects the transactions that wait, writes them in one SQLite transaction and answers them.
func (w *writer) writeGroup(first *pending) {
	g := w.collect(first)
	if len(g) == 0 {
		return
	}
	if err := w.commit(g); err != nil {
		w.undo()
		err = writeFailed(err)
		for _, p := range g {
			if p.err == nil {
				p.commit, p.err = store.Commit{}, err
			}
		}
	}
	for _, p := range g {
		close(p.done)
	}
}

func (w *writer) collect(first *pending) []*pending {
	var g []*pending
	ops, size := 0, 0
	for p := first; ; {
		if p.taken.CompareAndSwap(false, true) {
			o, b := weigh(p)
			g, ops, size = append(g, p), ops+o, size+b
		}
		if len(g) >= groupTx || ops >= groupOps || size >= groupBytes {
			return g
		}
		select {
		case p = <-w.s.queue:
		default:
			return g
		}
	}
}

func weigh(p *pending) (ops, size int) {
	for _, op := range p.tx.Ops {
		size += len(op.Stamp.Before) + len(op.Stamp.After)
	}
	return len(p.tx.Ops), size
}

// commit evaluates and writes the transactions of a group one after another. An
// error is one of the file: it refuses the whole group, while a transaction that is
// refused by itself does not.
func (w *writer) commit(g []*pending) (err error) {
	if err := w.conn.Exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	head := w.s.head()
	w.r.mems = w.s.memtables()
	w.group = newGroup(head, w.s.o.Clock())
	for _, p := range g {
		if p.commit, p.err = w.transact(p.tx); p.err != nil {
			if _, refused := fhir.IssuesOf(p.err); !refused && !errors.Is(p.err, store.ErrStale) {
				err, p.err = p.err, nil
				return err
			}
		}
	}
	if err := w.conn.Exec(`COMMIT`); err != nil {
		return err
	}
	if w.group.n > head.n {
		w.s.now.Store(&headState{n: w.group.n, at: w.group.at})
	}
	return nil
}

// undo takes back what a group that failed put into memory.
func (w *writer) undo() {
	if !w.conn.GetAutocommit() {
		_ = w.conn.Exec(`ROLLBACK`)
	}
	head := w.s.head().n
	w.active().truncate(head)
	w.s.shut.truncate(head)
	_ = w.s.kinds.reload(w.conn)
}

func (w *writer) active() *memtable { return w.s.memtables()[0] }

// writeFailed turns an error of the file into what a client may see.
func writeFailed(err error) error {
	if errors.Is(err, sqlite3.FULL) {
		return fhir.NewIssue(fhir.NoStore, "the disk is full: nothing was written").Because(fhir.ReasonStorageFull).CausedBy(err)
	}
	if errors.Is(err, sqlite3.IOERR) { // a log that was written but could not be synced may yet be found after a crash
		return fhir.NewIssue(fhir.NoStore, "the disk failed while the write was made durable: whether it was written is not known").
			Because(fhir.ReasonOutcomeUnknown).CausedBy(err)
	}
	if errors.Is(err, sqlite3.READONLY) {
		return fhir.NewIssue(fhir.NoStore, "the store cannot be written now: nothing was written").Because(fhir.ReasonUnavailable).CausedBy(err)
	}
	return fmt.Errorf("writing a transaction: %w", err)
}

// now is the time of a group: it never falls, and it has whole milliseconds.
func groupTime(previous, clock time.Time) time.Time {
	at := clock.UTC().Truncate(time.Millisecond)
	if at.Before(previous) {
		return previous
	}
	return at
}
