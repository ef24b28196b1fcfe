package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
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
	// mems are the memtables of this read. They are taken before its first look at the file: what leaves a memtable after
	// that is in the file, or was in the table when it was taken.
	mems []*memtable
	// seen is the state of the pool at the last read, and calm whether it was the same at the one before, with no writer at work.
	seen uint64
	calm bool
	kept bool // a transaction is open, which the next read may go on with

	begin  *sqlite3.Stmt
	commit *sqlite3.Stmt

	posting  *sqlite3.Stmt // one container
	postings *sqlite3.Stmt // the containers of a key, or of a span of keys
	below    *sqlite3.Stmt // the last key below one
	last     *sqlite3.Stmt // the last container below a key
	above    *sqlite3.Stmt // the first key from one on
	first    *sqlite3.Stmt // the length of the first container of a key
	version  *sqlite3.Stmt // a whole row
	newest   *sqlite3.Stmt // the whole row that the last container below a key ends with, as lastRow says
	header   *sqlite3.Stmt // what writing needs of a row
	values   *sqlite3.Stmt // vals of a row
	name     *sqlite3.Stmt // type and id of a row
	time     *sqlite3.Stmt // at of a row
	prev     *sqlite3.Stmt // the row of the version before
	outcome  *sqlite3.Stmt // of a transaction with an idempotency key
}

func (s *Store) newReader(c *sqlite3.Conn) (*reader, error) {
	if err := c.CreateFunction("last_row", 3, sqlite3.DETERMINISTIC|sqlite3.INNOCUOUS, lastRow); err != nil {
		return nil, err
	}
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
		{&r.last, `SELECT k, v FROM posting WHERE k < ? AND k >= ? ORDER BY k DESC LIMIT 1`},
		{&r.above, `SELECT k FROM posting WHERE k >= ? AND k < ? ORDER BY k LIMIT 1`},
		{&r.first, `SELECT length(v), k FROM posting WHERE k >= ? AND k <= ? ORDER BY k LIMIT 1`},
		{&r.version, `SELECT type, id, vid, at, method, json FROM version WHERE n = ?`},
		{&r.newest, `SELECT type, id, vid, at, method, json, n FROM version
			WHERE n = (SELECT last_row(k, v, ?3) FROM posting WHERE k < ?1 AND k >= ?2 ORDER BY k DESC LIMIT 1)`},
		{&r.header, `SELECT vid, method, digest FROM version WHERE n = ?`},
		{&r.values, `SELECT vals FROM version WHERE n = ?`},
		{&r.name, `SELECT type, id FROM version WHERE n = ?`},
		{&r.time, `SELECT at FROM version WHERE n = ?`},
		{&r.prev, `SELECT prev FROM version WHERE n = ?`},
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

// settle prepares for a read in a state of the pool, which a context interrupts. A transaction of another state, and what an error of the disk left
// open, are ended first, whatever the context says: no later read may meet them.
func (r *reader) settle(ctx context.Context, state uint64) error {
	r.calm = state == r.seen && state%2 == 0
	r.seen = state
	if !r.kept || !r.calm {
		if err := r.end(); err != nil {
			return err
		}
	}
	r.conn.SetInterrupt(ctx)
	return nil
}

// keep opens a transaction for this read and those that follow while nothing is written, and reports whether there is one.
func (r *reader) keep() (bool, error) {
	if r.kept || !r.calm {
		return r.kept, nil
	}
	err := runStmt(r.begin)
	r.kept = err == nil
	return r.kept, err
}

// end ends the transaction of the connection, if there is one.
func (r *reader) end() error {
	r.kept = false
	r.conn.SetInterrupt(context.Background())
	if r.conn.GetAutocommit() {
		return nil
	}
	return guard(func() error {
		if runStmt(r.commit) == nil {
			return nil
		}
		return r.conn.Exec(`ROLLBACK`)
	})
}

// rest prepares for a time without reads, in a state of the pool: only a transaction of that state stays open. What cannot be ended is tried again
// whenever the writer begins or ends, and before the next read.
func (r *reader) rest(state uint64) {
	r.conn.SetInterrupt(context.Background())
	if !r.kept || r.seen != state {
		_ = r.end()
	}
}

// snapshot runs f on one state of the file.
func (r *reader) snapshot(f func() error) (err error) {
	kept, err := r.keep()
	if err != nil {
		return err
	}
	if kept {
		return f()
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
		cs = append(cs, containerOf(k, append([]byte(nil), v...)))
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

// rowsAmong returns the rows of one key that are among few others: containers of many rows are not copied for them.
func (r *reader) rowsAmong(p place, few *roaring.Bitmap) (*roaring.Bitmap, error) {
	wanted := few.ToArray()
	out := roaring.New()
	base := p.bytes()
	from := withChunk(append([]byte(nil), base...), uint16(wanted[0]>>16))
	to := withChunk(base, uint16(wanted[len(wanted)-1]>>16))
	err := r.containers(from, to, func(k, v []byte) error {
		c := containerOf(k, v)
		i, _ := slices.BinarySearch(wanted, uint32(c.chunk)<<16)
		for ; i < len(wanted) && uint16(wanted[i]>>16) == c.chunk; i++ {
			if c.has(uint16(wanted[i])) {
				out.Add(wanted[i])
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, m := range r.mems {
		for _, n := range m.get(p) {
			if few.Contains(n) {
				out.Add(n)
			}
		}
	}
	return out, nil
}

// holds reports whether any key of a directory lies in the span.
func (r *reader) holds(dir string, s span) (bool, error) {
	for _, m := range r.mems {
		if m.any(dir, s) {
			return true, nil
		}
	}
	defer func() { _ = r.above.Reset() }()
	if err := errors.Join(r.above.BindBlob(1, []byte(dir+s.from)), r.above.BindBlob(2, []byte(dir+s.to))); err != nil {
		return false, err
	}
	return r.above.Step(), r.above.Err()
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
	var out union
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
		out.add(containerOf(k, v))
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
	return versionOf(r.version, n)
}

// versionOf reads the columns type, id, vid, at, method and json of row n.
func versionOf(st *sqlite3.Stmt, n uint32) (fhir.Version, error) {
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

// loadPrev returns the row that version row n replaced, 0 for none.
func (r *reader) loadPrev(n uint32) (uint32, error) {
	defer func() { _ = r.prev.Reset() }()
	if err := r.prev.BindInt64(1, int64(n)); err != nil {
		return 0, err
	}
	if !r.prev.Step() {
		return 0, missingRow(n, r.prev.Err())
	}
	return uint32(r.prev.ColumnInt64(0)), r.prev.Err()
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
	if n := r.remembered(p, t); n != 0 {
		return n, nil
	}
	return r.lastMerged(p, t)
}

// remembered returns the highest row <= t of a key in memory, 0 where there is none: all of them are above those in the file.
func (r *reader) remembered(p place, t uint32) uint32 {
	for _, m := range r.mems { // the newest table first
		rows := m.get(p)
		for i := len(rows) - 1; i >= 0; i-- {
			if rows[i] <= t {
				return rows[i]
			}
		}
	}
	return 0
}

// loadCurrent loads the version that was current at moment t in one statement, which needs no transaction around it: rows do not
// change. It does not find what has its last row up to t below the chunk of a later one; then it reports false.
func (r *reader) loadCurrent(k fhir.Key, t uint32) (v fhir.Version, found bool, err error) {
	typ, ok := r.s.kinds.id(k.Type)
	if !ok {
		return v, false, nil
	}
	if _, err := r.keep(); err != nil {
		return v, false, err
	}
	p := idPlace(typ, k.ID)
	if n := r.remembered(p, t); n != 0 {
		v, err = r.load(n)
		return v, true, err
	}
	st := r.newest
	defer func() { _ = st.Reset() }()
	if err := r.bindLast(st, p, uint16(t>>16)); err != nil {
		return v, false, err
	}
	if err := st.BindInt64(3, int64(t)); err != nil {
		return v, false, err
	}
	if !st.Step() {
		return v, false, st.Err()
	}
	v, err = versionOf(st, uint32(st.ColumnInt64(6)))
	return v, true, err
}

// lastMerged returns the highest row <= t of a key in the file.
func (r *reader) lastMerged(p place, t uint32) (n uint32, err error) {
	for chunk := uint16(t >> 16); ; chunk-- {
		chunk, n, err = r.lastIn(p, chunk, t)
		if err != nil || n != 0 || chunk == 0 {
			return n, err
		}
	}
}

// lastIn looks into the last container of a key up to a chunk. It returns the container's own chunk, 0 where there is none, and
// its highest row <= t, 0 where there is none.
func (r *reader) lastIn(p place, chunk uint16, t uint32) (uint16, uint32, error) {
	defer func() { _ = r.last.Reset() }()
	if err := r.bindLast(r.last, p, chunk); err != nil {
		return 0, 0, err
	}
	if !r.last.Step() {
		return 0, 0, r.last.Err()
	}
	c := containerOf(r.last.ColumnRawBlob(0), r.last.ColumnRawBlob(1))
	return c.chunk, c.last(t), r.last.Err()
}

// bindLast gives a statement the bounds of the containers of a key up to a chunk.
func (r *reader) bindLast(st *sqlite3.Stmt, p place, chunk uint16) error {
	base := p.bytes()
	upper := append(withChunk(append([]byte(nil), base...), chunk), 0) // just above the chunk's own key
	return errors.Join(st.BindBlob(1, upper), st.BindBlob(2, withChunk(base, 0)))
}

// lastRow is the SQL function last_row(k, v, t): the highest row <= t of a container and its key, NULL where there is none.
func lastRow(ctx sqlite3.Context, arg ...sqlite3.Value) {
	if n := containerOf(arg[0].RawBlob(), arg[1].RawBlob()).last(uint32(arg[2].Int64())); n != 0 {
		ctx.ResultInt64(int64(n))
	} else {
		ctx.ResultNull()
	}
}
