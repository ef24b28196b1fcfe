package sqlite

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"firewolf/store"
)

// pool keeps the connections that nobody reads on. What came back last is taken first: as few are used as suffice, so that their pages stay in
// the caches of the processors.
//
// A connection that reads twice while nothing is written keeps its transaction open for the reads that follow: to begin and to end one takes a
// third of what a read of one resource takes. Before the writer begins, and when it has committed, all of them are ended, so that
// none sees an old state, nor keeps SQLite from beginning its log anew.
type pool struct {
	state atomic.Uint64 // rises when the writer begins, by which it becomes odd, and when it has ended
	free  chan struct{} // one for each of idle
	mu    sync.Mutex
	idle  []*reader
}

func newPool(size int) *pool { return &pool{free: make(chan struct{}, size)} }

// give gives a connection back, or adds one.
func (p *pool) give(r *reader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.rest(p.state.Load())
	p.idle = append(p.idle, r)
	p.free <- struct{}{} // never waits: it has room for all
}

// take waits for a connection, until the store stops or the context is done.
func (p *pool) take(ctx context.Context, stop <-chan struct{}) (*reader, error) {
	select {
	case <-stop: // also where connections are free
		return nil, store.Closing()
	default:
	}
	select {
	case <-p.free:
		return p.pop(), nil
	default:
	}
	select {
	case <-p.free:
		return p.pop(), nil
	case <-stop:
		return nil, store.Closing()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pool) pop() *reader {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	r := p.idle[last]
	p.idle = p.idle[:last]
	return r
}

// writes tells that the writer begins, or has ended. What it wrote must not be told to readers before.
func (p *pool) writes(begins bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if begins != (p.state.Load()%2 == 1) {
		p.state.Add(1)
	}
	for _, r := range p.idle {
		_ = r.end() // rest says when it is tried again
	}
}

// close waits until nobody reads, and closes the connections.
func (p *pool) close(size int) error {
	var err error
	for range size {
		<-p.free
		err = errors.Join(err, closeConn(p.pop().conn))
	}
	return err
}
