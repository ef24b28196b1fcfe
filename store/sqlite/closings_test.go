package sqlite

import (
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestARowIsVisibleFromItsOwnMomentUntilThatOfTheNext(t *testing.T) {
	c := newClosings()
	c.add(5, 1) // row 5 closed row 1
	c.add(7, 5)
	want := map[uint32][]uint32{0: {}, 1: {1}, 4: {1, 3}, 5: {3, 5}, 6: {3, 5}, 7: {3, 7}, 1<<32 - 1: {3, 7}}
	for at, rows := range want {
		b := roaring.BitmapOf(1, 3, 5, 7)
		c.visible(b, at)
		if diff := cmp.Diff(rows, b.ToArray()); diff != "" {
			t.Errorf("at %d: %s", at, diff)
		}
	}
}

func TestWhatIsVisibleIsWhatLookingAtEveryClosingSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, by := newClosings(), map[uint32]uint32{}
		last := uint32(20)
		for n := uint32(2); n <= last; n++ {
			old := uint32(rapid.IntRange(0, int(n)-1).Draw(t, "old"))
			if by[old] == 0 && old > 0 {
				by[old] = n
				c.add(n, old)
			}
		}
		head := uint32(rapid.IntRange(0, 20).Draw(t, "head"))
		if rapid.Bool().Draw(t, "undo") {
			c.truncate(head)
			for old, n := range by {
				if n > head {
					delete(by, old)
				}
			}
		}
		if c.len() != len(by) {
			t.Fatalf("%d closings, want %d", c.len(), len(by))
		}
		at := uint32(rapid.IntRange(0, 22).Draw(t, "at"))
		rows := roaring.New()
		rows.AddRange(1, uint64(last)+1)
		c.visible(rows, at)
		for n := uint32(1); n <= last; n++ {
			want := n <= at && (by[n] == 0 || by[n] > at)
			if rows.Contains(n) != want {
				t.Fatalf("row %d at %d: %v", n, at, !want)
			}
		}
	})
}

func TestWhatIsDroppedIsForgotten(t *testing.T) {
	c := newClosings()
	c.add(5, 1)
	c.add(6, 2)
	c.drop([]uint32{1})
	b := roaring.BitmapOf(1, 2)
	if c.visible(b, 9); c.len() != 1 || !b.Contains(1) || b.Contains(2) {
		t.Errorf("%d closings, %v", c.len(), b)
	}
}

func TestAnEpochIsDrainedOnceEveryReadThatBeganBeforeItEnded(t *testing.T) {
	e := newEpochs()
	a, b := e.enter(), e.enter()
	first := e.turn()
	if e.drained(first) {
		t.Error("drained while two reads are under way")
	}
	c := e.enter()
	e.leave(a)
	if e.drained(first) {
		t.Error("drained while one read is under way")
	}
	e.leave(b)
	if !e.drained(first) {
		t.Error("not drained, though only a later read is under way")
	}
	second := e.turn()
	if e.drained(second) || !e.drained(first) {
		t.Error("the later read counts for the later epoch only")
	}
	e.leave(c)
	if !e.drained(second) || len(e.active) != 0 {
		t.Errorf("%v are active", e.active)
	}
}
