package interaction

import (
	"fmt"

	"firewolf/fhir"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// compose rewrites the links and makes the operations, in the order of the rules.
func (l *look) compose() error {
	if err := l.identify(); err != nil {
		return err
	}
	if err := l.apart(); err != nil {
		return err
	}
	if err := l.lookAhead(l.conditionsIn()); err != nil {
		return err
	}
	l.p.fates = make([]fate, len(l.entries))
	for k := range l.entries {
		l.p.fates[k] = fate{kind: fateRead}
	}
	var is fhir.Issues
	for _, name := range []string{nameDelete, nameCreate, nameUpdate} {
		compose := l.composePut
		if name == nameDelete {
			compose = l.composeDelete
		}
		err := l.each(name, compose)
		found, ok := fhir.IssuesOf(err)
		if err != nil && !ok {
			return err
		}
		is = append(is, found...)
	}
	l.pin()
	return is.Err()
}

// composeDelete makes the operations of a delete.
func (l *look) composeDelete(e *entry) error {
	l.p.fates[e.at] = fate{kind: fateOp, op: len(l.p.tx.Ops), ops: len(e.deletes)}
	if len(e.deletes) == 0 {
		l.p.fates[e.at] = fate{kind: fateNone}
	}
	for _, key := range e.deletes {
		op := l.s.deletion(key, entryAt(e.at))
		op.NoReferrers = l.s.o.References != ReferencesAllow
		if err := l.s.guard(l.ctx, l.now, &e.req, &op, &l.p); err != nil {
			return err
		}
		l.p.tx.Ops = append(l.p.tx.Ops, op)
	}
	return nil
}

// identify names what every entry with a resource becomes.
func (l *look) identify() error {
	m := &identities{
		s: l.s, base: l.r.Base, version: l.versionOf,
		keys: make(map[string]fhir.Key, len(l.entries)), ends: map[string]fhir.Key{},
	}
	named := map[string]*entry{}
	for _, e := range l.entries {
		if e.key.ID == "" {
			continue
		}
		name := m.normalize(e.fullURL)
		if name == "" {
			// Without a fullUrl the id that the resource was sent with is all that others can refer to.
			name = e.key.Type + "/" + e.req.tree.ID()
		} else if other := named[name]; other != nil {
			return fhir.NewIssue(fhir.Invalid, entryAt(other.at)+" and "+entryAt(e.at)+" have one fullUrl",
				entryAt(other.at)+".fullUrl", entryAt(e.at)+".fullUrl")
		}
		named[name] = e
		m.add(name, e.key)
	}
	l.links = m
	clear(l.drafts) // what was known of them without their links
	return nil
}

// composePut makes the operation of a create or an update.
func (l *look) composePut(e *entry) error {
	f := &l.p.fates[e.at]
	switch {
	case e.found != nil:
		*f = fate{kind: fateMatch, key: e.found.Key, vid: e.found.VID}
		return nil
	case e.same != nil:
		*f = l.p.fates[e.same.at]
		f.kind = fateSame
		return nil
	}
	t, err := l.rewrite(e)
	if err != nil {
		return err
	}
	method := fhir.MethodCreate
	if e.rt.name == nameUpdate {
		method = fhir.MethodUpdate
	}
	d, err := l.s.compose(t, e.key, method, l.r.Base)
	if err != nil {
		return err
	}
	e.warnings = d.warnings
	d.op.Location = entryAt(e.at)
	d.op.If.Absent = e.absent
	if err := l.s.guard(l.ctx, l.now, &e.req, &d.op, &l.p); err != nil {
		return err
	}
	*f = fate{kind: fateOp, op: len(l.p.tx.Ops), ops: 1}
	l.p.tx.Ops = append(l.p.tx.Ops, d.op)
	return nil
}

// rewrite gives a resource its final links.
func (l *look) rewrite(e *entry) (*tree.Tree, error) {
	found, err := l.links.of(e.req.tree, e.fullURL)
	if err != nil {
		return nil, err
	}
	for _, q := range found.asked {
		k, err := l.resolve(q)
		if err != nil {
			return nil, blamed(err, l.s.o.Spec.Location(q.node))
		}
		found.edits = append(found.edits, tree.Edit{Node: q.node, JSON: tree.Quote(nil, k.String())})
	}
	if l.s.o.References != ReferencesAllow {
		if err := l.s.unanswered(found.lost); err != nil {
			return nil, err
		}
		for _, p := range found.points {
			if l.written[p.key] == nil && !l.required[p.key] {
				l.required[p.key] = true
				l.p.tx.Require = append(l.p.tx.Require, store.Requirement{Key: p.key, Location: locate(entryAt(e.at), l.s.o.Spec.Location(p.node))})
			}
		}
	}
	if id := e.req.tree.Root().Member("id"); id.Exists() && id.Text() != e.key.ID { // one edit more costs less than a pass of its own
		found.edits = append(found.edits, tree.Edit{Node: id, JSON: tree.Quote(nil, e.key.ID)})
	}
	if len(found.edits) == 0 {
		return e.req.tree, nil
	}
	return e.req.tree.Apply(found.edits)
}

// unanswered refuses references to entries that are not there: once the transaction is done nothing could resolve them.
func (s *Service) unanswered(lost []tree.Node) error {
	var is fhir.Issues
	for _, n := range lost {
		is = append(is, fhir.NewIssue(fhir.NotFound, "no entry has the fullUrl that the reference names", s.o.Spec.Location(n)).Because(fhir.ReasonDanglingReference))
	}
	return is.Err()
}

// resolve finds the one resource that a conditional reference means, as it is once the transaction is done: these
// references are resolved last. https://hl7.org/fhir/R4/http.html#trules
func (l *look) resolve(q question) (fhir.Key, error) {
	text := q.typ + "?" + q.query
	if k, ok := l.resolved[text]; ok {
		return k, nil
	}
	pairs, err := ParseQuery(q.query)
	if err != nil {
		return fhir.Key{}, err
	}
	touched := l.countDeleted(q.typ) + len(l.writtenOf(q.typ))
	c, err := l.match(q.typ, pairs, 2+touched)
	if err != nil {
		return fhir.Key{}, err
	}
	l.p.tx.Assume = append(l.p.tx.Assume, c.assumption())
	var hits []fhir.Key
	for _, mt := range c.matches {
		if !l.deleted[mt.Key] && l.written[mt.Key] == nil {
			hits = append(hits, mt.Key)
		}
	}
	made, err := l.drafted(l.writtenOf(q.typ), c.plan)
	if err != nil {
		return fhir.Key{}, err
	}
	for _, e := range made {
		hits = append(hits, e.key)
	}
	if len(hits) == 1 {
		l.resolved[text] = hits[0]
		return hits[0], nil
	}
	return fhir.Key{}, q.unresolved(len(hits))
}

func (q question) unresolved(hits int) error {
	text := fmt.Sprintf("the conditional reference %s matches more than one resource", quote(q.typ+"?"+q.query))
	code := fhir.MultipleMatches
	reason := fhir.ReasonNone
	if hits == 0 {
		text = fmt.Sprintf("the conditional reference %s matches nothing", quote(q.typ+"?"+q.query))
		code, reason = fhir.NotFound, fhir.ReasonDanglingReference
	}
	return fhir.NewIssue(code, text).Because(reason)
}

// blamed says of issues with a conditional reference where it stands.
func blamed(err error, location string) error {
	is, ok := fhir.IssuesOf(err)
	if !ok {
		return err
	}
	out := make(fhir.Issues, len(is))
	for k, i := range is {
		c := *i
		c.Expression = []string{location}
		out[k] = &c
	}
	return out
}
