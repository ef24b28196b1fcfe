package model

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAWriteKeepsItsResourceItsVersionAndThatItIsATombstone(t *testing.T) {
	for id := range uint8(maxIDs) {
		for vid := uint8(1); vid <= maxVIDs; vid++ {
			for _, gone := range []bool{false, true} {
				w := newWrite(id, vid, gone)
				if w == 0 || w.id() != id || w.vid() != vid || w.gone() != gone {
					t.Errorf("newWrite(%d, %d, %t) is %v", id, vid, gone, w)
				}
			}
		}
	}
}

func TestTheDatabaseChangesOneDocumentOrNone(t *testing.T) {
	a1, a2 := newWrite(resourceA, 1, false), newWrite(resourceA, 2, true)
	for _, c := range []struct {
		name   string
		before []op
		op     op
		want   bool
	}{
		{"a free slot takes a commit", nil, op{kind: addCommit, a: 2}, true},
		{"a taken slot does not", []op{{kind: addCommit, a: 2, txs: 1}}, op{kind: addCommit, a: 2}, false},
		{"a version is inserted", nil, op{kind: addDoc, a: 2, writes: [maxWrites]write{a2}}, true},
		{"but once", []op{{kind: addDoc, a: 2, writes: [maxWrites]write{a2}}}, op{kind: addDoc, a: 2, writes: [maxWrites]write{a2}}, false},
		{"an open version is closed", nil, op{kind: closeDoc, a: 2, writes: [maxWrites]write{a2}}, true},
		{"but once", []op{{kind: closeDoc, a: 2, writes: [maxWrites]write{a2}}}, op{kind: closeDoc, a: 3, writes: [maxWrites]write{a2}}, false},
		{"what is not there is not closed", nil, op{kind: closeDoc, a: 2, writes: [maxWrites]write{newWrite(resourceB, 2, false)}}, false},
		{"head moves to the next slot", nil, op{kind: moveHead, a: 2}, true},
		{"and not by two", nil, op{kind: moveHead, a: 3}, false},
		{"and not back", []op{{kind: moveHead, a: 2}, {kind: moveHead, a: 3}}, op{kind: moveHead, a: 2}, false},
		{"floor rises", nil, op{kind: raiseFloor, a: 1}, true},
		{"and does not fall", []op{{kind: raiseFloor, a: 2}}, op{kind: raiseFloor, a: 1}, false},
		{"an open version keeps its keys", nil, op{kind: dropKeys, a: resourceA, b: 1}, false},
		{"a closed one loses them", []op{{kind: closeDoc, a: 2, writes: [maxWrites]write{a2}}}, op{kind: dropKeys, a: resourceA, b: 1}, true},
		{"a part is inserted where none is", nil, op{kind: addPart, a: 2, txs: 1}, true},
		{"and not where one is", []op{{kind: addPart, a: 2, txs: 1}}, op{kind: addPart, a: 3, txs: 1}, false},
		{"it is moved from the slot it is for", []op{{kind: addPart, a: 2, txs: 1}}, op{kind: addPart, a: 3, b: 2, txs: 1}, true},
		{"and dropped where it is", []op{{kind: addPart, a: 2, txs: 1}}, op{kind: dropPart, a: 2, txs: 1}, true},
		{"and not where it was", []op{{kind: addPart, a: 2, txs: 1}, {kind: addPart, a: 3, b: 2, txs: 1}}, op{kind: dropPart, a: 2, txs: 1}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world{Born: []uint8{resourceA}}
			s := w.start()
			if d := cmp.Diff(doc{t: 1, x: open}, *s.doc(a1.id(), a1.vid()), cmp.AllowUnexported(doc{})); d != "" {
				t.Fatal(d)
			}
			for _, o := range c.before {
				s.do(o)
			}
			was := s
			if got := s.do(c.op); got != c.want || got == (s == was) {
				t.Errorf("changed: %t, want %t", got, c.want)
			}
		})
	}
}

func TestRequestsUnderWayAreASetWithoutTheHopeless(t *testing.T) {
	w := world{Born: []uint8{resourceA}}
	s, other := w.start(), w.start()
	late, head := op{kind: addCommit, a: 3, txs: 1}, op{kind: moveHead, a: 2}
	for _, o := range []op{late, head, {kind: addCommit, a: 1}, {kind: moveHead, a: 1}, late} {
		s.leave(o)
	}
	for _, o := range []op{head, late} {
		other.leave(o)
	}
	s.canonical(true)
	other.canonical(true)
	if s != other {
		t.Errorf("%v is not %v", s.under, other.under)
	}
}

func TestATraceIsTheShortestWay(t *testing.T) {
	w := creates()
	want := []string{"P0 reads head: 0", "P0 evaluates on the log up to 0", "P0 commits in slot 1", "P0 publishes 1"}
	if d := cmp.Diff(want, explore(&w, publishesBeforeItIsWhole, 0).trace); d != "" {
		t.Error(d)
	}
}

func TestAnExplorationSaysThatItWasCut(t *testing.T) {
	w := creates()
	if r := explore(&w, whole, 1000); !r.cut || r.broken != "" || r.states < 1000 || r.states > 1100 {
		t.Errorf("%+v", r)
	}
}

func TestAWorldThatStandsStillIsStuck(t *testing.T) {
	w := updates()
	s := w.start()
	s.slot(2).taken, s.slot(2).writes[0] = true, newWrite(resourceA, 2, false)
	m := machine{world: &w}
	if why := m.stuck(&s); why != "slot 2 is never published" {
		t.Error(why)
	}
	s.procs[1].at = wait
	if why := m.stuck(&s); why != "process 1 can never go on" {
		t.Error(why)
	}
	s.procs = [maxProcs]proc{{at: dead}, {at: dead}, {at: dead}}
	if why := m.stuck(&s); why != "" {
		t.Error(why)
	}
}

func TestEveryEventReadsAsASentence(t *testing.T) {
	w := leases()
	m := machine{world: &w}
	s := w.start()
	m.emit = func(_ *state, e event) {
		if text := e.String(); strings.Contains(text, "%!") || text == "" {
			t.Errorf("%q", text)
		}
	}
	m.next(&s)
}
