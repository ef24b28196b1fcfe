package model

// reader is a search that takes its moment, reads one resource after another, and then reads floor again.
func (m *machine) reader(s *state, p int) {
	t := *s
	q := &t.procs[p]
	switch q.at {
	case hold:
		m.hold(&t, p)
	case rows:
		v := s.at(q.h)
		if id := q.rest; v[id].found {
			q.plan[id] = newWrite(id, v[id].vid, false)
		}
		q.rest++
		if q.rest == maxIDs {
			q.at = recheck
		}
		m.went(&t, p, event{what: readRow, n: q.rest - 1})
	default:
		m.recheck(&t, p)
	}
}

// hold takes the moment; a long reader writes it into the head document, in the update whose filter says that floor
// is not above it.
func (m *machine) hold(t *state, p int) {
	q := &t.procs[p]
	if q.h == 0 {
		q.h = t.heads.applied
		if !m.task(t, p).lease {
			q.at = rows
		}
		m.went(t, p, event{what: readHead, n: q.h})
		return
	}
	if t.heads.floor > q.h {
		m.finish(t, p)
	} else {
		t.heads.lease, q.at = q.h, rows
	}
	m.went(t, p, event{what: leased, n: q.h})
}

// recheck ends the read: what it found counts if floor is still not above its moment.
func (m *machine) recheck(t *state, p int) {
	q := &t.procs[p]
	lease := m.task(t, p).lease
	e := event{what: readAll, n: q.h, rows: q.plan}
	if m.flaw != checksNoFloorAfterTheLastRow && t.heads.floor > q.h {
		e = event{what: expired, n: q.h, leased: lease}
	}
	if lease {
		t.heads.lease = 0
	}
	m.finish(t, p)
	m.went(t, p, e)
}

// pruner raises floor, then drops keys of versions closed at or before it, then payloads up to it.
func (m *machine) pruner(s *state, p int) {
	t := *s
	switch s.procs[p].at {
	case survey:
		m.survey(&t, p)
	case raise:
		m.raise(&t, p)
	case strip:
		m.strip(&t, p)
	default:
		m.unload(&t, p)
	}
}

func (m *machine) survey(t *state, p int) {
	q := &t.procs[p]
	q.h, q.at = t.heads.applied, raise
	if t.heads.lease != 0 {
		q.h = min(q.h, t.heads.lease)
	}
	if m.flaw == raisesFloorAfterDropping {
		q.at = strip
	}
	if q.h <= t.heads.floor {
		m.finish(t, p)
	}
	m.went(t, p, event{what: readHead, n: q.h})
}

func (m *machine) floorOp(q *proc) op {
	o := op{kind: raiseFloor, a: q.h}
	if m.flaw == raisesFloorWhateverIsLeased {
		o.b = 1
	}
	return o
}

func (m *machine) raise(t *state, p int) {
	q := &t.procs[p]
	t.do(m.floorOp(q))
	switch {
	case t.heads.floor < q.h || m.flaw == raisesFloorAfterDropping:
		m.finish(t, p)
	default:
		q.at = strip
	}
	m.went(t, p, event{what: raisedFloor, n: t.heads.floor})
}

func (m *machine) strips(s *state, q *proc) []op {
	kind := dropKeys
	if m.flaw == pruningDeletesDocuments {
		kind = dropDoc
	}
	var ops []op
	for id := range s.docs {
		for i, d := range s.docs[id] {
			if d.t != 0 && d.x <= q.h && !d.bare {
				ops = append(ops, op{kind: kind, a: uint8(id), b: uint8(i + 1)})
			}
		}
	}
	return ops
}

func (m *machine) strip(t *state, p int) {
	q := &t.procs[p]
	ops := m.strips(t, q)
	if len(ops) == 0 {
		q.at = unload
		m.unload(t, p)
		return
	}
	t.do(ops[0])
	m.went(t, p, event{what: dropped, op: ops[0]})
}

func unloads(s *state, q *proc) []op {
	var ops []op
	for n := uint8(1); n <= q.h; n++ {
		if !s.slot(n).pruned {
			ops = append(ops, op{kind: dropLoad, a: n})
		}
	}
	return ops
}

func (m *machine) unload(t *state, p int) {
	q := &t.procs[p]
	ops := unloads(t, q)
	switch {
	case len(ops) != 0:
		t.do(ops[0])
		m.went(t, p, event{what: dropped, op: ops[0]})
	case m.flaw == raisesFloorAfterDropping && t.heads.floor < q.h:
		q.at = raise
		m.raise(t, p)
	default:
		m.finish(t, p)
		m.went(t, p, event{what: prunedAll, n: t.heads.floor})
	}
}

// janitor drops parts whose commit can never land: another one is in the slot that they were written for. A free slot
// is occupied first.
func (m *machine) janitor(s *state, p int) {
	t := *s
	q := &t.procs[p]
	if q.at == sweep {
		t.do(m.sweepOp(q))
		m.finish(&t, p)
		m.went(&t, p, event{what: swept})
		return
	}
	for x, n := range s.parts {
		if n == 0 || m.inLog(s, x) {
			continue
		}
		if !s.slot(n).taken && m.flaw != sweepsPartsWithoutACommit {
			t.do(op{kind: addCommit, a: n})
		}
		q.at, q.n, q.txs = sweep, n, 1<<x
		m.went(&t, p, event{what: foundPart, n: n})
		return
	}
	m.finish(&t, p)
	m.went(&t, p, event{what: foundPart})
}

func (m *machine) sweepOp(q *proc) op {
	if m.flaw == sweepsPartsWithoutACommit || m.flaw == sweepsPartsWhereverTheyAre {
		return op{kind: dropAnyPart, txs: q.txs}
	}
	return op{kind: dropPart, a: q.n, txs: q.txs}
}

// inLog says whether the commit of a part is in the slot that the part names.
func (m *machine) inLog(s *state, x int) bool {
	n := s.parts[x]
	return s.slot(n).txs&(1<<x) != 0
}

func (m *machine) big(txs uint8) bool {
	return m.world.Txs[first(txs)].Big && txs != 0
}
