package sqlite

import (
	"context"
	"sync/atomic"

	"firewolf/store"
)

// pending is a transaction that waits to be written.
type pending struct {
	ctx    context.Context // of the caller: it ends the work for a transaction, never a write
	tx     store.Tx
	size   int64 // of the resources, in bytes
	done   chan struct{}
	taken  atomic.Bool // by the writer, or by a caller who gave up before
	commit store.Commit
	err    error
}

func newPending(ctx context.Context, tx store.Tx) *pending {
	p := &pending{ctx: ctx, tx: tx, done: make(chan struct{})}
	for _, op := range tx.Ops {
		p.size += int64(len(op.Stamp.Before) + len(op.Stamp.After))
	}
	return p
}

// Write commits a transaction.
func (s *Store) Write(ctx context.Context, tx store.Tx) (store.Commit, error) {
	if err := ctx.Err(); err != nil {
		return store.Commit{}, err
	}
	p := newPending(ctx, tx)
	if err := s.enqueue(p); err != nil {
		return store.Commit{}, err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		if p.taken.CompareAndSwap(false, true) {
			return store.Commit{}, ctx.Err() // the writer will pass it by
		}
		<-p.done // it is being written: wait for how that ends
	}
	return p.commit, p.err
}

// enqueue lets a transaction wait, unless too many do.
func (s *Store) enqueue(p *pending) error {
	s.closeMu.RLock()
	defer s.closeMu.RUnlock()
	if s.closed {
		return store.Closing()
	}
	if !s.waiting.Admit(p.size) {
		return store.QueueFull()
	}
	select {
	case s.queue <- p:
		return nil
	default:
		s.waiting.Leave(p.size)
		return store.QueueFull()
	}
}

// take claims a transaction that came out of the queue; its caller may have given up.
func (s *Store) take(p *pending) bool {
	s.waiting.Leave(p.size)
	return p.taken.CompareAndSwap(false, true)
}
