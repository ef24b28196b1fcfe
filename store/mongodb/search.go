package mongodb

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// Search yields the matches of a plan.
func (s *Store) Search(ctx context.Context, p search.Plan, page store.Page) iter.Seq2[store.Match, error] {
	return attendedRows(ctx, s, func(ctx context.Context) iter.Seq2[store.Match, error] { return s.search(ctx, p, page) })
}

func (s *Store) search(ctx context.Context, p search.Plan, page store.Page) iter.Seq2[store.Match, error] {
	return func(yield func(store.Match, error) bool) {
		v, err := s.view(ctx, page.T)
		if err != nil {
			yield(store.Match{}, err)
			return
		}
		for m, err := range s.searchAt(ctx, p, v.t, page.After, page.Limit) {
			if err != nil {
				yield(store.Match{}, s.failedRead(ctx, err))
				return
			}
			if !yield(m, nil) {
				return
			}
		}
		if err := s.seen(ctx, v); err != nil {
			yield(store.Match{}, err)
		}
	}
}

// searchAt yields the matches of a plan at a moment, whatever the head and the floor are.
func (s *Store) searchAt(ctx context.Context, p search.Plan, t fhir.Moment, after []byte, limit int) iter.Seq2[store.Match, error] {
	return func(yield func(store.Match, error) bool) {
		q, left, stopped := s.finder.at(ctx, t), limit, false
		err := q.walk(p, after, func(some []*candidate) error {
			for len(some) > 0 {
				n := min(len(some), s.finder.tuning.load)
				if limit > 0 {
					n = min(n, left)
				}
				found, err := q.load(p.Type, some[:n])
				if err != nil {
					return err
				}
				for i, v := range found {
					if !yield(store.Match{Version: v, Cursor: some[i].cursor(len(p.Sort) > 0)}, nil) {
						stopped = true
						return errEnough
					}
				}
				some, left = some[n:], left-n
				if limit > 0 && left == 0 {
					return errEnough
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(store.Match{}, err)
		}
	}
}

// keysAt returns the keys of the matches of a plan, in no order, at most limit (0: all).
func (s *Store) keysAt(ctx context.Context, p search.Plan, t fhir.Moment, limit int) ([]fhir.Key, error) {
	var keys []fhir.Key
	q := s.finder.at(ctx, t)
	p.Sort = nil
	err := q.walk(p, nil, func(some []*candidate) error {
		for _, x := range some {
			keys = append(keys, fhir.Key{Type: p.Type, ID: x.id})
			if len(keys) == limit {
				return errEnough
			}
		}
		return nil
	})
	return keys, err
}

// walk yields the matches of a plan after a cursor.
func (q *query) walk(p search.Plan, after []byte, emit func([]*candidate) error) error {
	if err := q.x.s.indexed(p.Params); err != nil {
		return err
	}
	c, err := q.prepare(p.Type, p.Where)
	if err != nil {
		return err
	}
	w := &walk{q: q, typ: p.Type, cond: c, order: axes(p.Sort), emit: emit}
	if w.after, err = q.placeOf(p.Type, w.order, after); err != nil {
		return err
	}
	return w.run()
}

// cursor is the place of a match in the order: its t, and where it is sorted its document, which says all else.
func (x *candidate) cursor(sorted bool) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(x.t))
	if sorted {
		b = append(b, x.doc...)
	}
	return b
}

// placeOf finds the match of a cursor, nil for none.
func (q *query) placeOf(typ string, order sequence, after []byte) (*candidate, error) {
	if len(after) == 0 {
		return nil, nil
	}
	if len(after) < 8 || len(after) == 8 && len(order) > 1 || len(after) > 8 && len(order) == 1 {
		return nil, badCursor()
	}
	x := &candidate{t: fhir.Moment(binary.BigEndian.Uint64(after))}
	if len(order) > 1 {
		id, vid := cutVersion(string(after[8:]))
		if id == "" || vid < 1 {
			return nil, badCursor()
		}
		var found *candidate
		_, err := q.find(lookup{typ: typ, filter: byNames([]name{{doc: string(after[8:]), id: id}}), fields: candidateFields, limit: 1, index: byDoc}, func(doc bson.Raw) (err error) {
			found, err = readCandidate(doc)
			return err
		})
		if err != nil {
			return nil, err
		}
		if found == nil || found.t != x.t {
			return nil, badCursor()
		}
		x = found
	}
	order.locate(x)
	return x, nil
}

func badCursor() error {
	return fhir.NewIssue(fhir.Invalid, "the page cursor is not one of this search")
}

// Count returns how many resources match.
func (s *Store) Count(ctx context.Context, p search.Plan, t fhir.Moment) (int64, error) {
	ctx, end := s.attended(ctx)
	defer end()
	v, err := s.view(ctx, t)
	if err != nil {
		return 0, err
	}
	n, err := s.finder.at(ctx, v.t).total(p)
	if err != nil {
		return 0, s.failedRead(ctx, err)
	}
	return n, s.seen(ctx, v)
}

// total counts: by the engine what is sure, and one by one what is not.
func (q *query) total(p search.Plan) (n int64, err error) {
	if err := q.x.s.indexed(p.Params); err != nil {
		return 0, err
	}
	c, err := q.prepare(p.Type, p.Where)
	if err != nil || c.maybe.none {
		return 0, err
	}
	w := &walk{q: q, typ: p.Type, cond: c, order: sequence{tAxis{}}, quarter: 1}
	few, complete, err := w.gather()
	if err != nil {
		return 0, err
	}
	if complete {
		few, err = w.matching(few)
		return int64(len(few)), err
	}
	driver, err := w.leaving()
	if err != nil {
		return 0, err
	}
	rest := &walk{q: q, typ: p.Type, cond: c, order: sequence{tAxis{}}, emit: func(some []*candidate) error {
		n += int64(len(some))
		return nil
	}}
	if driver == nil || !sameIndex(driver.index, byID) { // that may show a version twice: what it leads to is looked at
		if n, err = w.sure(driver); err != nil || c.exact {
			return n, err
		}
		rest.cond, rest.beside = c.doubtful(), c.sure.not()
	}
	return n, rest.run()
}

// sure counts what the engine is sure of. It looks in the index for one condition, if there is one, and nowhere else: for the others it
// looks at what that one leaves.
func (w *walk) sure(driver *condition) (int64, error) {
	if w.cond.sure.none {
		return 0, nil
	}
	filter, index := w.cond.sure, byT
	if driver != nil {
		rest := []clause{driver.sure}
		for _, c := range w.cond.conjuncts() {
			if c != driver {
				rest = append(rest, c.sure.not().not())
			}
		}
		filter, index = both(rest...), driver.index
	}
	return w.q.tally(lookup{typ: w.typ, filter: w.q.shown(both(filter, w.between)), index: index})
}

// leaving returns the condition that leaves the fewest, nil where none narrows. Where there are several, those whose size can be remembered
// are counted; a range is not, because it is another one each time. A list of ids is taken only where there is nothing else.
func (w *walk) leaving() (*condition, error) {
	drivers := slices.DeleteFunc(slices.Clone(w.drivers), func(c *condition) bool { return sameIndex(c.index, byID) })
	if len(drivers) == 0 {
		drivers = w.drivers
	}
	if len(drivers) == 0 {
		return nil, nil
	}
	best, least := drivers[0], -1
	for _, c := range drivers {
		if c.name == "" || c.edge != nil || len(drivers) == 1 {
			continue
		}
		n, err := w.q.count(w.typ, c)
		if err != nil {
			return nil, err
		}
		if least < 0 || n < least {
			best, least = c, n
		}
	}
	return best, nil
}

// doubtful is the condition with the doubt beside it: it holds for the same of what is doubtful, and leads there.
func (c *condition) doubtful() *condition {
	if c.doubt.all() {
		return c
	}
	doubt := &condition{filters: onlyMaybe(c.doubt), narrows: true, index: byKeys, rank: rankDoubt, holds: func(*subject) bool { return true }}
	out := *c
	out.parts = append([]*condition{doubt}, c.conjuncts()...)
	out.filters = filtersOfAll([]filters{doubt.filters, c.filters})
	return &out
}

// Refs returns the references of matches by parameters.
func (s *Store) Refs(ctx context.Context, ms []store.Match, params []string) ([][]search.RefEntry, error) {
	ctx, end := s.attended(ctx)
	defer end()
	if err := errors.Join(s.usable(ctx), s.indexed(s.refsOfMatches(ms, params))); err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, p := range params {
		wanted[p] = true
	}
	q := s.finder.at(ctx, 0)
	found := map[string][]search.RefEntry{} // by location
	byType := map[string][]name{}
	for _, m := range ms {
		byType[m.Type] = append(byType[m.Type], name{doc: versionDoc(m.ID, m.VID), id: m.ID})
	}
	for typ, names := range byType {
		if err := q.refsOf(typ, names, found); err != nil {
			return nil, s.failedRead(ctx, err)
		}
	}
	if _, err := s.now(ctx); err != nil { // the index was that of this process until now
		return nil, err
	}
	out := make([][]search.RefEntry, len(ms))
	for i, m := range ms {
		for _, r := range found[m.Type+"/"+versionDoc(m.ID, m.VID)] {
			if r.Direct() && (wanted["*"] || wanted[r.Param]) {
				out[i] = append(out[i], r)
			}
		}
	}
	return out, nil
}

// refsOf reads the references of versions, unless their entries are dropped: their moment has passed.
func (q *query) refsOf(typ string, names []name, found map[string][]search.RefEntry) error {
	fields := bson.D{{Key: fieldDoc, Value: 1}, {Key: fieldRefs, Value: 1}}
	for len(names) > 0 {
		n := min(len(names), q.x.tuning.ids)
		left := map[string]name{}
		for _, one := range names[:n] {
			left[one.doc] = one
		}
		names = names[n:]
		for len(left) > 0 {
			before, some := len(left), make([]name, 0, len(left))
			for _, one := range left {
				some = append(some, one)
			}
			filter := append(byNames(some), bson.E{Key: fieldKeys, Value: bson.D{{Key: "$exists", Value: true}}})
			_, err := q.find(lookup{typ: typ, filter: filter, fields: fields, limit: len(some), index: byDoc}, func(doc bson.Raw) error {
				x, err := readCandidate(doc)
				found[typ+"/"+x.doc] = x.references()
				delete(left, x.doc)
				return err
			})
			if err != nil {
				return err
			}
			if len(left) == before {
				return expired()
			}
		}
	}
	return nil
}
