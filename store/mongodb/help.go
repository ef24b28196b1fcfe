package mongodb

import (
	"context"
	"errors"
	"time"
)

// waitApplied waits until the head stands at a slot or behind it, whoever moves it there.
func (s *Store) waitApplied(ctx context.Context, upto slot) error {
	for wait := firstPause; ; wait = min(2*wait, lastPause) {
		h, changed := s.progress.watch()
		if h.applied >= upto {
			return nil
		}
		if err := s.broken(); err != nil {
			return err
		}
		t := time.NewTimer(wait)
		select {
		case <-changed:
		case <-t.C:
			if h, err := s.heads.get(ctx); err == nil {
				s.progress.saw(h)
			}
		case <-ctx.Done():
			t.Stop()
			return context.Cause(ctx)
		}
		t.Stop()
	}
}

// helper applies what other processes committed and left: one that died, or stands still.
type helper struct {
	s     *Store
	slot  slot      // the commit that is not applied
	tail  slot      // the newest commit when it was first seen
	since time.Time // when that was
}

// tick looks whether the head stands still before a commit, and applies it once it has stood long enough.
func (h *helper) tick(ctx context.Context) error {
	p := h.s.protocol
	now, err := p.db.readHead(ctx)
	if h.s.reach.heard(err) != nil {
		return h.s.fatal(err)
	}
	h.s.progress.saw(now)
	if now.applied+1 != h.slot {
		waiting, err := p.db.listCommits(ctx, now.applied, commitsAtOnce)
		if err != nil {
			return h.s.fatal(err)
		}
		h.s.stuck.help.Store(false)
		if h.slot = 0; len(waiting) > 0 && waiting[0].slot == now.applied+1 {
			h.slot, h.tail, h.since = now.applied+1, waiting[len(waiting)-1].slot, time.Now()
		}
		return nil
	}
	if time.Since(h.since) < h.s.o.Help {
		return nil
	}
	for ; h.slot <= h.tail; h.slot++ { // all of them have waited as long
		if _, mine := h.s.own.Load(h.slot); mine {
			break
		}
		now, err := p.help(ctx, h.slot)
		h.s.stuck.help.Store(err != nil)
		if err != nil {
			return h.s.fatal(err)
		}
		h.s.progress.saw(now)
	}
	h.slot = 0
	return nil
}

// help applies and publishes a commit that another process, or an earlier life of this one, made. The commits before it are published.
func (p *protocol) help(ctx context.Context, at slot) (head, error) {
	c, there, err := p.db.readCommit(ctx, at)
	if err != nil || !there || c.pruned {
		return head{}, err
	}
	ch, err := p.payloadOf(ctx, c)
	if errors.Is(err, errPruned) {
		return head{}, nil
	}
	if err != nil {
		return head{}, err
	}
	if err := p.apply(ctx, c, ch, func(context.Context) error { return nil }); err != nil {
		return head{}, err
	}
	return p.publish(ctx, c)
}
