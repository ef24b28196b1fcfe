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

	// Bases are the base URLs that Engine takes for this server's own (search.Engine.Own). A store whose entries would be others with
	// them must be reindexed.
	Bases []string

	Retention time.Duration // how long a moment stays searchable after it passed; default 1 h
	Queue     int           // transactions that may wait to be written; default 1,024
	Merge     int           // versions that are merged into the index at a time; default 4,096
	Readers   int           // connections that read; default 2 per core, at least 4
	VFS       string        // SQLite's file system; default that of the operating system

	tuning tuning
	tick   time.Duration // how often the writer looks for what can be forgotten, and tries again what failed
	setup  string        // SQL for the connection that writes
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
	if o.tick == 0 {
		o.tick = 2 * time.Second
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
	holds store.Holds               // moments that the floor stays below
	rise  sync.Mutex                // held while the floor rises, and while a moment comes to be held
	mem   atomic.Pointer[[]*memtable]
	shut  *closings
	reads *epochs

	readers *pool
	queue   chan *pending
	waiting store.Waiting // bytes of what is in the queue
	stop    chan struct{}
	stopped chan struct{}
	closing sync.Once
	closeMu sync.RWMutex // held for reading while a transaction enters the queue
	closed  bool
	dirty   error // why the writer could not finish; there once stopped is closed
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
	file, dir := Locate(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(path, err)
	}
	_, missing := os.Stat(file)
	s, w, err := prepare(ctx, path, o)
	if err != nil {
		return nil, err
	}
	if missing != nil { // a new file is as durable as its name and that of its folder; not every file system can be asked
		_ = syncDir(dir)
		_ = syncDir(filepath.Dir(dir))
	}
	go w.run()
	return s, nil
}

// prepare opens a store whose writer does not run yet.
func prepare(ctx context.Context, path string, o Options) (*Store, *writer, error) {
	o = o.withDefaults()
	file, lock, err := acquire(path)
	if err != nil {
		return nil, nil, err
	}
	s := &Store{
		o: o, file: file, lock: lock, shut: newClosings(), reads: newEpochs(),
		readers: newPool(o.Readers), queue: make(chan *pending, o.Queue), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	w, err := s.open(ctx)
	if err != nil {
		_ = s.release()
		return nil, nil, unusable(path, err)
	}
	return s, w, nil
}

// unusable says that a store cannot be opened and why, unless the error says so itself.
func unusable(path string, err error) error {
	if _, ok := fhir.IssuesOf(err); ok {
		return err
	}
	issue := fhir.NewIssue(fhir.NoStore, fmt.Sprintf("the store %s cannot be opened: %v", path, err)).CausedBy(err)
	if full(err) {
		issue = issue.Because(fhir.ReasonStorageFull)
	}
	return issue
}

// acquire locks the database file of a store against other processes. Whatever links lead to it, it is one file and one lock.
func acquire(path string) (string, *flock.Flock, error) {
	file, _ := Locate(path)
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	l := flock.New(file + ".lock")
	ok, err := l.TryLock()
	if err != nil {
		return "", nil, unusable(path, err)
	}
	if !ok {
		return "", nil, fhir.NewIssue(fhir.NoStore, fmt.Sprintf("the store %s is in use by another process", path)).CausedBy(ErrLocked)
	}
	return file, l, nil
}

// open checks the file, reads what the process keeps in memory and opens the connections.
func (s *Store) open(ctx context.Context) (*writer, error) {
	conn, err := s.connect(true)
	if err != nil {
		return nil, err
	}
	w, err := s.begin(ctx, conn)
	if err != nil {
		return nil, errors.Join(err, closeConn(conn))
	}
	return w, nil
}

func (s *Store) begin(ctx context.Context, conn *sqlite3.Conn) (*writer, error) {
	index, err := getMeta(conn, metaIndex)
	if err != nil {
		return nil, err
	}
	if string(index) != s.o.Index {
		return nil, fhir.NewIssue(fhir.Incomplete,
			"the index of the store was made with other definitions: run firewolf reindex on it, then start again")
	}
	if s.secret, err = getMeta(conn, metaSecret); err != nil {
		return nil, err
	}
	if len(s.secret) != secretSize {
		return nil, errors.New("the key that signs cursors is missing")
	}
	w, err := s.newWriter(conn)
	if err != nil {
		return nil, err
	}
	if err := w.recover(ctx); err != nil {
		return nil, err
	}
	if err := w.settleBases(); err != nil {
		return nil, err
	}
	return w, s.openReaders()
}

func (s *Store) openReaders() error {
	for range s.o.Readers {
		c, err := s.connect(false)
		if err != nil {
			return err
		}
		r, err := s.newReader(c)
		if err != nil {
			return errors.Join(err, closeConn(c))
		}
		s.readers.give(r)
	}
	return nil
}

// connect opens a connection. A file of something else is refused before anything in it is changed. The page size counts
// only for a new file.
func (s *Store) connect(write bool) (*sqlite3.Conn, error) {
	if !write {
		return dial(s.file, s.o.VFS, "", `PRAGMA cache_size = -6000; PRAGMA query_only = 1;`)
	}
	c, err := dial(s.file, s.o.VFS, "", "")
	if err != nil {
		return nil, err
	}
	empty, err := isEmpty(c)
	if err == nil && !empty {
		err = checkFormat(c)
	}
	if err == nil {
		err = c.Exec(`PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
			PRAGMA cache_size = -24000; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;` + s.o.setup)
	}
	if err == nil && empty {
		err = createTables(c, s.o.Index)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Secret returns the key that signs cursors.
func (s *Store) Secret() []byte { return s.secret }

// Head returns the newest moment.
func (s *Store) Head(context.Context) (fhir.Moment, time.Time, error) {
	h := s.head()
	return fhir.Moment(h.n), h.at, nil
}

// Close writes what waits, merges the index, waits for reads under way and closes the file.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		s.closeMu.Lock()
		s.closed = true
		s.closeMu.Unlock()
		close(s.stop)
		<-s.stopped
		err = s.readers.close(s.o.Readers)
		err = errors.Join(s.dirty, err, s.lock.Unlock())
	})
	return err
}

// release closes the connections, on which nobody reads yet, and gives up the lock.
func (s *Store) release() error {
	return errors.Join(s.readers.close(len(s.readers.free)), s.lock.Unlock())
}

// read runs f on a connection of the pool, on one state of the file. A canceled context interrupts its statements.
func (s *Store) read(ctx context.Context, f func(r *reader) error) error {
	return s.borrow(ctx, func(r *reader) error { return r.snapshot(func() error { return f(r) }) })
}

// borrow runs f on a connection of the pool. Each statement that f runs outside of r.snapshot sees a state of its own, not
// older than the memtables of r.
func (s *Store) borrow(ctx context.Context, f func(r *reader) error) error {
	r, err := s.readers.take(ctx, s.stop)
	if err != nil {
		return err
	}
	defer s.readers.give(r)
	defer s.reads.leave(s.reads.enter())
	r.mems = s.memtables()
	defer func() { r.mems = nil }()
	if err := r.settle(ctx, s.readers.state.Load()); err != nil {
		return err
	}
	err = f(r)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// readAt runs f at a moment, which is kept until f is done. f may run again: where Now was asked for and writes made
// it a moment that is no longer kept, before a connection was free.
func (s *Store) readAt(ctx context.Context, t fhir.Moment, f func(r *reader, at uint32) error) error {
	for {
		at, err := s.moment(t)
		if err != nil {
			return err
		}
		if err = s.read(ctx, func(r *reader) error { return f(r, at) }); err != nil {
			return err
		}
		if err = s.checkFloor(at); err == nil || t != store.Now {
			return err
		}
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

// Hold keeps a moment searchable while the process lives, unless too many closed versions come to lie in memory.
func (s *Store) Hold(_ context.Context, t fhir.Moment) (fhir.Moment, func(), error) {
	s.rise.Lock()
	defer s.rise.Unlock()
	n, err := s.moment(t)
	if err != nil {
		return 0, nil, err
	}
	return fhir.Moment(n), s.holds.Add(fhir.Moment(n)), nil
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
