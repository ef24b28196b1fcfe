package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/ncruces/go-sqlite3"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// FileName is the name of the database inside a store's folder.
const FileName = "firewolf.db"

// Indexer makes the index entries of a resource; *search.Engine is one.
type Indexer interface {
	Entries(t *tree.Tree) (search.Entries, error)
}

// Options of a store. The zero value of a field means its default.
type Options struct {
	Engine Indexer    // makes the entries of versions that were not merged when a process died
	Clock  fhir.Clock // default time.Now
	Index  string     // names the definitions and key format that entries are made with; a store of another must be reindexed

	Retention time.Duration // how long a moment stays searchable after it passed; default 1 h
	Queue     int           // transactions that may wait to be written; default 1,024
	Merge     int           // versions that are merged into the index at a time; default 4,096
	Readers   int           // connections that read; default 2 per core, at least 4
	VFS       string        // SQLite's file system; default that of the operating system

	tuning tuning
	setup  string // SQL for the connection that writes
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Retention == 0 {
		o.Retention = time.Hour
	}
	if o.Queue == 0 {
		o.Queue = 1024
	}
	if o.Merge == 0 {
		o.Merge = 4096
	}
	if o.Readers == 0 {
		o.Readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	if o.tuning == (tuning{}) {
		o.tuning = defaultTuning
	}
	return o
}

// Store is an open store. It is safe for concurrent use by one process; a lock
// file keeps others out.
type Store struct {
	o      Options
	file   string
	lock   *flock.Flock
	secret []byte
	kinds  *kinds

	now   atomic.Pointer[headState] // what is committed
	floor atomic.Uint32             // moments below it can no longer be searched
	mem   atomic.Pointer[[]*memtable]
	shut  *closings
	reads *epochs

	readers chan *reader
	queue   chan *pending
	stop    chan struct{}
	stopped chan struct{}
	closing sync.Once
	closeMu sync.RWMutex // held for reading while a transaction enters the queue
	closed  bool
	dirty   error // why the writer gave up; guarded by closeMu
}

// headState is the newest commit: n is its moment too.
type headState struct {
	n  uint32
	at time.Time
}

func (s *Store) head() headState { return *s.now.Load() }

func (s *Store) memtables() []*memtable { return *s.mem.Load() }

var _ store.Store = (*Store)(nil)

// ErrLocked is the cause of the issue that Open returns while another process has the store open.
var ErrLocked = errors.New("the store's lock is held")

// Locate returns the database file and the folder of a store's path, which is
// a folder or, after a restore, a database file itself.
func Locate(path string) (file, dir string) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return path, filepath.Dir(path)
	}
	return filepath.Join(path, FileName), path
}

// Open opens the store at path, a folder which it makes if it is not there, or a database file.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	o = o.withDefaults()
	file, dir := Locate(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(path, err)
	}
	lock, err := acquire(file)
	if err != nil {
		return nil, err
	}
	s := &Store{o: o, file: file, lock: lock, shut: newClosings(), reads: newEpochs()}
	if err := s.open(ctx); err != nil {
		s.releaseReaders()
		_ = lock.Unlock()
		if _, ok := fhir.IssuesOf(err); ok {
			return nil, err
		}
		return nil, unusable(path, err)
	}
	return s, nil
}

func unusable(path string, err error) error {
	return fhir.NewIssue(fhir.NoStore, fmt.Sprintf("the store %s cannot be opened: %v", path, err)).CausedBy(err)
}

func acquire(file string) (*flock.Flock, error) {
	l := flock.New(file + ".lock")
	ok, err := l.TryLock()
	if err != nil {
		return nil, unusable(file, err)
	}
	if !ok {
		return nil, fhir.NewIssue(fhir.NoStore, fmt.Sprintf("the store %s is in use by another process", file)).CausedBy(ErrLocked)
	}
	return l, nil
}

func (s *Store) open(ctx context.Context) error {
	s.readers = make(chan *reader, s.o.Readers)
	conn, err := s.connect(true)
	if err != nil {
		return err
	}
	if err := s.begin(ctx, conn); err != nil {
		_ = closeConn(conn)
		return err
	}
	return nil
}

// begin checks the file, reads what the process keeps in memory and starts the writer.
func (s *Store) begin(ctx context.Context, conn *sqlite3.Conn) error {
	if err := prepareFile(conn, s.o.Index); err != nil {
		return err
	}
	index, err := getMeta(conn, metaIndex)
	if err != nil {
		return err
	}
	if string(index) != s.o.Index {
		return fhir.NewIssue(fhir.Incomplete,
			"the index of the store was made with other definitions: run firewolf reindex on it, then start again")
	}
	if s.secret, err = getMeta(conn, metaSecret); err != nil {
		return err
	}
	w, err := s.newWriter(conn)
	if err != nil {
		return err
	}
	if err := w.recover(ctx); err != nil {
		return err
	}
	for range s.o.Readers {
		c, err := s.connect(false)
		if err != nil {
			return err
		}
		r, err := s.newReader(c)
		if err != nil {
			_ = closeConn(c)
			return err
		}
		s.readers <- r
	}
	s.queue = make(chan *pending, s.o.Queue)
	s.stop = make(chan struct{})
	s.stopped = make(chan struct{})
	go w.run()
	return nil
}

// connect opens a connection. The page size counts only for a new file.
func (s *Store) connect(write bool) (*sqlite3.Conn, error) {
	uri := "file:" + uriPath(s.file)
	if s.o.VFS != "" {
		uri += "?vfs=" + s.o.VFS
	}
	c, err := sqlite3.Open(uri)
	if err != nil {
		return nil, err
	}
	setup := `PRAGMA cache_size = -6000; PRAGMA query_only = 1;`
	if write {
		setup = `PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
			PRAGMA cache_size = -24000; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;`
	}
	if write {
		setup += s.o.setup
	}
	if err := c.Exec(`PRAGMA busy_timeout = 10000;` + setup); err != nil {
		_ = closeConn(c)
		return nil, err
	}
	return c, nil
}

// uriPath escapes what has a meaning in SQLite's URIs. https://sqlite.org/uri.html
func uriPath(p string) string {
	out := make([]byte, 0, len(p))
	for i := range len(p) {
		switch c := p[i]; c {
		case '%', '?', '#':
			out = fmt.Appendf(out, "%%%02x", c)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// Secret returns the key that signs cursors.
func (s *Store) Secret() []byte { return s.secret }

// Head returns the newest moment.
func (s *Store) Head(context.Context) (fhir.Moment, time.Time, error) {
	h := s.head()
	return fhir.Moment(h.n), h.at, nil
}

// Close writes what waits, merges the index and closes the file.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		s.closeMu.Lock()
		s.closed = true
		s.closeMu.Unlock()
		close(s.stop)
		<-s.stopped
		s.releaseReaders()
		err = errors.Join(s.dirty, s.lock.Unlock())
	})
	return err
}

func (s *Store) releaseReaders() {
	for {
		select {
		case r := <-s.readers:
			_ = closeConn(r.conn)
		default:
			return
		}
	}
}

// read runs f on a connection of the pool, on one state of the file. A canceled context interrupts its statements.
func (s *Store) read(ctx context.Context, f func(r *reader) error) error {
	select {
	case r := <-s.readers:
		defer func() { s.readers <- r }()
		defer s.reads.leave(s.reads.enter())
		r.conn.SetInterrupt(ctx)
		err := r.snapshot(func() error { return f(r) })
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// moment turns Now into the newest moment and refuses what was forgotten.
func (s *Store) moment(t fhir.Moment) (uint32, error) {
	h := s.head()
	if t == store.Now {
		return h.n, nil
	}
	if t < 0 || t > fhir.Moment(h.n) {
		return 0, fhir.NewIssue(fhir.Expired, fmt.Sprintf("moment %d has not been yet", t))
	}
	return uint32(t), s.checkFloor(uint32(t))
}

// checkFloor is asked before a read and after it, since index entries of closed
// versions may be dropped in between.
func (s *Store) checkFloor(t uint32) error {
	if t < s.floor.Load() {
		return fhir.NewIssue(fhir.Expired, "the moment of this page is no longer kept: start the search again")
	}
	return nil
}

// closeConn finalizes the connection's statements and closes it.
func closeConn(c *sqlite3.Conn) error {
	var err error
	for _, st := range slices.Collect(c.Stmts()) {
		err = errors.Join(err, st.Close())
	}
	return errors.Join(err, c.Close())
}
