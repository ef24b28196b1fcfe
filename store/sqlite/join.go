package sqlite

import (
	"github.com/RoaringBitmap/roaring/v2"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// refersTo answers a chain: from the resources that are referred to, or, where
// only a few candidates are left, from the references that these hold.
func (q *query) refersTo(e search.RefersTo, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	ends, err := q.chainEnds(e)
	if err != nil {
		return nil, err
	}
	if few := q.r.s.o.tuning.few; within != nil && within.GetCardinality() <= few && ends > int(few) {
		return q.test(within, q.refersToTest(e))
	}
	out := roaring.New()
	for _, target := range e.Targets {
		tq, ok := q.r.query(q.ctx, target.Type, q.t)
		if !ok {
			continue
		}
		found, err := tq.matches(target.Where)
		if err != nil {
			return nil, err
		}
		if err := q.addReferrers(out, e.Param, found); err != nil {
			return nil, err
		}
	}
	if within != nil {
		out.And(within)
	}
	return out, nil
}

// addReferrers adds the rows that refer by the parameter to one of the found resources.
func (q *query) addReferrers(out *roaring.Bitmap, param string, found *roaring.Bitmap) error {
	it := found.Iterator()
	for it.HasNext() {
		if err := q.ctx.Err(); err != nil {
			return err
		}
		k, err := q.r.loadKey(it.Next())
		if err != nil {
			return err
		}
		rows, err := q.r.rows(keyPlace(q.typ, search.RefKey(param, k)), 0, 0xffff)
		if err != nil {
			return err
		}
		out.Or(rows)
	}
	return nil
}

// rowTest looks at one row.
type rowTest func(n uint32) (bool, error)

func (q *query) test(rows *roaring.Bitmap, pass rowTest) (*roaring.Bitmap, error) {
	out := roaring.New()
	it := rows.Iterator()
	for it.HasNext() {
		if err := q.ctx.Err(); err != nil {
			return nil, err
		}
		n := it.Next()
		ok, err := pass(n)
		if err != nil {
			return nil, err
		}
		if ok {
			out.Add(n)
		}
	}
	return out, nil
}

// refersToTest follows the references of a row. What a target was found to be is remembered.
func (q *query) refersToTest(e search.RefersTo) rowTest {
	known := map[fhir.Key]bool{}
	return func(n uint32) (bool, error) {
		v, err := q.r.loadVals(n)
		if err != nil {
			return false, err
		}
		for _, ref := range v.refs {
			if ref.Param != e.Param {
				continue
			}
			holds, seen := known[ref.Key]
			if !seen {
				if holds, err = q.targetHolds(e.Targets, ref.Key); err != nil {
					return false, err
				}
				known[ref.Key] = holds
			}
			if holds {
				return true, nil
			}
		}
		return false, nil
	}
}

func (q *query) targetHolds(targets []search.Target, k fhir.Key) (bool, error) {
	for _, target := range targets {
		if target.Type != k.Type {
			continue
		}
		n, err := q.r.current(k, q.t)
		if err != nil || n == 0 {
			return false, err
		}
		h, err := q.r.loadHeader(n)
		if err != nil || h.deleted {
			return false, err
		}
		tq, _ := q.r.query(q.ctx, k.Type, q.t)
		rows, err := tq.eval(target.Where, roaring.BitmapOf(n))
		if err != nil || !rows.IsEmpty() {
			return err == nil, err
		}
	}
	return false, nil
}

// referredBy answers a reverse chain: from the referring resources, or, where these
// are more than the candidates, candidate by candidate.
func (q *query) referredBy(e search.ReferredBy, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	sq, ok := q.r.query(q.ctx, e.Source.Type, q.t)
	if !ok {
		return roaring.New(), nil
	}
	if within != nil && within.GetCardinality() <= q.r.s.o.tuning.few {
		return q.test(within, q.referrersTest(e, sq))
	}
	sources, err := sq.matches(e.Source.Where)
	if err != nil {
		return nil, err
	}
	if within != nil && within.GetCardinality() < sources.GetCardinality() {
		return q.test(within, q.referredByTest(e, sq, sources))
	}
	out := roaring.New()
	seen := map[fhir.Key]bool{}
	it := sources.Iterator()
	for it.HasNext() {
		if err := q.addReferred(out, it.Next(), e.Param, seen); err != nil {
			return nil, err
		}
	}
	all, err := q.all(within) // a tombstone can be referred to, and is no match
	if err != nil {
		return nil, err
	}
	out.And(all)
	return out, nil
}

// addReferred adds the current rows of the type that row n refers to.
func (q *query) addReferred(out *roaring.Bitmap, n uint32, param string, seen map[fhir.Key]bool) error {
	if err := q.ctx.Err(); err != nil {
		return err
	}
	v, err := q.r.loadVals(n)
	if err != nil {
		return err
	}
	for _, ref := range v.refs {
		if ref.Param != param || ref.Key.Type != q.name || seen[ref.Key] {
			continue
		}
		seen[ref.Key] = true
		target, err := q.r.current(ref.Key, q.t)
		if err != nil {
			return err
		}
		if target != 0 {
			out.Add(target)
		}
	}
	return nil
}

// referrersTest looks at the resources that refer to a row, without finding all that satisfy the condition.
func (q *query) referrersTest(e search.ReferredBy, sq *query) rowTest {
	return func(n uint32) (bool, error) {
		k, err := q.r.loadKey(n)
		if err != nil {
			return false, err
		}
		rows, err := q.r.rows(keyPlace(sq.typ, search.RefKey(e.Param, k)), 0, 0xffff)
		if err != nil {
			return false, err
		}
		q.r.s.shut.visible(rows, q.t)
		rows, err = sq.eval(e.Source.Where, rows)
		return err == nil && !rows.IsEmpty(), err
	}
}

// referredByTest looks whether one of the sources refers to a row.
func (q *query) referredByTest(e search.ReferredBy, sq *query, sources *roaring.Bitmap) rowTest {
	return func(n uint32) (bool, error) {
		if sources.IsEmpty() {
			return false, nil
		}
		k, err := q.r.loadKey(n)
		if err != nil {
			return false, err
		}
		rows, err := sq.r.rows(keyPlace(sq.typ, search.RefKey(e.Param, k)), uint16(sources.Minimum()>>16), uint16(sources.Maximum()>>16))
		if err != nil {
			return false, err
		}
		return rows.Intersects(sources), nil
	}
}
