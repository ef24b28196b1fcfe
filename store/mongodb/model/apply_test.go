package model

import "math/bits"

// apply inserts the versions of commit n. The server may do a part of them, in any order, before it answers with an
// error: what is left is read back. (Requests under way cover the orders; the process itself takes the lowest.)
func (m *machine) apply(s *state, p int) {
	m.early(s, p)
	t := *s
	q := &t.procs[p]
	i := bits.TrailingZeros8(q.rest & 0x0f)
	o := docOp(s, q.n, i)
	if t.do(o) {
		q.rest &^= 1 << i
	} else if m.flaw == readsNothingBack {
		q.rest &^= 0x0f
	} else {
		q.rest = q.rest&0xf0 | missing(s, q.n, false)&0x0f
	}
	m.goOn(&t, p)
	m.went(&t, p, event{what: insertedDoc, op: o})
}

// goOn inserts what is to be inserted, then closes what is to be closed, then publishes.
func (m *machine) goOn(t *state, p int) {
	q := &t.procs[p]
	inserts, closes := q.rest&0x0f != 0, q.rest&0xf0 != 0
	switch {
	case closes && (!inserts || m.flaw == closesBeforeItInserts):
		q.at = closing
	case inserts:
		q.at = apply
	default:
		m.whole(t, p)
	}
}

func docOp(s *state, n uint8, i int) op {
	return op{kind: addDoc, a: n, writes: [maxWrites]write{s.slot(n).writes[i]}}
}

func closeOp(s *state, n uint8, i int) op {
	return op{kind: closeDoc, a: n, writes: [maxWrites]write{s.slot(n).writes[i]}}
}

// closing closes the versions that commit n replaces. What matches nothing must be closed by this commit already; what
// is not there is inserted by a commit before, which has to be applied first.
func (m *machine) closing(s *state, p int) {
	m.early(s, p)
	t := *s
	q := &t.procs[p]
	i := 4
	for i < 8 && q.rest&(1<<i) == 0 {
		i++
	}
	o := closeOp(s, q.n, i-4)
	w := o.writes[0]
	if s.doc(w.id(), w.vid()-1).t == 0 && m.flaw != takesNoMatchForClosed {
		m.help(s, p)
		return
	}
	t.do(o)
	q.rest &^= 1 << i
	m.goOn(&t, p)
	m.went(&t, p, event{what: closedDoc, op: o})
}

// early publishes a commit that is not whole.
func (m *machine) early(s *state, p int) {
	q := &s.procs[p]
	if m.flaw != publishesBeforeItIsWhole || s.heads.applied != q.n-1 {
		return
	}
	t := *s
	t.do(op{kind: moveHead, a: q.n})
	m.went(&t, p, event{what: published, n: q.n})
}

// whole goes on after every document of commit n is acknowledged.
func (m *machine) whole(t *state, p int) {
	q := &t.procs[p]
	q.rest = 0
	if q.n == q.own {
		q.at, q.n = wait, 0
		return
	}
	q.at = publish
}

// wait publishes the own commit when it is next, or helps the one that is.
func (m *machine) wait(s *state, p int) {
	t := *s
	q := &t.procs[p]
	switch {
	case s.heads.applied >= q.own:
		m.acknowledge(&t, p)
		m.went(&t, p, event{what: acked, n: s.heads.applied})
	case s.heads.applied == q.own-1 || m.flaw == jumpsHead:
		t.do(m.headOp(q.own))
		m.acknowledge(&t, p)
		m.went(&t, p, event{what: published, n: t.heads.applied})
	default:
		m.help(s, p)
	}
}

func (m *machine) headOp(n uint8) op {
	if m.flaw == jumpsHead {
		return op{kind: setHead, a: n}
	}
	return op{kind: moveHead, a: n}
}

// help starts to apply the commit that is to be published next.
func (m *machine) help(s *state, p int) {
	n := s.heads.applied + 1
	if n > maxSlots || !s.slot(n).taken {
		return
	}
	if s.procs[p].own == n {
		return
	}
	t := *s
	m.take(&t, p, n)
	m.went(&t, p, event{what: helps, n: n})
}

// publish moves head to the commit that was helped, and goes back to what the process was at.
func (m *machine) publish(s *state, p int) {
	t := *s
	q := &t.procs[p]
	t.do(m.headOp(q.n))
	n := q.n
	q.n = 0
	switch {
	case q.own != 0:
		m.resume(&t, p)
	case q.refused != 0:
		q.at = answer
	default:
		m.finish(&t, p)
	}
	m.went(&t, p, event{what: published, n: n})
}

// resume goes back to the own commit after helping another.
func (m *machine) resume(t *state, p int) {
	q := &t.procs[p]
	q.n, q.rest = q.own, missing(t, q.own, false)
	for i, w := range t.slot(q.own).writes {
		if w.vid() > 1 && t.doc(w.id(), w.vid()-1).x == q.own {
			q.rest &^= 0x10 << i
		}
	}
	m.goOn(t, p)
}

// answer refuses, once what the refusal relies on can be read.
func (m *machine) answer(s *state, p int) {
	if s.heads.applied < s.procs[p].saw && m.flaw != refusesAtOnce {
		m.help(s, p)
		return
	}
	t := *s
	q := &t.procs[p]
	n := q.saw
	t.hear(q.refused, refused)
	m.finish(&t, p)
	m.went(&t, p, event{what: refusedTx, n: n})
}

// acknowledge answers the clients of the own commit.
func (m *machine) acknowledge(t *state, p int) {
	q := &t.procs[p]
	t.hear(q.txs, acknowledged)
	t.hear(q.refused, refused)
	m.finish(t, p)
}

func (s *state) hear(txs uint8, v verdict) {
	for x := range s.heard {
		if txs&(1<<x) != 0 {
			s.heard[x] = v
		}
	}
}

// finish forgets everything of the task.
func (m *machine) finish(t *state, p int) {
	q := &t.procs[p]
	done := proc{at: idle, task: q.task}
	if m.flaw == evaluatesOnWhatItKnew {
		done.h, done.tail, done.known = q.h, q.tail, q.tail != 0
	}
	*q = done
}

// task is what process p is at.
func (m *machine) task(s *state, p int) *task { return &m.world.Work[p][s.procs[p].task-1] }
