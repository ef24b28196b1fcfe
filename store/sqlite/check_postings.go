package sqlite

import (
	"context"
	"encoding/binary"
)

// postings checks the containers of the file by themselves. Since the index has every row in all its places, it
// has no others if there are as many postings as these.
func (c *checker) postings(ctx context.Context) error {
	seen, got := 0, uint64(0)
	err := c.r.containers([]byte{0}, []byte{0xff}, func(k, v []byte) error {
		if seen++; seen%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		got += c.container(k, v)
		return nil
	})
	if err == nil && got != c.expected && len(c.report.Problems) == 0 {
		c.problem("the index has %d postings, the resources give %d", got, c.expected)
	}
	return err
}

// container checks one container and returns how many merged rows it has.
func (c *checker) container(k, v []byte) (merged uint64) {
	family, ok := familyOf(k)
	if !ok || !wellFormed(v) {
		c.problem("a posting of family %q is damaged", k[:1])
		return 0
	}
	high := uint32(binary.BigEndian.Uint16(k[len(k)-2:])) << 16
	p := place{string(k[:family.dir]), string(k[family.dir : len(k)-2])}
	for _, low := range decodeContainer(0, v).lows() {
		n := high | uint32(low)
		switch {
		case n == 0 || n > c.s.head().n:
			c.problem("a posting of family %q names version row %d, which is not there", k[:1], n)
		case family.entries && !c.searchable.Contains(n):
			c.problem("a posting of family %q names version row %d, which no moment shows", k[:1], n)
		case n > c.merged && !c.inMemory(p, n):
			c.problem("a posting of family %q names version row %d, whose resource does not give it", k[:1], n)
		case n <= c.merged:
			merged++
		}
	}
	return merged
}

// family is what a posting key begins with.
type family struct {
	dir     int  // the length of its directories
	entries bool // it is of index entries, which are dropped some time after a version was closed
}

func familyOf(k []byte) (family, bool) {
	if len(k) < 5 {
		return family{}, false
	}
	switch k[0] {
	case familyID, familyVersions:
		return family{dir: 3}, true
	case familyAll, familyBackref, familyKey:
		return family{dir: 3, entries: true}, true
	case familyRange, familyText:
		return family{dir: 3 + nameSize, entries: true}, len(k) >= 3+nameSize+2
	default:
		return family{}, false
	}
}

// wellFormed reports whether the bytes of a container are what encodeLows makes.
func wellFormed(v []byte) bool {
	c := decodeContainer(0, v)
	switch {
	case c.dense != nil:
		return c.cardinality() > maxArray
	case len(v) == 0 || len(v) > bitmapBytes+1 || len(c.array)%2 != 0:
		return false
	}
	lows := c.lows()
	for i := range lows[1:] {
		if lows[i] >= lows[i+1] {
			return false
		}
	}
	return true
}
