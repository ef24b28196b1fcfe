package mongodb

import (
	"context"
	"errors"
	"fmt"
)

// A group of transactions shares one commit. Its bounds keep the first of it from waiting long.
const (
	groupTx    = 256
	groupOps   = 4000
	groupBytes = 24 << 20
)

// pipeline is how many commits of one process are being applied at a time.
const pipeline = 4

// commitsAtOnce is how many commits of others are read at a time.
const commitsAtOnce = 64

// writer is the one goroutine of a process that evaluates and commits.
type writer struct {
	s     *Store
	over  overlay
	fresh bool       // the overlay is what the log says; not after an error
	held  []*pending // they wait until the overlay is applied
	last  *turn      // of this process's newest commit
	room  chan struct{}
}

func newWriter(s *Store) *writer { return &writer{s: s, room: make(chan struct{}, pipeline)} }

// run writes groups until the store closes, and then what waits.
func (w *writer) run() {
	defer close(w.s.stopped)
	for {
		var first *pending
		if len(w.held) == 0 {
			select {
			case first = <-w.s.queue:
			case <-w.s.stop:
				select {
				case first = <-w.s.queue:
				default:
					return
				}
			}
		}
		w.write(w.collect(first))
	}
}

// collect makes a group of what was held, the first, and what waits.
func (w *writer) collect(first *pending) []*pending {
	g := w.held
	ops, size := 0, int64(0)
	for _, p := range g {
		ops, size = ops+len(p.tx.Ops), size+p.size
	}
	for p := first; ; {
		if p != nil && w.s.take(p) {
			g, ops, size = append(g, p), ops+len(p.tx.Ops), size+p.size
		}
		if len(g) >= groupTx || ops >= groupOps || size >= groupBytes {
			return g
		}
		select {
		case p = <-w.s.queue:
		default:
			return g
		}
	}
}

// write writes a group. Where one of its transactions makes evaluating fail each is tried by itself, so that one does not refuse the others.
func (w *writer) write(g []*pending) {
	if len(g) == 0 {
		return
	}
	err := w.s.usable(w.s.ctx)
	if err == nil {
		err = guard(func() error { return w.tryAll(g) })
	}
	if err == nil {
		return
	}
	w.fresh, w.held = false, nil
	if len(g) > 1 && !passes(err) && !barred(err) && !full(err) && w.s.broken() == nil {
		for _, p := range g {
			for one := []*pending{p}; len(one) > 0; one = w.held {
				w.write(one)
			}
		}
		return
	}
	for _, p := range g {
		p.answer(fmt.Errorf("writing a transaction: %w", failed(p.ctx, err, "nothing was written")))
	}
}

// tryAll evaluates and commits a group, on one slot after another until it has one. An error refuses all of the group; without one each
// of it is answered, held, or handed on.
func (w *writer) tryAll(g []*pending) error {
	ctx, cancel := context.WithTimeout(w.s.ctx, w.s.o.Evaluation)
	defer cancel()
	ctx, end := w.s.attendedUnless(ctx, w.s.stuck.err)
	defer end()
	return because(ctx, w.tryUnder(ctx, g))
}

func (w *writer) tryUnder(ctx context.Context, g []*pending) error {
	for {
		if err := w.refresh(ctx); err != nil {
			return err
		}
		e := w.evaluation()
		if err := e.evaluate(ctx, g); err != nil {
			return err
		}
		w.s.protocol.reached(stepEvaluated)
		held, rest := partition(g)
		c, err := e.commit()
		if err != nil {
			return err
		}
		if c == nil {
			w.held = held
			w.over.group = nil
			w.answerLater(rest)
			return nil
		}
		c.index = w.s.index.Load().number()
		if err := w.s.ensureAll(ctx, e.changes, c.payload); err != nil {
			return err
		}
		again, err := w.commit(ctx, e, c, held, rest)
		if !again {
			return err
		}
	}
}

func (w *writer) evaluation() *evaluation {
	return &evaluation{looks: w.s.looks, over: &w.over, clock: w.s.o.Clock(), pack: w.s.protocol.pack, limits: w.s.o.limits()}
}

// partition takes the transactions that must wait out of a group.
func partition(g []*pending) (held, rest []*pending) {
	for _, p := range g {
		if errors.Is(p.verdict.err, errHold) {
			held = append(held, p)
		} else {
			rest = append(rest, p)
		}
	}
	return held, rest
}

// commit tries the slot, and says whether the group must be evaluated again because another process has it.
func (w *writer) commit(ctx context.Context, e *evaluation, c *commit, held, rest []*pending) (again bool, err error) {
	select {
	case w.room <- struct{}{}:
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	near, end := w.s.attended(w.s.ctx) // that of the evaluation may end any moment
	defer end()
	won, how, err := w.s.protocol.commit(near, w.over.tail, *c)
	if how == committed {
		w.held = held
		w.begin(won, e.changes, rest)
		return false, nil
	}
	<-w.room
	w.over.group = nil
	switch how {
	case lost:
		return err == nil, err
	case unsure:
		w.fresh, w.held = false, held
		w.leaveOpen(rest, err)
		return false, nil
	default:
		return false, err
	}
}

// begin hands a commit on to be applied.
func (w *writer) begin(c commit, ch changes, rest []*pending) {
	layer := w.over.group
	w.over.group = nil
	w.over.push(c, layer)
	j := newJob(w.s, c, ch, rest)
	if w.last != nil && w.last.slot == c.slot-1 {
		j.prev = w.last
	}
	j.bound()
	w.last = j.turn
	w.s.own.Store(c.slot, true)
	w.s.jobs.Go(func() {
		j.run()
		w.s.own.Delete(c.slot)
		<-w.room
	})
}

// leaveOpen answers a group of which nobody can tell whether it is written. What was refused is not, for sure.
func (w *writer) leaveOpen(rest []*pending, err error) {
	for _, p := range rest {
		if p.verdict.err != nil {
			p.answer(fmt.Errorf("writing a transaction: %w", unreachable(err, "nothing was written")))
			continue
		}
		p.answer(fmt.Errorf("writing a transaction: %w", unknown(err)))
	}
}

// answerLater answers transactions that change nothing once readers see all that they were evaluated on.
func (w *writer) answerLater(rest []*pending) {
	if len(rest) == 0 {
		return
	}
	upto := w.over.tail.slot
	if w.s.progress.now().applied >= upto {
		answerAll(rest, nil)
		return
	}
	w.s.jobs.Go(func() {
		ctx, cancel := context.WithTimeout(w.s.ctx, w.s.o.Visible)
		defer cancel()
		err := w.s.waitApplied(ctx, upto)
		if err != nil {
			err = unreachable(err, "nothing was written")
		}
		answerAll(rest, err)
	})
}

// answerAll gives each transaction its verdict, or an error in its place.
func answerAll(g []*pending, err error) {
	for _, p := range g {
		switch {
		case errors.Is(p.verdict.err, errCanceled):
			p.answer(p.ctx.Err())
		case err != nil:
			p.answer(err)
		default:
			p.answer(p.verdict.err)
		}
	}
}

// refresh brings the overlay up to the newest commit. What was acknowledged before, by any process, is in it.
func (w *writer) refresh(ctx context.Context) error {
	w.over.group = nil
	near, cancel := w.s.reach.within(ctx)
	defer cancel()
	if err := w.s.reach.heard(w.readLog(near)); err != nil {
		return err
	}
	w.over.settle(w.s.progress.now())
	if len(w.held) > 0 { // what waits for the overlay to be applied
		if err := w.s.waitApplied(ctx, w.over.tail.slot); err != nil {
			return err
		}
		w.over.settle(w.s.progress.now())
	}
	return nil
}

// readLog brings the overlay up to the end of the log. Where readers see more than the overlay holds by now the state is read anew, rather than
// all that others wrote while this process did not.
func (w *writer) readLog(ctx context.Context) error {
	if !w.fresh || w.s.progress.now().applied > w.over.tail.slot {
		if err := w.restart(ctx); err != nil {
			return err
		}
	}
	return w.catchUp(ctx)
}

// restart reads the state anew.
func (w *writer) restart(ctx context.Context) error {
	h, err := w.s.protocol.db.readHead(ctx)
	if err != nil {
		return err
	}
	if err := w.s.sameIndex(ctx, h.index); err != nil {
		return err
	}
	w.s.progress.saw(h)
	w.over.restart(h)
	w.fresh = true
	return nil
}

// catchUp reads the commits after the tail. A find over the log is no snapshot, so that what follows a gap is left for the next time.
func (w *writer) catchUp(ctx context.Context) error {
	for {
		cs, err := w.s.protocol.db.readCommits(ctx, w.over.tail.slot, commitsAtOnce)
		if err != nil {
			return w.s.fatal(err)
		}
		n, err := w.pushAll(ctx, cs)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := w.drop(ctx); err != nil {
				return err
			}
		}
		if n < len(cs) || !filled(cs, commitsAtOnce) {
			return nil
		}
	}
}

// drop asks how far commits of others are applied, and holds no more of them than those that are not.
func (w *writer) drop(ctx context.Context) error {
	h, err := w.s.protocol.db.readHead(ctx)
	if err != nil {
		return err
	}
	w.s.progress.saw(h)
	if h.applied > w.over.tail.slot {
		return w.restart(ctx)
	}
	w.over.settle(h)
	return nil
}

// pushAll adds commits to the overlay, as far as they follow each other. Where one has lost its payload it is long applied: the state
// is read anew.
func (w *writer) pushAll(ctx context.Context, cs []commit) (int, error) {
	for k, c := range cs {
		if c.slot != w.over.tail.slot+1 {
			return k, nil
		}
		if err := w.s.sameIndex(ctx, c.index); err != nil {
			return k, err
		}
		if c.pruned {
			return k, w.restart(ctx)
		}
		ch, err := w.s.protocol.payloadOf(ctx, c)
		if errors.Is(err, errPruned) {
			return k, w.restart(ctx)
		}
		if err != nil {
			return k, w.s.fatal(err)
		}
		l, err := layerOf(c, ch)
		if err != nil {
			return k, w.s.fatal(err)
		}
		w.over.push(c, l)
	}
	return len(cs), nil
}
