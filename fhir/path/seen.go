package fhirpath

import (
	"hash/maphash"
	"strconv"

	"firewolf/fhir/tree"
)

// few is up to how many items are compared each with each; hashing more pays.
const few = 16

// distinct removes from dst[start:] the items that equal an earlier one.
func distinct(e *env, dst []Value, start int) ([]Value, error) {
	switch n := len(dst) - start; {
	case n < 2:
		return dst, nil
	case n > few:
		return newSeen(e).sift(dst, start)
	}
	end := start
	for k := start; k < len(dst); k++ {
		has, err := holds(e, dst[start:end], dst[k])
		if err != nil {
			return nil, err
		}
		if !has {
			dst[end] = dst[k]
			end++
		}
	}
	return dst[:end], nil
}

// holds reports whether a collection has an item that equals v.
func holds(e *env, vs []Value, v Value) (bool, error) {
	for k := range vs {
		same, err := equal(e, vs[k], v)
		if err != nil || same == yes {
			return same == yes, err
		}
	}
	return false, nil
}

// seen is a set of items. Items that are equal have equal hashes; those that share a hash are compared.
type seen struct {
	e       *env
	seed    maphash.Seed
	buckets map[uint64][]Value
}

func newSeen(e *env) *seen {
	return &seen{e: e, seed: maphash.MakeSeed(), buckets: map[uint64][]Value{}}
}

// add puts an item into the set; false where it was there.
func (s *seen) add(v Value) (bool, error) {
	h := s.hash(v)
	has, err := holds(s.e, s.buckets[h], v)
	if has || err != nil {
		return false, err
	}
	s.buckets[h] = append(s.buckets[h], v)
	return true, s.e.spend(1)
}

// sift keeps of dst[start:] the items that are new to the set.
func (s *seen) sift(dst []Value, start int) ([]Value, error) {
	end := start
	for k := start; k < len(dst); k++ {
		isNew, err := s.add(dst[k])
		if err != nil {
			return nil, err
		}
		if isNew {
			dst[end] = dst[k]
			end++
		}
	}
	return dst[:end], nil
}

// hash is the same for all items that equal calls equal, and mostly different for others.
func (s *seen) hash(v Value) uint64 {
	a := atomOf(v)
	switch {
	case a.kind == atomString || a.kind == atomBoolean:
		return s.text(a.text)
	case isNumber(a.kind):
		d, _ := a.number()
		return s.text(d.Reduce().String())
	case isDate(a.kind) || a.kind == atomTime:
		return s.moment(a)
	case a.kind == atomQuantity:
		return s.quantity(a)
	case v.Node.Exists():
		return s.tree(v.Node)
	}
	return s.text(v.Text)
}

// quantity is one hash for all that have a dimension, as they equal each other in many units. Those
// without equal numbers.
func (s *seen) quantity(a atom) uint64 {
	q, _ := quantityOf(a)
	if u, ok := s.e.measure(q); ok {
		if d, unit, err := s.e.ucum().Canonicalize(q.value, u.String()); err == nil && unit == "1" {
			return s.text(d.Reduce().String())
		}
	}
	return 1
}

func (s *seen) text(text string) uint64 { return maphash.String(s.seed, text) }

// moment hashes dates with zones in UTC. Dates of different precision never equal each other.
func (s *seen) moment(a atom) uint64 {
	if t, ok := timeOf(a); ok {
		hour, minute, second, nanos := t.Clock()
		return s.text(strconv.Itoa(((hour*60+minute)*60+second)*1_000_000_000 + nanos))
	}
	d, ok := dateOf(a)
	if !ok {
		return s.text(a.text)
	}
	lo, _ := d.Range()
	return s.text(strconv.FormatInt(lo.UnixNano(), 10) + strconv.Itoa(int(d.Precision())))
}

// tree hashes an element with all that is below it. Members count in any order. What can be written in more than one way
// (numbers, moments) counts only as being there.
func (s *seen) tree(n tree.Node) uint64 {
	switch n.Kind() {
	case tree.Object:
		h := uint64(tree.Object)
		for m := n.First(); m.Exists(); m = m.Next() {
			h += mix(s.text(m.Name()), s.tree(m))
		}
		return h
	case tree.Array:
		h := uint64(tree.Array)
		for m := n.First(); m.Exists(); m = m.Next() {
			h = mix(h, s.tree(m))
		}
		return h
	case tree.String:
		if text := n.Text(); len(text) < 11 || text[10] != 'T' || !isDigit(text[0]) {
			return s.text(text)
		}
	default:
	}
	return uint64(n.Kind())
}

func mix(a, b uint64) uint64 {
	h := a*0x9E3779B97F4A7C15 ^ b
	h ^= h >> 29
	return h * 0xBF58476D1CE4E5B9
}
