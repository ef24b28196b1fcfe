package mongodb

import (
	"context"
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// A join is followed from its far end where few resources stand there. Where they are many it is looked at for the
// candidates that the other conditions leave, some at a time: neither way cuts anything off, and both are bounded in memory.

// ends are the resources at the far end of a join, unless they are too many.
type ends struct {
	keys map[fhir.Key]bool
	many bool
}

// prepareRefersTo makes a chain: a reference by the parameter leads to a resource for which the target's condition holds.
func (q *query) prepareRefersTo(e search.RefersTo) (*condition, error) {
	targets := make(map[string][]*condition, len(e.Targets))
	found := ends{keys: map[fhir.Key]bool{}}
	for _, t := range e.Targets {
		c, err := q.prepare(t.Type, t.Where)
		if err != nil {
			return nil, err
		}
		targets[t.Type] = append(targets[t.Type], c)
		if found.many {
			continue
		}
		err = q.follow(e.Param, &found, c, func() error {
			return q.each(t.Type, c, noEntries, func(x *candidate) error {
				found.keys[fhir.Key{Type: t.Type, ID: x.id}] = true
				return q.enough(&found)
			})
		})
		if err != nil {
			return nil, err
		}
	}
	if !found.many {
		return refersToSet(e.Param, found.keys), nil
	}
	known := map[fhir.Key]bool{}
	return &condition{
		filters: untold, rank: rankOther,
		prime: func(_ context.Context, some []*subject) error { return q.findTargets(e.Param, targets, some, known) },
		holds: func(s *subject) bool { return s.refersTo(e.Param, known) },
	}, nil
}

// follow gathers the ends of a join by a parameter from the resources that a condition holds for, unless they were too many a short while ago.
func (q *query) follow(param string, found *ends, c *condition, gather func() error) error {
	name, remembered := "ends "+param+" "+c.name, c.name != "" && c.edge == nil
	if remembered && q.x.sizes.get(name, nil) != unknownSize {
		found.keys, found.many = nil, true
		return nil
	}
	err := gather()
	if err == nil && remembered && found.many {
		q.x.sizes.set(name, nil, q.x.tuning.ends+1)
	}
	return err
}

// enough ends the gathering of ends that are too many.
func (q *query) enough(found *ends) error {
	if len(found.keys) <= q.x.tuning.ends {
		return nil
	}
	found.keys, found.many = nil, true
	return errEnough
}

func refersToSet(param string, keys map[fhir.Key]bool) *condition {
	c := &condition{filters: exactly(nothing), narrows: true, index: byKeys, rank: rankSet, holds: func(s *subject) bool { return s.refersTo(param, keys) }}
	if len(keys) > 0 {
		names := make([]string, 0, len(keys))
		for k := range keys {
			names = append(names, search.RefKey(param, k))
		}
		slices.Sort(names)
		c.filters = onlyMaybe(one(fieldKeys, bson.D{{Key: "$in", Value: names}}))
	}
	return c
}

// refersTo reports whether one of the references by a parameter leads to one of these resources.
func (x indexed) refersTo(param string, keys map[fhir.Key]bool) (found bool) {
	x.targets(param, func(k fhir.Key) bool {
		found = keys[k]
		return !found
	})
	return found
}

// targets yields what the references by a parameter lead to.
func (x indexed) targets(param string, yield func(fhir.Key) bool) {
	for _, r := range x.refs {
		rest, ok := strings.CutPrefix(r, param+"|")
		if !ok {
			continue
		}
		typ, rest, _ := strings.Cut(rest, "/")
		id, _, _ := strings.Cut(rest, "|")
		if !yield(fhir.Key{Type: typ, ID: id}) {
			return
		}
	}
}

// findTargets looks at the resources that these candidates refer to, and notes for which of them the condition holds.
func (q *query) findTargets(param string, targets map[string][]*condition, some []*subject, known map[fhir.Key]bool) error {
	wanted := map[string][]string{}
	clear(known)
	for _, s := range some {
		s.targets(param, func(k fhir.Key) bool {
			if _, asked := known[k]; !asked && targets[k.Type] != nil {
				known[k] = false
				wanted[k.Type] = append(wanted[k.Type], k.ID)
			}
			return true
		})
	}
	for typ, ids := range wanted {
		for ids := range slices.Chunk(ids, q.x.tuning.ids) {
			found, err := q.byIDs(typ, ids)
			if err != nil {
				return err
			}
			for _, c := range targets[typ] {
				passed, err := c.passing(q.ctx, slices.Clone(found))
				if err != nil {
					return err
				}
				for _, x := range passed {
					known[fhir.Key{Type: typ, ID: x.id}] = true
				}
			}
		}
	}
	return nil
}

// prepareReferredBy makes a reverse chain: a resource of another type, for which the source's condition holds, refers to this one.
func (q *query) prepareReferredBy(typ string, e search.ReferredBy) (*condition, error) {
	source, err := q.prepare(e.Source.Type, e.Source.Where)
	if err != nil {
		return nil, err
	}
	found := ends{keys: map[fhir.Key]bool{}}
	err = q.follow(e.Param, &found, source, func() error { return q.referred(typ, e, source, &found) })
	if err != nil {
		return nil, err
	}
	holds := func(s *subject) bool { return found.keys[fhir.Key{Type: typ, ID: s.id}] }
	if !found.many {
		ids := make([]string, 0, len(found.keys))
		for k := range found.keys {
			ids = append(ids, k.ID)
		}
		slices.Sort(ids)
		return &condition{filters: leafFilters(search.IDIn{IDs: ids}), holds: holds, narrows: true, index: byID, rank: rankSet, ids: len(ids)}, nil
	}
	return &condition{
		filters: untold, rank: rankOther, holds: holds,
		prime: func(_ context.Context, some []*subject) error {
			found.keys = map[fhir.Key]bool{}
			return q.findSources(typ, e, source, some, found.keys)
		},
	}, nil
}

// referred gathers the resources of a type that those refer to for which the source's condition holds.
func (q *query) referred(typ string, e search.ReferredBy, source *condition, found *ends) error {
	looked := 0
	return q.each(e.Source.Type, source, references, func(x *candidate) error {
		x.targets(e.Param, func(k fhir.Key) bool {
			if k.Type == typ {
				found.keys[k] = true
			}
			return true
		})
		if looked++; looked > q.x.tuning.sources {
			found.keys, found.many = nil, true
			return errEnough
		}
		return q.enough(found)
	})
}

// findSources looks for resources that refer to these candidates, and notes which of these are referred to.
func (q *query) findSources(typ string, e search.ReferredBy, source *condition, some []*subject, referred map[fhir.Key]bool) error {
	for some := range slices.Chunk(some, q.x.tuning.ids) {
		keys := make(map[fhir.Key]bool, len(some))
		for _, s := range some {
			keys[fhir.Key{Type: typ, ID: s.id}] = true
		}
		missing, refers := maps.Clone(keys), refersToSet(e.Param, keys)
		c := &condition{
			filters: filtersOfAll([]filters{refers.filters, source.filters}), parts: []*condition{refers, source}, prime: source.prime,
			holds: func(s *subject) bool { return refers.holds(s) && source.holds(s) },
		}
		err := q.each(e.Source.Type, c, references, func(x *candidate) error {
			x.targets(e.Param, func(k fhir.Key) bool {
				if keys[k] {
					referred[k] = true
					delete(missing, k)
				}
				return true
			})
			if len(missing) == 0 {
				return errEnough
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
