package course

import (
	"context"
	"maps"
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// Merges says which records of patients are one person's. A record that was replaced must not be used any more, the one that it links
// to is used in its place; what still refers to the old record belongs to that person too.
// https://hl7.org/fhir/R4/patient-definitions.html#Patient.link.type
//
// The zero value, and nil, say that every record is a person of its own.
type Merges struct {
	to   map[string]string   // every record that was replaced, to the one that stands for the person
	from map[string][]string // the reverse, in order
}

// Of returns the record that stands for the person of a record.
func (m *Merges) Of(id string) string {
	if m == nil {
		return id
	}
	if to, ok := m.to[id]; ok {
		return to
	}
	return id
}

// Records are the records of the person for whom a record stands: it, and all that it replaced.
func (m *Merges) Records(id string) []string {
	if m == nil {
		return []string{id}
	}
	return append([]string{id}, m.from[id]...)
}

// Equal reports whether both say the same.
func (m *Merges) Equal(o *Merges) bool {
	if m == nil || o == nil {
		return (m == nil || len(m.to) == 0) && (o == nil || len(o.to) == 0)
	}
	return maps.Equal(m.to, o.to)
}

// changed adds the persons of whom these merges say something else than others do.
func (m *Merges) changed(before *Merges, out map[string]bool) {
	for _, l := range []*Merges{m, before} {
		if l == nil {
			continue
		}
		for id := range l.to {
			if a, b := m.Of(id), before.Of(id); a != b {
				out[a], out[b] = true, true
			}
		}
	}
}

// links are what records say of each other.
type links struct {
	there    map[string]bool
	replaced map[string]string // by the first link of the record itself
	bases    []string          // of this server: a record of another one is none of its persons
	claimed  map[string]string // by the record that says so, the first in order of ids
}

func newLinks(bases []string) *links {
	return &links{bases: bases, there: map[string]bool{}, replaced: map[string]string{}, claimed: map[string]string{}}
}

// add takes the links of a record.
func (l *links) add(r *tree.Tree) {
	id := strings.Clone(r.ID())
	if l.there[id] {
		return
	}
	l.there[id] = true
	for link := range r.Root().Member("link").Items() {
		other := patientID(link.Member("other"), l.bases)
		if other == "" || other == id {
			continue
		}
		switch link.Member("type").Text() {
		case "replaced-by":
			if _, ok := l.replaced[id]; !ok {
				l.replaced[id] = other
			}
		case "replaces":
			if by, ok := l.claimed[other]; !ok || id < by {
				l.claimed[other] = id
			}
		}
	}
}

// named are the records that links lead to and that were not read.
func (l *links) named() []string {
	var ids []string
	for _, to := range l.replaced {
		if !l.there[to] {
			ids = append(ids, to)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// next is the record that replaced a record: what it says itself, or else what the other says. One that is not there replaces nothing.
func (l *links) next(id string) (string, bool) {
	if to, ok := l.replaced[id]; ok && l.there[to] {
		return to, true
	}
	to, ok := l.claimed[id]
	return to, ok
}

// end follows links from a record to the one that was not replaced. Where they lead in a circle it is the first of the circle.
func (l *links) end(id string) string {
	seen := map[string]bool{}
	for !seen[id] {
		seen[id] = true
		to, ok := l.next(id)
		if !ok {
			return id
		}
		id = to
	}
	first := id
	for to, _ := l.next(id); to != id; to, _ = l.next(to) {
		first = min(first, to)
	}
	return first
}

func (l *links) merges() *Merges {
	m := &Merges{to: map[string]string{}, from: map[string][]string{}}
	for _, of := range []map[string]string{l.replaced, l.claimed} {
		for id := range of {
			if to := l.end(id); to != id && m.to[id] == "" {
				m.to[id] = to
				m.from[to] = append(m.from[to], id)
			}
		}
	}
	for _, ids := range m.from {
		slices.Sort(ids)
	}
	return m
}

// Merges returns which records are one person's at a moment.
func (s Source) Merges(ctx context.Context, t fhir.Moment) (*Merges, error) {
	l := newLinks(s.Engine.Own())
	if err := s.each(ctx, t, "Patient", []search.Pair{{Name: "link:missing", Value: "false"}}, l.add); err != nil {
		return nil, err
	}
	for some := range slices.Chunk(l.named(), 100) {
		if err := s.each(ctx, t, "Patient", []search.Pair{{Name: "_id", Value: strings.Join(some, ",")}}, l.add); err != nil {
			return nil, err
		}
	}
	return l.merges(), nil
}

// MergesOf is Merges, of what the links from and to one record reach.
func (s Source) MergesOf(ctx context.Context, t fhir.Moment, id string) (*Merges, error) {
	l := newLinks(s.Engine.Own())
	asked := map[string]bool{}
	for ask := []string{id}; len(ask) > 0; {
		for _, id := range ask {
			asked[id] = true
		}
		for _, criterion := range []search.Pair{
			{Name: "_id", Value: strings.Join(ask, ",")}, {Name: "link", Value: "Patient/" + strings.Join(ask, ",Patient/")},
		} {
			if err := s.each(ctx, t, "Patient", []search.Pair{criterion}, l.add); err != nil {
				return nil, err
			}
		}
		ask = ask[:0:0]
		for _, ids := range [][]string{slices.Collect(maps.Keys(l.there)), l.named(), slices.Collect(maps.Keys(l.claimed))} {
			for _, id := range ids {
				if !asked[id] {
					asked[id] = true
					ask = append(ask, id)
				}
			}
		}
	}
	return l.merges(), nil
}
