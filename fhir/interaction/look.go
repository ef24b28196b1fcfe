package interaction

import (
	"context"
	"slices"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// look decides what every entry does, in the order of https://hl7.org/fhir/R4/http.html#trules: deletes, creates,
// updates, reads, and conditional references at last.
type look struct {
	*transaction
	ctx     context.Context
	now     *sight
	p       plan
	deleted map[fhir.Key]bool
	written map[fhir.Key]*entry
	creates map[string][]*entry // that make a resource, by type
	links   *identities
	drafts  map[string]*drafts  // of creates before links are known, of all that is written afterwards; by type
	byType  map[string][]*entry // that are written

	known    map[string]criteria // what was looked up ahead, by its text
	resolved map[string]fhir.Key // conditional references
	required map[fhir.Key]bool
	callings map[string]*entry // the fullUrls that only the Bundle knows
}

func (t *transaction) look(ctx context.Context) (plan, error) {
	l := &look{
		transaction: t, ctx: ctx, now: t.s.sight(),
		deleted: map[fhir.Key]bool{}, written: map[fhir.Key]*entry{}, creates: map[string][]*entry{},
		drafts: map[string]*drafts{}, known: map[string]criteria{}, resolved: map[string]fhir.Key{}, required: map[fhir.Key]bool{},
	}
	for _, e := range t.entries {
		e.decision = decision{}
	}
	for _, step := range []func() error{l.findDeletes, l.findCreates, l.findUpdates, l.distinct, l.checkReads, l.compose} {
		if err := step(); err != nil {
			return plan{}, err
		}
	}
	return l.p, nil
}

// each calls do for the entries of one interaction and gathers what is wrong with them.
func (l *look) each(name string, do func(e *entry) error) error {
	var is fhir.Issues
	for _, e := range l.entries {
		if e.rt.name != name {
			continue
		}
		if err := do(e); err != nil {
			found, ok := fhir.IssuesOf(inEntry(err, e.at))
			if !ok {
				return err
			}
			is = append(is, found...)
		}
	}
	return is.Err()
}

func (l *look) findDeletes() error {
	if err := l.lookAhead(l.conditionsOf(nameDelete, l.s.deleteLimit())); err != nil {
		return err
	}
	return l.each(nameDelete, func(e *entry) error {
		if e.rt.key.ID != "" {
			e.deletes = []fhir.Key{e.rt.key}
		} else {
			c, err := l.match(e.rt.key.Type, e.req.Query, l.s.deleteLimit())
			if err == nil {
				err = l.s.mayDelete(c)
			}
			if err != nil {
				return err
			}
			a := c.assumption()
			e.deletes = a.Match
			l.p.tx.Assume = append(l.p.tx.Assume, a)
		}
		for _, k := range e.deletes {
			l.deleted[k] = true
		}
		return nil
	})
}

func (l *look) findCreates() error {
	err := l.lookAhead(append(l.conditionsOf(nameCreate, 2), l.conditionsOf(nameUpdate, 2)...))
	if err != nil {
		return err
	}
	err = l.each(nameCreate, func(e *entry) error {
		e.key, e.absent = fhir.Key{Type: e.rt.key.Type, ID: e.fresh}, true
		if e.req.IfNoneExist == "" {
			l.creates[e.key.Type] = append(l.creates[e.key.Type], e)
			return nil
		}
		pairs, err := conditionOf(e.key.Type, e.req.IfNoneExist)
		if err != nil {
			return inIfNoneExist(err)
		}
		matches, err := l.ask(e, pairs)
		switch {
		case err != nil:
			return inIfNoneExist(err)
		case len(matches) == 1:
			e.found, e.key = &matches[0].Version, matches[0].Key
		case len(matches) == 0:
			l.creates[e.key.Type] = append(l.creates[e.key.Type], e)
		default:
			return inIfNoneExist(e.criteria.tooMany())
		}
		return nil
	})
	if err != nil {
		return err
	}
	return l.each(nameCreate, l.unify)
}

// ask runs the criteria of an entry. What the transaction deletes is not there any more.
func (l *look) ask(e *entry, pairs []search.Pair) ([]store.Match, error) {
	c, err := l.match(e.rt.key.Type, pairs, 2+l.countDeleted(e.rt.key.Type))
	if err != nil {
		return nil, err
	}
	e.criteria = &c
	l.p.tx.Assume = append(l.p.tx.Assume, c.assumption())
	left := slices.DeleteFunc(slices.Clone(c.matches), func(m store.Match) bool { return l.deleted[m.Key] })
	c.matches = left
	return left, nil
}

func (l *look) countDeleted(typ string) int {
	n := 0
	for k := range l.deleted {
		if k.Type == typ {
			n++
		}
	}
	return n
}

// unify lets conditional creates that mean the same new resource create it once. They may come in any order, so the
// result must not depend on which comes first: two that differ in content are refused as one identity written twice.
func (l *look) unify(e *entry) error {
	if e.criteria == nil || e.found != nil {
		return nil
	}
	hits, err := l.drafted(l.creates[e.key.Type], e.criteria.plan)
	if err != nil {
		return err
	}
	for _, other := range hits {
		if other == e || other.same != nil {
			continue
		}
		equal, err := sameContent(e, other)
		if err != nil {
			return err
		}
		if !equal {
			return l.overlap(e, other, "its criteria match the resource that "+entryAt(other.at)+" creates, and the two differ")
		}
		if other.at < e.at {
			e.same, e.key = other, other.key
			return nil
		}
	}
	return nil
}

// sameContent compares two resources, their ids left out.
func sameContent(a, b *entry) (bool, error) {
	x, err := a.req.tree.WithID(a.fresh)
	if err != nil {
		return false, err
	}
	y, err := b.req.tree.WithID(a.fresh)
	if err != nil {
		return false, err
	}
	return x.Digest() == y.Digest(), nil
}

func (l *look) overlap(e, other *entry, why string) error {
	text := entryAt(e.at) + " and " + entryAt(other.at) + " are about one resource: " + why
	return inBundle{fhir.NewIssue(fhir.Invalid, text, entryAt(e.at), entryAt(other.at))}
}

func (l *look) findUpdates() error {
	return l.each(nameUpdate, func(e *entry) error {
		e.key = e.rt.key
		if e.key.ID != "" {
			return nil
		}
		matches, err := l.ask(e, e.req.Query)
		if err != nil {
			return err
		}
		if err := l.notDeleted(e); err != nil {
			return err
		}
		c := *e.criteria
		c.matches = matches
		to, err := c.goal(e.req.tree, e.fresh)
		if err != nil {
			return err
		}
		e.key, e.absent = to.key, to.absent
		return l.notCreated(e)
	})
}

// notDeleted refuses a conditional update of what the transaction deletes: "If any resource identities (including resolved identities from
// conditional update/delete) overlap in steps 1-3, then the transaction SHALL fail." https://hl7.org/fhir/R4/http.html#trules
func (l *look) notDeleted(e *entry) error {
	for _, k := range l.p.tx.Assume[len(l.p.tx.Assume)-1].Match {
		for _, other := range l.entries {
			if slices.Contains(other.deletes, k) {
				return l.overlap(e, other, "its criteria match "+k.String()+", which the other deletes")
			}
		}
	}
	return nil
}

// notCreated refuses a conditional update of what the transaction creates.
func (l *look) notCreated(e *entry) error {
	hits, err := l.drafted(l.creates[e.key.Type], e.criteria.plan)
	if err != nil || len(hits) == 0 {
		return err
	}
	return l.overlap(e, hits[0], "its criteria match what the other creates")
}

// distinct refuses a resource that is written twice: "If any resource identities (including resolved identities from
// conditional update/delete) overlap in steps 1-3, then the transaction SHALL fail."
func (l *look) distinct() error {
	first := map[fhir.Key]*entry{}
	var is fhir.Issues
	for _, e := range l.entries {
		for _, k := range e.targets() {
			if other := first[k]; other != nil {
				is = append(is, fhir.NewIssue(fhir.Invalid, entryAt(other.at)+" and "+entryAt(e.at)+" both write "+k.String(),
					entryAt(other.at), entryAt(e.at)))
				continue
			}
			first[k] = e
			if e.rt.name != nameDelete {
				l.written[k] = e
			}
		}
	}
	return is.Err()
}

// targets are the resources that an entry writes.
func (e *entry) targets() []fhir.Key {
	switch {
	case e.rt.name == nameDelete:
		return e.deletes
	case e.key.ID == "" || e.found != nil || e.same != nil:
		return nil
	default:
		return []fhir.Key{e.key}
	}
}

// checkReads makes sure that what the transaction reads will be there: once the writes are done it is too late to refuse.
func (l *look) checkReads() error {
	for _, e := range l.entries {
		var err error
		switch e.rt.name {
		case nameRead:
			if l.written[e.rt.key] == nil {
				l.p.tx.Require = append(l.p.tx.Require, store.Requirement{Key: e.rt.key, Location: entryAt(e.at)})
			}
		case nameVRead:
			if l.written[e.rt.key] == nil {
				_, err = l.s.vread(l.ctx, &e.req, e.rt)
			}
		case nameHistoryInstance, nameHistoryType, nameHistorySystem:
			h := &telling{s: l.s, r: &e.req, rt: e.rt}
			if err = h.read(l.ctx); err == nil && l.written[e.rt.key] == nil {
				err = h.known(l.ctx, nil)
			}
		case nameSearchType, nameSearchSystem:
			var q *searching
			if q, err = l.s.searching(&e.req, e.rt); err == nil {
				err = q.prepare(l.ctx)
			}
		}
		if err != nil {
			return inEntry(err, e.at)
		}
	}
	return nil
}
