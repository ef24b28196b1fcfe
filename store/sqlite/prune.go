package sqlite

import (
	"errors"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// pruneRows is how many closed versions lose their index entries at a time: a few milliseconds' work.
const pruneRows = 64

// maxClosings bounds the memory for closed versions: beyond it the floor rises early.
const maxClosings = 2_000_000

// urgentClosings is when pruning no longer waits for a pause of the writes.
const urgentClosings = maxClosings / 4

// pruner knows how far the pruning is.
type pruner struct {
	busy  bool   // there may be more to prune
	after uint32 // closings up to this one were looked at; what cannot be pruned stays closed
	gone  []batchOfOld
}

// batchOfOld is closed versions whose postings are gone, but which reads that began before may still see.
type batchOfOld struct {
	olds  []uint32
	epoch int64
}

// forgetPruned drops from memory what no read under way can meet any more.
func (w *writer) forgetPruned() {
	kept := w.pruner.gone[:0]
	for _, b := range w.pruner.gone {
		if w.s.reads.drained(b.epoch) {
			w.s.shut.drop(b.olds)
		} else {
			kept = append(kept, b)
		}
	}
	w.pruner.gone = kept
}

// raiseFloor gives up the moments that the retention no longer asks for.
func (w *writer) raiseFloor() error {
	before := w.s.o.Clock().Add(-w.s.o.Retention)
	full := w.s.shut.len() > maxClosings
	if full {
		before = w.s.o.Clock().Add(-w.s.o.Retention / 16)
	}
	head := w.s.head()
	n, err := w.r.firstAt(before, head.n)
	if err != nil {
		return err
	}
	// The newest moment of the time before stays searchable: it was the present until the version after it.
	w.s.rise.Lock()
	defer w.s.rise.Unlock()
	floor := n - 1
	if held, some := w.s.holds.Oldest(0); some && !full {
		floor = min(floor, uint32(held))
	}
	if floor > w.s.floor.Load() {
		w.s.floor.Store(floor)
	}
	return nil
}

// pruneSome drops the postings of some versions that were closed below the floor. While many wait
// it prunes as many as the last group closed, so that they do not become more.
func (w *writer) pruneSome() {
	size := pruneRows
	if w.group != nil && w.s.shut.len() > urgentClosings {
		size = max(size, int(w.group.n-w.group.before.n))
	}
	if err := w.try(func() error { return w.pruneNext(size) }); err != nil {
		w.pruner.busy = false // the next tick tries again
	}
}

func (w *writer) pruneNext(size int) error {
	floor := w.s.floor.Load()
	closings, err := w.prunable(floor, size)
	if err != nil {
		return err
	}
	w.pruner.busy = len(closings) == size
	if len(closings) == 0 {
		return nil
	}
	if err := w.begin(); err != nil {
		return err
	}
	var olds []uint32
	for _, c := range closings {
		pruned, err := w.pruneClosing(c)
		if err != nil {
			return err
		}
		if pruned {
			olds = append(olds, c.old)
		}
	}
	if err := setMeta(w.conn, metaFloor, intBytes(int64(floor))); err != nil {
		return err
	}
	if err := w.end(); err != nil {
		return err
	}
	w.pruner.after = closings[len(closings)-1].n
	w.pruner.gone = append(w.pruner.gone, batchOfOld{olds, w.s.reads.turn()})
	return nil
}

// closing says that version n closed version old.
type closing struct{ n, old uint32 }

// prunable lists the next closings at or below the floor, up to the first of a version that is in a memtable still.
func (w *writer) prunable(floor uint32, size int) (out []closing, err error) {
	st := w.closings
	defer func() { _ = st.Reset() }()
	b := binder{st: st}
	b.int(int64(w.pruner.after))
	b.int(int64(floor))
	b.int(int64(size))
	if b.err != nil {
		return nil, b.err
	}
	for st.Step() {
		c := closing{uint32(st.ColumnInt64(0)), uint32(st.ColumnInt64(1))}
		if c.old > w.merged {
			break
		}
		out = append(out, c)
	}
	return out, st.Err()
}

func (w *writer) pruneClosing(c closing) (bool, error) {
	pruned, err := w.pruneVersion(c.old)
	if err != nil || !pruned {
		return false, err
	}
	defer func() { _ = w.unclose.Reset() }()
	b := binder{st: w.unclose}
	b.int(int64(c.n))
	return true, b.exec()
}

// pruneVersion takes a version out of its postings, but those of its identity. It reports false where these
// cannot be told for sure, because the row is damaged or gives other entries than when it was written: such a
// version stays closed for ever, since a posting that is left would bring it back into results.
func (w *writer) pruneVersion(n uint32) (bool, error) {
	v, err := w.r.load(n)
	if err != nil {
		return false, onlyFile(err)
	}
	if v.Deleted {
		return true, nil
	}
	typ, known := w.s.kinds.id(v.Type)
	e, err := w.entries(v)
	if err != nil || !known {
		return false, nil //nolint:nilerr // it stays closed
	}
	same, err := w.r.hasVals(n, encodeVals(e))
	if err != nil || !same {
		return false, onlyFile(err)
	}
	for _, p := range placesOf(typ, e) {
		key := withChunk(p.bytes(), uint16(n>>16))
		old, err := w.r.container(key)
		if err != nil {
			return false, err
		}
		if old == nil {
			continue
		}
		if err := w.putContainer(key, removeFromContainer(old, uint16(n))); err != nil {
			return false, err
		}
	}
	return true, nil
}

// onlyFile returns an error of the file, and nil for one of a row.
func onlyFile(err error) error {
	var file *sqlite3.Error
	if errors.As(err, &file) {
		return err
	}
	return nil
}

// firstAt returns the first row up to t whose time is not before at, t+1 if there is none.
func (r *reader) firstAt(at time.Time, t uint32) (uint32, error) {
	lo, hi := uint32(1), t+1
	for lo < hi {
		mid := lo + (hi-lo)/2
		got, err := r.loadTime(mid)
		if err != nil {
			return 0, err
		}
		if got.Before(at) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, nil
}
