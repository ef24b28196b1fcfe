package interaction

import (
	"context"

	"firewolf/fhir"
	"firewolf/store"
)

// sight is what one attempt of a write sees: the state of one moment, however often it looks. What two looks at different moments
// saw may have been true together at none, and a refusal that is made of both be false.
type sight struct {
	store  store.Store
	t      fhir.Moment // store.Now: of a store that was never written to
	opened bool
	once   bool // whatever is newest: one look is of one moment by itself
}

// sight returns what an attempt of several looks sees. Its moment is that of the first.
func (s *Service) sight() *sight { return &sight{store: s.o.Store} }

// glance returns what an attempt of one look sees. The newest moment needs no asking for, which costs a database a round trip.
func (s *Service) glance() *sight { return &sight{store: s.o.Store, once: true} }

// sightFor returns what an attempt sees that looks once, and then at the versions that its headers leave open.
func (s *Service) sightFor(r *Request) *sight {
	if leavesOpen(r) {
		return s.sight()
	}
	return s.glance()
}

// open finds the moment. Before the first commit there is none that could be named, and nothing to be seen.
func (v *sight) open(ctx context.Context) (empty bool, err error) {
	if v.once {
		return false, nil
	}
	if !v.opened {
		if v.t, _, err = v.store.Head(ctx); err != nil {
			return false, err
		}
		v.opened = true
	}
	return v.t == store.Now, nil
}

// search runs criteria.
func (v *sight) search(ctx context.Context, c *criteria) error {
	c.matches = nil
	if empty, err := v.open(ctx); empty || err != nil {
		return err
	}
	for m, err := range v.store.Search(ctx, c.plan, store.Page{T: v.t, Limit: c.limit}) {
		if err != nil {
			return passed(err)
		}
		c.matches = append(c.matches, m)
	}
	return nil
}

// find answers several searches.
func (v *sight) find(ctx context.Context, qs []store.Query) ([][]store.Match, error) {
	if empty, err := v.open(ctx); empty || err != nil {
		return make([][]store.Match, len(qs)), err
	}
	found, err := v.store.Find(ctx, v.t, qs)
	return found, passed(err)
}

// read reads a resource.
func (v *sight) read(ctx context.Context, k fhir.Key) (fhir.Version, error) {
	empty, err := v.open(ctx)
	switch {
	case err != nil:
		return fhir.Version{}, err
	case empty:
		return fhir.Version{}, store.NotFound(k)
	}
	found, err := v.store.Read(ctx, v.t, k)
	return found, passed(err)
}

// passed says of a moment that is no longer kept that the state has changed: whoever looks again sees a newer one.
func passed(err error) error {
	if fhir.HasCode(err, fhir.Expired) {
		return store.ErrStale
	}
	return err
}
