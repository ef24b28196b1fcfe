package mongodb

import (
	"context"
	"fmt"
	"iter"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"firewolf/fhir"
	"firewolf/store"
)

// History yields versions, newest first. A scope of several types merges their collections by t.
func (s *Store) History(ctx context.Context, sc store.Scope, page store.HistoryPage) iter.Seq2[fhir.Version, error] {
	return attendedRows(ctx, s, func(ctx context.Context) iter.Seq2[fhir.Version, error] {
		return func(yield func(fhir.Version, error) bool) {
			if err := s.history(ctx, sc, page, func(v fhir.Version) bool { return yield(v, nil) }); err != nil {
				yield(fhir.Version{}, s.failedRead(ctx, err))
			}
		}
	})
}

func (s *Store) history(ctx context.Context, sc store.Scope, page store.HistoryPage, yield func(fhir.Version) bool) error {
	q, types, err := s.historyOf(ctx, sc, page)
	if err != nil {
		return err
	}
	p := newPast(ctx, s, q, types)
	for n := 0; !p.ended(); {
		rows, err := p.next()
		if err != nil {
			return err
		}
		for len(rows) > 0 {
			if page.Limit > 0 {
				rows = rows[:min(len(rows), page.Limit-n)]
			}
			some, err := p.load(rows)
			if err != nil {
				return err
			}
			for _, v := range some {
				if n++; !yield(v) || n == page.Limit {
					return nil
				}
			}
			rows = rows[len(some):]
		}
	}
	return nil
}

// historyQuery is which versions a history shows.
type historyQuery struct {
	id     string      // of one resource
	t      fhir.Moment // as of this moment
	before fhir.Moment // only with a smaller t
	since  fhir.Moment // only with at least this t: what time leaves out from the end
	from   time.Time   // current at some time of from .. until; zero for all
	until  time.Time
}

// historyOf makes the query of a page, and says which types it is asked of.
func (s *Store) historyOf(ctx context.Context, sc store.Scope, page store.HistoryPage) (historyQuery, []string, error) {
	t, err := s.readMoment(ctx, page.T)
	if err != nil {
		return historyQuery{}, nil, err
	}
	q := historyQuery{id: sc.ID, t: t, before: t + 1, from: page.AtTime, until: page.AtUntil}
	if page.After != 0 {
		q.before = min(q.before, page.After)
	}
	if !page.Since.IsZero() {
		if q.since, err = s.firstSince(ctx, page.Since, t); err != nil {
			return q, nil, err
		}
	}
	if sc.Type != "" {
		return q, []string{sc.Type}, nil
	}
	types, err := s.types(ctx)
	return q, types, err
}

// firstSince returns the first moment of a time or after it that is not behind t. Times never fall as moments rise, so that a bound on t is a
// bound on time.
func (s *Store) firstSince(ctx context.Context, since time.Time, t fhir.Moment) (fhir.Moment, error) {
	at := since.Truncate(time.Millisecond)
	if at.Before(since) {
		at = at.Add(time.Millisecond)
	}
	return s.finder.at(ctx, t).firstAt(at.UnixMilli())
}

// filter is the condition on version documents of a span of moments, and the index that leads there.
func (q historyQuery) filter(from, below fhir.Moment) (filter, index bson.D) {
	t := bson.D{{Key: "$lt", Value: int64(below)}}
	if from > 0 {
		t = append(t, bson.E{Key: "$gte", Value: int64(from)})
	}
	f := bson.D{{Key: fieldT, Value: t}}
	if q.id != "" {
		return append(append(bson.D{{Key: fieldID, Value: q.id}}, f...), q.current()...), byID
	}
	return append(f, q.current()...), byT
}

// current is the condition that a version was current in the time that is asked for.
func (q historyQuery) current() bson.D {
	if q.from.IsZero() {
		return nil
	}
	// Current until just before the time of the next version, as t shows it. One that was replaced in its own millisecond never was.
	return bson.D{
		{Key: fieldAt, Value: bson.D{{Key: "$lte", Value: bson.NewDateTimeFromTime(q.until)}}},
		{Key: "$or", Value: bson.A{
			bson.D{{Key: fieldX, Value: bson.D{{Key: "$gt", Value: int64(q.t)}}}},
			bson.D{
				{Key: fieldUntil, Value: bson.D{{Key: "$gt", Value: bson.NewDateTimeFromTime(q.from)}}},
				{Key: "$expr", Value: bson.D{{Key: "$gt", Value: bson.A{"$" + fieldUntil, "$" + fieldAt}}}},
			},
		}},
	}
}

// HistoryCount returns how many versions History would yield from its beginning and without a limit.
func (s *Store) HistoryCount(ctx context.Context, sc store.Scope, page store.HistoryPage) (int64, error) {
	ctx, end := s.attended(ctx)
	defer end()
	page.After = 0
	q, types, err := s.historyOf(ctx, sc, page)
	if err != nil {
		return 0, s.failedRead(ctx, err)
	}
	counts := make([]int64, len(types))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lookAtOnce)
	for k, typ := range types {
		g.Go(func() (err error) {
			filter, index := q.filter(q.since, q.before)
			counts[k], err = s.finder.at(ctx, q.t).tally(lookup{typ: typ, filter: filter, index: index})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, s.failedRead(ctx, fmt.Errorf("counting a history: %w", err))
	}
	var all int64
	for _, n := range counts {
		all += n
	}
	return all, nil
}
