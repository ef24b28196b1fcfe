package mongodb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"firewolf/fhir"
	"firewolf/store"
)

// progress is how far this process has seen the head move. It only goes forward.
type progress struct {
	mu      sync.Mutex
	head    head
	changed chan struct{} // closed when the head moves
}

func newProgress(h head) *progress { return &progress{head: h, changed: make(chan struct{})} }

// saw notes a head that was read or made.
func (p *progress) saw(h head) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h.floor > p.head.floor {
		p.head.floor = h.floor
	}
	p.head.pruned = max(p.head.pruned, h.pruned)
	if h.applied <= p.head.applied {
		return
	}
	p.head.applied, p.head.t, p.head.at = h.applied, h.t, h.at
	close(p.changed)
	p.changed = make(chan struct{})
}

// now is the newest head that was seen.
func (p *progress) now() head {
	h, _ := p.watch()
	return h
}

func (p *progress) watch() (head, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.head, p.changed
}

// headReader reads the head for many requests at once. A request shares only a read that started after it arrived: a write that was
// acknowledged before, by any process, is seen by it.
type headReader struct {
	read func() (head, error)
	mu   sync.Mutex
	next *headRead // starts when the one under way ends; nil where nobody waits for it
	busy bool
}

type headRead struct {
	done chan struct{}
	head head
	err  error
}

func (r *headReader) get(ctx context.Context) (head, error) {
	r.mu.Lock()
	call := r.next
	if call == nil {
		call = &headRead{done: make(chan struct{})}
		r.next = call
	}
	if !r.busy {
		r.busy = true
		go r.run()
	}
	r.mu.Unlock()
	select {
	case <-call.done:
		return call.head, call.err
	case <-ctx.Done():
		return head{}, ctx.Err()
	}
}

// run reads until nobody waits.
func (r *headReader) run() {
	for {
		r.mu.Lock()
		call := r.next
		r.next = nil
		if call == nil {
			r.busy = false
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		call.err = guard(func() (err error) {
			call.head, err = r.read()
			return err
		})
		close(call.done)
	}
}

// now asks the database for its head.
func (s *Store) now(ctx context.Context) (head, error) {
	if err := s.usable(ctx); err != nil {
		return head{}, err
	}
	h, err := s.heads.get(ctx)
	if err != nil {
		return head{}, s.failedRead(ctx, err)
	}
	if err := s.sameIndex(ctx, h.index); err != nil {
		return head{}, s.failedRead(ctx, err)
	}
	s.progress.saw(h)
	return h, nil
}

// Head returns the newest moment and its time.
func (s *Store) Head(ctx context.Context) (fhir.Moment, time.Time, error) {
	h, err := s.now(ctx)
	return h.t, h.at, err
}

// view is the moment that a search looks at.
type view struct {
	t       fhir.Moment
	started time.Time // by the process's own clock
	newest  bool      // t was the newest moment then
	index   int64     // the generation of the index then
}

// shorter reports whether the view is younger than d, by the process's clock and by the wall's: the first stands still while a
// machine is suspended, the second may be set.
func (v view) shorter(d time.Duration) bool {
	now := time.Now()
	wall := now.Round(0).Sub(v.started.Round(0))
	return now.Sub(v.started) < d && wall >= 0 && wall < d
}

// view finds the moment of a search, and refuses one that the index no longer holds.
func (s *Store) view(ctx context.Context, t fhir.Moment) (view, error) {
	started := time.Now()
	h, err := s.now(ctx)
	if err != nil {
		return view{}, err
	}
	if t == store.Now {
		t = h.t
	}
	if t < 0 || t > h.t {
		return view{}, notYet(t)
	}
	if t < h.floor {
		return view{}, expired()
	}
	return view{t: t, started: started, newest: t == h.t, index: s.index.Load().number()}, nil
}

// readMoment is the moment of a read that needs no index: versions are kept for ever, so that any moment that has been will do.
func (s *Store) readMoment(ctx context.Context, t fhir.Moment) (fhir.Moment, error) {
	if t > 0 && t <= s.progress.now().t {
		return t, s.usable(ctx)
	}
	h, err := s.now(ctx)
	switch {
	case err != nil:
		return 0, err
	case t == store.Now:
		return h.t, nil
	case t < 0 || t > h.t:
		return 0, notYet(t)
	}
	return t, nil
}

// seen says, after the last row of a search was read, whether the index held all of its moment until then. Of a moment that was the
// newest a short while ago nothing can be dropped yet: that comes a Grace after the floor was raised over it. (Not a Retention: a commit
// may be published long after its time, and take the floor with it at once.)
func (s *Store) seen(ctx context.Context, v view) error {
	if v.newest && v.shorter(s.o.Grace/2) {
		return nil
	}
	h, err := s.now(ctx)
	switch {
	case err != nil:
		return err
	case v.t < h.floor:
		return expired()
	case s.index.Load().number() != v.index:
		return fhir.NewIssue(fhir.Transient, "the index was made anew while it was asked").Because(fhir.ReasonUnavailable)
	}
	return nil
}

func expired() error {
	return fhir.NewIssue(fhir.Expired, "the moment of this page is no longer kept: start the search again")
}

func notYet(t fhir.Moment) error {
	return fhir.NewIssue(fhir.Expired, fmt.Sprintf("moment %d has not been yet", t))
}
