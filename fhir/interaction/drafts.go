package interaction

import (
	"firewolf/fhir"
	"firewolf/fhir/search"
)

// drafts are resources of one type that a transaction is about to write, for criteria that must see them. They are found
// by the keys of the index, so that a thousand criteria over a thousand resources are not a million comparisons.
type drafts struct {
	all   []draftEntries
	byKey map[string][]int // places in all
}

type draftEntries struct {
	entry   *entry
	entries search.Entries
}

// drafted returns the entries among from, which are all of one type, whose resources match a plan. Where nobody can tell the plan is refused.
func (l *look) drafted(from []*entry, p search.Plan) ([]*entry, error) {
	hits, known, err := l.meet(from, p)
	if err == nil && !known {
		err = fhir.NewIssue(fhir.NotSupported, "criteria with a chain, _has or _lastUpdated cannot be compared with the resources of the same transaction")
	}
	return hits, err
}

// meet returns the entries among from, which are all of one type, of whose resources it is known that they match a plan; known says whether that is all of them.
func (l *look) meet(from []*entry, p search.Plan) (hits []*entry, known bool, err error) {
	if len(from) == 0 {
		return nil, true, nil
	}
	d, err := l.draftsOf(p.Type, from)
	if err != nil {
		return nil, false, err
	}
	places, narrowed := []int(nil), false
	if key, ok := anchor(p.Where); ok {
		places, narrowed = d.byKey[key], true
	}
	count := len(d.all)
	if narrowed {
		count = len(places)
	}
	known = true
	for k := range count {
		at := k
		if narrowed {
			at = places[k]
		}
		hit, sure := holds(p.Where, d.all[at].entry.key, d.all[at].entries)
		known = known && sure
		if hit {
			hits = append(hits, d.all[at].entry)
		}
	}
	return hits, known, nil
}

// anchor returns a key that every resource has for which the condition holds.
func anchor(x search.Expr) (key string, ok bool) {
	switch x := x.(type) {
	case search.HasKey:
		return x.Key, true
	case search.And:
		for _, y := range x {
			if key, ok = anchor(y); ok {
				return key, true
			}
		}
	case search.Or:
		if len(x) == 1 {
			return anchor(x[0])
		}
	}
	return "", false
}

// draftsOf indexes the resources of a type on first use.
func (l *look) draftsOf(typ string, from []*entry) (*drafts, error) {
	if d := l.drafts[typ]; d != nil {
		return d, nil
	}
	d := &drafts{byKey: map[string][]int{}}
	for _, e := range from {
		found, err := l.entriesOf(e)
		if err != nil {
			return nil, inEntry(err, e.at)
		}
		for _, key := range found.Keys {
			d.byKey[key] = append(d.byKey[key], len(d.all))
		}
		d.all = append(d.all, draftEntries{e, found})
	}
	l.drafts[typ] = d
	return d, nil
}

// entriesOf indexes the resource of an entry, its links as far as they are known.
func (l *look) entriesOf(e *entry) (search.Entries, error) {
	t := e.req.tree
	if l.links != nil {
		found, err := l.links.of(t, e.fullURL)
		if err != nil {
			return search.Entries{}, err
		}
		if t, err = t.Apply(found.edits); err != nil {
			return search.Entries{}, err
		}
	}
	return l.s.o.Search.Entries(t)
}

// writtenOf lists the entries that write resources of a type.
func (l *look) writtenOf(typ string) []*entry {
	if l.byType == nil {
		l.byType = map[string][]*entry{}
		for _, e := range l.entries {
			if e.rt.name != nameDelete && len(e.targets()) > 0 {
				l.byType[e.key.Type] = append(l.byType[e.key.Type], e)
			}
		}
	}
	return l.byType[typ]
}
