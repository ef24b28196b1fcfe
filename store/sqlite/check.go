package sqlite

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"firewolf/fhir/tree"
)

// CheckReport is what Check found.
type CheckReport struct {
	Versions int64
	Current  map[string]int64 // resources that are there, by type
	Problems []string         // at most maxProblems
}

const maxProblems = 100

// Check reads the whole store: SQLite's own structure, every version row (its
// JSON, digest and place in the line of its versions) and every posting against the
// entries that the resources give. The store must not be open elsewhere.
func Check(ctx context.Context, path string, o Options, progress func(done, total int64)) (CheckReport, error) {
	if _, err := existing(path); err != nil {
		return CheckReport{}, err
	}
	s, w, err := prepare(ctx, path, o) // without its writer, nothing changes meanwhile
	if err != nil {
		return CheckReport{}, err
	}
	defer func() { _, _ = closeConn(w.conn), s.release() }()
	c := &checker{s: s, report: CheckReport{Current: map[string]int64{}}, progress: progress}
	err = s.read(ctx, func(r *reader) error {
		c.r = r
		return c.run(ctx)
	})
	return c.report, err
}

type checker struct {
	s        *Store
	r        *reader
	report   CheckReport
	progress func(done, total int64)
}

func (c *checker) problem(format string, a ...any) {
	if len(c.report.Problems) < maxProblems {
		c.report.Problems = append(c.report.Problems, fmt.Sprintf(format, a...))
	}
}

func (c *checker) run(ctx context.Context) error {
	if err := c.structure(); err != nil {
		return err
	}
	head := c.s.head().n
	for n := uint32(1); n <= head; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.row(n); err != nil {
			return err
		}
		if c.progress != nil && (n%1000 == 0 || n == head) {
			c.progress(int64(n), int64(head))
		}
	}
	return c.containers(ctx)
}

func (c *checker) structure() error {
	st, _, err := c.r.conn.Prepare(`PRAGMA integrity_check(100)`)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	for st.Step() {
		if text := st.ColumnText(0); text != "ok" {
			c.problem("SQLite: %s", text)
		}
	}
	return st.Err()
}

// row checks one version and that the index has it wherever its entries say.
func (c *checker) row(n uint32) error {
	v, err := c.r.load(n)
	if err != nil {
		c.problem("%v", err)
		return nil
	}
	c.report.Versions++
	rows, err := c.r.history(v.Key)
	if err != nil {
		return err
	}
	if got := rows.Rank(n); !rows.Contains(n) || int64(got) != v.VID {
		c.problem("%s: version row %d is not number %d of its resource", v.Location(), n, v.VID)
	}
	typ, ok := c.s.kinds.id(v.Type)
	if !ok {
		c.problem("%s: its type has no number", v.Location())
		return nil
	}
	if v.Deleted {
		return nil
	}
	if rows.Maximum() == n {
		c.report.Current[v.Type]++
	}
	t, err := tree.Parse(v.JSON, tree.Limits{})
	if err != nil {
		c.problem("%s: its JSON is damaged: %v", v.Location(), err)
		return nil
	}
	h, err := c.r.loadHeader(n)
	if err != nil {
		return err
	}
	if d := t.Digest(); string(h.digest) != string(d[:]) {
		c.problem("%s: its digest is not that of its JSON", v.Location())
	}
	if rows.Maximum() != n {
		return nil // closed versions may be pruned
	}
	return c.postings(n, typ, t, v.Location())
}

func (c *checker) postings(n uint32, typ uint16, t *tree.Tree, location string) error {
	e, err := c.s.o.Engine.Entries(t)
	if err != nil {
		c.problem("%s: its entries cannot be made: %v", location, err)
		return nil
	}
	for _, p := range placesOf(typ, e) {
		found := false
		for _, m := range c.r.mems {
			_, here := slices.BinarySearch(m.get(p), n)
			found = found || here
		}
		if !found {
			v, err := c.r.container(withChunk(p.bytes(), uint16(n>>16)))
			if err != nil {
				return err
			}
			found = decodeContainer(0, v).has(uint16(n))
		}
		if !found {
			c.problem("%s: the index lacks it under %q", location, p.dir[:1])
		}
	}
	if v, err := c.r.loadVals(n); err != nil {
		c.problem("%s: %v", location, err)
	} else if len(v.ranges) != len(e.Ranges) || len(v.texts) != len(e.Texts) || len(v.refs) != len(e.Refs) {
		c.problem("%s: its stored values are not those of its entries", location)
	}
	return nil
}

// containers checks that every posting is well-formed and names rows that are there.
func (c *checker) containers(ctx context.Context) error {
	head := c.s.head().n
	seen := 0
	return c.r.containers([]byte{0}, []byte{0xff}, func(k, v []byte) error {
		if seen++; seen%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if len(k) < 5 || len(v) == 0 || len(v) < bitmapBytes && len(v)%2 != 0 || len(v) > bitmapBytes+1 {
			c.problem("a posting of family %q is damaged", k[:1])
			return nil
		}
		chunk := binary.BigEndian.Uint16(k[len(k)-2:])
		lows := decodeContainer(chunk, v).lows()
		if !slices.IsSorted(lows) || uint32(chunk)<<16|uint32(lows[len(lows)-1]) > head {
			c.problem("a posting of family %q names versions that are not there", k[:1])
		}
		return nil
	})
}

func (c container) has(low uint16) bool {
	if c.dense != nil {
		return c.dense[low>>3]&(1<<(low&7)) != 0
	}
	_, ok := slices.BinarySearch(c.lows(), low)
	return ok
}
