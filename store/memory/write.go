package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// keepReplays is how long an idempotency key is known.
const keepReplays = 24 * time.Hour

// replay is what an idempotency key was used for.
type replay struct {
	request [32]byte
	commit  store.Commit // with Replayed and Note set
	used    time.Time
}

// Write commits a transaction: all of it or nothing.
func (s *Store) Write(ctx context.Context, tx store.Tx) (store.Commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return store.Commit{}, err
	}
	now := s.clock().UTC()
	if tx.Idempotency != nil {
		if c, err := s.replayed(*tx.Idempotency, now); !fhir.HasCode(err, fhir.NotFound) {
			return c, err
		}
	}
	if err := s.assumed(ctx, tx.Assume); err != nil {
		return store.Commit{}, err
	}
	d := newDraft(s, now)
	for _, op := range tx.Ops {
		if err := d.add(op); err != nil {
			return store.Commit{}, err
		}
	}
	if err := d.refuse(tx); err != nil {
		return store.Commit{}, err
	}
	c := s.commit(d)
	if tx.Idempotency != nil {
		s.keep(*tx.Idempotency, c, now)
	}
	return c, nil
}

// Replay returns what Write would answer a transaction of this Idempotency, if it knows its key.
func (s *Store) Replay(ctx context.Context, i store.Idempotency) (store.Commit, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return store.Commit{}, err
	}
	return s.replayed(i, s.clock().UTC())
}

func (s *Store) replayed(i store.Idempotency, now time.Time) (store.Commit, error) {
	r, known := s.replays[i.Key]
	if !known || now.Sub(r.used) > keepReplays {
		return store.Commit{}, i.Unknown()
	}
	if r.request != i.Request {
		return store.Commit{}, i.Reused()
	}
	c := r.commit
	c.Results = slices.Clone(c.Results)
	return c, nil
}

// keep remembers what a key was used for, and forgets the keys of long ago.
func (s *Store) keep(i store.Idempotency, c store.Commit, now time.Time) {
	maps.DeleteFunc(s.replays, func(_ string, r replay) bool { return now.Sub(r.used) > keepReplays })
	c.Replayed, c.Note = true, slices.Clone(i.Note)
	c.Results = slices.Clone(c.Results)
	s.replays[i.Key] = replay{request: i.Request, commit: c, used: now}
}

// assumed checks that each assumption's search still finds what it found.
func (s *Store) assumed(ctx context.Context, as []store.Assumption) error {
	t, _ := s.head()
	for _, a := range as {
		found, err := s.find(ctx, a.Plan, t)
		if err != nil {
			return fmt.Errorf("checking an assumption: %w", err)
		}
		if !sameKeys(found, a.Match) {
			return store.ErrStale
		}
	}
	return nil
}

func sameKeys(found []*record, want []fhir.Key) bool {
	got := map[fhir.Key]bool{}
	for _, r := range found {
		got[r.Key] = true
	}
	for _, k := range want {
		if !got[k] {
			return false
		}
	}
	return len(found) == len(want)
}

// draft is a transaction as it would be committed.
type draft struct {
	s       *Store
	at      time.Time
	written map[fhir.Key]*record // the version that each key gets; nil for a key that the transaction leaves as it is
	order   []*record
	results []store.Result
	issues  fhir.Issues
}

func newDraft(s *Store, now time.Time) *draft {
	_, last := s.head()
	return &draft{s: s, at: store.Instant(last, now), written: map[fhir.Key]*record{}}
}

// add does one operation, or notes why it is refused.
func (d *draft) add(op store.Op) error {
	if _, twice := d.written[op.Key]; twice {
		return op.WrittenTwice()
	}
	d.written[op.Key] = nil
	now := d.s.currentAt(d.s.moment(store.Now), op.Key)
	there := now != nil && !now.Deleted
	current := int64(0)
	if there {
		current = now.VID
	}
	if i := op.Unmet(there, current); i != nil {
		d.issues = append(d.issues, i)
	}
	switch {
	case op.Action == store.Delete && !there:
		d.results = append(d.results, store.Result{Effect: store.Absent})
		return nil
	case op.Action == store.Delete:
		return d.append(op, store.Deleted, nil)
	case there && now.digest == op.Digest:
		d.results = append(d.results, store.Result{Effect: store.Unchanged, Version: now.Version})
		return nil
	case now == nil:
		return d.append(op, store.Created, op.Stamp.With(1, d.at))
	case now.Deleted:
		return d.append(op, store.Revived, op.Stamp.With(now.VID+1, d.at))
	}
	return d.append(op, store.Updated, op.Stamp.With(now.VID+1, d.at))
}

// append adds a version; of a tombstone json is nil.
func (d *draft) append(op store.Op, e store.Effect, json []byte) error {
	v := fhir.Version{
		Key: op.Key, VID: int64(len(d.s.of[op.Key]) + 1), T: fhir.Moment(len(d.s.all) + len(d.order) + 1),
		At: d.at, Method: op.Method, Deleted: json == nil, JSON: json,
	}
	r := &record{Version: v, digest: op.Digest}
	if json != nil {
		t, err := tree.Parse(json, tree.Limits{})
		if err != nil {
			return fmt.Errorf("writing %s: %w", op.Key, err)
		}
		r.tree = t
	}
	d.written[op.Key] = r
	d.order = append(d.order, r)
	d.results = append(d.results, store.Result{Effect: e, Version: v})
	return nil
}

// refuse returns the reasons not to commit.
func (d *draft) refuse(tx store.Tx) error {
	issues := d.issues
	for k, op := range tx.Ops {
		if !op.NoReferrers || d.results[k].Effect != store.Deleted {
			continue
		}
		by, err := d.s.referring(d.after(), op.Key)
		if err != nil {
			return err
		}
		if by != nil {
			issues = append(issues, op.ReferredTo(by.Key))
		}
	}
	for _, need := range tx.Require {
		if !d.keeps(need.Key) {
			issues = append(issues, need.Unmet())
		}
	}
	return issues.Err()
}

// keeps reports whether a resource is there once the transaction is done.
func (d *draft) keeps(k fhir.Key) bool {
	r := d.written[k]
	if r == nil {
		r = d.s.currentAt(d.s.moment(store.Now), k)
	}
	return r != nil && !r.Deleted
}

// after returns the resources that are there once the transaction is done.
func (d *draft) after() []*record {
	var found []*record
	for _, r := range d.s.resourcesAt(d.s.moment(store.Now), "") {
		if d.written[r.Key] == nil {
			found = append(found, r)
		}
	}
	for _, r := range d.order {
		if !r.Deleted {
			found = append(found, r)
		}
	}
	return found
}

// referring returns one of the resources that refers to k, nil if none does.
func (s *Store) referring(among []*record, k fhir.Key) (*record, error) {
	for _, r := range among {
		refs, err := s.params.refs(r, nil)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(refs, func(e search.RefEntry) bool { return e.Key == k }) || slices.Contains(s.params.anywhere(r), k) {
			return r, nil
		}
	}
	return nil, nil
}

// commit makes a draft true.
func (s *Store) commit(d *draft) store.Commit {
	for _, r := range d.order {
		versions := s.of[r.Key]
		if len(versions) > 0 {
			versions[len(versions)-1].next = r
		}
		s.of[r.Key] = append(versions, r)
		s.all = append(s.all, r)
	}
	t, at := s.head()
	return store.Commit{T: t, At: at, Results: d.results}
}
