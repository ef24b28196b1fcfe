package sqlite

import (
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// writer is the one goroutine that changes the file.
type writer struct {
	s    *Store
	conn *sqlite3.Conn
	r    *reader // reads what the group wrote so far

	group  *group // under way
	before mark   // the state of the memory before it
	broken error  // why the connection cannot be used any more
	ahead  bool   // of the clock, by so much that the next group begins a millisecond after this one (store.Paced)
	began  time.Time

	insert   *sqlite3.Stmt // a version
	closed   *sqlite3.Stmt // a closing
	put      *sqlite3.Stmt // a container
	remove   *sqlite3.Stmt // a container
	closings *sqlite3.Stmt // some closings, in order
	unclose  *sqlite3.Stmt // drops a closing
	outcome  *sqlite3.Stmt // of a transaction with an idempotency key

	merge  *merge // of the frozen memtable; nil where none is frozen
	merged uint32 // versions up to this one are in posting
	pruner pruner
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
		{&w.closings, `SELECT n, old FROM closed WHERE n > ? AND n <= ? ORDER BY n LIMIT ?`},
		{&w.unclose, `DELETE FROM closed WHERE n = ?`},
		{&w.outcome, `INSERT INTO idempotency (k, at, request, note, results) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET at = excluded.at, request = excluded.request, note = excluded.note, results = excluded.results`},
	} {
		st, _, err := c.PrepareFlags(p.sql, sqlite3.PREPARE_PERSISTENT)
		if err != nil {
			return nil, fmt.Errorf("preparing %q: %w", p.sql, err)
		}
		*p.to = st
	}
	return w, nil
}

// begin opens a transaction that writes.
func (w *writer) begin() error {
	w.s.readers.writes(true)
	return w.conn.Exec(`BEGIN IMMEDIATE`)
}

// end commits it. What it wrote may be told from now on.
func (w *writer) end() error {
	defer w.s.readers.writes(false)
	return w.conn.Exec(`COMMIT`)
}

// run writes groups until the store closes. Between groups it merges and prunes, a slice at a time.
func (w *writer) run() {
	defer close(w.s.stopped)
	ticker := time.NewTicker(w.s.o.tick)
	defer ticker.Stop()
	for {
		if w.hasWork() { // do not wait
			select {
			case p := <-w.s.queue:
				w.writeGroup(p)
			default:
			}
			w.work()
			select {
			case <-ticker.C:
				w.tick()
			case <-w.s.stop:
				w.finish()
				return
			default:
			}
			continue
		}
		select {
		case p := <-w.s.queue:
			w.writeGroup(p)
			w.startMerge()
		case <-ticker.C:
			w.tick()
		case <-w.s.stop:
			w.finish()
			return
		}
	}
}

// hasWork reports whether something is left that writes need not wait for.
func (w *writer) hasWork() bool {
	if w.broken != nil {
		return false
	}
	if w.merge != nil && w.merge.err == nil {
		return true
	}
	return w.pruner.busy && (len(w.s.queue) == 0 || w.s.shut.len() > urgentClosings)
}

// work does a slice of it.
func (w *writer) work() {
	if w.broken != nil {
		return
	}
	if w.merge != nil && w.merge.err == nil {
		w.mergeSome()
		w.startMerge()
		return
	}
	w.pruneSome()
}

// tick tries again what failed, and looks for what can be forgotten.
func (w *writer) tick() {
	if w.broken != nil {
		return
	}
	if w.merge != nil && w.merge.err != nil {
		w.merge.err = nil
		w.mergeSome() // before a write that an index too far behind refuses could pass
	}
	if w.broken != nil {
		return
	}
	_ = w.try(func() error { // the next tick tries again
		w.startMerge()
		if err := w.raiseFloor(); err != nil {
			return err
		}
		w.forgetPruned()
		w.pruner.busy = true
		return w.forgetKeys()
	})
}

// try runs a part of the work in the background, and leaves no transaction open where it fails.
func (w *writer) try(f func() error) error {
	err := guard(f)
	if err != nil {
		w.broken = guard(w.rollback)
	}
	return err
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
	err := w.broken
	if err == nil {
		err = failed(guard(w.mergeAll), "the index is made up when the store is opened again")
	}
	w.s.dirty = errors.Join(err, guard(func() error { return closeConn(w.conn) }))
}
