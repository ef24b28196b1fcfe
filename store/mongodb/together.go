package mongodb

import (
	"cmp"
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// A transaction may have thousands of conditions, most of them the same but for a value: Patient?identifier=1, Patient?identifier=2, ... To ask for
// one after another takes as many round trips. So those that hold only for resources with one of a few keys are asked for together: one find of all
// the keys, whose candidates are then held to each condition.

// together answers several searches at one moment.
type together struct {
	s     *Store
	ctx   context.Context
	t     fhir.Moment
	qs    []store.Query
	conds []*condition
	found [][]*candidate // by search, in the order of t
}

// Find answers several searches at one moment.
func (s *Store) Find(ctx context.Context, t fhir.Moment, qs []store.Query) ([][]store.Match, error) {
	ctx, end := s.attended(ctx)
	defer end()
	v, err := s.view(ctx, t)
	if err != nil {
		return nil, err
	}
	found, err := s.findTogether(ctx, qs, v.t)
	if err != nil {
		return nil, s.failedRead(ctx, err)
	}
	out, err := s.loadTogether(ctx, qs, found, v.t)
	if err != nil {
		return nil, s.failedRead(ctx, err)
	}
	return out, s.seen(ctx, v)
}

// loadTogether reads what was found, type by type.
func (s *Store) loadTogether(ctx context.Context, qs []store.Query, found [][]*candidate, t fhir.Moment) ([][]store.Match, error) {
	byType, versions := map[string][]*candidate{}, map[*candidate]fhir.Version{}
	for k, some := range found {
		byType[qs[k].Plan.Type] = append(byType[qs[k].Plan.Type], some...)
	}
	q := s.finder.at(ctx, t)
	for typ, all := range byType {
		for some := range slices.Chunk(all, s.finder.tuning.load) {
			loaded, err := q.load(typ, some)
			if err != nil {
				return nil, err
			}
			for k, v := range loaded {
				versions[some[k]] = v
			}
		}
	}
	out := make([][]store.Match, len(found))
	for k, some := range found {
		for _, x := range some {
			out[k] = append(out[k], store.Match{Version: versions[x]})
		}
	}
	return out, nil
}

// findTogether returns the candidates that match each search.
func (s *Store) findTogether(ctx context.Context, qs []store.Query, t fhir.Moment) ([][]*candidate, error) {
	g := &together{s: s, ctx: ctx, t: t, qs: qs, conds: make([]*condition, len(qs)), found: make([][]*candidate, len(qs))}
	byType, alone := map[string][]keyed{}, []int(nil)
	for k, q := range qs {
		if err := s.indexed(q.Plan.Params); err != nil {
			return nil, err
		}
		keys := anyOf(q.Plan.Where)
		if len(keys) == 0 || len(q.Plan.Sort) > 0 || joins(q.Plan.Where) {
			alone = append(alone, k)
			continue
		}
		var err error
		if g.conds[k], err = s.finder.at(ctx, t).prepare(q.Plan.Type, q.Plan.Where); err != nil {
			return nil, err
		}
		byType[q.Plan.Type] = append(byType[q.Plan.Type], keyed{at: k, keys: keys})
	}
	run, inner := errgroup.WithContext(ctx)
	run.SetLimit(lookAtOnce)
	g.ctx = inner
	for typ, some := range byType {
		for chunk := range slices.Chunk(some, s.finder.tuning.ids) {
			run.Go(func() error { return g.byKeys(typ, chunk) })
		}
	}
	for _, k := range alone {
		run.Go(func() error { return g.alone(k) })
	}
	return g.found, run.Wait()
}

// keyed is a search that holds only for resources with one of some keys.
type keyed struct {
	at   int
	keys []string
}

// fewKeys is how many alternatives a search may have to be asked for with others.
const fewKeys = 8

// anyOf returns keys of which a condition asks for at least one, none where it can hold without. Of several such sets it takes the one whose keys are
// longest: an identifier says more than a status.
func anyOf(e search.Expr) []string {
	switch e := e.(type) {
	case search.HasKey:
		return []string{e.Key}
	case search.And:
		var best []string
		for _, x := range e {
			if keys := anyOf(x); len(keys) > 0 && (best == nil || len(keys[0]) > len(best[0])) {
				best = keys
			}
		}
		return best
	case search.Or:
		var all []string
		for _, x := range e {
			keys := anyOf(x)
			if len(keys) == 0 || len(all)+len(keys) > fewKeys {
				return nil
			}
			all = append(all, keys...)
		}
		return all
	default:
		return nil
	}
}

// byKeys asks for the keys of several searches at once; for half of them where too much comes.
func (g *together) byKeys(typ string, some []keyed) error {
	if len(some) == 1 {
		return g.alone(some[0].at)
	}
	wanted := map[string][]int{}
	for _, x := range some {
		for _, key := range x.keys {
			wanted[key] = append(wanted[key], x.at)
		}
	}
	keys := make([]string, 0, len(wanted))
	for key := range wanted {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	q := g.s.finder.at(g.ctx, g.t)
	w := &walk{q: q, typ: typ, cond: &condition{}, order: sequence{tAxis{}}, want: allEntries}
	all, complete, err := w.fetch(one(fieldKeys, bson.D{{Key: "$in", Value: keys}}), byKeys)
	if err != nil {
		return err
	}
	if !complete {
		half := len(some) / 2
		if err := g.byKeys(typ, some[:half]); err != nil {
			return err
		}
		return g.byKeys(typ, some[half:])
	}
	slices.SortFunc(all, func(a, b *candidate) int { return cmp.Compare(a.t, b.t) })
	for _, x := range all {
		g.hold(x, wanted)
	}
	return nil
}

// hold gives a candidate to the searches that it matches.
func (g *together) hold(x *candidate, wanted map[string][]int) {
	for _, key := range x.keys {
		for _, k := range wanted[key] {
			mine := g.found[k]
			if len(mine) > 0 && mine[len(mine)-1] == x || g.qs[k].Limit > 0 && len(mine) == g.qs[k].Limit || !g.conds[k].holds(&x.subject) {
				continue
			}
			g.found[k] = append(mine, x)
		}
	}
}

// alone answers one search by itself.
func (g *together) alone(k int) error {
	limit := g.qs[k].Limit
	return g.s.finder.at(g.ctx, g.t).walk(g.qs[k].Plan, nil, func(some []*candidate) error {
		for _, x := range some {
			g.found[k] = append(g.found[k], x)
			if len(g.found[k]) == limit {
				return errEnough
			}
		}
		return nil
	})
}

// findEach returns the keys of the matches of several searches, in no order.
func (a applied) findEach(ctx context.Context, qs []store.Query, t fhir.Moment) ([][]fhir.Key, error) {
	for k := range qs {
		qs[k].Plan.Sort = nil
	}
	found, err := a.s.findTogether(ctx, qs, t)
	if err != nil {
		return nil, err
	}
	out := make([][]fhir.Key, len(found))
	for k, some := range found {
		for _, x := range some {
			out[k] = append(out[k], fhir.Key{Type: qs[k].Plan.Type, ID: x.id})
		}
	}
	return out, nil
}
