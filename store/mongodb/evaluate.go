package mongodb

import (
	"context"
	"errors"
	"time"

	"firewolf/fhir"
	"firewolf/store"
)

// errHold marks a transaction that must wait until what is committed is applied: its searches join resources, or look at
// what another process writes.
var errHold = errors.New("the transaction waits until what is committed is applied")

// errCanceled marks a transaction whose caller gave up while it was looked at.
var errCanceled = errors.New("the caller gave up")

// evaluation decides what a group of transactions does, one after another, on an overlay.
type evaluation struct {
	looks  looks
	over   *overlay
	clock  time.Time
	pack   *packer
	limits limits

	slot    slot
	at      time.Time // of the versions of the group
	now     mark      // the newest moment that the group has reached
	headers map[fhir.Key]header
	known   map[string]*outcome
	looked  map[*store.Assumption]looked   // what searches found that were looked up ahead
	others  map[string]map[fhir.Key]*draft // what the database does not show yet, by the types that were asked for
	changes changes
	places  int // versions so far
	open    map[fhir.Key]*insertion
}

// verdict is what a transaction does.
type verdict struct {
	err    error // refused
	replay *outcome
	t      fhir.Moment
	at     time.Time
	ops    []opVerdict
}

// opVerdict is what an Op does.
type opVerdict struct {
	effect  store.Effect
	version fhir.Version // without JSON; of what is unchanged only key and version
}

// evaluate looks at the transactions of a group. What it decides holds if nothing is committed between the overlay's tail and the group.
func (e *evaluation) evaluate(ctx context.Context, g []*pending) error {
	e.slot = e.over.tail.slot + 1
	e.at = store.Instant(e.over.tail.at, e.clock)
	e.now = e.over.tail
	e.over.group = newLayer(e.slot)
	e.open = map[fhir.Key]*insertion{}
	e.others = nil
	if err := e.prefetch(ctx, g); err != nil {
		return err
	}
	for _, p := range g {
		p.verdict = verdict{}
		err := e.transact(ctx, p)
		if err != nil && !errors.Is(err, errHold) && !errors.Is(err, errCanceled) && !ofTransaction(err) {
			return err
		}
		if err != nil {
			p.verdict = verdict{err: err}
		}
	}
	return nil
}

// prefetch asks once for all that the transactions need to know of single resources and of idempotency keys.
func (e *evaluation) prefetch(ctx context.Context, g []*pending) error {
	wanted := map[fhir.Key]bool{}
	var hashes []string
	for _, p := range g {
		for _, op := range p.tx.Ops {
			wanted[op.Key] = true
		}
		for _, r := range p.tx.Require {
			wanted[r.Key] = true
		}
		if p.tx.Idempotency != nil {
			hashes = append(hashes, p.hash)
		}
	}
	var keys []fhir.Key
	for k := range wanted {
		if e.over.version(k) == nil {
			keys = append(keys, k)
		}
	}
	var err error
	if e.headers, err = e.looks.headers(ctx, e.over.base.t, keys); err != nil {
		return err
	}
	if e.known, err = e.looks.outcomes(ctx, e.over.base.applied, hashes); err != nil {
		return err
	}
	return e.lookAhead(ctx, g)
}

// header returns the version of a resource that is current for the transaction at hand.
func (e *evaluation) header(k fhir.Key) header {
	if d := e.over.version(k); d != nil {
		return d.header
	}
	return e.headers[k]
}

// transact decides about one transaction, in the order that the port fixes.
func (e *evaluation) transact(ctx context.Context, p *pending) error {
	if p.ctx.Err() != nil {
		return errCanceled
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.ctx, func() { cancel(context.Cause(p.ctx)) })()
	if p.tx.Idempotency != nil {
		if found, err := e.replay(p); found || err != nil {
			return err
		}
	}
	for k := range p.tx.Assume {
		if err := e.assume(ctx, &p.tx.Assume[k]); err != nil {
			if p.ctx.Err() != nil {
				return errCanceled
			}
			return err
		}
	}
	return e.decide(ctx, p)
}

// replay answers a transaction that was done before.
func (e *evaluation) replay(p *pending) (bool, error) {
	o := e.over.outcome(p.hash)
	if o == nil {
		o = e.known[p.hash]
	}
	if o == nil {
		return false, nil
	}
	known, err := o.known(*p.tx.Idempotency, e.clock)
	if known {
		p.verdict.replay = o
	}
	return known, err
}

// decide looks at every Op and requirement, and collects all that does not hold.
func (e *evaluation) decide(ctx context.Context, p *pending) error {
	var issues fhir.Issues
	after := make(map[fhir.Key]int, len(p.tx.Ops)) // where the Op of a key stands
	effects := make([]store.Effect, len(p.tx.Ops))
	for k, op := range p.tx.Ops {
		if _, twice := after[op.Key]; twice {
			issues = append(issues, op.WrittenTwice())
			continue
		}
		after[op.Key] = k
		h := e.header(op.Key)
		effects[k] = effectOf(op, h)
		if i := op.Unmet(h.there(), h.vid); i != nil {
			issues = append(issues, i)
		}
	}
	referred, err := e.referrers(ctx, p, after, effects)
	if err != nil {
		return err
	}
	issues = append(issues, referred...)
	issues = append(issues, e.requirements(p.tx, after)...)
	if err := issues.Err(); err != nil {
		return err
	}
	return e.draft(p, effects)
}

func effectOf(op store.Op, h header) store.Effect {
	switch {
	case op.Action == store.Delete && !h.there():
		return store.Absent
	case op.Action == store.Delete:
		return store.Deleted
	case h.vid == 0:
		return store.Created
	case h.deleted:
		return store.Revived
	case h.digest == op.Digest:
		return store.Unchanged
	default:
		return store.Updated
	}
}

// requirements checks that every required resource will be there.
func (e *evaluation) requirements(tx store.Tx, after map[fhir.Key]int) fhir.Issues {
	var issues fhir.Issues
	for _, need := range tx.Require {
		k, written := after[need.Key]
		there := written && tx.Ops[k].Action == store.Put
		if !written {
			there = e.header(need.Key).there()
		}
		if !there {
			issues = append(issues, need.Unmet())
		}
	}
	return issues
}
