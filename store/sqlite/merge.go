package sqlite

import (
	"errors"
	"fmt"
)

// mergeKeys is how many keys are merged in one SQLite transaction: a few
// milliseconds, so that transactions that wait are not held up.
const mergeKeys = 1500

// maxMergeKeys bounds the pages that one transaction changes.
const maxMergeKeys = 16 * mergeKeys

// merge is the frozen memtable on its way into the file.
type merge struct {
	mem    *memtable
	upto   uint32  // its last row
	places []place // that are left
	total  int     // places at the beginning
	err    error   // why it stands still: tried again at the next tick
}

// startMerge freezes the memtable once it is large enough.
func (w *writer) startMerge() {
	if w.merge == nil && w.behind() >= 1 {
		w.freeze()
	}
}

// behind is how full the memtable is that takes the new versions: at 1 it is frozen and merged.
func (w *writer) behind() float64 {
	const keysOfVersion = 80 // so many that a memtable of fewer versions is large too
	m := w.active()
	return max(float64(m.rows), float64(m.keys)/keysOfVersion) / float64(w.s.o.Merge)
}

// maxBehind is how far the index may fall behind while it cannot be written: then writes are refused, since the memory is not endless.
const maxBehind = 8

func (w *writer) freeze() {
	m := w.active()
	places := m.sorted()
	w.s.mem.Store(&[]*memtable{newMemtable(), m})
	w.merge = &merge{mem: m, upto: w.s.head().n, places: places, total: len(places)}
}

// mergeSome merges the next keys. It goes on until the merge is as far as the memtable that takes the new
// versions is full, so that this one does not grow faster than the other is merged.
func (w *writer) mergeSome() {
	for {
		due := len(w.merge.places) - int((1-w.behind())*float64(w.merge.total))
		size := min(max(due, mergeKeys), maxMergeKeys)
		if err := w.try(func() error { return w.mergeNext(size) }); err != nil {
			w.merge.err = err
			return
		}
		if w.merge == nil || due <= size {
			return
		}
	}
}

func (w *writer) mergeNext(size int) error {
	part := w.merge.places[:min(size, len(w.merge.places))]
	last := len(part) == len(w.merge.places)
	if err := w.begin(); err != nil {
		return err
	}
	for _, p := range part {
		if err := w.mergeKey(p); err != nil {
			return err
		}
	}
	if last {
		if err := setMeta(w.conn, metaMerged, intBytes(int64(w.merge.upto))); err != nil {
			return err
		}
	}
	if err := w.end(); err != nil {
		return err
	}
	w.merge.places = w.merge.places[len(part):]
	if last {
		w.merged = w.merge.upto
		w.s.mem.Store(&[]*memtable{w.active()})
		w.merge = nil
	}
	return nil
}

// mergeKey adds the rows of one key to its containers.
func (w *writer) mergeKey(p place) error {
	rows := w.merge.mem.get(p)
	base := p.bytes()
	for len(rows) > 0 {
		chunk := uint16(rows[0] >> 16)
		var lows []uint16
		for len(rows) > 0 && uint16(rows[0]>>16) == chunk {
			lows = append(lows, uint16(rows[0]))
			rows = rows[1:]
		}
		key := withChunk(base[:len(base):len(base)], chunk)
		old, err := w.r.container(key)
		if err != nil {
			return err
		}
		if err := w.putContainer(key, mergeContainer(old, lows)); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) putContainer(key, v []byte) error {
	st := w.put
	if v == nil {
		st = w.remove
	}
	defer func() { _ = st.Reset() }()
	b := binder{st: st}
	b.blob(key)
	if v != nil {
		b.blob(v)
	}
	return b.exec()
}

// mergeAll merges everything, before the store closes.
func (w *writer) mergeAll() error {
	for {
		if w.merge == nil {
			if w.active().rows == 0 {
				return nil
			}
			w.freeze()
		}
		if err := w.mergeNext(maxMergeKeys); err != nil {
			return fmt.Errorf("merging the index: %w", errors.Join(err, w.rollback()))
		}
	}
}
