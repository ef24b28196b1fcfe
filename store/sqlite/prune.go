package sqlite

import (
	"time"
)

// pruneBatch is how many closed versions lose their index entries at a time.
const pruneBatch = 200

// maxClosings bounds the memory for closed versions: beyond it the floor rises early.
const maxClosings = 2_000_000

// batchOfOld is closed versions whose postings are gone, but which reads that began before may still see.
type batchOfOld struct {
	olds  []uint32
	epoch int64
}

// prune raises the floor to what the retention allows and drops the postings of versions that were closed below it.
func (w *writer) prune() {
	w.forgetPruned()
	w.raiseFloor()
	for range 20 {
		more, err := w.pruneSome()
		if err != nil {
			if !w.conn.GetAutocommit() {
				_ = w.conn.Exec(`ROLLBACK`)
			}
			return
		}
		if !more || len(w.s.queue) > 0 {
			return
		}
	}
}

// forgetPruned drops from memory what no read under way can meet any more.
func (w *writer) forgetPruned() {
	kept := w.pruned[:0]
	for _, b := range w.pruned {
		if w.s.reads.drained(b.epoch) {
			w.s.shut.drop(b.olds)
		} else {
			kept = append(kept, b)
		}
	}
	w.pruned = kept
}

func (w *writer) raiseFloor() {
	before := w.s.o.Clock().Add(-w.s.o.Retention)
	if w.s.shut.len() > maxClosings {
		before = w.s.o.Clock().Add(-w.s.o.Retention / 16)
	}
	head := w.s.head()
	n, err := w.r.firstAt(before, head.n)
	if err != nil || n == 0 {
		return
	}
	// The newest moment of the time before stays searchable: it was the present until the version after it.
	if floor := n - 1; floor > w.s.floor.Load() {
		w.s.floor.Store(floor)
	}
}

// pruneSome prunes one batch and reports whether there is more. Only merged versions are pruned: no memtable holds them.
func (w *writer) pruneSome() (bool, error) {
	merged, err := metaInt(w.conn, metaMerged)
	if err != nil {
		return false, err
	}
	floor := w.s.floor.Load()
	ns, olds, err := w.prunable(floor, uint32(merged))
	if err != nil || len(ns) == 0 {
		return false, err
	}
	if err := w.conn.Exec(`BEGIN IMMEDIATE`); err != nil {
		return false, err
	}
	for i, old := range olds {
		if err := w.pruneRow(old); err != nil {
			return false, err
		}
		if err := w.dropClosing(ns[i]); err != nil {
			return false, err
		}
	}
	if err := setMeta(w.conn, metaFloor, intBytes(int64(floor))); err != nil {
		return false, err
	}
	if err := forgetKeys(w.conn, w.s.o.Clock()); err != nil {
		return false, err
	}
	if err := w.conn.Exec(`COMMIT`); err != nil {
		return false, err
	}
	w.pruned = append(w.pruned, batchOfOld{olds, w.s.reads.turn()})
	return len(ns) == pruneBatch, nil
}

// prunable lists closings at or below the floor of versions that are merged.
func (w *writer) prunable(floor, merged uint32) (ns, olds []uint32, err error) {
	st, _, err := w.conn.Prepare(`SELECT n, old FROM closed WHERE n <= ? AND old <= ? ORDER BY n LIMIT ?`)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = st.Close() }()
	b := binder{st: st}
	b.int(int64(floor))
	b.int(int64(merged))
	b.int(pruneBatch)
	if b.err != nil {
		return nil, nil, b.err
	}
	for st.Step() {
		ns = append(ns, uint32(st.ColumnInt64(0)))
		olds = append(olds, uint32(st.ColumnInt64(1)))
	}
	return ns, olds, st.Err()
}

// pruneRow takes a version out of its postings, but those of its identity.
func (w *writer) pruneRow(n uint32) error {
	v, err := w.r.load(n)
	if err != nil || v.Deleted {
		return err
	}
	typ, _ := w.s.kinds.id(v.Type)
	places, err := w.indexPlaces(typ, v)
	if err != nil {
		return err
	}
	for _, p := range places {
		key := withChunk(p.bytes(), uint16(n>>16))
		old, err := w.r.container(key)
		if err != nil {
			return err
		}
		if old == nil {
			continue
		}
		if err := w.putContainer(key, removeFromContainer(old, uint16(n))); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) dropClosing(n uint32) error {
	st, _, err := w.conn.Prepare(`DELETE FROM closed WHERE n = ?`)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	b := binder{st: st}
	b.int(int64(n))
	return b.exec()
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
