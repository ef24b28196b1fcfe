package store

import (
	"context"
	"iter"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// Searcher is the part of a store that FindEach needs.
type Searcher interface {
	Head(ctx context.Context) (fhir.Moment, time.Time, error)
	Search(ctx context.Context, p search.Plan, page Page) iter.Seq2[Match, error]
}

// FindEach is Find for a store to which many searches cost no more than one after another.
func FindEach(ctx context.Context, s Searcher, t fhir.Moment, qs []Query) ([][]Match, error) {
	if t == Now {
		var err error
		if t, _, err = s.Head(ctx); err != nil {
			return nil, err
		}
	}
	all := make([][]Match, len(qs))
	for k, q := range qs {
		for m, err := range s.Search(ctx, q.Plan, Page{T: t, Limit: q.Limit}) {
			if err != nil {
				return nil, err
			}
			m.Cursor = nil
			all[k] = append(all[k], m)
		}
	}
	return all, nil
}
