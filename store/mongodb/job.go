package mongodb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// job applies and publishes one commit of this process, and answers its transactions. Jobs run beside each other: what they
// insert is their own, only closing and publishing keep to the order of the log.
type job struct {
	*turn
	s     *Store
	c     commit
	ch    changes
	group []*pending
	prev  *turn // of the commit before, if this process made it
	once  sync.Once
}

// turn is what the job of the next commit waits for. It is apart from the job, so that a job that is done holds none of those before it:
// each would hold the one before, and all that was ever written would stay in memory.
type turn struct {
	slot      slot
	inserted  chan struct{} // closed when the documents of it and of the commits before are there
	published chan struct{} // closed when readers see it, or it was given up
}

func newJob(s *Store, c commit, ch changes, group []*pending) *job {
	return &job{s: s, c: c, ch: ch, group: group, turn: &turn{slot: c.slot, inserted: make(chan struct{}), published: make(chan struct{})}}
}

// run tries until the commit is published, or the store is closed: another process does the rest then. Callers do not wait longer than
// Options.Visible once something fails.
func (j *job) run() {
	defer close(j.published)
	defer j.unlock()
	patience := j.s.protocol.patience()
	var since time.Time
	for {
		err := guard(func() error { return j.try(j.s.ctx) })
		if err == nil {
			answerAll(j.group, nil)
			return
		}
		_ = j.s.fatal(err)
		if since.IsZero() {
			since = time.Now()
		}
		gone := j.s.ctx.Err() != nil || j.s.broken() != nil
		if gone || time.Since(since) > j.s.o.Visible {
			j.giveUp(err)
		}
		if gone || patience.wait(j.s.ctx) != nil {
			j.giveUp(err)
			return
		}
	}
}

// try applies and publishes.
func (j *job) try(ctx context.Context) error {
	if err := j.s.protocol.apply(ctx, j.c, j.ch, j.ready); err != nil {
		return err
	}
	if j.prev != nil {
		if err := await(ctx, j.prev.published); err != nil {
			return err
		}
	}
	h, err := j.s.protocol.publish(ctx, j.c)
	if err != nil {
		return err
	}
	j.s.progress.saw(h)
	return nil
}

// ready waits until the documents of the commits before are there: what this one closes may be among them.
func (j *job) ready(ctx context.Context) error {
	if j.prev != nil {
		if err := await(ctx, j.prev.inserted); err != nil {
			return err
		}
	} else if err := j.s.waitApplied(ctx, j.c.slot-1); err != nil {
		return err
	}
	j.unlock()
	return nil
}

func (j *job) unlock() { j.once.Do(func() { close(j.inserted) }) }

// giveUp answers the transactions although readers do not see them yet. They are committed, and will be seen.
func (j *job) giveUp(err error) {
	if j.group == nil {
		return
	}
	for _, p := range j.group {
		switch {
		case errors.Is(p.verdict.err, errCanceled):
			p.answer(p.ctx.Err())
		case p.verdict.err != nil:
			p.answer(fmt.Errorf("writing a transaction: %w", unreachable(err, "nothing was written")))
		default:
			p.answer(fmt.Errorf("writing a transaction: %w", unknown(err)))
		}
	}
	j.group = nil
}

func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
