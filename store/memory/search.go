package memory

import (
	"context"
	"encoding/binary"
	"iter"
	"slices"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// Hold returns the moment: nothing is ever forgotten.
func (s *Store) Hold(ctx context.Context, t fhir.Moment) (fhir.Moment, func(), error) {
	if t == store.Now {
		var err error
		if t, _, err = s.Head(ctx); err != nil {
			return 0, nil, err
		}
	}
	return t, func() {}, nil
}

// Find answers several searches at one moment.
func (s *Store) Find(ctx context.Context, t fhir.Moment, qs []store.Query) ([][]store.Match, error) {
	return store.FindEach(ctx, s, t, qs)
}

// Search yields the matches of a plan at one moment, in its order.
func (s *Store) Search(ctx context.Context, p search.Plan, page store.Page) iter.Seq2[store.Match, error] {
	return func(yield func(store.Match, error) bool) {
		found, err := s.page(ctx, p, page)
		if err != nil {
			yield(store.Match{}, err)
			return
		}
		for _, r := range found {
			m := store.Match{Version: r.Version, Cursor: binary.BigEndian.AppendUint64(nil, uint64(r.T)), Row: int64(r.T)}
			if !yield(m, nil) {
				return
			}
		}
	}
}

// page cuts a page out of all matches. A cursor is the T of the last match of the page before: the matches at one
// moment, and their order, are always the same.
func (s *Store) page(ctx context.Context, p search.Plan, page store.Page) ([]*record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	found, err := s.find(ctx, p, s.moment(page.T))
	if err != nil {
		return nil, err
	}
	if page.After != nil {
		k := -1
		if len(page.After) == 8 {
			last := fhir.Moment(binary.BigEndian.Uint64(page.After))
			k = slices.IndexFunc(found, func(r *record) bool { return r.T == last })
		}
		if k < 0 {
			return nil, fhir.NewIssue(fhir.Value, "the cursor is not of this search")
		}
		found = found[k+1:]
	}
	if page.Limit > 0 && len(found) > page.Limit {
		found = found[:page.Limit]
	}
	return found, nil
}

// Count returns how many resources match at t.
func (s *Store) Count(ctx context.Context, p search.Plan, t fhir.Moment) (int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	found, err := s.find(ctx, p, s.moment(t))
	return int64(len(found)), err
}

// Refs returns the literal references of each match.
func (s *Store) Refs(ctx context.Context, ms []store.Match, names []string) ([][]search.RefEntry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	all := make([][]search.RefEntry, len(ms))
	for k, m := range ms {
		refs, err := s.params.refs(s.all[m.Row-1], names)
		if err != nil {
			return nil, err
		}
		all[k] = refs
	}
	return all, nil
}

// find returns every match at t in the plan's order. The caller holds the lock.
func (s *Store) find(ctx context.Context, p search.Plan, t fhir.Moment) ([]*record, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	v := view{params: s.params, store: s, t: t, now: p.Query.Now}
	var found []*record
	for _, r := range s.resourcesAt(t, p.Type) {
		ok, err := v.matches(p.Query, r)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, r)
		}
	}
	return s.params.sorted(found, p.Query.Sort)
}
