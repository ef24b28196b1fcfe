package mongodb

import (
	"context"
	"sync/atomic"
	"time"

	"firewolf/store"
)

// pending is a transaction that waits to be written.
type pending struct {
	ctx      context.Context // of the caller: it ends the work for a transaction, never a write
	tx       store.Tx
	hash     string // of its idempotency key
	prepared []prepared
	size     int64
	done     chan struct{}
	taken    atomic.Bool // by the writer, or by a caller who gave up before
	verdict  verdict
	err      error // instead of the verdict
}

// newPending prepares a transaction.
func newPending(ctx context.Context, tx store.Tx) (*pending, error) {
	p := &pending{ctx: ctx, tx: tx, done: make(chan struct{})}
	if tx.Idempotency != nil {
		p.hash = hashOf(tx.Idempotency.Key)
	}
	var err error
	if p.prepared, err = prepare(tx.Ops); err != nil {
		return nil, err
	}
	for k, op := range tx.Ops {
		p.size += int64(len(op.Stamp.Before) + len(op.Stamp.After) + len(p.prepared[k].entries) + len(p.prepared[k].resource))
	}
	return p, nil
}

// answer ends the wait of the caller.
func (p *pending) answer(err error) {
	p.err = err
	close(p.done)
}

// Write commits a transaction.
func (s *Store) Write(ctx context.Context, tx store.Tx) (store.Commit, error) {
	if err := s.usable(ctx); err != nil {
		return store.Commit{}, err
	}
	p, err := newPending(ctx, tx)
	if err != nil {
		return store.Commit{}, err
	}
	if err := s.enqueue(p); err != nil {
		return store.Commit{}, err
	}
	if err := s.outcomeOf(ctx, p); err != nil {
		return store.Commit{}, err
	}
	return s.commitOf(p)
}

// outcomeOf waits for the end of a transaction. A caller who leaves, or has waited for a database that says nothing, takes it back, unless the
// writer has taken it: then that ends soon, or nobody knows how.
func (s *Store) outcomeOf(ctx context.Context, p *pending) error {
	near, end := s.attended(ctx)
	defer end()
	select {
	case <-p.done:
		return p.err
	case <-near.Done():
	}
	if p.taken.CompareAndSwap(false, true) {
		if err := ctx.Err(); err != nil {
			return err
		}
		return failed(near, context.Cause(near), "nothing was written")
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
	}
	late := time.NewTimer(s.o.Visible)
	defer late.Stop()
	select {
	case <-p.done:
		return p.err
	case <-late.C:
		return unknown(context.Cause(ctx))
	}
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

// commitOf is what the caller of Write gets. It is made by the caller, so that many work at it at once.
func (s *Store) commitOf(p *pending) (store.Commit, error) {
	v := &p.verdict
	ctx, end := s.attended(context.WithoutCancel(p.ctx)) // it is written: nobody can give it up any more
	defer end()
	if v.replay != nil {
		return s.replayed(ctx, v.replay)
	}
	c := store.Commit{T: v.t, At: v.at}
	for k, o := range v.ops {
		r := store.Result{Effect: o.effect, Version: o.version}
		s.guesses.set(o.version.Key, o.version.VID)
		switch {
		case o.effect == store.Unchanged:
			version, err := s.versionAt(ctx, o.version.Key, o.version.VID)
			if err != nil {
				return store.Commit{}, s.failedRead(ctx, err)
			}
			r.Version = version
		case o.effect != store.Absent && !o.version.Deleted:
			r.Version.JSON = p.tx.Ops[k].Stamp.With(o.version.VID, o.version.At)
		}
		c.Results = append(c.Results, r)
	}
	return c, nil
}
