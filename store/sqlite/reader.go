package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/ncruces/go-sqlite3"

	"firewolf/fhir"
)

// reader is one connection with its prepared statements. It is used by one
// goroutine at a time.
type reader struct {
	s    *Store
	conn *sqlite3.Conn
	// mems are the memtables of this read. They are taken before its snapshot of the file
	// begins: what leaves a memtable after that is in the snapshot, or was in the table when it was taken.
	mems []*memtable

	begin  *sqlite3.Stmt
	commit *sqlite3.Stmt

	posting  *sqlite3.Stmt // one container
	postings *sqlite3.Stmt // the containers of a key, or of a span of keys
	below    *sqlite3.Stmt // the last key below one
	above    *sqlite3.Stmt // the first key from one on
	first    *sqlite3.Stmt // the length of the first container of a key
	version  *sqlite3.Stmt // a whole row
	header   *sqlite3.Stmt // what writing needs of a row
	values   *sqlite3.Stmt // vals of a row
	name     *sqlite3.Stmt // type and id of a row
	time     *sqlite3.Stmt // at of a row
	outcome  *sqlite3.Stmt // of a transaction with an idempotency key
}

func (s *Store) newReader(c *sqlite3.Conn) (*reader, error) {
	r := &reader{s: s, conn: c}
	for _, p := range []struct {
		to  **sqlite3.Stmt
		sql string
	}{
		{&r.begin, `BEGIN`},
		{&r.commit, `COMMIT`},
		{&r.posting, `SELECT v FROM posting WHERE k = ?`},
		{&r.postings, `SELECT k, v FROM posting WHERE k >= ? AND k <= ? ORDER BY k`},
		{&r.below, `SELECT k FROM posting WHERE k < ? AND k >= ? ORDER BY k DESC LIMIT 1`},
		{&r.above, `SELECT k FROM posting WHERE k >= ? AND k < ? ORDER BY k LIMIT 1`},
		{&r.first, `SELECT length(v), k FROM posting WHERE k >= ? AND k <= ? ORDER BY k LIMIT 1`},
		{&r.version, `SELECT type, id, vid, at, method, json FROM version WHERE n = ?`},
		{&r.header, `SELECT vid, method, digest FROM version WHERE n = ?`},
		{&r.values, `SELECT vals FROM version WHERE n = ?`},
		{&r.name, `SELECT type, id FROM version WHERE n = ?`},
		{&r.time, `SELECT at FROM version WHERE n = ?`},
		{&r.outcome, `SELECT at, request, note, results FROM idempotency WHERE k = ?`},
	} {
		st, _, err := c.PrepareFlags(p.sql, sqlite3.PREPARE_PERSISTENT)
		if err != nil {
			return nil, fmt.Errorf("preparing %q: %w", p.sql, err)
		}
		*p.to = st
	}
	return r, nil
}

// snapshot runs f on one state of the file.
func (r *reader) snapshot(f func() error) (err error) {
	r.mems = r.s.memtables()
	defer func() { r.mems = nil }()
	if !r.conn.GetAutocommit() { // an error of the disk can leave a transaction open; no later read may meet it
		if err := r.conn.Exec(`ROLLBACK`); err != nil {
			return err
		}
	}
	if err := runStmt(r.begin); err != nil {
		return err
	}
	defer func() {
		r.conn.SetInterrupt(context.Background()) // an interrupted read must end its transaction too
		err = errors.Join(err, runStmt(r.commit))
	}()
	return f()
}

func runStmt(st *sqlite3.Stmt) error {
	st.Step()
	return errors.Join(st.Err(), st.Reset())
}

// container reads one container; nil where there is none.
func (r *reader) container(key []byte) ([]byte, error) {
	defer func() { _ = r.posting.Reset() }()
	if err := r.posting.BindBlob(1, key); err != nil {
		return nil, err
	}
	if !r.posting.Step() {
		return nil, r.posting.Err()
	}
	return r.posting.ColumnBlob(0, nil), r.posting.Err()
}

// containers yields, in order of key, the containers whose keys lie in [from, to]. The bytes are valid during the call only.
func (r *reader) containers(from, to []byte, visit func(key, v []byte) error) error {
	defer func() { _ = r.postings.Reset() }()
	if err := r.postings.BindBlob(1, from); err != nil {
		return err
	}
	if err := r.postings.BindBlob(2, to); err != nil {
		return err
	}
	for r.postings.Step() {
		if err := visit(r.postings.ColumnRawBlob(0), r.postings.ColumnRawBlob(1)); err != nil {
			return err
		}
	}
	return r.postings.Err()
}

// rows returns all rows of one key whose chunk lies in [loChunk, hiChunk]: those merged and those in memory.
func (r *reader) rows(p place, loChunk, hiChunk uint16) (*roaring.Bitmap, error) {
	base := p.bytes()
	from := withChunk(append([]byte(nil), base...), loChunk)
	to := withChunk(base, hiChunk)
	var cs []container
	err := r.containers(from, to, func(k, v []byte) error {
		cs = append(cs, decodeContainer(binary.BigEndian.Uint16(k[len(k)-2:]), append([]byte(nil), v...)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	b, err := bitmapOf(cs)
	if err != nil {
		return nil, fmt.Errorf("reading a posting: %w", err)
	}
	for _, m := range r.mems {
		if rows := m.get(p); len(rows) > 0 {
			b.AddMany(rows)
		}
	}
	return b, nil
}

// estimate guesses how many rows a key has, from its first container.
func (r *reader) estimate(p place) (int, error) {
	n := 0
	for _, m := range r.mems {
		n += len(m.get(p))
	}
	defer func() { _ = r.first.Reset() }()
	base := p.bytes()
	if err := r.first.BindBlob(1, withChunk(append([]byte(nil), base...), 0)); err != nil {
		return 0, err
	}
	if err := r.first.BindBlob(2, withChunk(base, 0xffff)); err != nil {
		return 0, err
	}
	if r.first.Step() {
		size, k := r.first.ColumnInt(0), r.first.ColumnRawBlob(1)
		chunk := int(binary.BigEndian.Uint16(k[len(k)-2:]))
		chunks := int(r.s.head().n>>16) - chunk + 1
		n += min(size/2, maxArray) * max(chunks, 1)
	}
	return n, r.first.Err()
}

// spanRows unites the rows of all suffixes of a directory that lie in the span and pass the filter.
func (r *reader) spanRows(ctx context.Context, dir string, s span, keep func(suf string) bool) (*roaring.Bitmap, error) {
	out := union{}
	from := []byte(dir + s.from)
	to := []byte(dir + s.to)
	if s.to == "" {
		to = append([]byte(dir), 0xff, 0xff, 0xff, 0xff, 0xff)
	}
	seen := 0
	err := r.containers(from, to, func(k, v []byte) error {
		if seen++; seen%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		suf := string(k[len(dir) : len(k)-2])
		if !s.has(suf) || keep != nil && !keep(suf) {
			return nil
		}
		out.add(decodeContainer(binary.BigEndian.Uint16(k[len(k)-2:]), v))
		return nil
	})
	if err != nil {
		return nil, err
	}
	b, err := out.bitmap()
	if err != nil {
		return nil, err
	}
	for _, m := range r.mems {
		m.collect(dir, s, keep, b)
	}
	return b, nil
}

// load reads a whole version. The commit that wrote it may not be published yet; the caller asks for visible rows only.
func (r *reader) load(n uint32) (fhir.Version, error) {
	defer func() { _ = r.version.Reset() }()
	if err := r.version.BindInt64(1, int64(n)); err != nil {
		return fhir.Version{}, err
	}
	if !r.version.Step() {
		return fhir.Version{}, missingRow(n, r.version.Err())
	}
	st := r.version
	v := fhir.Version{
		Key:    fhir.Key{Type: st.ColumnText(0), ID: st.ColumnText(1)},
		VID:    st.ColumnInt64(2),
		At:     time.UnixMilli(st.ColumnInt64(3)).UTC(),
		T:      fhir.Moment(n),
		Method: fhir.Method(st.ColumnText(4)),
	}
	if st.ColumnType(5) == sqlite3.NULL {
		v.Deleted = true
	} else {
		v.JSON = st.ColumnBlob(5, nil)
	}
	return v, st.Err()
}

func missingRow(n uint32, err error) error {
	if err != nil {
		return fmt.Errorf("reading version row %d: %w", n, err)
	}
	return fmt.Errorf("version row %d is missing", n)
}

// rowHeader is what a write needs to know of the current version.
type rowHeader struct {
	vid     int64
	deleted bool
	digest  []byte
}

func (r *reader) loadHeader(n uint32) (rowHeader, error) {
	defer func() { _ = r.header.Reset() }()
	if err := r.header.BindInt64(1, int64(n)); err != nil {
		return rowHeader{}, err
	}
	if !r.header.Step() {
		return rowHeader{}, missingRow(n, r.header.Err())
	}
	return rowHeader{
		vid:     r.header.ColumnInt64(0),
		deleted: r.header.ColumnText(1) == string(fhir.MethodDelete),
		digest:  r.header.ColumnBlob(2, nil),
	}, r.header.Err()
}

func (r *reader) loadVals(n uint32) (vals, error) {
	defer func() { _ = r.values.Reset() }()
	if err := r.values.BindInt64(1, int64(n)); err != nil {
		return vals{}, err
	}
	if !r.values.Step() {
		return vals{}, missingRow(n, r.values.Err())
	}
	return decodeVals(r.values.ColumnRawBlob(0))
}

// hasVals reports whether the values of a row are these, as encoded.
func (r *reader) hasVals(n uint32, encoded []byte) (bool, error) {
	defer func() { _ = r.values.Reset() }()
	if err := r.values.BindInt64(1, int64(n)); err != nil {
		return false, err
	}
	if !r.values.Step() {
		return false, missingRow(n, r.values.Err())
	}
	return bytes.Equal(r.values.ColumnRawBlob(0), encoded), r.values.Err()
}

func (r *reader) loadKey(n uint32) (fhir.Key, error) {
	defer func() { _ = r.name.Reset() }()
	if err := r.name.BindInt64(1, int64(n)); err != nil {
		return fhir.Key{}, err
	}
	if !r.name.Step() {
		return fhir.Key{}, missingRow(n, r.name.Err())
	}
	return fhir.Key{Type: r.name.ColumnText(0), ID: r.name.ColumnText(1)}, r.name.Err()
}

func (r *reader) loadTime(n uint32) (time.Time, error) {
	defer func() { _ = r.time.Reset() }()
	if err := r.time.BindInt64(1, int64(n)); err != nil {
		return time.Time{}, err
	}
	if !r.time.Step() {
		return time.Time{}, missingRow(n, r.time.Err())
	}
	return time.UnixMilli(r.time.ColumnInt64(0)).UTC(), r.time.Err()
}

// history returns the rows of all versions of one resource, ascending: row k is version k+1.
func (r *reader) history(k fhir.Key) (*roaring.Bitmap, error) {
	typ, ok := r.s.kinds.id(k.Type)
	if !ok {
		return roaring.New(), nil
	}
	return r.rows(idPlace(typ, k.ID), 0, 0xffff)
}

// current returns the row that was current at moment t, 0 where there was none.
func (r *reader) current(k fhir.Key, t uint32) (uint32, error) {
	typ, ok := r.s.kinds.id(k.Type)
	if !ok {
		return 0, nil
	}
	p := idPlace(typ, k.ID)
	for _, m := range r.mems { // the newest table first
		rows := m.get(p)
		for i := len(rows) - 1; i >= 0; i-- {
			if rows[i] <= t {
				return rows[i], nil
			}
		}
	}
	return r.lastMerged(p, t)
}

// lastMerged returns the highest row <= t of a key in the file.
func (r *reader) lastMerged(p place, t uint32) (uint32, error) {
	for chunk := uint16(t >> 16); ; chunk-- {
		key, found, err := r.lastKey(p, chunk)
		if err != nil || !found {
			return 0, err
		}
		v, err := r.container(key)
		if err != nil {
			return 0, err
		}
		chunk = binary.BigEndian.Uint16(key[len(key)-2:])
		lows := decodeContainer(chunk, v).lows()
		for i := len(lows) - 1; i >= 0; i-- {
			if n := uint32(chunk)<<16 | uint32(lows[i]); n <= t {
				return n, nil
			}
		}
		if chunk == 0 {
			return 0, nil
		}
	}
}

// lastKey finds the last container of a key up to a chunk.
func (r *reader) lastKey(p place, chunk uint16) ([]byte, bool, error) {
	defer func() { _ = r.below.Reset() }()
	base := p.bytes()
	upper := append(withChunk(append([]byte(nil), base...), chunk), 0) // just above the chunk's own key
	if err := r.below.BindBlob(1, upper); err != nil {
		return nil, false, err
	}
	if err := r.below.BindBlob(2, withChunk(base, 0)); err != nil {
		return nil, false, err
	}
	if !r.below.Step() {
		return nil, false, r.below.Err()
	}
	return r.below.ColumnBlob(0, nil), true, r.below.Err()
}
