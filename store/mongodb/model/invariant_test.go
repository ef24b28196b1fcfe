package model

import "fmt"

// broken returns the first invariant that state s breaks, or "".
func (m *machine) broken(s *state) string {
	for _, f := range []func(*state) string{logIsSound, m.documentsAreOfTheLog, readersSeeTheLog, clientsHeardTheTruth, m.partsAreThere} {
		if why := f(s); why != "" {
			return why
		}
	}
	return ""
}

// logIsSound: no gap between slots, each transaction once, versions of a resource one after another.
func logIsSound(s *state) string {
	var txs uint8
	var last [maxIDs]uint8
	for n := uint8(1); n <= maxSlots; n++ {
		c := s.slot(n)
		if !c.taken && n <= s.tail() {
			return fmt.Sprintf("slot %d is free below the tail", n)
		}
		if txs&c.txs != 0 {
			return fmt.Sprintf("a transaction of slot %d was committed before", n)
		}
		txs |= c.txs
		for _, w := range c.writes {
			if w == 0 {
				continue
			}
			if w.vid() != last[w.id()]+1 {
				return fmt.Sprintf("slot %d writes version %d of resource %c after version %d", n, w.vid(), 'A'+w.id(), last[w.id()])
			}
			last[w.id()] = w.vid()
		}
	}
	if s.heads.floor > s.heads.applied || s.heads.applied > s.tail() {
		return "floor <= applied <= tail does not hold"
	}
	return ""
}

// documentsAreOfTheLog: every version of a published commit is there, closed at its successor's slot and not else; what
// is there is of a commit.
func (m *machine) documentsAreOfTheLog(s *state) string {
	var want [maxIDs][maxVIDs]doc
	for n := uint8(1); n <= maxSlots; n++ {
		for _, w := range s.slot(n).writes {
			if w == 0 {
				continue
			}
			want[w.id()][w.vid()-1] = doc{t: n, x: open}
			if w.vid() > 1 {
				want[w.id()][w.vid()-2].x = n
			}
		}
	}
	for id := range want {
		for i := range want[id] {
			if why := m.document(s, s.docs[id][i], want[id][i]); why != "" {
				return fmt.Sprintf("version %d of resource %c: %s", i+1, 'A'+id, why)
			}
		}
	}
	return ""
}

func (m *machine) document(s *state, d, want doc) string {
	switch {
	case d.t == 0 && want.t != 0 && want.t <= s.heads.applied:
		if m.flaw == pruningDeletesDocuments && want.x <= s.heads.floor {
			return ""
		}
		return "is published and not there"
	case d.t != 0 && d.t != want.t:
		return fmt.Sprintf("is of slot %d, the log says %d", d.t, want.t)
	case d.t != 0 && d.x != open && d.x != want.x:
		return fmt.Sprintf("is closed at %d, the log says %d", d.x, want.x)
	case d.t != 0 && d.x == open && want.x <= s.heads.applied:
		return fmt.Sprintf("is open, and %d that closes it is published", want.x)
	}
	return ""
}

// readersSeeTheLog: at every moment that a reader may hold, the documents show what the log says, whole.
func readersSeeTheLog(s *state) string {
	for t := s.heads.floor; t <= s.heads.applied; t++ {
		spec, saw := s.spec(t), s.at(t)
		for id := range spec {
			spec[id].found = spec[id].there
			if spec[id] != saw[id] {
				return fmt.Sprintf("at %d resource %c is %+v, the log says %+v", t, 'A'+id, saw[id], spec[id])
			}
			if n := s.visible(id, t); n > 1 {
				return fmt.Sprintf("at %d resource %c has %d versions", t, 'A'+id, n)
			}
		}
	}
	return ""
}

func (s *state) visible(id int, t uint8) int {
	n := 0
	for _, d := range s.docs[id] {
		if d.t != 0 && d.t <= t && t < d.x {
			n++
		}
	}
	return n
}

// clientsHeardTheTruth: what was acknowledged is published, what was refused is in no slot.
func clientsHeardTheTruth(s *state) string {
	for x, v := range s.heard {
		in := uint8(0)
		for n := uint8(1); n <= s.tail(); n++ {
			if s.slot(n).txs&(1<<x) != 0 {
				in = n
			}
		}
		switch {
		case v == acknowledged && (in == 0 || in > s.heads.applied):
			return fmt.Sprintf("transaction %d was acknowledged and is not published", x)
		case v != unheard && v != acknowledged && in != 0:
			return fmt.Sprintf("transaction %d was reported as failed and is in slot %d", x, in)
		}
	}
	return ""
}

// partsAreThere: a big commit that is not applied has its part.
func (m *machine) partsAreThere(s *state) string {
	for n := s.heads.applied + 1; n <= s.tail(); n++ {
		if c := s.slot(n); c.txs != 0 && m.big(c.txs) && s.parts[first(c.txs)] == 0 {
			return fmt.Sprintf("the part of slot %d is gone before it is applied", n)
		}
	}
	return ""
}

// wrong returns what the transition from s to t breaks, or "".
func (m *machine) wrong(s, t *state, e event) string {
	if t.heads.applied < s.heads.applied || t.heads.applied > s.heads.applied+1 {
		return fmt.Sprintf("head went from %d to %d", s.heads.applied, t.heads.applied)
	}
	if t.tail() > s.tail() {
		if why := m.serial(t); why != "" {
			return why
		}
	}
	for x := range t.heard {
		if t.heard[x] == refused && s.heard[x] != refused {
			if why := m.baseless(s, t, uint8(x)); why != "" {
				return why
			}
		}
	}
	return m.misread(t, e)
}

// serial: the newest commit wrote what its transactions make of the state just before it.
func (m *machine) serial(t *state) string {
	n := t.tail()
	c := t.slot(n)
	if c.txs == 0 {
		return ""
	}
	plan, wrote, _ := m.group(m.groupOf(c.txs), t.speclive(n-1))
	if wrote != c.txs || plan != c.writes {
		return fmt.Sprintf("slot %d holds what is not true of the state before it: %v", n, c.writes)
	}
	return ""
}

// groupOf is the group of transactions that a commit is of.
func (m *machine) groupOf(txs uint8) []uint8 {
	for _, work := range m.world.Work {
		for _, t := range work {
			for _, x := range t.txs {
				if txs&(1<<x) != 0 {
					return t.txs
				}
			}
		}
	}
	return nil
}

// speclive is spec with everything found that is there.
func (s *state) speclive(t uint8) view {
	v := s.spec(t)
	for id := range v {
		v[id].found = v[id].there
	}
	return v
}

// baseless: what is refused must be refused by a state that a reader can see now, and that is not older than what any client
// had heard of when the transaction came.
func (m *machine) baseless(s, t *state, x uint8) string {
	base := uint8(0)
	for p := range s.procs {
		if s.procs[p].busy && m.has(m.task(s, p), x) {
			base = s.procs[p].base
		}
	}
	for n := base; n <= t.heads.applied; n++ {
		v := t.speclive(n)
		if !m.world.Txs[x].holds(&v) {
			return ""
		}
	}
	return fmt.Sprintf("transaction %d was refused, and every state from %d to %d allows it", x, base, t.heads.applied)
}

func (m *machine) has(t *task, x uint8) bool {
	for _, y := range t.txs {
		if x == y {
			return true
		}
	}
	return false
}

// misread: a reader that was not told expired got what was there at its moment, and one that holds a lease is not told so.
func (m *machine) misread(t *state, e event) string {
	switch {
	case e.what == expired && e.leased:
		return fmt.Sprintf("the reader that holds moment %d is expired", e.n)
	case e.what == told:
		return m.outdated(t, e)
	case e.what != readAll:
		return ""
	}
	v := t.speclive(e.n)
	for id := range v {
		want := write(0)
		if v[id].there {
			want = newWrite(uint8(id), v[id].vid, false)
		}
		if e.rows[id] != want {
			return fmt.Sprintf("a reader at %d got %v of resource %c, the log says %v", e.n, e.rows[id], 'A'+id, want)
		}
	}
	return ""
}

// stuck: nothing can go on without a fault or a late request, and something living is not done or a commit not published.
func (m *machine) stuck(s *state) string {
	if m.moved {
		return ""
	}
	alive := false
	for p := range s.procs {
		q := &s.procs[p]
		alive = alive || q.at != dead
		if q.at != dead && q.at != idle {
			return fmt.Sprintf("process %d can never go on", p)
		}
	}
	if alive && s.heads.applied < s.tail() {
		return fmt.Sprintf("slot %d is never published", s.heads.applied+1)
	}
	return ""
}
