package interaction

import (
	"strings"

	"firewolf/fhir/search"
	"firewolf/store"
)

// A transaction with thousands of conditional entries would ask the store for one after another, and wait each time. So a step first gathers the
// conditions of all its entries and asks for them at once; the step itself then finds what it asks for known.

// condition is a search that a step will ask for.
type condition struct {
	typ   string
	pairs []search.Pair
	limit int
}

// text is what a condition is known by.
func (c condition) text() string {
	b := []byte(c.typ)
	for _, p := range c.pairs {
		b = append(append(append(append(b, 0), p.Name...), 0), p.Value...)
	}
	return string(b)
}

// lookAhead asks for conditions at once. What is wrong with one is left for the entry that has it.
func (l *look) lookAhead(cs []condition) error {
	var texts []string
	var all []criteria
	var qs []store.Query
	seen := map[string]bool{}
	for _, c := range cs {
		text := c.text()
		if _, ok := l.known[text]; ok || seen[text] {
			continue
		}
		seen[text] = true
		made, err := l.s.criteria(l.r.Base, c.typ, c.pairs, c.limit)
		if err != nil {
			continue
		}
		texts, all, qs = append(texts, text), append(all, made), append(qs, store.Query{Plan: made.plan, Limit: c.limit})
	}
	if len(qs) < 2 {
		return nil
	}
	found, err := l.now.find(l.ctx, qs)
	if err != nil {
		return err
	}
	for k, c := range all {
		c.matches = found[k]
		l.known[texts[k]] = c
	}
	return nil
}

// match is Service.match, where it was not looked up ahead with as many matches.
func (l *look) match(typ string, pairs []search.Pair, limit int) (criteria, error) {
	c, ok := l.known[condition{typ: typ, pairs: pairs}.text()]
	if !ok || len(c.matches) == c.limit && c.limit < limit {
		var err error
		if c, err = l.s.match(l.ctx, l.now, l.r.Base, typ, pairs, limit); err != nil {
			return criteria{}, err
		}
	}
	if err := l.nameNone(c); err != nil {
		return criteria{}, err
	}
	c.limit = limit
	if len(c.matches) > limit {
		c.matches = c.matches[:limit:limit]
	}
	return c, nil
}

// conditionsOf are those of the entries of one interaction: matches more than what the transaction deletes of the type.
func (l *look) conditionsOf(name string, matches int) []condition {
	var all []condition
	deleted := map[string]int{}
	for k := range l.deleted {
		deleted[k.Type]++
	}
	for _, e := range l.entries {
		typ := e.rt.key.Type
		if e.rt.name != name || e.rt.key.ID != "" {
			continue
		}
		pairs := e.req.Query
		if name == nameCreate {
			var err error
			if pairs, err = conditionOf(typ, e.req.IfNoneExist); e.req.IfNoneExist == "" || err != nil {
				continue
			}
		}
		all = append(all, condition{typ, pairs, matches + deleted[typ]})
	}
	return all
}

// conditionsIn are those of the conditional references of what is written.
func (l *look) conditionsIn() []condition {
	var all []condition
	touched := map[string]int{}
	for _, name := range []string{nameCreate, nameUpdate} {
		for _, e := range l.entries {
			if e.rt.name != name || e.found != nil || e.same != nil {
				continue
			}
			for _, q := range l.asked(e) {
				pairs, err := ParseQuery(q.query)
				if err != nil {
					continue
				}
				if _, ok := touched[q.typ]; !ok {
					touched[q.typ] = l.countDeleted(q.typ) + len(l.writtenOf(q.typ))
				}
				all = append(all, condition{q.typ, pairs, 2 + touched[q.typ]})
			}
		}
	}
	return all
}

// asked are the conditional references of an entry. Where its links cannot be read the entry will say so.
func (l *look) asked(e *entry) []question {
	some := false
	for n := range e.req.tree.Named("reference") {
		some = some || strings.Contains(n.Text(), "?")
	}
	if !some {
		return nil
	}
	before := l.links.err
	found, err := l.links.of(e.req.tree, e.fullURL)
	l.links.err = before
	if err != nil {
		return nil
	}
	return found.asked
}
