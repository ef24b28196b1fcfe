package sqlite

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/ncruces/go-sqlite3"

	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// Reindex makes all index entries again with the definitions and key format of
// o. It works on a closed store, in steps of o.Merge versions; a reindex that was
// stopped goes on where it was. Until it is done the store keeps its old mark and does not open.
func Reindex(ctx context.Context, path string, o Options, progress func(done, total int64)) error {
	o = o.withDefaults()
	if _, err := existing(path); err != nil {
		return err
	}
	file, lock, err := acquire(path)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()
	s := &Store{o: o, file: file, shut: newClosings(), reads: newEpochs()}
	conn, err := s.connect(true)
	if err != nil {
		return unusable(path, err)
	}
	defer func() { _ = closeConn(conn) }()
	if err := reindex(ctx, s, conn, progress); err != nil {
		return failed(err, "the index is not done, and goes on from there")
	}
	return nil
}

func reindex(ctx context.Context, s *Store, conn *sqlite3.Conn, progress func(done, total int64)) error {
	w, err := s.newWriter(conn)
	if err != nil {
		return err
	}
	return (&reindexer{w: w, progress: progress, replaced: roaring.New()}).run(ctx)
}

type reindexer struct {
	w        *writer
	progress func(done, total int64)
	total    uint32
	replaced *roaring.Bitmap // versions that have a later one
}

// run drops the postings once, then makes them again, marking how far it is with every step.
func (x *reindexer) run(ctx context.Context) error {
	n, at, err := x.w.lastRow()
	if err != nil {
		return err
	}
	x.total = n
	x.w.s.now.Store(&headState{n: n, at: at})
	if err := x.findReplaced(); err != nil {
		return err
	}
	done, err := x.begin()
	if err != nil {
		return err
	}
	for done < n {
		if err := ctx.Err(); err != nil {
			return err
		}
		if done, err = x.step(done); err != nil {
			return err
		}
		if x.progress != nil {
			x.progress(int64(done), int64(n))
		}
	}
	return x.inTransaction(func(c *sqlite3.Conn) error {
		if err := setMeta(c, metaIndex, []byte(x.w.s.o.Index)); err != nil {
			return err
		}
		if err := writeBases(c, x.w.s.o.Bases); err != nil {
			return err
		}
		if err := setMeta(c, metaMerged, intBytes(int64(n))); err != nil {
			return err
		}
		return c.Exec(`DELETE FROM meta WHERE k = '` + metaReindex + `'`)
	})
}

func (x *reindexer) inTransaction(f func(c *sqlite3.Conn) error) error {
	c := x.w.conn
	if err := c.Exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	err := f(c)
	if err == nil {
		err = c.Exec(`COMMIT`)
	}
	if err != nil && !c.GetAutocommit() {
		_ = c.Exec(`ROLLBACK`)
	}
	return err
}

// begin returns the row up to which an earlier reindex to the same target came, or starts a new one.
func (x *reindexer) begin() (uint32, error) {
	mark, err := getMeta(x.w.conn, metaReindex)
	if err != nil {
		return 0, err
	}
	if len(mark) >= 4 && string(mark[4:]) == x.w.s.o.target() {
		return binary.BigEndian.Uint32(mark), nil
	}
	err = x.inTransaction(func(c *sqlite3.Conn) error {
		if err := c.Exec(`DELETE FROM posting`); err != nil {
			return err
		}
		if err := setMeta(c, metaIndex, []byte("a reindex is under way")); err != nil {
			return err
		}
		return x.mark(c, 0)
	})
	return 0, err
}

func (x *reindexer) mark(c *sqlite3.Conn, done uint32) error {
	return setMeta(c, metaReindex, append(binary.BigEndian.AppendUint32(nil, done), x.w.s.o.target()...))
}

// target names all that the entries depend on beside the resources.
func (o Options) target() string { return strings.Join(append([]string{o.Index}, o.Bases...), "\n") }

// step indexes the next versions: their values and postings in one transaction with the mark.
func (x *reindexer) step(done uint32) (uint32, error) {
	upto := min(done+uint32(x.w.s.o.Merge), x.total)
	m := newMemtable()
	err := x.inTransaction(func(c *sqlite3.Conn) error {
		for n := done + 1; n <= upto; n++ {
			if err := x.row(n, m); err != nil {
				return fmt.Errorf("indexing version row %d: %w", n, err)
			}
		}
		x.w.merge = &merge{mem: m, upto: upto}
		for _, p := range m.sorted() {
			if err := x.w.mergeKey(p); err != nil {
				return err
			}
		}
		x.w.merge = nil
		return x.mark(c, upto)
	})
	return upto, err
}

// row adds the postings of one version to m, and renews its values.
func (x *reindexer) row(n uint32, m *memtable) error {
	v, err := x.w.r.load(n)
	if err != nil {
		return err
	}
	typ, ok := x.w.s.kinds.id(v.Type)
	if !ok {
		return fmt.Errorf("the type %s has no number", v.Type)
	}
	places := identityPlaces(typ, v.ID)
	if v.Deleted {
		m.add(n, places)
		return nil
	}
	t, err := tree.Parse(v.JSON, tree.Limits{})
	if err != nil {
		return err
	}
	e, err := x.w.s.o.Engine.Entries(t)
	if err != nil {
		return err
	}
	if err := x.updateVals(n, e); err != nil {
		return err
	}
	if x.searchable(n) {
		places = append(places, placesOf(typ, e)...)
	}
	m.add(n, places)
	return nil
}

// findReplaced notes which versions have a later one; the postings of those that are not listed as closed were pruned.
func (x *reindexer) findReplaced() error {
	if err := x.w.loadClosings(); err != nil {
		return err
	}
	st, _, err := x.w.conn.Prepare(`SELECT prev FROM version WHERE prev > 0`)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	for st.Step() {
		x.replaced.Add(uint32(st.ColumnInt64(0)))
	}
	return st.Err()
}

// searchable reports whether a moment that is still kept may show the version.
func (x *reindexer) searchable(n uint32) bool {
	return !x.replaced.Contains(n) || x.w.s.shut.old.Contains(n)
}

// updateVals renews the values of a row, where they change: the row and its JSON are written again.
func (x *reindexer) updateVals(n uint32, e search.Entries) error {
	encoded := encodeVals(e)
	if same, err := x.w.r.hasVals(n, encoded); same || err != nil {
		return err
	}
	st, _, err := x.w.conn.Prepare(`UPDATE version SET vals = ? WHERE n = ?`)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	b := binder{st: st}
	b.blob(encoded)
	b.int(int64(n))
	return b.exec()
}
