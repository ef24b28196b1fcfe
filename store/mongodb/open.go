package mongodb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// Indexer makes the index entries of a resource; *search.Engine is one.
type Indexer interface {
	Entries(t *tree.Tree) (search.Entries, error)
}

// Options of a store. The zero value of a field means its default.
type Options struct {
	Engine Indexer    // makes the entries anew where the definitions changed
	Clock  fhir.Clock // default: the database's clock
	Index  string     // names the definitions and key format that entries are made with; a store of another must be reindexed
	Bases  []string   // base URLs of this server that the Engine makes entries with, in a fixed order
	// Definitions are the digests of what the entries of parameters are made of: search.Engine.Definitions. Where they changed a reindex leaves
	// the others searchable.
	Definitions map[string]string
	Log         *slog.Logger // hears what fails where nobody waits for it; default: nobody

	Retention   time.Duration // how long a moment stays searchable after it passed; default 1 h
	Queue       int           // transactions that may wait to be written; default 1,024
	Resource    int           // the most bytes of a resource; default 64 MB
	Transaction int           // the most bytes of a transaction; default 256 MB

	Selection  time.Duration // how long to look for a server of the database; default 1.5 s
	Evaluation time.Duration // how long a group of transactions is looked at before it is refused; default 30 s
	Visible    time.Duration // how long the caller of a write that is committed waits for what hinders it to be seen, also a database that says nothing; default 1.8 s
	Help       time.Duration // how long another process's commit may stay unapplied before it is helped; default 2 s
	Lease      time.Duration // how long a reader's moment is kept after its process died; default 1 min
	Grace      time.Duration // how long what nobody may search any more is kept; default 1 min
	Tick       time.Duration // how often to look for such commits, and for what can be forgotten; default 500 ms

	migrations []migration // instead of those of this build
	document   int         // the most bytes of a document; default documentLimit

	reindex bool // begin to make the index anew, and leave the work to the caller

	monitor *event.CommandMonitor // of a test
}

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	def(&o.Retention, time.Hour)
	def(&o.Selection, 1500*time.Millisecond)
	def(&o.Evaluation, 30*time.Second)
	def(&o.Visible, settling)
	def(&o.Help, 2*time.Second)
	def(&o.Lease, time.Minute)
	def(&o.Grace, time.Minute)
	def(&o.Tick, 500*time.Millisecond)
	for _, n := range []struct {
		to *int
		by int
	}{{&o.Queue, 1024}, {&o.Resource, 64 << 20}, {&o.Transaction, 256 << 20}} {
		if *n.to == 0 {
			*n.to = n.by
		}
	}
	return o
}

func (o Options) limits() limits {
	return limits{document: cmp.Or(o.document, documentLimit), resource: o.Resource, transaction: o.Transaction}
}

// Store is an open store. It is safe for concurrent use, and by several processes on one database.
type Store struct {
	o        Options
	client   *mongo.Client
	wire     *wire
	protocol *protocol
	looks    looks
	finder   *finder
	identity string // of what this process makes of the index
	index    atomic.Pointer[index]
	indexMu  sync.Mutex // held while index changes
	secret   []byte
	leases   leases

	ctx      context.Context // of all that goes on behind a caller: it ends when the store is closed
	cancel   context.CancelFunc
	progress *progress
	heads    *headReader
	guesses  guesses
	reach    reach
	stuck    stuck
	kinds    kinds
	own      sync.Map // slots of commits that this process applies
	fault    atomic.Pointer[error]

	queue   chan *pending
	waiting store.Waiting // bytes of what is in the queue
	stop    chan struct{}
	stopped chan struct{}
	jobs    sync.WaitGroup
	behind  sync.WaitGroup // the helper and the janitor
	closing sync.Once
	closeMu sync.RWMutex // held for reading while a transaction enters the queue
	closed  bool
}

var _ store.Store = (*Store)(nil)

// Open opens the store in a database, and makes it where there is none.
func Open(ctx context.Context, a Address, o Options) (*Store, error) {
	o = o.withDefaults()
	client, h, err := connect(a, o)
	if err != nil {
		return nil, err
	}
	s, err := begin(ctx, client, a.Database(), o)
	if err != nil {
		_ = client.Disconnect(context.WithoutCancel(ctx))
		return nil, unusable(a, h.explained(err))
	}
	return s, nil
}

// connect makes a client that waits for a majority, retries nothing, and asks the primary: what the protocol is built on.
func connect(a Address, o Options) (*mongo.Client, *heartbeats, error) {
	c, err := a.clientOptions()
	if err != nil {
		return nil, nil, fhir.NewIssue(fhir.Invalid, err.Error())
	}
	journal := true
	h := &heartbeats{}
	client, err := mongo.Connect(c.
		SetRetryWrites(false).SetRetryReads(false).
		SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journal}).
		SetReadConcern(readconcern.Local()).SetReadPreference(readpref.Primary()).
		SetServerSelectionTimeout(o.Selection).SetServerMonitor(h.monitor()).SetMonitor(o.monitor).SetAppName("firewolf"))
	if err != nil {
		return nil, nil, fhir.NewIssue(fhir.Invalid, fmt.Sprintf("the connection string of %s: %v", a, harmless(err)))
	}
	return client, h, nil
}

// unusable says that a store cannot be opened and why, unless the error says so itself.
func unusable(a Address, err error) error {
	if _, ok := fhir.IssuesOf(err); ok {
		return err
	}
	err = redacted(err)
	return fhir.NewIssue(fhir.NoStore, fmt.Sprintf("the store %s cannot be opened: %v", a, err)).CausedBy(err)
}

// begin checks the database, and starts what works behind the callers.
func begin(ctx context.Context, client *mongo.Client, database string, o Options) (*Store, error) {
	w := newWire(client.Database(database), o.format())
	p, err := newProtocol(w)
	if err != nil {
		return nil, err
	}
	if o.Clock == nil {
		if o.Clock, err = serverClock(ctx, w.db); err != nil {
			return nil, err
		}
	}
	s := &Store{
		o: o, client: client, wire: w, protocol: p,
		queue: make(chan *pending, o.Queue), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	s.leases.name = processName()
	s.looks = applied{s}
	s.finder = newFinder(s)
	if err := s.prepareDatabase(ctx); err != nil {
		return nil, err
	}
	h, err := w.readHead(ctx)
	if err != nil {
		return nil, err
	}
	s.progress = newProgress(h)
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.heads = &headReader{read: s.readHead}
	go newWriter(s).run()
	s.behind.Go(s.runHelper)
	s.behind.Go(s.runJanitor)
	s.behind.Go(func() { s.every("leasing", s.lease) })
	s.behind.Go(func() { s.every("making indexes", s.mend) })
	if !o.reindex {
		s.behind.Go(s.runIndexer)
	}
	return s, nil
}

// headTime bounds a read of the head. It is short enough that who waits for one under way, and then for the next, hears within two seconds.
const headTime = 1200 * time.Millisecond

func (s *Store) readHead() (head, error) {
	ctx, cancel := context.WithTimeout(s.ctx, headTime)
	defer cancel()
	ctx, cancel = s.reach.within(ctx)
	defer cancel()
	h, err := s.protocol.db.readHead(ctx)
	return h, s.reach.heard(err)
}

// Secret returns the key that signs cursors. All processes on one database have the same.
func (s *Store) Secret() []byte { return append([]byte{}, s.secret...) }

// usable says why the store cannot be asked: the caller gave up, the store is closed, or its database holds what it must not.
func (s *Store) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.broken(); err != nil {
		return failed(ctx, err, "nothing was done")
	}
	if s.ctx.Err() != nil {
		return store.Closing()
	}
	return nil
}

// fatal remembers an error after which the store must not go on, and returns it.
func (s *Store) fatal(err error) error {
	if errors.Is(err, errCorrupt) || errors.Is(err, errNewerFormat) {
		s.stopFor(err)
	}
	return err
}

// stopFor ends all that the store does, for the first error that is given.
func (s *Store) stopFor(err error) {
	if s.fault.CompareAndSwap(nil, &err) && s.o.Log != nil {
		s.o.Log.Error("the store serves no more", "err", redacted(err))
	}
}

func (s *Store) broken() error {
	if p := s.fault.Load(); p != nil {
		return *p
	}
	return nil
}

// failedRead is failed, for what writes nothing.
func (s *Store) failedRead(ctx context.Context, err error) error {
	return failed(ctx, s.fatal(err), "nothing was read")
}

// closeTime is how long Close waits for what is committed to be seen. Another process does the rest.
const closeTime = 10 * time.Second

// Close waits for writes under way and closes the store.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		s.closeMu.Lock()
		s.closed = true
		s.closeMu.Unlock()
		close(s.stop)
		late := time.AfterFunc(closeTime, s.cancel)
		defer late.Stop()
		<-s.stopped
		s.jobs.Wait()
		s.cancel()
		s.behind.Wait()
		s.leave()
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		err = redacted(s.client.Disconnect(ctx))
	})
	return err
}

// every calls do at each tick until the store is closed. What fails is tried again at the next.
func (s *Store) every(task string, do func(context.Context) error) {
	t := time.NewTicker(s.o.Tick)
	defer t.Stop()
	b := background{ctx: s.ctx, log: s.o.Log, task: task}
	for {
		select {
		case <-t.C:
			if s.broken() == nil {
				ctx, end := s.attended(s.ctx)
				b.heard(guard(func() error { return because(ctx, do(ctx)) }))
				end()
			}
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Store) runHelper() {
	h := &helper{s: s}
	s.every("helping", h.tick)
}

// background tells the log of a task that fails again and again, without filling it.
type background struct {
	ctx  context.Context // of the store: what fails once it ended says nothing
	log  *slog.Logger
	task string
	told time.Time // when it was last told of; zero while all is well
}

// toldEvery is how often the log hears of a task that goes on failing.
const toldEvery = time.Minute

func (b *background) heard(err error) {
	switch {
	case b.ctx.Err() != nil:
	case err == nil && !b.told.IsZero():
		b.told = time.Time{}
		b.log.Info("work behind the requests goes on", "task", b.task)
	case err != nil && (b.told.IsZero() || time.Since(b.told) >= toldEvery):
		b.told = time.Now()
		b.log.Warn("work behind the requests fails, and is tried again", "task", b.task, "err", redacted(err))
	}
}
