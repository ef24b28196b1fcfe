package mongodb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"firewolf/fhir"
)

// A history is read from its end, piece by piece, in spans of t, because an engine that does not read an index in its order would sort all versions
// there are. Of a span only the names of its versions are read; what a page shows of them follows.

const (
	// historyBatch is how many versions are read at a time, at most.
	historyBatch = 100
	// historyBytes are enough for one time.
	historyBytes = 16 << 20
	// historyRows is how many names of a type are read at a time.
	historyRows = 4 * historyBatch
	// historySlots is how many slots of the log the first span has.
	historySlots = 16
)

// past walks the versions of a history, newest first.
type past struct {
	q      *query
	h      historyQuery
	types  []string
	rows   int         // of a type at a time
	below  fhir.Moment // what is to come lies below it
	slots  slot        // how many the next span has
	dense  bool        // a span is a part of a slot
	number int64       // where a resource has many versions: the number of the next one; else 0
	atOnce int         // how many versions are read with their resources at a time
	bytes  int         // how many bytes of them are enough
}

// named is a version of which only the name is known.
type named struct {
	typ string
	*candidate
}

func newPast(ctx context.Context, s *Store, h historyQuery, types []string) *past {
	return &past{
		q: s.finder.at(ctx, h.t), h: h, types: types, rows: min(s.finder.tuning.some, historyRows), below: h.before, slots: historySlots, atOnce: historyBatch, bytes: historyBytes,
	}
}

// ended reports whether nothing is to come.
func (p *past) ended() bool { return len(p.types) == 0 || p.below <= max(p.h.since, 1) }

// next returns the versions of the next span, newest first.
func (p *past) next() ([]named, error) {
	switch {
	case p.number > 0:
		return p.numbered()
	case p.h.id != "":
		return p.ofOne()
	}
	for {
		from, started := p.from(), time.Now()
		some, whole, err := p.between(from)
		if err != nil {
			return nil, err
		}
		if whole {
			p.below = from
			p.widen(len(some), time.Since(started))
			return some, nil
		}
		if err := p.narrow(); err != nil {
			return nil, err
		}
	}
}

// from is where the next span begins. In a part of a slot no two versions share a moment, so that it holds no more than a find returns.
func (p *past) from() fhir.Moment {
	last := slotOf(p.below - 1)
	from := (last - p.slots + 1).moment(0)
	if p.dense {
		from = max(p.below-fhir.Moment(p.rows), last.moment(0))
	}
	return max(from, p.h.since, 0)
}

// narrow makes the next span smaller: it held too much.
func (p *past) narrow() error {
	if p.slots > 1 {
		p.slots = max(p.slots/8, 1)
		return nil
	}
	m, err := p.q.x.s.wire.markOf(p.q.ctx, slotOf(p.below-1))
	p.dense, p.below = true, min(p.below, m.t+1)
	return err
}

// widen fits the next span to what came out of the last one.
func (p *past) widen(n int, took time.Duration) {
	if p.dense {
		p.dense = p.below > slotOf(p.below).moment(0)
		return
	}
	switch {
	case took > 400*time.Millisecond:
		p.slots = max(p.slots/4, 1)
	case n == 0:
		p.slots *= 16
	case n < p.rows/8:
		p.slots *= 4
	}
	p.slots = min(p.slots, slotOf(p.below)+1)
}

// between reads the names of the versions from a moment on, of all types. It reports whether these are all.
func (p *past) between(from fhir.Moment) ([]named, bool, error) {
	found, more := make([][]named, len(p.types)), make([]bool, len(p.types))
	filter, index := p.h.filter(from, p.below)
	g, ctx := errgroup.WithContext(p.q.ctx)
	g.SetLimit(lookAtOnce)
	for k, typ := range p.types {
		g.Go(func() (err error) {
			found[k], more[k], err = p.names(ctx, lookup{typ: typ, filter: filter, limit: p.rows + 1, index: index})
			return err
		})
	}
	err := g.Wait()
	return newestFirst(slices.Concat(found...)), !slices.Contains(more, true), err
}

// names reads the names of versions, and reports whether there are more.
func (p *past) names(ctx context.Context, l lookup) (some []named, more bool, err error) {
	l.fields = lightFields
	more, err = p.q.x.at(ctx, p.q.t).find(l, func(doc bson.Raw) error {
		x, err := readCandidate(doc)
		some = append(some, named{l.typ, x})
		return err
	})
	return some, more || len(some) == l.limit, err
}

// newestFirst puts versions in order, each once: one that is closed while it is looked for by its id may be found twice.
func newestFirst(all []named) []named {
	slices.SortFunc(all, func(a, b named) int { return cmp.Compare(b.t, a.t) })
	return slices.CompactFunc(all, func(a, b named) bool { return a.t == b.t })
}

// ofOne reads the names of all versions of a resource at once, as most have few.
func (p *past) ofOne() ([]named, error) {
	some, whole, err := p.between(p.h.since)
	if err != nil {
		return nil, err
	}
	if whole {
		p.below = 0
		return some, nil
	}
	if p.number, err = p.newest(); err != nil || p.number == 0 {
		p.below = 0
		return nil, err
	}
	return p.numbered()
}

// newest is the number of the newest version that is to come, 0 for none. The numbers of a resource have no gaps, and t rises with them.
func (p *past) newest() (int64, error) {
	v, there, err := (resource{p.q.x.s, p.key()}).at(p.q.ctx, p.h.t)
	if err != nil || !there {
		return 0, err
	}
	if v.T < p.below {
		return v.VID, nil
	}
	lo, hi := int64(0), v.VID // what is to come has lo and not hi
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		one, _, err := p.names(p.q.ctx, p.byNumber(mid, mid))
		if err != nil {
			return 0, err
		}
		if len(one) == 0 {
			return 0, fmt.Errorf("reading the history of %s: %w: version %d is gone", p.key(), errCorrupt, mid)
		}
		if one[0].t < p.below {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo, nil
}

func (p *past) key() fhir.Key { return fhir.Key{Type: p.types[0], ID: p.h.id} }

// byNumber asks for the versions of a resource with some numbers.
func (p *past) byNumber(from, to int64) lookup {
	var names []name
	for n := from; n <= to; n++ {
		names = append(names, name{doc: versionDoc(p.h.id, n), id: p.h.id})
	}
	return lookup{typ: p.types[0], filter: byNames(names), limit: len(names) + 1, index: byDoc}
}

// numbered reads the names of the next versions of a resource that has many.
func (p *past) numbered() ([]named, error) {
	l := p.byNumber(max(p.number-historyBatch+1, 1), p.number)
	l.filter = append(l.filter, p.h.current()...)
	some, _, err := p.names(p.q.ctx, l)
	if p.number -= historyBatch; p.number < 1 {
		p.below = 0
	}
	some = newestFirst(some)
	if n := len(some); n > 0 && some[n-1].t < p.h.since {
		p.below = 0
	}
	return slices.DeleteFunc(some, func(x named) bool { return x.t < p.h.since }), err
}

// load reads versions with their resources: of those given the first ones, at least one, and no more than are held in memory easily.
func (p *past) load(rows []named) ([]fhir.Version, error) {
	for {
		some := rows[:min(len(rows), p.atOnce)]
		found, err := p.read(some)
		if err != nil {
			return nil, err
		}
		var first []fhir.Version
		for _, x := range some {
			v, there := found[x.t]
			if !there {
				break
			}
			first = append(first, v)
		}
		switch {
		case len(first) == len(some):
			p.atOnce = min(2*p.atOnce, historyBatch)
			return first, nil
		case len(some) == 1:
			return nil, fmt.Errorf("reading a history: %w: %s %s is gone", errCorrupt, some[0].typ, some[0].doc)
		}
		if p.atOnce = len(some) / 2; len(first) > 0 {
			return first, nil
		}
	}
}

// read reads versions by their names, until that is enough.
func (p *past) read(some []named) (map[fhir.Moment]fhir.Version, error) {
	byType := map[string][]name{}
	var types []string // in the order of their newest versions
	for _, x := range some {
		if byType[x.typ] == nil {
			types = append(types, x.typ)
		}
		byType[x.typ] = append(byType[x.typ], name{doc: x.doc, id: x.id})
	}
	found, size := make(map[fhir.Moment]fhir.Version, len(some)), 0
	for _, typ := range types {
		l := lookup{typ: typ, filter: byNames(byType[typ]), fields: withoutIndex, limit: len(byType[typ]), index: byDoc}
		_, err := p.q.find(l, func(doc bson.Raw) error {
			v, err := p.q.x.s.version(p.q.ctx, typ, doc)
			if found[v.T] = v; err != nil {
				return err
			}
			if size += len(v.JSON); size >= p.bytes {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
