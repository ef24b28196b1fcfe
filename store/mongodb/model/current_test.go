package model

import "fmt"

// current is a read of resource A as it is now. It reads a version that nothing has closed, whatever the head is: that
// is the answer if the head, when anything was last heard of it, stood at it or behind it. Else it reads the head; and where even
// that stands before the version, it reads anew, at the head. Where there is no first version there is none. A version that is asked for
// by its number is read as it is.
func (m *machine) current(s *state, p int) {
	t := *s
	q := &t.procs[p]
	switch q.at {
	case recall:
		q.h, q.at = s.heads.applied, asked
		m.went(&t, p, event{what: readHead, n: q.h})
	case asked:
		q.base, q.at = s.heads.applied, single
		m.went(&t, p, event{what: asks, n: q.base})
	case single:
		m.single(s, p)
	case confirm:
		q.h = s.heads.applied
		m.went(&t, p, event{what: readHead, n: q.h})
		m.judge(&t, p, again)
	default:
		q.plan[0] = s.rowAt(q.h)
		m.tell(&t, p)
	}
}

// single reads any version that is open: there may be two of them for a while. A find is no snapshot, so that it may also miss all.
func (m *machine) single(s *state, p int) {
	vid := m.task(s, p).vid
	t := *s
	if vid == 0 && m.flaw == answersFromTheHeadThatItKnew {
		t.procs[p].plan[0] = s.rowAt(s.procs[p].h)
		m.tell(&t, p)
		return
	}
	there := false
	for i, d := range s.docs[resourceA] {
		wanted := vid == uint8(i+1) || vid == 0 && d.x == open
		if d.t == 0 || !wanted {
			continue
		}
		there = true
		t := *s
		q := &t.procs[p]
		q.plan[0], q.saw = newWrite(resourceA, uint8(i+1), d.gone), d.t
		m.judge(&t, p, confirm)
	}
	switch {
	case s.doc(resourceA, 1).t == 0 || vid > 0 && !there: // nothing of it is published: versions are published in their order
		m.tell(&t, p)
	case vid == 0:
		m.judge(&t, p, confirm)
	}
}

// judge answers with what was read if it is known to be published. A version by its number that is not there is not published.
func (m *machine) judge(t *state, p int, next pc) {
	q := &t.procs[p]
	byNumber := m.task(t, p).vid > 0
	found := q.saw > 0
	switch {
	case found && (q.saw <= q.h || m.flaw == answersWithWhatIsNotPublished):
		m.tell(t, p)
		return
	case byNumber && next == again:
		q.plan[0] = 0
		m.tell(t, p)
		return
	}
	q.at = next
	e := event{what: readNone}
	if found {
		e = event{what: readOne, n: q.saw}
	}
	m.went(t, p, e)
}

// rowAt is the version of resource A that is visible at a moment, as it is read.
func (s *state) rowAt(n uint8) write {
	for i, d := range s.docs[resourceA] {
		if d.t != 0 && d.t <= n && n < d.x {
			return newWrite(resourceA, uint8(i+1), d.gone)
		}
	}
	return 0
}

func (m *machine) tell(t *state, p int) {
	q := &t.procs[p]
	e := event{what: told, n: q.base, rows: q.plan, vid: m.task(t, p).vid}
	m.finish(t, p)
	m.went(t, p, e)
}

// outdated: what a reader of one resource was told must be so at a moment that was published between its question and its answer.
func (m *machine) outdated(t *state, e event) string {
	for n := e.n; n <= t.heads.applied; n++ {
		if e.rows[0] == t.logged(n, e.vid) {
			return ""
		}
	}
	return fmt.Sprintf("a reader was told %v, and from %d to %d the log says else", e.rows[0], e.n, t.heads.applied)
}

// logged is the version of resource A that the log says is current at slot n; or the one of a number, if it is there by then.
func (s *state) logged(n, vid uint8) write {
	last := write(0)
	for _, c := range s.slots[:n] {
		for _, w := range c.writes {
			if w != 0 && w.id() == resourceA && (vid == 0 || w.vid() == vid) {
				last = w
			}
		}
	}
	return last
}
