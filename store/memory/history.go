package memory

import (
	"context"
	"iter"
	"slices"

	"firewolf/fhir"
	"firewolf/store"
)

// History yields versions, newest first, tombstones included.
func (s *Store) History(ctx context.Context, sc store.Scope, page store.HistoryPage) iter.Seq2[fhir.Version, error] {
	return func(yield func(fhir.Version, error) bool) {
		found, err := s.history(ctx, sc, page)
		if err != nil {
			yield(fhir.Version{}, err)
			return
		}
		if page.After != 0 {
			found = slices.DeleteFunc(found, func(v fhir.Version) bool { return v.T >= page.After })
		}
		for k, v := range found {
			if page.Limit > 0 && k == page.Limit || !yield(v, nil) {
				return
			}
		}
	}
}

// HistoryCount returns how many versions History would yield from its beginning and without a limit.
func (s *Store) HistoryCount(ctx context.Context, sc store.Scope, page store.HistoryPage) (int64, error) {
	found, err := s.history(ctx, sc, page)
	return int64(len(found)), err
}

// history returns all versions of the scope that the page's conditions hold for, newest first.
func (s *Store) history(ctx context.Context, sc store.Scope, page store.HistoryPage) ([]fhir.Version, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	t := s.moment(page.T)
	var found []fhir.Version
	for _, r := range s.all {
		if r.T <= t && inScope(r.Key, sc) && r.inTime(page, t) {
			found = append(found, r.Version)
		}
	}
	slices.Reverse(found)
	return found, nil
}

func inScope(k fhir.Key, sc store.Scope) bool {
	return (sc.Type == "" || sc.Type == k.Type) && (sc.ID == "" || sc.ID == k.ID)
}

// inTime reports whether the version satisfies _since and _at, as a reader at t sees it.
// https://hl7.org/fhir/R4/http.html#history
func (r *record) inTime(page store.HistoryPage, t fhir.Moment) bool {
	if !page.Since.IsZero() && r.At.Before(page.Since) {
		return false
	}
	if page.AtTime.IsZero() {
		return true
	}
	if r.At.After(page.AtUntil) {
		return false
	}
	if r.next == nil || r.next.T > t {
		return true
	}
	return r.next.At.After(page.AtTime)
}
