package interaction

import (
	"cmp"
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// drafts are resources of one type that a transaction is about to write, for criteria that must see them. They are found
// by the keys and texts of the index and by their ids, so that a thousand criteria over a thousand resources are not a million comparisons.
type drafts struct {
	all   []draftEntries
	byKey map[string][]int // places in all
	byID  map[string][]int
	texts []draftText // in order
}

// draftText is a text of the index, and whose it is.
type draftText struct {
	search.Text
	at int // its place in all
}

func (t draftText) compare(name, value string) int {
	return cmp.Or(strings.Compare(t.Name, name), strings.Compare(t.Value, value))
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
	places, narrowed := d.candidates(p.Where)
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

// candidates returns the places of all resources for which a condition may hold, in order; ok is false where that may be any.
func (d *drafts) candidates(x search.Expr) (places []int, ok bool) {
	switch x := x.(type) {
	case search.HasKey:
		return d.byKey[x.Key], true
	case search.IDIn:
		for _, id := range x.IDs {
			places = append(places, d.byID[id]...)
		}
		return inOrder(places), true
	case search.TextIs:
		return d.beginning(x)
	case search.And:
		for _, y := range x {
			if places, ok = d.candidates(y); ok {
				return places, true
			}
		}
	case search.Or:
		for _, y := range x {
			more, ok := d.candidates(y)
			if !ok {
				return nil, false
			}
			places = append(places, more...)
		}
		return inOrder(places), true
	}
	return nil, false
}

// beginning returns the places of the resources with a text that begins, or is, as a condition says; of one that looks inside of texts ok is false.
func (d *drafts) beginning(x search.TextIs) (places []int, ok bool) {
	if x.Test != search.TextStartsWith && x.Test != search.TextEquals {
		return nil, false
	}
	from, _ := slices.BinarySearchFunc(d.texts, x, func(t draftText, x search.TextIs) int { return t.compare(x.Name, x.Value) })
	for _, t := range d.texts[from:] {
		if t.Name != x.Name || !strings.HasPrefix(t.Value, x.Value) {
			break
		}
		places = append(places, t.at)
	}
	return inOrder(places), true
}

// inOrder sorts places, each once.
func inOrder(places []int) []int {
	places = slices.Clone(places)
	slices.Sort(places)
	return slices.Compact(places)
}

// draftsOf indexes the resources of a type on first use.
func (l *look) draftsOf(typ string, from []*entry) (*drafts, error) {
	if d := l.drafts[typ]; d != nil {
		return d, nil
	}
	d := &drafts{byKey: map[string][]int{}, byID: map[string][]int{}}
	for _, e := range from {
		found, err := l.entriesOf(e)
		if err != nil {
			return nil, inEntry(err, e.at)
		}
		for _, key := range found.Keys {
			d.byKey[key] = append(d.byKey[key], len(d.all))
		}
		for _, text := range found.Texts {
			d.texts = append(d.texts, draftText{text, len(d.all)})
		}
		d.byID[e.key.ID] = append(d.byID[e.key.ID], len(d.all))
		d.all = append(d.all, draftEntries{e, found})
	}
	slices.SortFunc(d.texts, func(a, b draftText) int { return a.compare(b.Name, b.Value) })
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
