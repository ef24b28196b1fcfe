package disclose

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// book is what was told, by key.
type book struct {
	places map[string]uint32 // of patients in the bitmaps
	next   uint32            // the first place that nobody has
	told   map[string][]split
	holds  map[string][]string // by a key, those that name it as Within
	open   map[table]int       // where in told the sets of a table are that is being written down
}

// table is one of an answer, or of an entry: what it tells of a key.
type table struct {
	key    string
	number int
}

func newBook() *book {
	return &book{places: map[string]uint32{}, told: map[string][]split{}, holds: map[string][]string{}, open: map[table]int{}}
}

// add writes down a set. Those of one table, if it has a number, are one split.
func (b *book) add(key, within string, number int, set *roaring.Bitmap) {
	at := table{key, number}
	if k, ok := b.open[at]; ok && number > 0 {
		b.told[key][k].groups = append(b.told[key][k].groups, set)
		return
	}
	if within != "" && !slices.Contains(b.holds[within], key) {
		b.holds[within] = append(b.holds[within], key)
	}
	b.open[at] = len(b.told[key])
	b.told[key] = append(b.told[key], split{groups: []*roaring.Bitmap{set}})
}

// closed ends the tables: others may have their numbers.
func (b *book) closed() { clear(b.open) }

// set is a list of patients as a bitmap. Who has no place gets the next one, which added remembers.
func (b *book) set(patients []string, added map[string]uint32) *roaring.Bitmap {
	places := make([]uint32, 0, len(patients))
	for _, id := range patients {
		place, ok := b.places[id]
		if !ok {
			place, ok = added[id]
		}
		if !ok {
			place = b.next + uint32(len(added))
			added[id] = place
		}
		places = append(places, place)
	}
	set := roaring.New()
	set.AddMany(places)
	return set
}

// news says whether groups of one key, which share nobody, tell what was not told, and whether they are too near to that: each, and what they make
// up together.
func (b *book) news(key, within string, whole bool, groups []*roaring.Bitmap, k int) (news, near bool) {
	if b.has(key, groups) {
		return false, false // what was told since was held against it
	}
	l := unions(len(groups))
	known, close := make([]bool, len(l)), make([]bool, len(l))
	look := func(s split, whole, own bool) {
		if len(groups) == 1 && len(s.groups) == 1 && farApart(groups[0], s.groups[0], k) {
			return
		}
		if s.is(groups) {
			return // of another key; none of its unions is near to another
		}
		o := overlapOf(groups, s)
		for u, d := range o.distances(l) {
			known[u] = known[u] || own && d.differ == 0
			close[u] = close[u] || d.near(whole, k)
		}
		if len(groups) <= tooMany {
			return
		}
		for _, d := range o.swapped().distances(unions(len(s.groups))) {
			near = near || d.near(whole, k)
		}
	}
	for _, s := range b.told[key] {
		look(s, whole, true)
	}
	for _, other := range b.related(key, within) {
		for _, s := range b.told[other] {
			look(s, false, false)
		}
	}
	for u := range l {
		near = near || close[u] && !known[u]
		news = news || !known[u]
	}
	return news || len(groups) > 1, near
}

// farApart reports that two sets cannot be near by their sizes alone.
func farApart(a, b *roaring.Bitmap, k int) bool {
	n, m := a.GetCardinality(), b.GetCardinality()
	gap := max(n, m) - min(n, m)
	return gap >= uint64(max(k, 0)) && gap > 0
}

// related are the other keys of what a count of a key is held against: cohorts, which a caller chooses, against everything.
func (b *book) related(key, within string) []string {
	var l []string
	for other := range b.told {
		switch {
		case other == key:
		case other == Cohort, key == Cohort, other == within:
			l = append(l, other)
		}
	}
	if key == Cohort {
		return l
	}
	for _, other := range b.holds[key] {
		if other != key && other != Cohort {
			l = append(l, other)
		}
	}
	return l
}

// has reports whether one table told the same groups of a key.
func (b *book) has(key string, groups []*roaring.Bitmap) bool {
	return slices.ContainsFunc(b.told[key], func(s split) bool { return s.is(groups) })
}
