package model

import (
	"cmp"
	"slices"
)

// The database changes one document at a time, and a request that was sent takes effect once or never, at any time after.

// do lets a request take effect, and says whether it changed the document: an insert that finds its _id taken, or an
// update whose filter matches nothing, did not.
func (s *state) do(o op) bool {
	if !s.effective(o) {
		return false
	}
	switch o.kind {
	case addCommit:
		*s.slot(o.a) = commit{taken: true, txs: o.txs, writes: o.writes}
	case addDoc:
		w := o.writes[0]
		*s.doc(w.id(), w.vid()) = doc{t: o.a, x: open, gone: w.gone()}
	case closeDoc:
		s.doc(o.writes[0].id(), o.writes[0].vid()-1).x = o.a
	case moveHead, setHead:
		s.heads.applied = o.a
	case raiseFloor:
		s.heads.floor = o.a
	case dropKeys:
		s.doc(o.a, o.b).bare = true
	case dropDoc:
		*s.doc(o.a, o.b) = doc{}
	case dropLoad:
		s.slot(o.a).pruned = true
	case addPart, setPart:
		s.parts[first(o.txs)] = o.a
	case dropPart, dropAnyPart:
		s.parts[first(o.txs)] = 0
	default:
	}
	return true
}

// effective says whether the request would change its document as it is now.
func (s *state) effective(o op) bool {
	switch o.kind {
	case addCommit:
		return !s.slot(o.a).taken
	case addDoc:
		return s.doc(o.writes[0].id(), o.writes[0].vid()).t == 0
	case closeDoc:
		d := s.doc(o.writes[0].id(), o.writes[0].vid()-1)
		return d.t != 0 && d.x == open
	case moveHead:
		return s.heads.applied == o.a-1
	case setHead:
		return s.heads.applied < o.a
	case raiseFloor:
		return s.heads.floor < o.a && (s.heads.lease == 0 || s.heads.lease >= o.a || o.b != 0)
	case dropKeys:
		d := s.doc(o.a, o.b)
		return d.t != 0 && d.x != open && !d.bare
	case dropDoc:
		return s.doc(o.a, o.b).t != 0
	case dropLoad:
		return !s.slot(o.a).pruned
	case addPart:
		at := s.parts[first(o.txs)]
		return at == o.b && at != o.a
	case setPart:
		return s.parts[first(o.txs)] != o.a
	case dropPart:
		return s.parts[first(o.txs)] == o.a
	case dropAnyPart:
		return s.parts[first(o.txs)] != 0
	default:
		return false
	}
}

// hopeless says that a request can take effect in no later state either.
func (s *state) hopeless(o op) bool {
	switch o.kind {
	case addCommit:
		return s.slot(o.a).taken
	case closeDoc:
		d := s.doc(o.writes[0].id(), o.writes[0].vid()-1)
		return d.t != 0 && d.x != open
	case moveHead, setHead:
		return s.heads.applied >= o.a
	case raiseFloor:
		return s.heads.floor >= o.a
	case dropKeys:
		return s.doc(o.a, o.b).bare
	case dropLoad:
		return s.slot(o.a).pruned
	default:
		return false
	}
}

// canonical drops requests that can change nothing any more, and brings the others into one order.
func (s *state) canonical(docsStay bool) {
	for i, o := range s.under {
		if o.kind == addDoc && docsStay && !s.effective(o) || o.kind != noOp && s.hopeless(o) {
			s.under[i] = op{}
		}
	}
	slices.SortFunc(s.under[:], compareOps)
}

func compareOps(p, q op) int {
	if p.kind == noOp || q.kind == noOp {
		return cmp.Compare(q.kind, p.kind)
	}
	return cmp.Or(
		cmp.Compare(p.kind, q.kind), cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b), cmp.Compare(p.txs, q.txs),
		slices.Compare(p.writes[:], q.writes[:]),
	)
}

// leave puts a request under way without a sender.
func (s *state) leave(o op) {
	for i := range s.under {
		if s.under[i] == o {
			return // A second one of an idempotent request changes nothing that the first one does not.
		}
		if s.under[i].kind == noOp {
			s.under[i] = o
			return
		}
	}
	panic("more requests under way than maxOrphans")
}

// first is the lowest transaction of a set.
func first(txs uint8) int {
	for i := range maxTxs {
		if txs&(1<<i) != 0 {
			return i
		}
	}
	return 0
}
