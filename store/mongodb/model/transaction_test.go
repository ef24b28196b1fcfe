package model

// tx is a transaction as its client sent it: what it asks of the state before it, and the resources that it writes.
type tx struct {
	Puts   []uint8 // resources that get a new version
	Delete []uint8 // resources that get a tombstone
	// None is If-None-Exist: none of these resources, which are all that could match, may be there.
	None []uint8
	// Need are references: each of these resources must be there.
	Need []uint8
	// Match is If-Match: the first of Puts must be there with this version; 0 for none.
	Match uint8
	// Big says that its payload lies in a part document.
	Big bool
}

// view is the state at a moment as an evaluation sees it.
type view [maxIDs]struct {
	vid   uint8
	there bool // not deleted
	found bool // a search finds it
}

// at reads the documents that are visible at moment t.
func (s *state) at(t uint8) view {
	var v view
	for id := range s.docs {
		for i, d := range s.docs[id] {
			if d.t != 0 && d.t <= t && t < d.x {
				v[id].vid, v[id].there, v[id].found = uint8(i+1), !d.gone, !d.gone && !d.bare
			}
		}
	}
	return v
}

// over adds what a commit wrote.
func (v *view) over(writes [maxWrites]write) {
	for _, w := range writes {
		if w != 0 {
			v[w.id()].vid, v[w.id()].there, v[w.id()].found = w.vid(), !w.gone(), !w.gone()
		}
	}
}

// spec is the state at moment t as the log alone says it.
func (s *state) spec(t uint8) view {
	var v view
	for n := range t {
		v.over(s.slots[n].writes)
	}
	return v
}

// holds says whether a state meets what the transaction asks of it.
func (x *tx) holds(v *view) bool {
	for _, id := range x.None {
		if v[id].found {
			return false
		}
	}
	for _, id := range x.Need {
		if !v[id].there {
			return false
		}
	}
	for _, id := range x.Delete {
		if !v[id].there {
			return false
		}
	}
	return x.Match == 0 || v[x.Puts[0]].there && v[x.Puts[0]].vid == x.Match
}

// writes are the versions that it makes of a state.
func (x *tx) writes(v *view) []write {
	var out []write
	for _, id := range x.Puts {
		out = append(out, newWrite(id, v[id].vid+1, false))
	}
	for _, id := range x.Delete {
		out = append(out, newWrite(id, v[id].vid+1, true))
	}
	return out
}

// group evaluates transactions one after another, each on what those before it left: what they write, which of
// them write, and which are refused.
func (m *machine) group(txs []uint8, v view) (plan [maxWrites]write, wrote, refused uint8) {
	n := 0
	for _, x := range txs {
		tx := &m.world.Txs[x]
		if !tx.holds(&v) {
			refused |= 1 << x
			continue
		}
		var own [maxWrites]write
		for i, w := range tx.writes(&v) {
			plan[n], own[i] = w, w
			n++
		}
		v.over(own)
		wrote |= 1 << x
	}
	return plan, wrote, refused
}
