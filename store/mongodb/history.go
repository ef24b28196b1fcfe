package mongodb

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"golang.org/x/sync/errgroup"

	"firewolf/fhir"
	"firewolf/store"
)

// historyBatch is how many versions are read at a time from one collection.
const historyBatch = 100

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
	size := historyBatch
	if page.Limit > 0 {
		size = min(size, page.Limit)
	}
	streams := make([]*stream, len(types))
	for k, typ := range types {
		streams[k] = &stream{s: s, q: q, typ: typ, size: size, below: q.before}
	}
	for n := 0; page.Limit == 0 || n < page.Limit; n++ {
		if err := fill(ctx, streams); err != nil {
			return err
		}
		next := newest(streams)
		if next == nil {
			return nil
		}
		v, err := s.version(ctx, next.typ, next.rows[0])
		if err != nil {
			return err
		}
		next.rows = next.rows[1:]
		if !yield(v) {
			return nil
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
		if q.since, err = s.firstSince(ctx, page.Since); err != nil {
			return q, nil, err
		}
	}
	if sc.Type != "" {
		return q, []string{sc.Type}, nil
	}
	types, err := s.types(ctx)
	return q, types, err
}

// firstSince returns the first moment of a time or after it. Times never fall as moments rise, so that a bound on t is a bound on time.
func (s *Store) firstSince(ctx context.Context, since time.Time) (fhir.Moment, error) {
	at := since.Truncate(time.Millisecond)
	if at.Before(since) {
		at = at.Add(time.Millisecond)
	}
	doc, err := s.wire.log.FindOne(ctx, bson.D{{Key: fieldAt, Value: bson.D{{Key: "$gte", Value: bson.NewDateTimeFromTime(at)}}}},
		options.FindOne().SetSort(bson.D{{Key: fieldAt, Value: 1}, {Key: fieldDoc, Value: 1}}).SetProjection(bson.D{{Key: fieldDoc, Value: 1}})).Raw()
	if isNone(err) {
		return math.MaxInt64, nil
	}
	if err != nil {
		return 0, fmt.Errorf("looking for the first commit since a time: %w", err)
	}
	return slot(wholeOf(bsoncore.Document(doc).Lookup(fieldDoc))).moment(0), nil
}

// filter is the condition on version documents, of those with t below a bound.
func (q historyQuery) filter(below fhir.Moment) bson.D {
	t := bson.D{{Key: "$lt", Value: int64(below)}}
	if q.since > 0 {
		t = append(t, bson.E{Key: "$gte", Value: int64(q.since)})
	}
	f := bson.D{{Key: fieldT, Value: t}}
	if q.id != "" {
		f = append(bson.D{{Key: fieldID, Value: q.id}}, f...)
	}
	if q.from.IsZero() {
		return f
	}
	// Current until just before the time of the next version, as t shows it. One that was replaced in its own millisecond never was.
	return append(f, bson.E{Key: fieldAt, Value: bson.D{{Key: "$lte", Value: bson.NewDateTimeFromTime(q.until)}}},
		bson.E{Key: "$or", Value: bson.A{
			bson.D{{Key: fieldX, Value: bson.D{{Key: "$gt", Value: int64(q.t)}}}},
			bson.D{
				{Key: fieldUntil, Value: bson.D{{Key: "$gt", Value: bson.NewDateTimeFromTime(q.from)}}},
				{Key: "$expr", Value: bson.D{{Key: "$gt", Value: bson.A{"$" + fieldUntil, "$" + fieldAt}}}},
			},
		}})
}

// sort is newest first. Of one resource x falls as t does, and its index has x.
func (q historyQuery) sort() bson.D { return bson.D{{Key: fieldT, Value: -1}} }

// stream is the versions of one type, newest first.
type stream struct {
	s     *Store
	q     historyQuery
	typ   string
	size  int
	below fhir.Moment // what follows rows
	rows  []bson.Raw
	ended bool
}

// fill reads on where nothing is left.
func fill(ctx context.Context, streams []*stream) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lookAtOnce)
	for _, st := range streams {
		if len(st.rows) == 0 && !st.ended {
			g.Go(func() error { return st.read(ctx) })
		}
	}
	return g.Wait()
}

func (st *stream) read(ctx context.Context) error {
	cur, err := st.s.collection(st.typ).Find(ctx, st.q.filter(st.below),
		options.Find().SetSort(st.q.sort()).SetLimit(int64(st.size)).SetBatchSize(int32(st.size)).SetProjection(withoutIndex))
	if err != nil {
		return fmt.Errorf("reading the history of %s: %w", st.typ, err)
	}
	err = each(ctx, cur, func(doc bson.Raw) error {
		st.rows = append(st.rows, cloneRaw(doc))
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the history of %s: %w", st.typ, err)
	}
	if len(st.rows) < st.size {
		st.ended = true
	}
	if len(st.rows) > 0 {
		st.below = momentOf(st.rows[len(st.rows)-1])
	}
	return nil
}

// newest returns the stream whose next version is the newest, nil where nothing is left.
func newest(streams []*stream) *stream {
	var best *stream
	for _, st := range streams {
		if len(st.rows) > 0 && (best == nil || momentOf(st.rows[0]) > momentOf(best.rows[0])) {
			best = st
		}
	}
	return best
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
			counts[k], err = s.collection(typ).CountDocuments(ctx, q.filter(q.before))
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
