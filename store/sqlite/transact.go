package sqlite

import (
	"context"
	"math"
	"slices"
	"time"

	"firewolf/fhir"
	"firewolf/store"
)

// group is the state that the transactions of one group have made so far.
type group struct {
	n  uint32 // the last row
	at time.Time
	// before is the time of the newest moment before the group.
	before headState
}

func newGroup(head headState, clock time.Time) *group {
	return &group{n: head.n, at: store.Instant(head.at, clock), before: head}
}

// plan is what evaluating a transaction decides.
type plan struct {
	ops []opPlan
}

// opPlan is an op with the version that it meets.
type opPlan struct {
	op     store.Op
	effect store.Effect
	row    uint32 // of the version before; 0 for none
	vid    int64  // of the version before
}

// transact evaluates one transaction on the state that the group has reached, and writes it.
// The context ends the look at its assumptions, which are searches and may take long.
func (w *writer) transact(ctx context.Context, tx store.Tx) (store.Commit, error) {
	if tx.Idempotency != nil {
		c, found, err := w.r.replay(*tx.Idempotency)
		if err != nil || found {
			return c, err
		}
	}
	for _, a := range tx.Assume {
		if err := w.assume(ctx, a); err != nil {
			if ctx.Err() != nil {
				err = errCanceled
			}
			return store.Commit{}, err
		}
	}
	if int64(w.group.n)+int64(len(tx.Ops)) >= math.MaxUint32 {
		return store.Commit{}, fhir.NewIssue(fhir.NoStore, "the embedded store is full: it numbers four billion versions").
			Because(fhir.ReasonStorageFull)
	}
	p, issues, err := w.evaluate(tx)
	if err != nil {
		return store.Commit{}, err
	}
	if len(issues) > 0 {
		return store.Commit{}, issues
	}
	return w.apply(tx, p)
}

// assume checks that a search still gives the keys that the author of the transaction saw.
func (w *writer) assume(ctx context.Context, a store.Assumption) error {
	var found []fhir.Key
	q, ok := w.r.query(ctx, a.Plan.Type, w.group.n)
	if ok {
		size := a.Limit
		if size == 0 {
			size = len(a.Match) + 1
		}
		rows, err := q.page(a.Plan, nil, size)
		if err != nil {
			return err
		}
		for _, row := range rows {
			k, err := w.r.loadKey(row.n)
			if err != nil {
				return err
			}
			found = append(found, k)
		}
	}
	if !sameKeys(found, a.Match) {
		return store.ErrStale
	}
	return nil
}

func sameKeys(a, b []fhir.Key) bool {
	order := func(x, y fhir.Key) int {
		if c := compareText(x.Type, y.Type); c != 0 {
			return c
		}
		return compareText(x.ID, y.ID)
	}
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, order)
	slices.SortFunc(b, order)
	return slices.Equal(a, b)
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// evaluate looks at every op and requirement. It collects all that does not hold.
func (w *writer) evaluate(tx store.Tx) (plan, fhir.Issues, error) {
	var p plan
	var issues fhir.Issues
	after := map[fhir.Key]*opPlan{}
	p.ops = make([]opPlan, 0, len(tx.Ops))
	for _, op := range tx.Ops {
		if after[op.Key] != nil {
			issues = append(issues, op.WrittenTwice())
			continue
		}
		o, issue, err := w.evaluateOp(op)
		if err != nil {
			return p, nil, err
		}
		if issue != nil {
			issues = append(issues, issue)
		}
		p.ops = append(p.ops, o)
		after[op.Key] = &p.ops[len(p.ops)-1]
	}
	for _, o := range p.ops {
		if o.op.NoReferrers && o.effect == store.Deleted {
			issue, err := w.referrers(o.op, after)
			if err != nil {
				return p, nil, err
			}
			if issue != nil {
				issues = append(issues, issue)
			}
		}
	}
	missing, err := w.requirements(tx.Require, after)
	return p, append(issues, missing...), err
}

// evaluateOp decides the effect of an op on the current version of its resource.
func (w *writer) evaluateOp(op store.Op) (opPlan, *fhir.Issue, error) {
	o := opPlan{op: op}
	row, err := w.r.current(op.Key, w.group.n)
	if err != nil {
		return o, nil, err
	}
	h := rowHeader{deleted: true}
	if row != 0 {
		if h, err = w.r.loadHeader(row); err != nil {
			return o, nil, err
		}
	}
	o.row, o.vid = row, h.vid
	o.effect = effectOf(op, row, h)
	return o, precondition(op, row, h), nil
}

func effectOf(op store.Op, row uint32, h rowHeader) store.Effect {
	switch {
	case op.Action == store.Delete && h.deleted:
		return store.Absent
	case op.Action == store.Delete:
		return store.Deleted
	case row == 0:
		return store.Created
	case h.deleted:
		return store.Revived
	case string(h.digest) == string(op.Digest[:]):
		return store.Unchanged
	default:
		return store.Updated
	}
}

func precondition(op store.Op, row uint32, h rowHeader) *fhir.Issue {
	return op.Unmet(row != 0 && !h.deleted, h.vid)
}

// referrers looks for a resource that would refer to a deleted one once the transaction is done.
func (w *writer) referrers(op store.Op, after map[fhir.Key]*opPlan) (*fhir.Issue, error) {
	for k, o := range after {
		for _, ref := range o.op.Entries.Refs {
			if o.op.Action == store.Put && ref.Key == op.Key {
				return op.ReferredTo(k), nil
			}
		}
	}
	rows, err := w.r.rows(backrefPlace(op.Key), 0, 0xffff)
	if err != nil {
		return nil, err
	}
	w.s.shut.visible(rows, w.group.n)
	it := rows.Iterator()
	for it.HasNext() {
		k, err := w.r.loadKey(it.Next())
		if err != nil {
			return nil, err
		}
		if after[k] == nil || after[k].effect == store.Unchanged {
			return op.ReferredTo(k), nil
		}
	}
	return nil, nil
}

// requirements checks that every required resource will be there.
func (w *writer) requirements(reqs []store.Requirement, after map[fhir.Key]*opPlan) (fhir.Issues, error) {
	var issues fhir.Issues
	known := map[fhir.Key]bool{}
	for _, req := range reqs {
		there, seen := known[req.Key]
		if o := after[req.Key]; o != nil {
			there, seen = o.op.Action == store.Put, true
		}
		if !seen {
			_, issue, err := w.evaluateOp(store.Op{Key: req.Key, If: store.Precondition{Absent: true}})
			if err != nil {
				return nil, err
			}
			there = issue != nil
			known[req.Key] = there
		}
		if !there {
			issues = append(issues, req.Unmet())
		}
	}
	return issues, nil
}
