package mongodb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// job applies and publishes one commit of this process, and answers its transactions. Jobs run beside each other: what they
// insert is their own, only closing and publishing keep to the order of the log.
type job struct {
	*turn
	s     *Store
	c     commit
	ch    changes
	prev  *turn // of the commit before, if this process made it
	once  sync.Once
	late  atomic.Bool // it gave up to answer, or is done
	mu    sync.Mutex
	group []*pending // nil once they are answered
}

// turn is what the job of the next commit waits for. It is apart from the job, so that a job that is done holds none of those before it:
// each would hold the one before, and all that was ever written would stay in memory.
type turn struct {
	slot      slot
	until     time.Time     // when callers hear that it takes too long
	inserted  chan struct{} // closed when the documents of it and of the commits before are there
	published chan struct{} // closed when readers see it, or it was given up
}

func newJob(s *Store, c commit, ch changes, group []*pending) *job {
	return &job{s: s, c: c, ch: ch, group: group, turn: &turn{slot: c.slot, inserted: make(chan struct{}), published: make(chan struct{})}}
}

// applying is how long applying may take while nothing fails, apart from what its documents take, which is far more than it needs. A database
// that answers whoever reads, and no one who writes, is noticed by that.
const applying = 20 * time.Second

// bound says when callers wait no longer. It is never before that of the commit before, which may be a large one.
func (j *job) bound() {
	j.until = time.Now().Add(applying)
	if j.prev != nil && j.prev.until.After(j.until) {
		j.until = j.prev.until
	}
	for _, i := range j.ch.inserts {
		j.until = j.until.Add(carried(1, len(i.doc)))
	}
}

// run tries until the commit is published, or the store is closed: another process does the rest then. Callers do not wait longer than
// Options.Visible once something fails, or the database says nothing, whatever a try still waits for.
func (j *job) run() {
	defer close(j.published)
	defer j.unlock()
	defer j.done()
	defer j.s.attend(j.s.o.Visible, j.s.stuck.err, j.giveUp)()
	defer time.AfterFunc(time.Until(j.until), func() { j.giveUp(errSilent) }).Stop()
	log := background{ctx: j.s.ctx, log: j.s.o.Log, task: "applying a commit"}
	patience := j.s.protocol.patience()
	var late *time.Timer
	for {
		began := time.Now()
		err := guard(j.tryAttended)
		log.heard(err)
		if err == nil {
			answerAll(j.take(), nil)
			return
		}
		if late == nil {
			late = time.AfterFunc(max(j.s.o.Visible-time.Since(began), j.s.o.Visible/2), func() { j.giveUp(err) })
			defer late.Stop()
		}
		_ = j.s.fatal(err)
		gone := j.s.ctx.Err() != nil || j.s.broken() != nil
		if gone || patience.wait(j.s.ctx) != nil {
			j.giveUp(err)
			return
		}
	}
}

// tryAttended leaves what hangs behind when the database says nothing, so that it is tried anew once that is back.
func (j *job) tryAttended() error {
	ctx, end := j.s.attended(j.s.ctx)
	defer end()
	return because(ctx, j.try(ctx))
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
	if j.late.CompareAndSwap(false, true) {
		j.s.stuck.jobs.Add(1)
	}
	for _, p := range j.take() {
		switch {
		case errors.Is(p.verdict.err, errCanceled):
			p.answer(p.ctx.Err())
		case p.verdict.err != nil:
			p.answer(fmt.Errorf("writing a transaction: %w", unreachable(err, "nothing was written")))
		default:
			p.answer(fmt.Errorf("writing a transaction: %w", unknown(err)))
		}
	}
}

// take returns the transactions to who answers them: one does.
func (j *job) take() []*pending {
	j.mu.Lock()
	defer j.mu.Unlock()
	g := j.group
	j.group = nil
	return g
}

// done says that nothing waits for this job any more.
func (j *job) done() {
	if !j.late.CompareAndSwap(false, true) {
		j.s.stuck.jobs.Add(-1)
	}
}

func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
