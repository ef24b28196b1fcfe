package mongodb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// When the definitions, the form of keys, or the base URLs of the server change, the entries of all versions that a search may show are made anew
// while the database is in use.
//
//  1. Begin: the document of the store says who may use the database from now on, with a new generation, and which definitions hold for
//     all versions all the same. The head says the generation too: processes that make other entries hear of it with their next request, and stop.
//  2. Fence: a commit of the new generation gets a slot of the log. What is written behind it has the new entries, because a process of an earlier
//     generation reads it before it can have a later slot.
//  3. Rewrite what lies before it, in the order of t, a Grace later: searches that began before have ended by then, or look at the head.
//  4. End: the definitions hold for all versions.
//
// Processes of the new definitions serve meanwhile. They answer what the definitions that hold answer and refuse the rest, and each carries the work on, so that it
// ends although some of them are killed. A version that was forgotten has no keys and gets none: every rewrite asks for those that have. It
// asks too that no later generation was there before: a process that stood still must not bring back what it knew.

const (
	fieldReindex = "reindex"
	fieldDone    = "done"  // all versions below this moment are
	fieldUpto    = "upto"  // those below this one will be; 0 until that is known
	fieldBelow   = "below" // only those with a reference below one of these base URLs, one a line; "" for all
	fieldEntries = "e"     // in a version: the generation that its entries were made anew for

	reindexedAtOnce = 100
)

// reindexing is how far a reindex is.
type reindexing struct {
	done, upto fhir.Moment
	below      []string
	seen       time.Time // upto, by this process, first
}

func (r *reindexing) percent() int64 {
	if r.upto == 0 {
		return 0
	}
	return int64(slotOf(r.done)) * 100 / max(int64(slotOf(r.upto)), 1)
}

var errOtherIndex = errors.New("the index of the store is made anew with other definitions")

func decodeReindex(store bsoncore.Document) *reindexing {
	d, ok := store.Lookup(fieldReindex).DocumentOK()
	if !ok {
		return nil
	}
	below, _ := d.Lookup(fieldBelow).StringValueOK()
	return &reindexing{done: fhir.Moment(wholeOf(d.Lookup(fieldDone))), upto: fhir.Moment(wholeOf(d.Lookup(fieldUpto))), below: strings.Fields(below)}
}

// beginReindex lets the processes of this identity alone use the database from now on. It reports false where another process was faster to change
// what the store stands on.
func (s *Store) beginReindex(ctx context.Context, st standing) (bool, error) {
	var below []string
	if s.o.moved(st) {
		below = store.ChangedBases(st.bases, s.o.Bases)
	}
	return s.setStanding(ctx, st.generation, bson.D{{Key: "$set", Value: bson.D{
		{Key: fieldIndex, Value: "being made anew"},
		{Key: fieldIdentity, Value: s.identity},
		{Key: fieldBases, Value: s.basesText()},
		{Key: fieldMade, Value: lines(s.o.keeps(st))},
		{Key: fieldGeneration, Value: st.generation + 1},
		{Key: fieldReindex, Value: bson.D{
			{Key: fieldDone, Value: int64(0)}, {Key: fieldUpto, Value: int64(0)}, {Key: fieldBelow, Value: strings.Join(below, "\n")},
		}},
	}}})
}

// setStanding changes the document of the store, if it is of a generation.
func (s *Store) setStanding(ctx context.Context, generation int64, update bson.D, more ...bson.E) (bool, error) {
	filter := append(bson.D{{Key: fieldDoc, Value: storeDoc}, {Key: fieldGeneration, Value: generation}}, more...)
	if generation == 0 { // of a build that knew none
		filter[1].Value = bson.D{{Key: "$exists", Value: false}}
	}
	res, err := s.wire.meta.UpdateOne(ctx, filter, update)
	if err != nil {
		return false, fmt.Errorf("noting how far the index is made: %w", err)
	}
	return res.MatchedCount == 1, nil
}

// indexed refuses what asks for entries of parameters that are being made: an answer could be short.
func (s *Store) indexed(params iter.Seq[string]) error {
	x := s.index.Load()
	if x == nil || x.reindex == nil {
		return nil
	}
	var names []string
	for name := range params {
		if x.missing(s.o, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return fhir.NewIssue(fhir.Transient, fmt.Sprintf("the index of %s is being made anew, %d %% are done: ask again when it is whole",
		strings.Join(names, ", "), x.reindex.percent())).Because(fhir.ReasonUnavailable)
}

// only yields one name.
func only(name string) iter.Seq[string] { return func(yield func(string) bool) { yield(name) } }

// refsOfMatches yields the names of the parameters by which references of matches are asked for; "*" stands for all of a type.
func (s *Store) refsOfMatches(ms []store.Match, params []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		types := map[string]bool{}
		for _, m := range ms {
			types[m.Type] = true
		}
		for typ := range types {
			for _, p := range params {
				if p != "*" && !yield(search.ParamName(typ, p)) {
					return
				}
			}
		}
		if !slices.Contains(params, "*") {
			return
		}
		for name, digest := range s.o.Definitions {
			typ, _, _ := strings.Cut(name, ".")
			if types[typ] && strings.HasSuffix(digest, "@") && !yield(name) {
				return
			}
		}
	}
}

// indexer makes the index anew where it has to be.
type indexer struct {
	s    *Store
	told func(done, total int64) // hears of progress; nil for nobody
}

func (s *Store) runIndexer() {
	x := &indexer{s: s}
	s.every("indexing", x.tick)
}

// tick looks whether the index is still that of this process, and works on it while it is being made.
func (x *indexer) tick(ctx context.Context) error {
	st, err := x.s.readStanding(ctx)
	if err != nil {
		return err
	}
	if err := x.s.follow(st); err != nil {
		return err
	}
	now := x.s.index.Load()
	if now.reindex == nil {
		return nil
	}
	if now.reindex.upto == 0 {
		return x.begin(ctx, now)
	}
	return x.carryOn(ctx, now)
}

// begin puts up the fence. All processes that carry the work on go up to the first one that is noted.
func (x *indexer) begin(ctx context.Context, now *index) error {
	behind, err := x.s.fence(ctx, now.generation)
	if err != nil {
		return err
	}
	_, err = x.s.setStanding(ctx, now.generation, bson.D{{Key: "$set", Value: bson.D{{Key: fieldReindex + "." + fieldUpto, Value: int64((behind + 1).moment(0))}}}},
		bson.E{Key: fieldReindex + "." + fieldUpto, Value: int64(0)})
	return err
}

// fence puts a commit into the log behind which all have the entries of this generation, and waits until it is applied.
func (s *Store) fence(ctx context.Context, generation int64) (slot, error) {
	if err := s.wire.raiseIndex(ctx, generation); err != nil {
		return 0, err
	}
	for {
		tail, err := s.tail(ctx)
		if err != nil {
			return 0, err
		}
		c, how, err := s.protocol.commit(ctx, tail, commit{t: tail.t, at: tail.at, index: generation})
		if err != nil || how != committed && how != lost {
			return 0, errors.Join(fmt.Errorf("slot %d of the log is not had", tail.slot+1), err)
		}
		if how == committed {
			s.own.Store(c.slot, true)
			defer s.own.Delete(c.slot)
			return c.slot, newJob(s, c, changes{}, nil).try(ctx)
		}
	}
}

// tail reads where the log ends.
func (s *Store) tail(ctx context.Context) (mark, error) {
	h, err := s.protocol.db.readHead(ctx)
	if err != nil {
		return mark{}, err
	}
	tail := mark{slot: h.applied, t: h.t, at: h.at}
	for {
		more, err := s.protocol.db.listCommits(ctx, tail.slot, commitsAtOnce)
		if err != nil {
			return mark{}, s.fatal(err)
		}
		before := tail
		for _, c := range more {
			if c.slot == tail.slot+1 {
				tail = mark{slot: c.slot, t: c.t, at: c.at}
			}
		}
		if tail == before {
			return tail, nil
		}
	}
}

// carryOn rewrites, to the end unless it fails.
func (x *indexer) carryOn(ctx context.Context, now *index) error {
	types, err := x.s.types(ctx)
	if err != nil {
		return err
	}
	w := rewrite{s: x.s, generation: now.generation, types: types, below: now.reindex.below}
	if time.Since(now.reindex.seen) < x.s.o.Grace {
		if some, err := w.needed(ctx, now.reindex.upto); some || err != nil {
			return err
		}
		now.reindex.done = now.reindex.upto
	}
	for width, done := fhir.Moment(64<<placeBits), now.reindex.done; done < now.reindex.upto; {
		next := min(done+width, now.reindex.upto)
		whole, err := w.span(ctx, done, next)
		if err != nil {
			return err
		}
		if !whole {
			width = max((next-done)/2, 1)
			continue
		}
		width, done = width*2, next
		if goesOn, err := x.note(ctx, now, done); err != nil || !goesOn {
			return err
		}
	}
	return x.end(ctx, now.generation)
}

// note says how far the work is. It goes on unless another generation, or another process, has ended it.
func (x *indexer) note(ctx context.Context, now *index, done fhir.Moment) (goesOn bool, err error) {
	goesOn, err = x.s.setStanding(ctx, now.generation, bson.D{{Key: "$max", Value: bson.D{{Key: fieldReindex + "." + fieldDone, Value: int64(done)}}}},
		bson.E{Key: fieldReindex, Value: bson.D{{Key: "$exists", Value: true}}})
	if err != nil || !goesOn {
		return goesOn, err
	}
	r := *now.reindex // what others read stays as it is
	r.done = done
	x.s.adopt(standing{generation: now.generation, made: now.made, reindex: &r})
	if x.told != nil {
		x.told(int64(slotOf(done)), int64(slotOf(r.upto)))
	}
	return true, nil
}

func (x *indexer) end(ctx context.Context, generation int64) error {
	_, err := x.s.setStanding(ctx, generation, bson.D{
		{Key: "$set", Value: bson.D{{Key: fieldIndex, Value: x.s.o.Index}, {Key: fieldMade, Value: lines(x.s.o.Definitions)}}},
		{Key: "$unset", Value: bson.D{{Key: fieldReindex, Value: ""}}},
	})
	if err != nil {
		return err
	}
	st, err := x.s.readStanding(ctx)
	if err != nil {
		return err
	}
	return x.s.follow(st)
}

// Reindex makes the index of a store anew, with the definitions, key format and bases of o. The store may be in use by processes that make the same
// entries; others stop. If it is stopped, any such process carries it on. progress is called now and then.
func Reindex(ctx context.Context, a Address, o Options, progress func(done, total int64)) error {
	o.reindex = true
	s, err := Open(ctx, a, o)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	t := time.NewTicker(s.o.Tick)
	defer t.Stop()
	x := &indexer{s: s, told: progress}
	for {
		err := guard(func() error { return x.tick(ctx) })
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("the index is not done, and goes on from there: %w", context.Cause(ctx))
		case err != nil && !disturbed(err): // a database that is away comes back
			return failed(ctx, err, "the index is not done, and goes on from there")
		case s.index.Load().reindex == nil:
			return nil
		}
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
}
