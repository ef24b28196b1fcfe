package sqlite

import (
	"errors"
	"fmt"
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

// writeGroup collects the transactions that wait, writes them in one SQLite transaction and answers them.
func (w *writer) writeGroup(first *pending) {
	if w.ahead {
		time.Sleep(time.Millisecond - time.Since(w.began))
	}
	w.began = time.Now()
	g := w.collect(first)
	if len(g) == 0 {
		return
	}
	w.writeAll(g)
	for _, p := range g {
		close(p.done)
	}
}

func (w *writer) collect(first *pending) []*pending {
	var g []*pending
	ops, size := 0, int64(0)
	for p := first; ; {
		if w.s.take(p) {
			g, ops, size = append(g, p), ops+len(p.tx.Ops), size+p.size
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

// writeAll writes a group. Where something in it makes writing fail each transaction is tried by itself,
// so that one does not refuse the others.
func (w *writer) writeAll(g []*pending) {
	err := w.writable()
	if err == nil {
		if err = guard(func() error { return w.commit(g) }); err == nil {
			return
		}
		w.undo()
	}
	if len(g) > 1 && w.broken == nil && !unsure(err) && !full(err) && !disturbed(err) {
		for _, p := range g {
			w.writeAll([]*pending{p})
		}
		return
	}
	err = fmt.Errorf("writing a transaction: %w", failed(err, "nothing was written"))
	for _, p := range g { // a refusal too was made on a state that is gone
		p.commit, p.err = store.Commit{}, err
	}
}

// writable says why nothing can be written any more, or not before the index has caught up.
func (w *writer) writable() error {
	if w.broken != nil {
		return fhir.NewIssue(fhir.NoStore, "the store cannot be written until it is opened again").
			Because(fhir.ReasonUnavailable).CausedBy(w.broken)
	}
	if w.merge != nil && w.merge.err != nil && w.behind() > maxBehind {
		return indexStands(w.merge.err)
	}
	return nil
}

func indexStands(err error) error {
	issue := fhir.NewIssue(fhir.NoStore, "the index cannot be written, and too much waits for it").Because(fhir.ReasonUnavailable)
	if full(err) {
		issue = issue.Because(fhir.ReasonStorageFull)
	}
	return issue.CausedBy(err)
}

// commit evaluates and writes the transactions of a group one after another. An
// error is one of the file: it refuses the whole group, while a transaction that is
// refused by itself does not.
func (w *writer) commit(g []*pending) error {
	w.before = w.mark()
	if err := w.begin(); err != nil {
		return err
	}
	head := w.s.head()
	w.r.mems = w.s.memtables()
	defer func() { w.r.mems = nil }()
	clock := w.s.o.Clock()
	w.ahead = store.Paced(head.at, clock)
	w.group = newGroup(head, clock)
	for _, p := range g {
		if p.commit, p.err = w.transact(p.ctx, p.tx); p.err != nil && !ofTransaction(p.err) {
			return p.err
		}
		if errors.Is(p.err, errCanceled) {
			p.err = p.ctx.Err()
		}
	}
	if err := w.end(); err != nil {
		if errors.Is(err, sqlite3.IOERR) && !full(err) {
			err = fmt.Errorf("%w: %w", errUnsure, err)
		}
		return err
	}
	if w.group.n > head.n {
		w.s.now.Store(&headState{n: w.group.n, at: w.group.at})
	}
	return nil
}

// undo takes back what a group that failed put into memory. It needs nothing from the disk, which may have failed.
func (w *writer) undo() {
	w.broken = guard(w.rollback)
	head := w.s.head().n
	w.active().truncate(head, w.before.rows, w.before.keys)
	w.s.shut.truncate(head)
	w.s.kinds.names.Store(w.before.kinds)
}

// mark is what undo cannot find out by itself.
type mark struct {
	rows, keys int                // of the memtable
	kinds      *map[string]uint16 // the types that have numbers
}

func (w *writer) mark() mark {
	m := w.active()
	return mark{rows: m.rows, keys: m.keys, kinds: w.s.kinds.names.Load()}
}

// rollback ends a transaction that failed. If even that fails the connection cannot be used any more.
func (w *writer) rollback() error {
	defer w.s.readers.writes(false)
	if w.conn.GetAutocommit() {
		return nil
	}
	if err := w.conn.Exec(`ROLLBACK`); err != nil && !w.conn.GetAutocommit() {
		return err
	}
	return nil
}

func (w *writer) active() *memtable { return w.s.memtables()[0] }
