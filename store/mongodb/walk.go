package mongodb

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A walk yields the matches of a condition in an order, however many there are, and holds only some of them at a time.
//
// First it asks for all candidates by the condition that leaves the fewest, at most tuning.some of them: where they are
// fewer they are sorted here, and done. Where they are more it asks for a part of the order, an interval of its first key.
// An interval that has too many candidates is cut at one of those that came, and the nearer part asked for; the parts
// behind wait on a stack. That is quicksort, as lazy as the reader of the page. Where one value alone has too many, the
// next key of the order cuts it, and in the end t, which no two versions share.
type walk struct {
	q     *query
	typ   string
	cond  *condition
	order sequence
	after *candidate // the last match of the page before, with its places; nil for none
	emit  func([]*candidate) error
	// base is what the engine is asked in every interval.
	base clause
	// byT says that the condition narrows less than t does: intervals of t are then tried from small ones on.
	byT     bool
	quarter int    // where an interval is cut: so many sixteenths of what came
	hint    bson.D // of the condition that narrows base; nil where an interval does
	beside  clause // asked everywhere, beside the condition
	between clause // that, and the span of t that the condition leaves
	first   slot   // where the walk begins
	whole   bool   // the filter is all that the engine can say of the condition
	want    wanting
	fetched int          // candidates so far
	drivers []*condition // those that narrow, the best first; after gather
}

// wanting is what is wanted of candidates, beside what the condition and the order need.
type wanting int

const (
	noEntries  wanting = iota
	references         // r
	allEntries         // k, r and l
)

// run walks. The order of what it emits is whole: each call continues the one before.
func (w *walk) run() error {
	w.quarter = 1
	if w.cond.maybe.none {
		return nil
	}
	few, complete, err := w.gather()
	if err != nil {
		return err
	}
	if complete {
		err = w.pass(few, nil)
	} else if err = w.choose(); err == nil {
		err = w.region(0, w.base, nil, w.after != nil)
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// gather asks by the conditions that seem to leave the fewest candidates, one after another, until one leaves few.
func (w *walk) gather() (few []*candidate, complete bool, err error) {
	if w.between, err = w.updatedBetween(); err != nil {
		return nil, false, err
	}
	for _, c := range w.cond.conjuncts() {
		if c.narrows && !c.maybe.all() {
			w.drivers = append(w.drivers, c)
		}
	}
	most := w.q.x.tuning.some
	size := func(c *condition) int {
		if n := w.q.x.known(c); n != unknownSize {
			return n
		}
		return most // those that are known to leave few come before, those that leave many after it
	}
	slices.SortStableFunc(w.drivers, func(a, b *condition) int {
		return cmp.Or(cmp.Compare(size(a), size(b)), cmp.Compare(a.rank, b.rank))
	})
	const tries = 3
	for i, c := range w.drivers {
		if i == tries || size(c) > most {
			break
		}
		few, complete, err = w.drive(c)
		if err != nil || complete {
			return few, complete, err
		}
		w.q.x.note(c.name, c, most+1, most)
	}
	return nil, false, nil
}

// drive asks by a condition for all candidates. Where others can be asked beside it that is cheaper than to send what they leave out; but then
// how many it leaves must be known before, because the engine may read them all and send few.
func (w *walk) drive(c *condition) (few []*candidate, complete bool, err error) {
	all := w.cond.conjuncts()
	w.whole = len(all) == 1
	rest := beside(c, all)
	if rest.all() {
		if few, complete, err = w.fetch(c.maybe, c.index); complete {
			w.q.x.note(c.name, c, len(few), w.q.x.tuning.some)
		}
		return few, complete, err
	}
	n, err := w.q.width(w.typ, c)
	if err != nil || n > w.q.x.tuning.some {
		return nil, false, err
	}
	w.whole = true
	return w.fetch(both(c.maybe, rest), c.index)
}

// beside is what the engine can say of the conditions beside one, written so that it looks for none of them in an index: it would read
// all that they leave, too.
func beside(one *condition, all []*condition) clause {
	var rest []clause
	for _, c := range all {
		if c != one && !c.maybe.all() {
			rest = append(rest, c.maybe.not().not())
		}
	}
	return both(rest...)
}

// choose finds the filter of intervals, knowing that there are many candidates.
func (w *walk) choose() error {
	var use []clause
	var hint bson.D
	for _, c := range w.drivers {
		n, err := w.q.count(w.typ, c)
		if err != nil {
			return err
		}
		if n <= w.q.x.tuning.many {
			use = append(use, c.maybe)
			if hint == nil {
				hint = c.index
			}
		}
	}
	if len(use) == 0 {
		w.base, w.byT, w.whole = w.cond.maybe, true, true
		return nil
	}
	w.base, w.hint, w.whole = both(use...), hint, len(use) == len(w.cond.conjuncts())
	return nil
}

// region walks what a filter leaves, by the key of the order at a level. mine tells what belongs here, of what came: a
// resource with several values comes in several intervals. tight says that all before this level is as in the match of the cursor.
func (w *walk) region(level int, where clause, mine func(*candidate) bool, tight bool) error {
	a := w.order[level]
	if !tight || !w.after.places[level].absent {
		if err := w.intervals(level, where, mine, tight); err != nil {
			return err
		}
	}
	none := a.none()
	if none.none {
		return nil
	}
	return w.region(level+1, both(where, none), func(x *candidate) bool {
		return x.places[level].absent && (mine == nil || mine(x))
	}, tight && w.after.places[level].absent)
}

func (w *walk) intervals(level int, where clause, mine func(*candidate) bool, tight bool) error {
	a := w.order[level]
	whole := interval{}
	if tight {
		whole = from(w.after.places[level].key, a.descends(), level == len(w.order)-1)
	}
	if w.byT && w.isByT(level) {
		return w.windows(level, where, mine, whole, tight)
	}
	return w.lazySort(level, where, mine, whole, tight)
}

// from is what lies behind a key in the order: and the key itself, unless it is that of one match alone.
func from(key string, descends, alone bool) interval {
	if descends {
		return interval{hi: key, hasHi: true, belowH: alone}
	}
	return interval{lo: key, hasLo: true, overLo: alone}
}

// lazySort walks an interval, cutting it where it has too many candidates.
func (w *walk) lazySort(level int, where clause, mine func(*candidate) bool, whole interval, tight bool) error {
	a := w.order[level]
	stack := []interval{whole}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		inside, err := a.inside(w.q, i)
		if err != nil {
			return err
		}
		some, complete, err := w.fetch(both(where, inside), w.indexFor(a))
		if err != nil {
			return err
		}
		here := func(x *candidate) bool {
			p := x.places[level]
			return !p.absent && i.has(p.key) && (mine == nil || mine(x))
		}
		switch {
		case complete:
			w.quarter = min(w.quarter*2, 12)
			err = w.pass(some, here)
		case i.single():
			err = w.within(level, both(where, inside), i, here, tight)
		default:
			parts := i.split(w.cut(a, some, i))
			if a.descends() {
				parts[0], parts[2] = parts[2], parts[0]
			}
			stack = append(stack, parts[2], parts[1], parts[0])
			w.quarter = max(w.quarter/2, 1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// indexFor is the index that an interval is looked up in: that of its key, unless a condition narrows more than t or the id does.
func (w *walk) indexFor(a axis) bson.D {
	if index := a.index(); w.hint == nil || sameIndex(index, byKeys) {
		return index
	}
	return w.hint
}

// within walks what shares one key at a level. Keys that are cut stand for several values: those are sorted here, all of them.
func (w *walk) within(level int, where clause, i interval, here func(*candidate) bool, tight bool) error {
	if _, text := w.order[level].(textAxis); text && isCut(i.lo) {
		return w.all(where, here)
	}
	tight = tight && w.after.places[level].key == i.lo
	if !w.byT || w.isByT(level) {
		return w.region(level+1, where, here, tight)
	}
	// One value may narrow where the condition does not.
	n, err := w.q.count(w.typ, &condition{filters: filters{maybe: where}, index: byKeys})
	if err != nil {
		return err
	}
	if n > w.q.x.tuning.many {
		return w.region(level+1, where, here, tight)
	}
	w.byT, w.hint = false, byKeys
	err = w.region(level+1, where, here, tight)
	w.byT, w.hint = true, nil
	return err
}

// all gathers what a filter leaves, and sorts it.
func (w *walk) all(where clause, here func(*candidate) bool) error {
	var all []*candidate
	inner := &walk{q: w.q, typ: w.typ, cond: w.cond, order: sequence{tAxis{}}, beside: w.beside, between: w.between, hint: byKeys, want: allEntries, quarter: 1, emit: func(some []*candidate) error {
		for _, x := range some {
			x.places = nil
		}
		all = append(all, some...)
		return nil
	}}
	if err := inner.region(0, where, nil, false); err != nil {
		return err
	}
	w.order.sort(all)
	return w.hand(all, here)
}

func isCut(key string) bool { return strings.HasSuffix(key, cutMark) }

// cut returns the key at which an interval is cut, of those that came.
func (w *walk) cut(a axis, some []*candidate, i interval) string {
	keys := make([]string, 0, len(some))
	for _, x := range some {
		for _, k := range a.keys(x) {
			if i.has(k) {
				keys = append(keys, k)
			}
		}
	}
	slices.Sort(keys)
	if a.descends() {
		slices.Reverse(keys)
	}
	return keys[len(keys)*w.quarter/16]
}

// pass sorts candidates, keeps those that match, and hands them on.
func (w *walk) pass(some []*candidate, here func(*candidate) bool) error {
	w.order.sort(some)
	if w.after != nil {
		some = slices.DeleteFunc(some, func(x *candidate) bool { return w.order.compare(x, w.after) <= 0 })
	}
	const step = 250 // so many are looked up at a time, where conditions join
	if here != nil {
		some = slices.DeleteFunc(some, func(x *candidate) bool { return !here(x) })
	}
	for len(some) > 0 {
		n := len(some)
		if w.cond.prime != nil {
			n = min(n, step)
		}
		kept, err := w.matching(some[:n:n])
		if err != nil {
			return err
		}
		some = some[n:]
		if err := w.hand(kept, nil); err != nil {
			return err
		}
	}
	return nil
}

// matching keeps the candidates that match. Of exact filters nothing needs to be looked at.
func (w *walk) matching(some []*candidate) ([]*candidate, error) {
	if w.whole && w.cond.exact {
		return some, nil
	}
	return w.cond.passing(w.q.ctx, some)
}

func (w *walk) hand(some []*candidate, here func(*candidate) bool) error {
	if here != nil {
		some = slices.DeleteFunc(some, func(x *candidate) bool { return !here(x) || w.after != nil && w.order.compare(x, w.after) <= 0 })
	}
	if len(some) == 0 {
		return nil
	}
	return w.emit(some)
}

// isByT reports whether the key at a level has the order of t.
func (w *walk) isByT(level int) bool {
	switch w.order[level].(type) {
	case tAxis, atAxis:
		return true
	}
	return false
}

// each calls do with every resource of a type that a condition holds for, in the order of t. errEnough ends it. What is read of them is
// what the condition needs, and all of their entries or their references if they are wanted.
func (q *query) each(typ string, c *condition, want wanting, do func(*candidate) error) error {
	w := &walk{q: q, typ: typ, cond: c, order: sequence{tAxis{}}, want: want, emit: func(some []*candidate) error {
		for _, x := range some {
			if err := do(x); err != nil {
				return err
			}
		}
		return nil
	}}
	return w.run()
}
