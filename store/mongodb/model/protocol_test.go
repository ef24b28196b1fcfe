package model

// machine is the protocol over a world, whole or with a flaw.
type machine struct {
	world *world
	flaw  flaw
	emit  func(*state, event)
	moved bool // a living process could do something
}

// next emits every state that can follow.
func (m *machine) next(s *state) {
	m.moved = false
	for p := range s.procs {
		if s.procs[p].at != dead {
			m.step(s, p)
		}
	}
	for p := range s.procs {
		m.fail(s, p)
	}
	for i, o := range s.under {
		if o.kind != noOp && s.effective(o) {
			t := *s
			t.under[i] = op{}
			t.do(o)
			m.out(&t, event{what: landed, op: o})
		}
	}
}

func (m *machine) out(s *state, e event) {
	s.canonical(m.flaw != pruningDeletesDocuments)
	m.emit(s, e)
}

// went emits a step of a living process.
func (m *machine) went(s *state, p int, e event) {
	m.moved = true
	e.proc = p
	m.out(s, e)
}

// step emits what process p can do next.
func (m *machine) step(s *state, p int) {
	switch s.procs[p].at {
	case idle:
		m.begin(s, p)
	case look:
		m.look(s, p)
	case log:
		m.evaluate(s, p)
	case scan:
		m.scan(s, p)
	case check:
		m.check(s, p)
	case part:
		m.part(s, p)
	case insert:
		m.insert(s, p)
	case settle:
		m.settle(s, p)
	case apply:
		m.apply(s, p)
	case closing:
		m.closing(s, p)
	case wait:
		m.wait(s, p)
	case publish:
		m.publish(s, p)
	case answer:
		m.answer(s, p)
	case hold, rows, recheck:
		m.reader(s, p)
	case recall, asked, single, confirm, again:
		m.current(s, p)
	case survey, raise, strip, unload:
		m.pruner(s, p)
	case seek, sweep:
		m.janitor(s, p)
	default:
	}
}

// begin starts the next task with its first read, or helps where nothing is left to do.
func (m *machine) begin(s *state, p int) {
	work := m.world.Work[p]
	if int(s.procs[p].task) == len(work) {
		m.help(s, p)
		return
	}
	t := *s
	q := &t.procs[p]
	q.task++
	q.busy, q.base = true, s.newest()
	switch work[q.task-1].kind {
	case readTask:
		q.at = hold
	case currentTask:
		q.at = recall
	case pruneTask:
		q.at = survey
	case sweepTask:
		q.at = seek
	default:
		q.at = look
		if m.flaw == evaluatesOnWhatItKnew && q.known {
			q.at = log
		}
	}
	m.step(&t, p)
}

// newest is the newest slot that any client heard of.
func (s *state) newest() uint8 {
	for n := s.tail(); n > 0; n-- {
		for x := range s.heard {
			if s.slot(n).txs&(1<<x) != 0 && s.heard[x] == acknowledged {
				return n
			}
		}
	}
	return 0
}

// look reads head: what is applied is the state to evaluate on.
func (m *machine) look(s *state, p int) {
	t := *s
	q := &t.procs[p]
	q.h, q.at = s.heads.applied, log
	m.went(&t, p, event{what: readHead, n: q.h})
}

// evaluate reads the log behind head and the documents at head, and evaluates the transactions of the task on both.
func (m *machine) evaluate(s *state, p int) {
	t := *s
	q := &t.procs[p]
	if !q.known {
		q.tail = s.tail()
	}
	q.known = false
	if m.flaw == skipsAGapInTheLog {
		q.at = scan
		m.went(&t, p, event{what: readLog, n: q.tail})
		return
	}
	m.evaluateOn(s, &t, p, 0)
}

// scan goes on reading the log where a slot was free a moment ago: a query over the log is no snapshot.
func (m *machine) scan(s *state, p int) {
	t := *s
	q := &t.procs[p]
	gap := q.tail + 1
	if s.tail() > gap {
		q.tail = s.tail()
	}
	m.evaluateOn(s, &t, p, gap)
}

// evaluateOn evaluates on the log up to the tail that the process knows, without the slot gap.
func (m *machine) evaluateOn(s, t *state, p int, gap uint8) {
	q := &t.procs[p]
	v := s.at(q.h)
	for n := q.h + 1; n <= q.tail; n++ {
		if s.slot(n).pruned && m.flaw != evaluatesOnWhatWasPruned {
			q.at = look
			m.went(t, p, event{what: foundPruned, n: n})
			return
		}
		if !s.slot(n).pruned && n != gap {
			v.over(s.slot(n).writes)
		}
	}
	q.plan, q.txs, q.refused = m.group(m.task(s, p).txs, v)
	q.saw = q.tail
	q.at = check
	if !m.world.prunes() {
		m.decide(t, p)
	}
	m.went(t, p, event{what: evaluated, n: q.tail})
}

// check reads head again: rows that were read at a moment below the floor may lack some.
func (m *machine) check(s *state, p int) {
	t := *s
	q := &t.procs[p]
	if s.heads.floor > q.h && m.flaw != evaluatesOnWhatWasPruned && m.flaw != checksNoFloorAfterEvaluating {
		q.at = look
	} else {
		m.decide(&t, p)
	}
	m.went(&t, p, event{what: checkedFloor, n: s.heads.floor})
}

// decide goes on with what the evaluation said.
func (m *machine) decide(t *state, p int) {
	q := &t.procs[p]
	switch {
	case q.txs == 0:
		q.at = answer
	case m.big(q.txs):
		q.at = part
	default:
		q.at = insert
	}
	if m.flaw == refusesBeforeTheGroupIsCommitted {
		t.hear(q.refused, refused)
	}
	for _, w := range q.plan {
		switch {
		case w == 0:
		case m.flaw == closesBeforeTheCommit && w.vid() > 1:
			t.do(op{kind: closeDoc, a: q.tail + 1, writes: [maxWrites]write{w}})
		case m.flaw == insertsBeforeTheCommit:
			t.do(op{kind: addDoc, a: q.tail + 1, writes: [maxWrites]write{w}})
		}
	}
}

// part writes the part of a big commit for the slot that is tried next.
func (m *machine) part(s *state, p int) {
	t := *s
	q := &t.procs[p]
	t.do(m.partOp(s, q))
	if t.parts[first(q.txs)] == q.tail+1 {
		q.at = insert
	}
	m.went(&t, p, event{what: wrotePart, n: q.tail + 1})
}

func (m *machine) partOp(s *state, q *proc) op {
	if m.flaw == movesPartsFromWherever {
		return op{kind: setPart, a: q.tail + 1, txs: q.txs}
	}
	return op{kind: addPart, a: q.tail + 1, b: s.parts[first(q.txs)], txs: q.txs}
}

// insert tries to make the commit.
func (m *machine) insert(s *state, p int) {
	t := *s
	q := &t.procs[p]
	q.own = q.tail + 1
	if t.do(commitOp(q)) {
		m.committed(&t, p)
		m.went(&t, p, event{what: inserted, n: q.own})
		return
	}
	m.lost(&t, p)
	m.went(&t, p, event{what: foundTaken, n: q.tail + 1})
}

func commitOp(q *proc) op {
	return op{kind: addCommit, a: q.tail + 1, txs: q.txs, writes: q.plan}
}

// settle makes sure of an insert whose reply did not come: an empty commit in its slot, or what is there.
func (m *machine) settle(s *state, p int) {
	t := *s
	q := &t.procs[p]
	n := q.tail + 1
	free := !s.slot(n).taken
	if m.flaw == takesAbsenceForProof {
		if free {
			q.at = log
		} else {
			m.read(&t, p, n)
		}
		m.went(&t, p, event{what: settled, n: n})
		return
	}
	if t.do(op{kind: addCommit, a: n}) {
		m.lost(&t, p)
	} else {
		m.read(&t, p, n)
	}
	m.went(&t, p, event{what: settled, n: n})
}

// read decides by the nonce in a taken slot.
func (m *machine) read(t *state, p int, n uint8) {
	q := &t.procs[p]
	if t.slot(n).txs == q.txs || m.flaw == takesAnyCommitForItsOwn {
		q.own = n
		m.committed(t, p)
		return
	}
	m.lost(t, p)
}

// lost goes on after another commit took the slot: everything is evaluated again.
func (m *machine) lost(t *state, p int) {
	q := &t.procs[p]
	q.own = 0
	if m.flaw == checksNothingAfterALostSlot {
		q.tail++
		q.at = insert
		return
	}
	q.at, q.txs, q.plan, q.refused = log, 0, [maxWrites]write{}, 0
}

// committed starts to apply the own commit.
func (m *machine) committed(t *state, p int) {
	q := &t.procs[p]
	q.plan = [maxWrites]write{}
	if m.flaw == acknowledgesWhatIsOnlyCommitted {
		t.hear(q.txs, acknowledged)
	}
	m.take(t, p, q.own)
}

// take starts to apply commit n.
func (m *machine) take(t *state, p int, n uint8) {
	q := &t.procs[p]
	q.n, q.rest = n, missing(t, n, true)
	m.goOn(t, p)
}

// missing are the writes of commit n that are not there, one bit each, and in the upper half those of them that
// close a version.
func missing(s *state, n uint8, all bool) uint8 {
	var rest uint8
	for i, w := range s.slot(n).writes {
		if w == 0 {
			continue
		}
		if all || s.doc(w.id(), w.vid()).t == 0 {
			rest |= 1 << i
		}
		if w.vid() > 1 {
			rest |= 0x10 << i
		}
	}
	return rest
}
