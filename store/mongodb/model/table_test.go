package model

// table maps the hash of each visited state to that of the state it was first reached from. 0 is no hash.
type table struct {
	keys, from []uint64
	n          int
}

func newTable() *table { return &table{keys: make([]uint64, 1<<12), from: make([]uint64, 1<<12)} }

func (t *table) slot(h uint64) int {
	mask := uint64(len(t.keys) - 1)
	i := h & mask
	for t.keys[i] != 0 && t.keys[i] != h {
		i = (i + 1) & mask
	}
	return int(i)
}

// add says whether h is new.
func (t *table) add(h, from uint64) bool {
	i := t.slot(h)
	if t.keys[i] == h {
		return false
	}
	t.keys[i], t.from[i] = h, from
	t.n++
	if 3*t.n > 2*len(t.keys) {
		t.grow()
	}
	return true
}

func (t *table) grow() {
	old := *t
	t.keys, t.from = make([]uint64, 2*len(old.keys)), make([]uint64, 2*len(old.keys))
	for i, h := range old.keys {
		if h != 0 {
			j := t.slot(h)
			t.keys[j], t.from[j] = h, old.from[i]
		}
	}
}

func (t *table) parent(h uint64) uint64 { return t.from[t.slot(h)] }
