package mongodb

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// place is a value in the order of one key, as a string whose byte order is that order. Absent ones come last in both directions.
type place struct {
	absent bool
	value  string // in full: what places are compared by
	key    string // as far as the index has it; equal to value unless that is cut
}

func (p place) best(value, key string, descending bool) place {
	if p.absent || descending && value > p.value || !descending && value < p.value {
		return place{value: value, key: key}
	}
	return p
}

func comparePlaces(a, b place, descending bool) int {
	switch {
	case a.absent || b.absent:
		return cmp.Compare(btoi(a.absent), btoi(b.absent))
	case descending:
		return strings.Compare(b.value, a.value)
	default:
		return strings.Compare(a.value, b.value)
	}
}

// interval is a part of an order: of the keys of places. A bound that is not set is none.
type interval struct {
	lo, hi         string
	hasLo, hasHi   bool
	overLo, belowH bool // the bound itself is not inside
}

func (i interval) single() bool { return i.hasLo && i.hasHi && i.lo == i.hi && !i.overLo && !i.belowH }

func (i interval) has(key string) bool {
	return (!i.hasLo || key > i.lo || key == i.lo && !i.overLo) && (!i.hasHi || key < i.hi || key == i.hi && !i.belowH)
}

// split cuts an interval at a key inside it: what lies before, the key alone, and what lies behind.
func (i interval) split(key string) [3]interval {
	before, behind := i, i
	before.hi, before.hasHi, before.belowH = key, true, true
	behind.lo, behind.hasLo, behind.overLo = key, true, true
	return [3]interval{before, {lo: key, hi: key, hasLo: true, hasHi: true}, behind}
}

// axis is one key of an order.
type axis interface {
	// places returns the place of a candidate, and the keys of all its values, in the interval or not.
	place(x *candidate) place
	keys(x *candidate) []string
	// inside is the filter of an interval; none that the filter of no value at all.
	inside(q *query, i interval) (clause, error)
	none() clause // everything where each resource has a value
	index() bson.D
	descends() bool
}

var (
	byDoc  = bson.D{{Key: fieldDoc, Value: 1}}
	byKeys = bson.D{{Key: fieldKeys, Value: 1}, {Key: fieldT, Value: 1}}
	byT    = bson.D{{Key: fieldT, Value: 1}}
	byID   = bson.D{{Key: fieldID, Value: 1}, {Key: fieldX, Value: -1}}
)

// axes are the keys of an order. The last is always t, which no two versions share.
func axes(by []search.SortKey) []axis {
	out := make([]axis, 0, len(by)+1)
	for _, k := range by {
		switch k.Kind {
		case search.SortID:
			out = append(out, idAxis{k.Descending})
		case search.SortLastUpdated:
			out = append(out, atAxis{k.Descending})
		case search.SortRange:
			out = append(out, rangeAxis{keyName(k.Param) + nameEnd, k.Param, k.Descending})
		default:
			out = append(out, textAxis{keyName(k.Param) + nameEnd, k.Param, k.Descending})
		}
	}
	return append(out, tAxis{})
}

func number(n int64) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n)^1<<63)) }

func unnumber(s string) int64 { return int64(binary.BigEndian.Uint64([]byte(s)) ^ 1<<63) }

// tAxis is the order of versions.
type tAxis struct{}

func (tAxis) place(x *candidate) place {
	n := number(int64(x.t))
	return place{value: n, key: n}
}

func (a tAxis) keys(x *candidate) []string { return []string{a.place(x).key} }

func (tAxis) inside(_ *query, i interval) (clause, error) {
	return spanClause(fieldT, i, func(s string) any { return unnumber(s) }), nil
}

func (tAxis) none() clause   { return nothing }
func (tAxis) index() bson.D  { return byT }
func (tAxis) descends() bool { return false }

func spanClause(field string, i interval, value func(string) any) clause {
	var span bson.D
	if i.hasLo {
		op := "$gte"
		if i.overLo {
			op = "$gt"
		}
		span = append(span, bson.E{Key: op, Value: value(i.lo)})
	}
	if i.hasHi {
		op := "$lte"
		if i.belowH {
			op = "$lt"
		}
		span = append(span, bson.E{Key: op, Value: value(i.hi)})
	}
	if span == nil {
		return everything
	}
	return one(field, span)
}

type idAxis struct{ down bool }

func (idAxis) place(x *candidate) place   { return place{value: x.id, key: x.id} }
func (idAxis) keys(x *candidate) []string { return []string{x.id} }
func (idAxis) none() clause               { return nothing }
func (idAxis) index() bson.D              { return byID }
func (a idAxis) descends() bool           { return a.down }
func (idAxis) inside(_ *query, i interval) (clause, error) {
	return spanClause(fieldID, i, func(s string) any { return s }), nil
}

// atAxis is meta.lastUpdated. It never falls as t rises, so that the index of t serves for it.
type atAxis struct{ down bool }

func (atAxis) place(x *candidate) place {
	n := number(x.at.UnixMilli())
	return place{value: n, key: n}
}

func (a atAxis) keys(x *candidate) []string { return []string{a.place(x).key} }
func (atAxis) none() clause                 { return nothing }
func (atAxis) index() bson.D                { return byT }
func (a atAxis) descends() bool             { return a.down }

func (atAxis) inside(q *query, i interval) (clause, error) {
	var span bson.D
	if i.hasLo {
		t, err := q.firstAt(unnumber(i.lo) + int64(btoi(i.overLo)))
		if err != nil {
			return nothing, err
		}
		span = append(span, bson.E{Key: "$gte", Value: int64(t)})
	}
	if i.hasHi {
		t, err := q.firstAt(unnumber(i.hi) + int64(btoi(!i.belowH)))
		if err != nil {
			return nothing, err
		}
		span = append(span, bson.E{Key: "$lt", Value: int64(t)})
	}
	if span == nil {
		return everything, nil
	}
	return one(fieldT, span), nil
}

// textAxis orders by the lowest or the highest text of a name.
type textAxis struct {
	head string
	name string
	down bool
}

func (a textAxis) place(x *candidate) place {
	out := place{absent: true}
	x.texts(a.name, func(text string) bool {
		key, _ := cutText(text)
		out = out.best(text, key, a.down)
		return true
	})
	return out
}

func (a textAxis) keys(x *candidate) []string {
	var out []string
	for _, k := range x.keys {
		if value, ok := cutFamily(k, familyText, a.head); ok {
			out = append(out, value)
		}
	}
	return out
}

func (a textAxis) inside(_ *query, i interval) (clause, error) {
	head := familyText + a.head
	if i.single() {
		return keyIs(head + i.lo), nil
	}
	span := bson.D{{Key: "$gte", Value: head}, {Key: "$lt", Value: behindAll(head)}}
	if i.hasLo {
		span[0] = bson.E{Key: "$gte", Value: head + i.lo}
		if i.overLo {
			span[0].Key = "$gt"
		}
	}
	if i.hasHi {
		span[1] = bson.E{Key: "$lte", Value: head + i.hi}
		if i.belowH {
			span[1].Key = "$lt"
		}
	}
	return one(fieldKeys, bson.D{{Key: "$elemMatch", Value: span}}), nil
}

func (a textAxis) none() clause {
	head := familyText + a.head
	return keysFrom(head, behindAll(head)).not()
}

func (textAxis) index() bson.D    { return byKeys }
func (a textAxis) descends() bool { return a.down }

// rangeAxis orders by the lowest or the highest start of a range of a name.
type rangeAxis struct {
	head string
	name string
	down bool
}

func (a rangeAxis) place(x *candidate) place {
	out := place{absent: true}
	x.ranges(a.name, func(lo, _ string) bool {
		out = out.best(lo, lo, a.down)
		return true
	})
	return out
}

func (a rangeAxis) keys(x *candidate) []string {
	var out []string
	x.ranges(a.name, func(lo, _ string) bool {
		out = append(out, lo)
		return true
	})
	return out
}

func (a rangeAxis) inside(_ *query, i interval) (clause, error) {
	s := span{"", unbounded}
	if i.hasLo {
		s.from = i.lo
		if i.overLo {
			s.from += overEnd
		}
	}
	if i.hasHi {
		s.to = i.hi
		if !i.belowH {
			s.to += overEnd
		}
	}
	return either(s.keys(familyShort, a.name), s.keys(familyLong, a.name)), nil
}

func (a rangeAxis) none() clause {
	s := span{"", unbounded}
	return either(s.keys(familyShort, a.name), s.keys(familyLong, a.name)).not()
}

func (rangeAxis) index() bson.D    { return byKeys }
func (a rangeAxis) descends() bool { return a.down }

// sequence is an order with the places of candidates in it.
type sequence []axis

// locate gives a candidate its places.
func (s sequence) locate(x *candidate) {
	if x.places != nil {
		return
	}
	x.places = make([]place, len(s))
	for i, a := range s {
		x.places[i] = a.place(x)
	}
}

func (s sequence) compare(a, b *candidate) int {
	for i, axis := range s {
		if c := comparePlaces(a.places[i], b.places[i], axis.descends()); c != 0 {
			return c
		}
	}
	return 0
}

func (s sequence) sort(some []*candidate) {
	for _, x := range some {
		s.locate(x)
	}
	slices.SortFunc(some, s.compare)
}

// needsIndex reports whether the places depend on what the index keeps.
func (s sequence) needsIndex() bool {
	return slices.ContainsFunc(s, func(a axis) bool { return sameIndex(a.index(), byKeys) })
}

// candidate is a version that may match.
type candidate struct {
	doc string // its _id
	t   fhir.Moment
	subject
	places []place
}
