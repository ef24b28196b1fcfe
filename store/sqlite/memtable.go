package sqlite

import (
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
)

// memtable is the part of the index that was not merged into the B-tree yet. One
// writer appends, many readers look. Rows of a key ascend.
type memtable struct {
	mu   sync.RWMutex
	dirs map[string]map[string][]uint32
	rows int // versions in it
	keys int // postings in it
}

func newMemtable() *memtable {
	return &memtable{dirs: map[string]map[string][]uint32{}}
}

// add appends a row, which is above all rows of the table, to its places.
func (m *memtable) add(row uint32, places []place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows++
	m.keys += len(places)
	for _, p := range places {
		d := m.dirs[p.dir]
		if d == nil {
			d = map[string][]uint32{}
			m.dirs[p.dir] = d
		}
		rows := d[p.suf]
		if len(rows) > 0 && rows[len(rows)-1] == row {
			continue
		}
		d[p.suf] = append(rows, row)
	}
}

// truncate takes back all rows above head: those of a commit that failed, before which the table counted so many rows
// and keys. The capacity is cut too, so that a reader's slice is never written again.
func (m *memtable) truncate(head uint32, rows, keys int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows, m.keys = rows, keys
	for _, d := range m.dirs {
		for suf, rows := range d {
			k, _ := slices.BinarySearch(rows, head+1)
			if k == 0 {
				delete(d, suf)
				continue
			}
			d[suf] = rows[:k:k]
		}
	}
}

// get returns the rows of one key.
func (m *memtable) get(p place) []uint32 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.dirs[p.dir][p.suf]
}

// collect adds to b the rows of all suffixes that lie in the span and pass the filter.
func (m *memtable) collect(dir string, s span, keep func(suf string) bool, b *roaring.Bitmap) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for suf, rows := range m.dirs[dir] {
		if s.has(suf) && (keep == nil || keep(suf)) {
			b.AddMany(rows)
		}
	}
}

// any reports whether a suffix lies in the span.
func (m *memtable) any(dir string, s span) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for suf := range m.dirs[dir] {
		if s.has(suf) {
			return true
		}
	}
	return false
}

// next returns the lowest suffix in the span, or the highest if descending.
func (m *memtable) next(dir string, s span, descending bool) (string, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	best, found := "", false
	for suf := range m.dirs[dir] {
		if s.has(suf) && (!found || beyond(best, suf, descending)) {
			best, found = suf, true
		}
	}
	return best, found
}

// beyond reports whether a comes after b in the direction.
func beyond(a, b string, descending bool) bool {
	if descending {
		return a < b
	}
	return a > b
}

// sorted lists all places in byte order.
func (m *memtable) sorted() []place {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := make([]place, 0, m.keys/2)
	for dir, d := range m.dirs {
		for suf := range d {
			out = append(out, place{dir, suf})
		}
	}
	slices.SortFunc(out, place.compare)
	return out
}

// span is a half-open interval of suffixes; an empty upper end is no bound.
type span struct{ from, to string }

func (s span) has(suf string) bool {
	return suf >= s.from && (s.to == "" || suf < s.to)
}

// prefixSpan holds all suffixes that begin with p.
func prefixSpan(p string) span {
	to := []byte(p)
	for len(to) > 0 && to[len(to)-1] == 0xff {
		to = to[:len(to)-1]
	}
	if len(to) > 0 {
		to[len(to)-1]++
	}
	return span{p, string(to)}
}
