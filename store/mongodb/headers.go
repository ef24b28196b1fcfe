package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"firewolf/fhir"
)

// headers asks for the versions that were the newest when the resources were last seen, by their _ids: what is new has no first version,
// and most of what is replaced was written or read here. The rest is looked for by id.
func (a applied) headers(ctx context.Context, t fhir.Moment, keys []fhir.Key) (map[fhir.Key]header, error) {
	found := make(map[fhir.Key]header, len(keys))
	rest, err := a.guessed(ctx, t, keys, found)
	if err != nil {
		return nil, err
	}
	err = a.lookUp(ctx, rest, byID, func(some []fhir.Key) (bson.D, func(stored)) {
		ids := make(bson.A, len(some))
		for k, key := range some {
			ids[k] = key.ID
		}
		return append(bson.D{{Key: fieldID, Value: bson.D{{Key: "$in", Value: ids}}}}, visible(t)...), func(v stored) {
			found[v.Key] = v.header
			a.s.guesses.set(v.Key, v.VID)
		}
	})
	return found, err
}

// guessed finds the headers of guessed versions that were current at t, and returns the resources of which that does not tell.
func (a applied) guessed(ctx context.Context, t fhir.Moment, keys []fhir.Key, found map[fhir.Key]header) (rest []fhir.Key, err error) {
	told := make(map[fhir.Key]bool, len(keys))
	err = a.lookUp(ctx, keys, nil, func(some []fhir.Key) (bson.D, func(stored)) {
		names := make([]name, len(some))
		for k, key := range some {
			vid := a.s.guesses.get(key)
			names[k] = name{doc: versionDoc(key.ID, vid), id: key.ID}
			told[key] = vid == firstVersion // without a first version nothing of it is published
		}
		return byNames(names), func(v stored) {
			told[v.Key] = v.T <= t && (v.x == 0 || v.x > t)
			if told[v.Key] {
				found[v.Key] = v.header
			}
		}
	})
	for _, k := range keys {
		if !told[k] {
			rest = append(rest, k)
		}
	}
	return rest, err
}

// headerFields are those of a header, with what tells when it was current.
var headerFields = bson.D{
	{Key: fieldID, Value: 1}, {Key: fieldVID, Value: 1}, {Key: fieldT, Value: 1}, {Key: fieldX, Value: 1}, {Key: fieldDeleted, Value: 1}, {Key: fieldDigest, Value: 1},
}

// lookUp asks for resources, type by type and not too many at a time. ask makes the filter of some of one type, and returns what takes a
// version that was found. The calls of both come one after another. The index is the one that the filter
// looks into; none for that of _id, which every engine finds by itself, and DocumentDB faster so.
func (a applied) lookUp(ctx context.Context, keys []fhir.Key, index bson.D, ask func(some []fhir.Key) (bson.D, func(stored))) error {
	byType := map[string][]fhir.Key{}
	for _, k := range keys {
		byType[k.Type] = append(byType[k.Type], k)
	}
	type answer struct {
		all  []stored
		take func(stored)
	}
	var answers []*answer
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lookAtOnce)
	for typ, list := range byType {
		for len(list) > 0 {
			n := min(len(list), namesAtOnce)
			filter, take := ask(list[:n])
			list = list[n:]
			of := &answer{take: take}
			answers = append(answers, of)
			g.Go(func() (err error) {
				of.all, err = a.headersOf(ctx, lookup{typ: typ, filter: filter, fields: headerFields, index: index})
				return err
			})
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, of := range answers {
		for _, v := range of.all {
			of.take(v)
		}
	}
	return nil
}

// headersOf reads what a filter leaves, without resources.
func (a applied) headersOf(ctx context.Context, l lookup) ([]stored, error) {
	cur, err := a.s.finder.at(ctx, 0).cursor(l)
	if cur == nil || err != nil {
		return nil, err
	}
	var all []stored
	err = each(ctx, cur, func(doc bson.Raw) error {
		v, err := decodeStored(l.typ, doc)
		all = append(all, v)
		return err
	})
	return all, err
}
