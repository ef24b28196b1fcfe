package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// tuning says when one way of answering gives place to another. Every way gives the same answer.
type tuning struct {
	few         uint64 // so many rows are looked at one by one, rather than intersected with large postings
	many        uint64 // from so many referring resources on, a reverse chain is tested candidate by candidate
	collectable uint64 // so many rows are sorted by their values; for more the index is walked in its order
}

var defaultTuning = tuning{few: 64, many: 512, collectable: 1500}

// query evaluates one plan at one moment on one connection.
type query struct {
	ctx context.Context
	r   *reader
	t   uint32
	typ uint16 // of the resource type that is searched
	// name of that type
	name string
}

func (r *reader) query(ctx context.Context, typeName string, t uint32) (*query, bool) {
	typ, ok := r.s.kinds.id(typeName)
	return &query{ctx: ctx, r: r, t: t, typ: typ, name: typeName}, ok
}

// matches returns the visible rows that satisfy the condition.
func (q *query) matches(e search.Expr) (*roaring.Bitmap, error) {
	rows, err := q.eval(e, nil)
	if err != nil {
		return nil, err
	}
	q.r.s.shut.visible(rows, q.t)
	return rows, nil
}

// eval returns the rows that satisfy e, and are in within if that is given. Rows
// that are not visible at the moment may be among them. The result is the caller's to change.
func (q *query) eval(e search.Expr, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if err := q.ctx.Err(); err != nil {
		return nil, err
	}
	if within != nil && within.IsEmpty() {
		return roaring.New(), nil
	}
	switch e := e.(type) {
	case search.And:
		return q.and(e, within)
	case search.Or:
		return q.or(e, within)
	case search.Not:
		return q.not(e, within)
	case search.HasKey:
		return q.key(keyPlace(q.typ, e.Key), within)
	case search.TextIs:
		return q.text(e, within)
	case search.InRange:
		return q.inRange(e, within)
	case jointRange:
		return q.joint(e, within)
	case search.IDIn:
		return q.ids(e, within)
	case search.UpdatedIn:
		return q.updated(e, within)
	case search.RefersTo:
		return q.refersTo(e, within)
	case search.ReferredBy:
		return q.referredBy(e, within)
	default:
		return nil, fmt.Errorf("the store does not know the condition %T", e)
	}
}

// all returns the versions of the type that are no tombstones.
func (q *query) all(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if within != nil {
		return within.Clone(), nil
	}
	return q.r.rows(place{dirOf(familyAll, q.typ), ""}, 0, 0xffff)
}

// amongFew is up to how many rows a posting is asked for each of them.
const amongFew = 1024

// key reads a posting, no further than within reaches.
func (q *query) key(p place, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if within == nil {
		return q.r.rows(p, 0, 0xffff)
	}
	if n := within.GetCardinality(); n > 0 && n <= amongFew {
		return q.r.rowsAmong(p, within)
	}
	rows, err := q.r.rows(p, uint16(within.Minimum()>>16), uint16(within.Maximum()>>16))
	if err != nil {
		return nil, err
	}
	return roaring.And(rows, within), nil
}

// and intersects, the most selective condition first, so that the others are
// looked at only where something is left; negations come last.
func (q *query) and(e search.And, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	order, err := q.byCost(joinRanges(e))
	if err != nil {
		return nil, err
	}
	rows := within
	for _, c := range order {
		if _, negative := c.(search.Not); negative && rows == nil {
			if rows, err = q.all(nil); err != nil {
				return nil, err
			}
		}
		if rows, err = q.eval(c, rows); err != nil {
			return nil, err
		}
		if rows.IsEmpty() {
			return rows, nil
		}
	}
	if len(order) == 0 {
		return q.all(within)
	}
	return rows, nil
}

func (q *query) or(e search.Or, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	out := roaring.New()
	for _, c := range e {
		rows, err := q.eval(c, within)
		if err != nil {
			return nil, err
		}
		out.Or(rows)
	}
	return out, nil
}

func (q *query) not(e search.Not, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	base, err := q.all(within)
	if err != nil {
		return nil, err
	}
	rows, err := q.eval(e.Expr, base)
	if err != nil {
		return nil, err
	}
	base.AndNot(rows)
	return base, nil
}

// byCost orders conditions by the guess of how many rows they leave and what they take.
func (q *query) byCost(e search.And) ([]search.Expr, error) {
	if len(e) < 2 {
		return e, nil
	}
	type costed struct {
		e    search.Expr
		cost int
	}
	list := make([]costed, len(e))
	for i, c := range e {
		cost, err := q.cost(c)
		if err != nil {
			return nil, err
		}
		list[i] = costed{c, cost}
	}
	slices.SortStableFunc(list, func(a, b costed) int { return cmp.Compare(a.cost, b.cost) })
	out := make([]search.Expr, len(list))
	for i, c := range list {
		out[i] = c.e
	}
	return out, nil
}

// The guesses for conditions whose rows cannot be counted cheaply, in rows.
const (
	costText  = 20_000
	costRange = 300_000
	costScan  = 3_000_000
	costJoin  = 30_000_000
	costNot   = 300_000_000
)

func (q *query) cost(e search.Expr) (int, error) {
	switch e := e.(type) {
	case search.HasKey:
		return q.r.estimate(keyPlace(q.typ, e.Key))
	case search.IDIn:
		return len(e.IDs), nil
	case search.UpdatedIn:
		return costRange, nil
	case search.InRange, jointRange:
		return costRange, nil
	case search.TextIs:
		if e.Test == search.TextContains {
			return costScan, nil
		}
		return costText, nil
	case search.And:
		return q.costs(e, func(a, b int) int { return min(a, b) })
	case search.Or:
		return q.costs(e, func(a, b int) int { return min(a+b, costNot) })
	case search.Not:
		return costNot, nil
	case search.RefersTo:
		return q.chainCost(e)
	default:
		return costJoin, nil
	}
}

// chainCost is low where few resources can be at the end of a chain: what refers to them is found by key.
func (q *query) chainCost(e search.RefersTo) (int, error) {
	const fanIn = 200 // resources that refer to one
	ends, err := q.chainEnds(e)
	return min(ends*fanIn, costJoin), err
}

// chainEnds guesses how many resources can be at the end of a chain.
func (q *query) chainEnds(e search.RefersTo) (int, error) {
	total := 0
	for _, target := range e.Targets {
		tq, ok := q.r.query(q.ctx, target.Type, q.t)
		if !ok {
			continue
		}
		n, err := tq.cost(target.Where)
		if err != nil {
			return 0, err
		}
		total = min(total+n, costJoin)
	}
	return total, nil
}

func (q *query) costs(es []search.Expr, join func(a, b int) int) (int, error) {
	total := 0
	for i, c := range es {
		n, err := q.cost(c)
		if err != nil {
			return 0, err
		}
		if total = join(total, n); i == 0 {
			total = n
		}
	}
	return total, nil
}

func (q *query) ids(e search.IDIn, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	out := roaring.New()
	for _, id := range e.IDs {
		n, err := q.r.current(fhir.Key{Type: q.name, ID: id}, q.t)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			continue
		}
		h, err := q.r.loadHeader(n)
		if err != nil {
			return nil, err
		}
		if !h.deleted && (within == nil || within.Contains(n)) {
			out.Add(n)
		}
	}
	return out, nil
}

// updated uses that lastUpdated never falls as rows rise: a span of time is a span of rows.
func (q *query) updated(e search.UpdatedIn, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	from, before := uint32(1), q.t+1
	var err error
	if !e.From.IsZero() {
		if from, err = q.r.firstAt(e.From, q.t); err != nil {
			return nil, err
		}
	}
	if !e.Before.IsZero() {
		if before, err = q.r.firstAt(e.Before, q.t); err != nil {
			return nil, err
		}
	}
	rows, err := q.all(within)
	if err != nil {
		return nil, err
	}
	rows.RemoveRange(0, uint64(from))
	rows.RemoveRange(uint64(before), 1<<32)
	return rows, nil
}

// filter keeps the rows whose values pass.
func (q *query) filter(rows *roaring.Bitmap, pass func(vals) bool) (*roaring.Bitmap, error) {
	out := roaring.New()
	it := rows.Iterator()
	for it.HasNext() {
		if err := q.ctx.Err(); err != nil {
			return nil, err
		}
		n := it.Next()
		v, err := q.r.loadVals(n)
		if err != nil {
			return nil, err
		}
		if pass(v) {
			out.Add(n)
		}
	}
	return out, nil
}
