package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// mergeKeys is how many keys are merged in one SQLite transaction: a few
// milliseconds, so that transactions that wait are not held up.
const mergeKeys = 1500

// merge is the frozen memtable on its way into the file.
type merge struct {
	mem    *memtable
	upto   uint32 // its last row
	places []place
	failed bool // the disk was full: tried again later
}

// recover rebuilds in memory what was not merged when the process before ended.
func (w *writer) recover(ctx context.Context) error {
	n, at, err := w.lastRow()
	if err != nil {
		return err
	}
	w.s.now.Store(&headState{n: n, at: at})
	floor, err := metaInt(w.conn, metaFloor)
	if err != nil {
		return err
	}
	w.s.floor.Store(uint32(floor))
	w.r.mems = w.s.memtables()
	if err := w.loadClosings(); err != nil {
		return err
	}
	merged, err := metaInt(w.conn, metaMerged)
	if err != nil {
		return err
	}
	for row := uint32(merged) + 1; row <= n; row++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		places, err := w.placesOfRow(row)
		if err != nil {
			return fmt.Errorf("recovering version row %d: %w", row, err)
		}
		w.active().add(row, places)
	}
	return nil
}

func (w *writer) lastRow() (uint32, time.Time, error) {
	st, _, err := w.conn.Prepare(`SELECT n, at FROM version ORDER BY n DESC LIMIT 1`)
	if err != nil {
		return 0, time.Time{}, err
	}
	defer func() { _ = st.Close() }()
	if !st.Step() {
		return 0, time.Time{}, st.Err()
	}
	return uint32(st.ColumnInt64(0)), time.UnixMilli(st.ColumnInt64(1)).UTC(), nil
}

func (w *writer) loadClosings() error {
	st, _, err := w.conn.Prepare(`SELECT n, old FROM closed`)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	for st.Step() {
		w.s.shut.add(uint32(st.ColumnInt64(0)), uint32(st.ColumnInt64(1)))
	}
	return st.Err()
}

// placesOfRow makes the postings of a version again, from its resource.
func (w *writer) placesOfRow(n uint32) ([]place, error) {
	v, err := w.r.load(n)
	if err != nil {
		return nil, err
	}
	typ, ok := w.s.kinds.id(v.Type)
	if !ok {
		return nil, errors.New("its type has no number")
	}
	places := identityPlaces(typ, v.ID)
	if v.Deleted {
		return places, nil
	}
	more, err := w.indexPlaces(typ, v)
	return append(places, more...), err
}

func (w *writer) indexPlaces(typ uint16, v fhir.Version) ([]place, error) {
	t, err := tree.Parse(v.JSON, tree.Limits{})
	if err != nil {
		return nil, err
	}
	e, err := w.s.o.Engine.Entries(t)
	if err != nil {
		return nil, err
	}
	return placesOf(typ, e), nil
}

// startMerge freezes the memtable once it is large enough.
func (w *writer) startMerge() {
	m := w.active()
	if w.merge == nil && (m.rows >= w.s.o.Merge || m.keys >= 80*w.s.o.Merge) {
		w.freeze()
	}
}

func (w *writer) freeze() {
	m := w.active()
	w.s.mem.Store(&[]*memtable{newMemtable(), m})
	w.merge = &merge{mem: m, upto: w.s.head().n, places: m.sorted()}
}

// mergeSlice merges the next keys. When writes fill the next memtable meanwhile, slices grow.
func (w *writer) mergeSlice() {
	size := mergeKeys
	if w.active().rows > w.s.o.Merge {
		size *= 16
	}
	if err := w.mergeNext(size); err != nil {
		if !w.conn.GetAutocommit() {
			_ = w.conn.Exec(`ROLLBACK`)
		}
		w.merge.failed = true
	}
}

func (w *writer) mergeNext(size int) error {
	part := w.merge.places[:min(size, len(w.merge.places))]
	last := len(part) == len(w.merge.places)
	if err := w.conn.Exec(`BEGIN IMMEDIATE`); err != nil {
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
	if err := w.conn.Exec(`COMMIT`); err != nil {
		return err
	}
	w.merge.places = w.merge.places[len(part):]
	if last {
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

// retryMerge tries again what a full disk stopped, and begins to merge what grew meanwhile.
func (w *writer) retryMerge() {
	if w.merge != nil {
		w.merge.failed = false
		w.mergeSlice()
		return
	}
	w.startMerge()
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
		if err := w.mergeNext(16 * mergeKeys); err != nil {
			if !w.conn.GetAutocommit() {
				_ = w.conn.Exec(`ROLLBACK`)
			}
			return fmt.Errorf("merging the index: %w", err)
		}
	}
}
