package sqlite

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestAUnionHoldsWhatItsContainersHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var u union
		want := map[uint32]bool{}
		for range rapid.IntRange(0, 8).Draw(t, "containers") {
			lows := drawLows(t)
			chunk := uint16(rapid.SampledFrom([]int{0, 1, 7, 65535}).Draw(t, "chunk"))
			u.add(decodeContainer(chunk, encodeLows(lows)))
			for _, l := range lows {
				want[uint32(chunk)<<16|uint32(l)] = true
			}
		}
		b, err := u.bitmap()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(slices.Sorted(maps.Keys(want)), b.ToArray()) {
			t.Fatalf("%d rows, want %d", b.GetCardinality(), len(want))
		}
	})
}

func TestAUnionOfFewRowsNeedsNoBitmapsOfWholeChunks(t *testing.T) {
	var u union
	for chunk := range uint16(16) {
		u.add(decodeContainer(chunk, encodeLows([]uint16{chunk, 9})))
	}
	if u.dense != nil || len(u.few) != 32 {
		t.Errorf("%d chunks, %d rows", len(u.dense), len(u.few))
	}
}

func TestTheLastRowOfAContainerUpToAMoment(t *testing.T) {
	few, many := encodeLows([]uint16{2, 5, 9}), encodeLows(lowsOf(1, 2, maxArray+1))
	for _, c := range []struct {
		name string
		v    []byte
		t    uint32
		want uint32
	}{
		{"the last of all", few, 3<<16 | 9, 3<<16 | 9},
		{"long after", few, 1 << 31, 3<<16 | 9},
		{"between two", few, 3<<16 | 8, 3<<16 | 5},
		{"on the first", few, 3<<16 | 2, 3<<16 | 2},
		{"before the first", few, 3<<16 | 1, 0},
		{"before the chunk", few, 2<<16 | 60000, 0},
		{"of a bitmap", many, 3<<16 | 100, 3<<16 | 99},
		{"of nothing", nil, 1 << 31, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			key := binary.BigEndian.AppendUint16([]byte("key"), 3)
			if got := containerOf(key, c.v).last(c.t); got != c.want {
				t.Errorf("%#x, want %#x", got, c.want)
			}
		})
	}
}

// TestAPostingAskedForFewRowsGivesThoseThatItHas asks in memory, in the file, and with rows in both.
func TestAPostingAskedForFewRowsGivesThoseThatItHas(t *testing.T) {
	for _, merge := range []int{1, 7, 4096} {
		t.Run(fmt.Sprint("merged by ", merge), func(t *testing.T) {
			s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Merge: merge})
			defer closeStore(t, s)
			for n := range 40 {
				write(t, s, basic(fmt.Sprint(n), n))
			}
			head := s.head().n
			err := s.read(context.Background(), func(r *reader) error {
				q, _ := r.query(context.Background(), "Basic", head)
				for _, name := range []string{"even", "odd", "all", "none", "n|7"} {
					whole, err := r.rows(keyPlace(q.typ, name), 0, 0xffff)
					if err != nil {
						return err
					}
					for _, few := range [][]uint32{{1}, {2, 3, 4}, {head}, {8, 9, 20, 70_000}, {70_000}} {
						got, err := r.rowsAmong(keyPlace(q.typ, name), roaring.BitmapOf(few...))
						if err != nil {
							return err
						}
						if diff := cmp.Diff(roaring.And(whole, roaring.BitmapOf(few...)).ToArray(), got.ToArray()); diff != "" {
							t.Errorf("%s among %d: %s", name, few, diff)
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
