package mongodb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"firewolf/fhir"
)

// What forgetting asks of the simulated database.

func (c simConn) momentAt(ctx context.Context, at time.Time, _ head) (t fhir.Moment, err error) {
	err = c.call(ctx, "look for a moment", func() {
		for _, made := range c.sim.db.commits {
			if !made.at.IsZero() && !made.at.After(at) {
				t = max(t, made.t)
			}
		}
	})
	return t, err
}

func (c simConn) raiseFloor(ctx context.Context, to fhir.Moment, _ time.Time) error {
	return c.call(ctx, "raise floor", nil, simPiece{fmt.Sprintf("floor %d", to>>placeBits), func() {
		if h := &c.sim.db.head; h.floor < to && h.t >= to {
			h.floor = to
		}
	}})
}

func (c simConn) dropKeys(ctx context.Context, collection string, names []name, floor fhir.Moment) error {
	var pieces []simPiece
	for _, n := range names {
		pieces = append(pieces, simPiece{"drop keys of " + n.doc, func() {
			if doc := c.sim.db.docs[collection][n.doc]; doc != nil && doc.x != 0 && doc.x <= floor {
				doc.bare = true
			}
		}})
	}
	return c.call(ctx, fmt.Sprintf("drop keys of %d", len(names)), nil, pieces...)
}

func (c simConn) prunePayload(ctx context.Context, n slot) error {
	name := fmt.Sprintf("prune slot %d", n)
	return c.call(ctx, name, nil, simPiece{name, func() {
		made := c.sim.db.commits[n]
		made.payload, made.pruned = nil, true
		c.sim.db.commits[n] = made
	}})
}

func (c simConn) movePruned(ctx context.Context, to slot) error {
	name := fmt.Sprintf("pruned to %d", to)
	return c.call(ctx, name, nil,
		simPiece{name, func() { c.sim.db.head.pruned = max(c.sim.db.head.pruned, to) }},
		simPiece{name + ": parts", func() {
			for id, chunk := range c.sim.db.chunks {
				if chunk.slot <= to {
					delete(c.sim.db.chunks, id)
				}
			}
		}})
}

func (c simConn) dropOutcomes(context.Context, time.Time) error { return nil }

// simRead is what a reader got: the versions of its moment, as the index finds them.
type simRead struct {
	proc  int
	t     fhir.Moment
	found map[fhir.Key]int64
	only  []fhir.Key // what it looked for; nil: everything
}

// reader searches again and again, at the newest moment or at one that it saw before, and takes its time between two types.
func (s *sim) reader(n int) {
	r := rand.New(rand.NewPCG(s.plan.seed, uint64(n)+1000))
	var old []fhir.Moment
	for !s.stopped() {
		time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
		p := s.anyAlive(r)
		if p == nil {
			continue
		}
		if one, err := s.readOne(p, r); err == nil {
			s.check.readOne(one)
		}
		t := fhir.Moment(0)
		if len(old) > 0 && r.IntN(3) == 0 {
			t = old[r.IntN(len(old))]
		}
		got, err := s.read(p, t, r)
		s.check.read(got, err)
		if err == nil {
			old = append(old, got.t)
		}
	}
}

func (s *sim) read(p *simProcess, t fhir.Moment, r *rand.Rand) (*simRead, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	v, err := p.store.view(ctx, t)
	if err != nil {
		return nil, err
	}
	got := &simRead{proc: p.number, t: v.t, found: map[fhir.Key]int64{}}
	for _, typ := range simTypes {
		time.Sleep(time.Duration(r.IntN(1+s.plan.pages)) * time.Millisecond)
		err := simConn{sim: s, proc: p}.call(ctx, "search "+typ, func() {
			for _, doc := range s.db.visible(typ, v.t) {
				if !doc.bare && !doc.v.Deleted {
					got.found[doc.v.Key] = doc.v.VID
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return got, p.store.seen(ctx, v)
}
