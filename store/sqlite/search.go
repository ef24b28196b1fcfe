package sqlite

import (
	"context"
	"encoding/binary"
	"iter"

	"github.com/RoaringBitmap/roaring/v2"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// batch is how many matches are read before any is handed on, so that no
// connection is held while the consumer works.
const batch = 256

// batchBytes is how large resources of a batch become before it ends early, so that large ones do not fill the memory.
const batchBytes = 4 << 20

// Find answers several searches at one moment.
func (s *Store) Find(ctx context.Context, t fhir.Moment, qs []store.Query) ([][]store.Match, error) {
	return store.FindEach(ctx, s, t, qs)
}

// Search yields the matches of a plan.
func (s *Store) Search(ctx context.Context, p search.Plan, page store.Page) iter.Seq2[store.Match, error] {
	return func(yield func(store.Match, error) bool) {
		left := page.Limit
		for {
			size := batch
			if page.Limit > 0 {
				size = min(size, left)
			}
			found, err := s.searchPage(ctx, p, page.T, page.After, size)
			if err != nil {
				yield(store.Match{}, err)
				return
			}
			for _, m := range found.matches {
				if !yield(m, nil) {
					return
				}
			}
			left -= len(found.matches)
			if !found.more || page.Limit > 0 && left <= 0 {
				return
			}
			page.T, page.After = fhir.Moment(found.t), found.matches[len(found.matches)-1].Cursor
		}
	}
}

type foundPage struct {
	t       uint32
	matches []store.Match
	more    bool // there may be more after them
}

func (s *Store) searchPage(ctx context.Context, p search.Plan, t fhir.Moment, after []byte, size int) (found foundPage, err error) {
	err = s.readAt(ctx, t, func(r *reader, at uint32) error {
		found = foundPage{t: at}
		q, ok := r.query(ctx, p.Type, at)
		if !ok {
			return nil
		}
		ordered, err := q.page(p, after, size)
		if err != nil {
			return err
		}
		return r.loadMatches(&found, ordered, size)
	})
	return found, err
}

// loadMatches reads the versions of a page, as many of them as are in a batch.
func (r *reader) loadMatches(found *foundPage, ordered []sorted, size int) error {
	bytes := 0
	for i, o := range ordered {
		v, err := r.load(o.n)
		if err != nil {
			return err
		}
		found.matches = append(found.matches, store.Match{Version: v, Cursor: o.cursor(), Row: int64(o.n)})
		if bytes += len(v.JSON); bytes >= batchBytes {
			found.more = i+1 < len(ordered) || len(ordered) == size
			return nil
		}
	}
	found.more = len(ordered) == size
	return nil
}

// page finds the rows of one page in order.
func (q *query) page(p search.Plan, after []byte, size int) ([]sorted, error) {
	sets, tests := splitLazy(p.Where)
	if len(p.Sort) == 0 {
		return q.pageByRow(sets, tests, after, size)
	}
	cursor, err := decodeCursor(after, p.Sort)
	if err != nil {
		return nil, err
	}
	rows, err := q.matches(p.Where)
	if err != nil {
		return nil, err
	}
	return q.sortedPage(p.Sort, rows, cursor, size)
}

// splitLazy takes the reverse chains out of a conjunction: a page in order of
// rows tests them candidate by candidate and stops when it is full.
func splitLazy(e search.Expr) (sets search.And, lazy []search.ReferredBy) {
	and, ok := e.(search.And)
	if !ok {
		and = search.And{e}
	}
	for _, c := range and {
		if r, ok := c.(search.ReferredBy); ok {
			lazy = append(lazy, r)
		} else {
			sets = append(sets, c)
		}
	}
	return sets, lazy
}

// pageByRow continues after a row in the order of rows.
func (q *query) pageByRow(sets search.And, lazy []search.ReferredBy, after []byte, size int) ([]sorted, error) {
	last, err := rowCursor(after)
	if err != nil {
		return nil, err
	}
	rows, err := q.matches(sets)
	if err != nil {
		return nil, err
	}
	tests, err := q.lazyTests(lazy, rows.GetCardinality())
	if err != nil {
		return nil, err
	}
	var out []sorted
	it := rows.Iterator()
	it.AdvanceIfNeeded(last + 1)
	for it.HasNext() && len(out) < size {
		n := it.Next()
		ok, err := passes(n, tests)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, sorted{n: n})
		}
		if err := q.ctx.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func passes(n uint32, tests []rowTest) (bool, error) {
	for _, t := range tests {
		if ok, err := t(n); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (q *query) lazyTests(lazy []search.ReferredBy, candidates uint64) ([]rowTest, error) {
	var tests []rowTest
	for _, e := range lazy {
		test, err := q.lazyTest(e, candidates)
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	return tests, nil
}

// lazyTest answers a reverse chain by candidate, unless so few resources refer that following them is cheaper.
func (q *query) lazyTest(e search.ReferredBy, candidates uint64) (rowTest, error) {
	sq, ok := q.r.query(q.ctx, e.Source.Type, q.t)
	if !ok {
		return func(uint32) (bool, error) { return false, nil }, nil
	}
	if candidates <= q.r.s.o.tuning.few {
		return q.referrersTest(e, sq), nil
	}
	sources, err := sq.matches(e.Source.Where)
	if err != nil {
		return nil, err
	}
	if n := sources.GetCardinality(); n > candidates || n > q.r.s.o.tuning.many {
		return q.referredByTest(e, sq, sources), nil
	}
	referred := roaring.New() // it may name tombstones: candidates never are
	seen := map[fhir.Key]bool{}
	it := sources.Iterator()
	for it.HasNext() {
		if err := q.addReferred(referred, it.Next(), e.Param, seen); err != nil {
			return nil, err
		}
	}
	return func(n uint32) (bool, error) { return referred.Contains(n), nil }, nil
}

// rowCursor reads the cursor of an unsorted page: the row of its last match.
func rowCursor(after []byte) (uint32, error) {
	switch len(after) {
	case 0:
		return 0, nil
	case 4:
		return binary.BigEndian.Uint32(after), nil
	default:
		return 0, badCursor()
	}
}

func badCursor() error {
	return fhir.NewIssue(fhir.Invalid, "the page cursor is not one of this search")
}

// Count returns how many resources match.
func (s *Store) Count(ctx context.Context, p search.Plan, t fhir.Moment) (n int64, err error) {
	err = s.readAt(ctx, t, func(r *reader, at uint32) error {
		q, ok := r.query(ctx, p.Type, at)
		if !ok {
			return nil
		}
		rows, err := q.matches(p.Where)
		if err == nil {
			n = int64(rows.GetCardinality())
		}
		return err
	})
	return n, err
}

// Refs returns the references of matches by parameters.
func (s *Store) Refs(ctx context.Context, ms []store.Match, params []string) ([][]search.RefEntry, error) {
	wanted := map[string]bool{}
	for _, p := range params {
		wanted[p] = true
	}
	out := make([][]search.RefEntry, len(ms))
	err := s.read(ctx, func(r *reader) error {
		for i, m := range ms {
			v, err := r.loadVals(uint32(m.Row))
			if err != nil {
				return err
			}
			for _, ref := range v.refs {
				if ref.Direct() && (wanted["*"] || wanted[ref.Param]) {
					out[i] = append(out[i], ref)
				}
			}
		}
		return nil
	})
	return out, err
}
