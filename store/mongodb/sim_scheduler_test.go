package mongodb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// simPlan is how much happens, and goes wrong, in a simulation.
type simPlan struct {
	seed      uint64
	processes int
	clients   int
	each      int // transactions of a client
	faults    int // replies that are lost, requests that are late
	crashes   int
	chunk     int // bytes of a commit's payload; more lies in parts
	readers   int
	pages     int // milliseconds between two types of a reader, at most
	retention time.Duration
	grace     time.Duration
	flaw      func(c simConn) database // a database that lies to the protocol
}

// sim is a database, processes on it, their clients, and the one who decides what happens next. All of it runs in a bubble of
// testing/synctest: when everything waits, the scheduler lets one thing happen.
type sim struct {
	plan  simPlan
	rand  *rand.Rand
	db    *simDatabase
	procs []*simProcess
	trace []string
	check *simChecker
	quit  chan struct{} // closed when the clients are to stop

	dbMu sync.Mutex // of db, which the scheduler changes and clients look at

	mu      sync.Mutex
	waiting []*simRequest
	late    []simPiece // requests under way that nobody waits for
	working int        // clients that are not done
}

// simProcess is a server that may die and start again.
type simProcess struct {
	number int
	store  *Store
	alive  bool
	died   chan struct{}
}

func newSim(plan simPlan) *sim {
	s := &sim{plan: plan, rand: rand.New(rand.NewPCG(plan.seed, 1)), db: newSimDatabase(), quit: make(chan struct{})}
	s.check = newSimChecker(s.db)
	for n := range plan.processes {
		s.procs = append(s.procs, &simProcess{number: n})
	}
	return s
}

// chance is true once in n.
func (s *sim) chance(n int) bool { return s.rand.IntN(n) == 0 }

func (s *sim) say(format string, args ...any) {
	s.trace = append(s.trace, fmt.Sprintf("%v ", time.Since(simEpoch))+fmt.Sprintf(format, args...))
}

// simEpoch is when a bubble begins.
var simEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// submit takes a request of a process, if it lives.
func (s *sim) submit(p *simProcess, r *simRequest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.procs[p.number] != p || !p.alive {
		return false
	}
	s.waiting = append(s.waiting, r)
	return true
}

func (s *sim) leave(r *simRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.left = true
}

// start lets a process open the store.
func (s *sim) start(n int) {
	p := &simProcess{number: n, alive: true, died: make(chan struct{})}
	conn := simConn{sim: s, proc: p}
	var db database = conn
	if s.plan.flaw != nil {
		db = s.plan.flaw(conn)
	}
	protocol, err := newProtocol(db)
	if err != nil {
		panic(err)
	}
	if s.plan.chunk > 0 {
		protocol.chunk = s.plan.chunk
	}
	st := &Store{
		o: Options{Clock: time.Now, Retention: s.plan.retention, Grace: s.plan.grace}.withDefaults(), protocol: protocol, looks: conn,
		queue: make(chan *pending, 64), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	st.kinds.add(append(simTypes, replayCollection, chunkCollection, partCollection)...)
	st.progress = newProgress(s.db.head)
	st.ctx, st.cancel = context.WithCancel(context.Background())
	st.heads = &headReader{read: st.readHead}
	go newWriter(st).run()
	st.behind.Go(st.runHelper)
	st.behind.Go(func() { st.every("test", (&janitor{s: st, attic: conn, swept: time.Now()}).tick) })
	p.store = st
	s.mu.Lock()
	s.procs[n] = p
	s.mu.Unlock()
	s.say("P%d starts", n)
}

// kill ends a process: what it asked for stays under way.
func (s *sim) kill(p *simProcess) {
	s.say("P%d dies", p.number)
	s.mu.Lock()
	p.alive = false
	var rest []*simRequest
	for _, r := range s.waiting {
		if r.proc != p.number {
			rest = append(rest, r)
			continue
		}
		s.late = append(s.late, r.pieces...)
		r.done <- errSimDead
	}
	s.waiting = rest
	s.mu.Unlock()
	close(p.died)
	p.store.cancel()
	close(p.store.stop)
}

// wait waits until a dead process has ended all that it did.
func (p *simProcess) wait() {
	<-p.store.stopped
	p.store.jobs.Wait()
	p.store.behind.Wait()
}

// run lets everything happen, and returns what broke.
func (s *sim) run() string {
	for n := range s.plan.processes {
		s.start(n)
	}
	var clients sync.WaitGroup
	for n := range s.plan.clients {
		s.working++
		clients.Go(func() { s.client(n) })
	}
	for n := range s.plan.readers {
		clients.Go(func() { s.reader(n) })
	}
	why := s.live()
	close(s.quit)
	for _, p := range s.procs {
		if p.alive {
			s.kill(p)
		}
		p.wait()
	}
	clients.Wait()
	if why == "" {
		return ""
	}
	from := max(0, len(s.trace)-400)
	return why + "\n" + strings.Join(s.trace[from:], "\n")
}

// simSteps is more than any simulation needs.
const simSteps = 60_000

func (s *sim) live() string {
	for range simSteps {
		synctest.Wait()
		if why := s.check.step(); why != "" {
			return why
		}
		if why := s.broken(); why != "" {
			return why
		}
		if s.over() {
			return s.check.end()
		}
		s.happen()
	}
	return "it does not come to an end"
}

// broken says that a process serves no more, which nothing here is a reason for.
func (s *sim) broken() string {
	for _, p := range s.procs {
		if err := p.store.broken(); p.alive && err != nil {
			return fmt.Sprintf("process %d serves no more: %v", p.number, err)
		}
	}
	return ""
}

// over says that all is answered, published, and landed.
func (s *sim) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.working == 0 && len(s.late) == 0 && s.db.head.applied == s.db.tail()
}

// happen lets one thing happen.
func (s *sim) happen() {
	s.mu.Lock()
	slices.SortStableFunc(s.waiting, func(a, b *simRequest) int {
		return strings.Compare(fmt.Sprint(a.proc, a.name), fmt.Sprint(b.proc, b.name))
	})
	waiting, late := len(s.waiting), len(s.late)
	healing := s.working == 0
	s.mu.Unlock()
	switch {
	case !healing && s.plan.crashes > 0 && s.chance(60):
		s.crash()
	case s.dead() != nil && (s.chance(30) || waiting == 0 && late == 0):
		s.start(s.dead().number)
	case late > 0 && (s.chance(6) || waiting == 0):
		s.land()
	case waiting > 0 && !s.chance(25):
		s.serve()
	default:
		time.Sleep(time.Duration(1+s.rand.IntN(1500)) * time.Millisecond)
	}
}

func (s *sim) dead() *simProcess {
	for _, p := range s.procs {
		if !p.alive {
			return p
		}
	}
	return nil
}

func (s *sim) crash() {
	p := s.procs[s.rand.IntN(len(s.procs))]
	if !p.alive {
		return
	}
	s.plan.crashes--
	s.kill(p)
	p.wait()
}

// land lets a late request take effect, or sees to it that it never does.
func (s *sim) land() {
	s.mu.Lock()
	k := s.rand.IntN(len(s.late))
	piece := s.late[k]
	s.late = slices.Delete(s.late, k, k+1)
	s.mu.Unlock()
	if s.chance(4) {
		s.say("%s never lands", piece.name)
		return
	}
	s.say("%s lands", piece.name)
	s.dbMu.Lock()
	defer s.dbMu.Unlock()
	piece.do()
}

// serve does a request, and answers it; or loses the reply, or a part of the request, or is late with it.
func (s *sim) serve() {
	s.mu.Lock()
	k := s.rand.IntN(len(s.waiting))
	r := s.waiting[k]
	s.waiting = slices.Delete(s.waiting, k, k+1)
	s.mu.Unlock()
	s.rand.Shuffle(len(r.pieces), func(i, j int) { r.pieces[i], r.pieces[j] = r.pieces[j], r.pieces[i] })
	done, fault := len(r.pieces), r.left
	if s.plan.faults > 0 && s.chance(6) {
		s.plan.faults--
		fault = true
	}
	if fault {
		done = s.rand.IntN(len(r.pieces) + 1)
	}
	s.dbMu.Lock()
	for _, p := range r.pieces[:done] {
		p.do()
	}
	if !fault && r.read != nil {
		r.read()
	}
	s.dbMu.Unlock()
	s.mu.Lock()
	s.late = append(s.late, r.pieces[done:]...)
	s.mu.Unlock()
	if fault {
		s.say("P%d %s: %d of %d, the reply is lost", r.proc, r.name, done, len(r.pieces))
		r.done <- errSimConnection
		return
	}
	s.say("P%d %s", r.proc, r.name)
	r.done <- nil
}
