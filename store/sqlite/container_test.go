package sqlite

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// lowsOf lists n numbers, every step-th one from from on.
func lowsOf(from, step, n int) []uint16 {
	out := make([]uint16, n)
	for i := range out {
		out[i] = uint16(from + i*step)
	}
	return out
}

func TestAContainerIsAnArrayUpTo4096NumbersAndABitmapBeyond(t *testing.T) {
	tests := []struct {
		name string
		n    int
		size int
	}{
		{"none", 0, 0},
		{"one", 1, 2},
		{"one less than an array holds", 4095, 8190},
		{"as many as an array holds: a pad tells it from a bitmap", 4096, 8193},
		{"one more", 4097, 8192},
		{"all", 65536, 8192},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lows := lowsOf(0, 65536/max(tt.n, 1), tt.n)
			v := encodeLows(lows)
			if len(v) != tt.size {
				t.Fatalf("%d bytes, want %d", len(v), tt.size)
			}
			c := decodeContainer(3, v)
			if diff := cmp.Diff(lows, c.lows()); diff != "" {
				t.Error(diff)
			}
			if c.cardinality() != tt.n || (c.dense != nil) != (tt.n > maxArray) {
				t.Errorf("%d numbers, dense %v", c.cardinality(), c.dense != nil)
			}
			if tt.n == 0 {
				return
			}
			b, err := bitmapOf([]container{c})
			if err != nil || int(b.GetCardinality()) != tt.n || b.Minimum() != 3<<16 {
				t.Errorf("as a bitmap: %v, %v", b, err)
			}
		})
	}
}

func TestAContainerThatGrowsAndShrinksOverTheEdgeStaysTheSameSet(t *testing.T) {
	var v []byte
	for i := range 4100 {
		v = mergeContainer(v, []uint16{uint16(i * 3)})
	}
	if len(v) != bitmapBytes {
		t.Fatalf("4,100 numbers take %d bytes", len(v))
	}
	for i := 4099; i >= 0; i-- {
		if v = removeFromContainer(v, uint16(i*3)); i == 0 {
			break
		}
		want := 2 * i
		switch {
		case i > maxArray:
			want = bitmapBytes
		case i == maxArray:
			want++
		}
		if len(v) != want {
			t.Fatalf("%d numbers take %d bytes, want %d", i, len(v), want)
		}
	}
	if v != nil {
		t.Errorf("no numbers take %d bytes", len(v))
	}
}

func TestRemovingWhatIsNotThereChangesNothing(t *testing.T) {
	for _, n := range []int{1, maxArray, maxArray + 1, 9000} {
		v := encodeLows(lowsOf(1, 2, n))
		if got := removeFromContainer(v, 2); string(got) != string(v) {
			t.Errorf("%d numbers were changed", n)
		}
	}
}

// containerModel is a container and the set that it must be.
type containerModel struct {
	v   []byte
	set map[uint16]bool
}

func (m *containerModel) merge(t *rapid.T) {
	lows := drawLows(t)
	m.v = mergeContainer(m.v, lows)
	for _, l := range lows {
		m.set[l] = true
	}
}

func (m *containerModel) remove(t *rapid.T) {
	var low uint16
	if all := slices.Sorted(maps.Keys(m.set)); len(all) > 0 && rapid.Bool().Draw(t, "there") {
		low = rapid.SampledFrom(all).Draw(t, "low")
	} else {
		low = rapid.Uint16().Draw(t, "low")
	}
	if m.v != nil {
		m.v = removeFromContainer(m.v, low)
	}
	delete(m.set, low)
}

func (m *containerModel) check(t *rapid.T) {
	want := slices.Sorted(maps.Keys(m.set))
	c := decodeContainer(0, m.v)
	if got := c.lows(); !slices.Equal(want, got) {
		t.Fatalf("%d numbers, want %d", len(got), len(want))
	}
	if c.cardinality() != len(want) || (m.v == nil) != (len(want) == 0) {
		t.Fatalf("%d numbers in %d bytes, want %d", c.cardinality(), len(m.v), len(want))
	}
	for _, low := range []uint16{0, 1, 4096, 65535, rapid.Uint16().Draw(t, "asked")} {
		if m.v != nil && c.has(low) != m.set[low] {
			t.Fatalf("has(%d) is %v", low, c.has(low))
		}
	}
	if m.v == nil {
		return
	}
	b, err := bitmapOf([]container{c, {chunk: 7, array: []byte{5, 0}}})
	if err != nil || int(b.GetCardinality()) != len(want)+1 || !b.Contains(7<<16+5) {
		t.Fatalf("as a bitmap: %v, %v", b.GetCardinality(), err)
	}
	for _, low := range want {
		if !b.Contains(uint32(low)) {
			t.Fatalf("the bitmap lacks %d", low)
		}
	}
}

// drawLows draws ascending numbers, often about as many as the edge between array and bitmap.
func drawLows(t *rapid.T) []uint16 {
	n := rapid.SampledFrom([]int{1, 2, 100, 4090, 4095, 4096, 4097, 5000}).Draw(t, "n")
	step := rapid.IntRange(1, 65536/n).Draw(t, "step")
	from := rapid.IntRange(0, 65536-n*step).Draw(t, "from")
	return lowsOf(from, step, n)
}

func TestContainersAreSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &containerModel{set: map[uint16]bool{}}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "step") == 0 {
				m.merge(t)
			} else {
				m.remove(t)
			}
			m.check(t)
		}
	})
}

func TestMergingLeavesTheOldEncodingToItsReaders(t *testing.T) {
	for _, n := range []int{3, maxArray, maxArray + 1} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			v := encodeLows(lowsOf(0, 2, n))
			before := string(v)
			mergeContainer(v, []uint16{1, 60001})
			removeFromContainer(v, 0)
			if string(v) != before {
				t.Error("it was changed")
			}
		})
	}
}
