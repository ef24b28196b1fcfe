package mongodb

import (
	"context"
	"strings"

	"firewolf/fhir"
	"firewolf/store"
)

// looked is what a search found in the database, of at most so many.
type looked struct {
	keys  []fhir.Key
	limit int
}

// lookAhead looks up at once what the transactions of a group assume. What it does not find out, assume asks for by itself.
func (e *evaluation) lookAhead(ctx context.Context, g []*pending) error {
	e.looked = nil
	var of []*store.Assumption
	var qs []store.Query
	for _, p := range g {
		for k := range p.tx.Assume {
			a := &p.tx.Assume[k]
			of = append(of, a)
			qs = append(qs, store.Query{Plan: a.Plan, Limit: wanted(a) + len(e.written(planTypes(a.Plan)))})
		}
	}
	if len(of) < 2 {
		return nil
	}
	found, err := e.looks.findEach(ctx, qs, e.over.base.t)
	if ofTransaction(err) { // of one of them: it will hear of it
		return nil
	}
	if err != nil {
		return err
	}
	e.looked = make(map[*store.Assumption]looked, len(of))
	for k, a := range of {
		e.looked[a] = looked{found[k], qs[k].Limit}
	}
	return nil
}

// wanted is how many matches need to be known.
func wanted(a *store.Assumption) int {
	if a.Limit == 0 {
		return len(a.Match) + 1
	}
	return a.Limit
}

// matchesOf returns what a search finds in the database, at most limit.
func (e *evaluation) matchesOf(ctx context.Context, a *store.Assumption, limit int) ([]fhir.Key, error) {
	if l, ok := e.looked[a]; ok && (len(l.keys) < l.limit || l.limit >= limit) {
		return l.keys, nil
	}
	return e.looks.find(ctx, a.Plan, e.over.base.t, limit)
}

// assume checks that a search still gives the keys that the author of the transaction saw.
func (e *evaluation) assume(ctx context.Context, a *store.Assumption) error {
	over := e.written(planTypes(a.Plan))
	found, err := e.matchesOf(ctx, a, wanted(a)+len(over))
	if err != nil {
		return err
	}
	now := map[fhir.Key]bool{}
	for _, k := range found {
		if over[k] == nil {
			now[k] = true
		}
	}
	for k, d := range over {
		holds, err := d.matches(a, k)
		if err != nil {
			return err
		}
		if holds {
			now[k] = true
		}
	}
	if !sameKeys(now, a.Match) {
		return store.ErrStale
	}
	return nil
}

// matches reports whether a version that is not applied yet matches a search. errHold: that cannot be told before it is.
func (d *draft) matches(a *store.Assumption, k fhir.Key) (bool, error) {
	if d.deleted {
		return false, d.joined(a)
	}
	if d.entries == nil {
		return false, errHold
	}
	if d.subject == nil {
		d.subject = &subject{id: k.ID, at: d.version.At, indexed: indexedOf(*d.entries)}
	}
	holds, ok := matches(a.Plan.Where, d.subject)
	if !ok {
		return false, errHold
	}
	return holds && k.Type == a.Plan.Type, nil
}

// joined says whether the search joins resources: then even what is gone changes what others match.
func (d *draft) joined(a *store.Assumption) error {
	if len(planTypes(a.Plan)) > 1 {
		return errHold
	}
	return nil
}

// written returns the newest versions of resources of some types that the database does not show.
func (e *evaluation) written(types []string) map[fhir.Key]*draft {
	name := strings.Join(types, " ")
	if all, ok := e.others[name]; ok {
		return all
	}
	all := e.over.versions()
	for k := range all {
		among := false
		for _, typ := range types {
			among = among || typ == k.Type
		}
		if !among {
			delete(all, k)
		}
	}
	if e.others == nil {
		e.others = map[string]map[fhir.Key]*draft{}
	}
	e.others[name] = all
	return all
}

func sameKeys(found map[fhir.Key]bool, want []fhir.Key) bool {
	for _, k := range want {
		if !found[k] {
			return false
		}
	}
	return len(found) == len(want)
}

// referrers looks for resources that would refer to what a transaction deletes, once it is done.
func (e *evaluation) referrers(ctx context.Context, p *pending, after map[fhir.Key]int, effects []store.Effect) (fhir.Issues, error) {
	var issues fhir.Issues
	for k, op := range p.tx.Ops {
		if !op.NoReferrers || effects[k] != store.Deleted || after[op.Key] != k {
			continue
		}
		by, found, err := e.referrer(ctx, p, op.Key, after)
		if err != nil {
			return nil, err
		}
		if found {
			issues = append(issues, op.ReferredTo(by))
		}
	}
	return issues, nil
}

// referrer returns a resource that refers to k once the transaction is done: one that the transaction writes, one that is
// committed, or one that is applied and stays.
func (e *evaluation) referrer(ctx context.Context, p *pending, k fhir.Key, after map[fhir.Key]int) (fhir.Key, bool, error) {
	for _, op := range p.tx.Ops {
		for _, ref := range op.Entries.Refs {
			if op.Action == store.Put && ref.Key == k {
				return op.Key, true, nil
			}
		}
	}
	over := e.over.versions()
	for by, d := range over {
		if _, written := after[by]; !written && d.refers(k) {
			return by, true, nil
		}
	}
	return e.looks.referrer(ctx, e.over.base.t, k, func(by fhir.Key) bool {
		_, written := after[by]
		return written || over[by] != nil
	})
}
