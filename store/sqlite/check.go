package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// CheckReport is what Check found.
type CheckReport struct {
	Versions int64
	Current  map[string]int64 // resources that are there, by type
	Problems []string         // at most maxProblems
}

const maxProblems = 100

// Check reads the whole store and changes nothing: SQLite's own structure, every version row (its JSON, digest, values
// and place in the line of its versions), and that the postings are exactly those that the resources give.
// The store must not be open elsewhere.
func Check(ctx context.Context, path string, o Options, progress func(done, total int64)) (CheckReport, error) {
	if _, err := existing(path); err != nil {
		return CheckReport{}, err
	}
	s, w, err := prepare(ctx, path, o) // its writer does not run
	if err != nil {
		return CheckReport{}, err
	}
	defer func() { _, _ = closeConn(w.conn), s.release() }()
	c := &checker{
		s: s, merged: w.merged, searchable: roaring.New(), progress: progress,
		report: CheckReport{Current: map[string]int64{}},
	}
	err = s.read(ctx, func(r *reader) error {
		c.r = r
		return c.run(ctx)
	})
	return c.report, err
}

type checker struct {
	s          *Store
	r          *reader
	report     CheckReport
	progress   func(done, total int64)
	merged     uint32          // rows up to this one are in the file's postings, and in no memtable
	searchable *roaring.Bitmap // rows that have index entries
	closings   int             // of the versions
	expected   uint64          // postings of merged rows
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
	if c.merged > head {
		c.problem("the index has versions up to row %d, the newest version is row %d", c.merged, head)
	}
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
	if n := c.s.shut.len(); n != c.closings {
		c.problem("%d closings are listed, the versions know of %d of them", n, c.closings)
	}
	return c.postings(ctx)
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
		return onlyFile(err)
	}
	c.report.Versions++
	typ, ok := c.s.kinds.id(v.Type)
	if !ok {
		c.problem("%s: its type has no number", v.Location())
		return nil
	}
	rows, err := c.r.history(v.Key)
	if err != nil {
		return err
	}
	if err := c.line(n, v, rows); err != nil {
		return err
	}
	places := identityPlaces(typ, v.ID)
	if !v.Deleted {
		e, whole, err := c.content(n, v)
		if err != nil {
			return err
		}
		current := !rows.IsEmpty() && rows.Maximum() == n
		if current {
			c.report.Current[v.Type]++
		}
		if current || c.s.shut.has(n) {
			c.searchable.Add(n)
			if whole {
				places = append(places, placesOf(typ, e)...)
			}
		}
	}
	return c.indexed(n, v, places)
}

// line checks the place of a version among those of its resource.
func (c *checker) line(n uint32, v fhir.Version, rows *roaring.Bitmap) error {
	if got := rows.Rank(n); !rows.Contains(n) || int64(got) != v.VID {
		c.problem("%s: version row %d is not number %d of its resource", v.Location(), n, v.VID)
		return nil
	}
	prev, err := c.r.loadPrev(n)
	if err != nil {
		return err
	}
	var want uint32
	if v.VID > 1 {
		if want, err = rows.Select(uint32(v.VID - 2)); err != nil {
			return err
		}
	}
	if prev != want {
		c.problem("%s: it follows version row %d, and says that it follows row %d", v.Location(), want, prev)
	}
	if by, closed := c.s.shut.closer(prev); closed {
		if c.closings++; by != n {
			c.problem("%s: the closing of version row %d names row %d", v.Location(), prev, by)
		}
	}
	if n == 1 {
		return nil
	}
	before, err := c.r.loadTime(n - 1)
	if err == nil && before.After(v.At) {
		c.problem("%s: it is from %s, earlier than the version before it", v.Location(), v.At.Format(time.RFC3339Nano))
	}
	return onlyFile(err)
}

// content checks what a version holds. It reports whether the entries are those that the index was made with.
func (c *checker) content(n uint32, v fhir.Version) (search.Entries, bool, error) {
	t, err := tree.Parse(v.JSON, tree.Limits{})
	if err != nil {
		c.problem("%s: its JSON is damaged: %v", v.Location(), err)
		return search.Entries{}, false, nil
	}
	meta := t.Root().Member("meta")
	if t.ResourceType() != v.Type || t.ID() != v.ID || meta.Member("versionId").Text() != v.VersionID() ||
		meta.Member("lastUpdated").Text() != v.At.Format(fhir.InstantLayout) {
		c.problem("%s: its JSON is of another version", v.Location())
	}
	h, err := c.r.loadHeader(n)
	if err != nil {
		return search.Entries{}, false, err
	}
	if d := t.Digest(); string(h.digest) != string(d[:]) {
		c.problem("%s: its digest is not that of its JSON", v.Location())
	}
	e, err := c.s.o.Engine.Entries(t)
	if err != nil {
		c.problem("%s: its entries cannot be made: %v", v.Location(), err)
		return search.Entries{}, false, nil
	}
	same, err := c.r.hasVals(n, encodeVals(e))
	if err == nil && !same {
		c.problem("%s: its stored values are not those of its entries", v.Location())
	}
	return e, true, err
}

// indexed checks that the index has a row in all its places.
func (c *checker) indexed(n uint32, v fhir.Version, places []place) error {
	slices.SortFunc(places, place.compare)
	places = slices.Compact(places)
	if n <= c.merged {
		c.expected += uint64(len(places))
	}
	for _, p := range places {
		if c.inMemory(p, n) {
			continue
		}
		b, err := c.r.container(withChunk(p.bytes(), uint16(n>>16)))
		if err != nil {
			return err
		}
		if !decodeContainer(0, b).has(uint16(n)) {
			c.problem("%s: the index lacks it under %q", v.Location(), p.dir[:1])
		}
	}
	return nil
}

func (c *checker) inMemory(p place, n uint32) bool {
	for _, m := range c.r.mems {
		if _, here := slices.BinarySearch(m.get(p), n); here {
			return true
		}
	}
	return false
}
