package sqlite

import (
	"context"
	"iter"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"firewolf/fhir"
	"firewolf/store"
)

// History yields versions, newest first. Which they are is found once.
func (s *Store) History(ctx context.Context, sc store.Scope, page store.HistoryPage) iter.Seq2[fhir.Version, error] {
	return func(yield func(fhir.Version, error) bool) {
		rows, err := s.findHistory(ctx, sc, page)
		if err != nil {
			yield(fhir.Version{}, err)
			return
		}
		it := rows.ReverseIterator()
		for left := page.Limit; it.HasNext() && (page.Limit == 0 || left > 0); {
			size := batch
			if page.Limit > 0 {
				size = min(size, left)
			}
			found, err := s.loadHistory(ctx, it, size)
			if err != nil {
				yield(fhir.Version{}, err)
				return
			}
			for _, v := range found {
				if !yield(v, nil) {
					return
				}
			}
			left -= len(found)
		}
	}
}

// findHistory returns the rows of the versions that a page of a history is taken from.
func (s *Store) findHistory(ctx context.Context, sc store.Scope, page store.HistoryPage) (rows *roaring.Bitmap, err error) {
	at, err := s.readMoment(page.T)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, func(r *reader) error {
		rows, err = r.historyRows(ctx, sc, page, at)
		if err == nil && page.After > 0 {
			rows.RemoveRange(uint64(page.After), 1<<32)
		}
		return err
	})
	return rows, err
}

// loadHistory reads the next versions: they are never changed nor dropped, and so of no moment.
func (s *Store) loadHistory(ctx context.Context, it roaring.IntIterable, size int) (out []fhir.Version, err error) {
	err = s.read(ctx, func(r *reader) error {
		for bytes := 0; it.HasNext() && len(out) < size && bytes < batchBytes; {
			v, err := r.load(it.Next())
			if err != nil {
				return err
			}
			out, bytes = append(out, v), bytes+len(v.JSON)
		}
		return nil
	})
	return out, err
}

// HistoryCount counts what History would yield.
func (s *Store) HistoryCount(ctx context.Context, sc store.Scope, page store.HistoryPage) (int64, error) {
	rows, err := s.findHistory(ctx, sc, page)
	if err != nil {
		return 0, err
	}
	return int64(rows.GetCardinality()), nil
}

// historyRows returns the rows of the scope that the page asks for, up to moment t.
func (r *reader) historyRows(ctx context.Context, sc store.Scope, page store.HistoryPage, t uint32) (*roaring.Bitmap, error) {
	rows, err := r.scopeRows(sc, t)
	if err != nil {
		return nil, err
	}
	rows.RemoveRange(uint64(t)+1, 1<<32)
	if !page.Since.IsZero() {
		from, err := r.firstAt(page.Since, t)
		if err != nil {
			return nil, err
		}
		rows.RemoveRange(0, uint64(from))
	}
	if page.AtTime.IsZero() {
		return rows, nil
	}
	return rows, r.currentIn(ctx, rows, page.AtTime, page.AtUntil, t)
}

func (r *reader) scopeRows(sc store.Scope, t uint32) (*roaring.Bitmap, error) {
	switch {
	case sc.ID != "":
		return r.history(fhir.Key{Type: sc.Type, ID: sc.ID})
	case sc.Type != "":
		typ, ok := r.s.kinds.id(sc.Type)
		if !ok {
			return roaring.New(), nil
		}
		return r.rows(place{dirOf(familyVersions, typ), ""}, 0, 0xffff)
	default:
		rows := roaring.New()
		rows.AddRange(1, uint64(t)+1)
		return rows, nil
	}
}

// currentIn keeps the rows that were current at some instant from from to until:
// those made in that time, and those made before that no version up to from replaced.
func (r *reader) currentIn(ctx context.Context, rows *roaring.Bitmap, from, until time.Time, t uint32) error {
	after, err := r.firstAt(until.Add(time.Nanosecond), t)
	if err != nil {
		return err
	}
	rows.RemoveRange(uint64(after), 1<<32)
	began, err := r.firstAt(from.Add(time.Nanosecond), t) // rows below began at or before from
	if err != nil {
		return err
	}
	replaced, err := r.replacedBelow(ctx, rows, began)
	if err != nil {
		return err
	}
	rows.AndNot(replaced)
	return r.dropMomentary(ctx, rows, began, after)
}

// replacedBelow returns the rows that were replaced by a row below the bound.
func (r *reader) replacedBelow(ctx context.Context, rows *roaring.Bitmap, bound uint32) (*roaring.Bitmap, error) {
	out := roaring.New()
	it := rows.Iterator()
	for it.HasNext() {
		n := it.Next()
		if n >= bound {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		prev, err := r.loadPrev(n)
		if err != nil {
			return nil, err
		}
		out.Add(prev)
	}
	return out, nil
}

// dropMomentary drops the versions that a row of [from, before) replaced in the very millisecond that made them: they
// were never current. Those that were replaced below from are dropped already.
func (r *reader) dropMomentary(ctx context.Context, rows *roaring.Bitmap, from, before uint32) error {
	st, _, err := r.conn.Prepare(`SELECT b.n FROM version a JOIN version b ON b.n = a.prev AND b.at = a.at WHERE a.n >= ? AND a.n < ?`)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	b := binder{st: st}
	b.int(int64(from))
	b.int(int64(before))
	if b.err != nil {
		return b.err
	}
	for st.Step() {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows.Remove(uint32(st.ColumnInt64(0)))
	}
	return st.Err()
}
