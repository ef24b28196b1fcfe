package mongodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
)

// attic is what forgetting asks of the database.
type attic interface {
	// momentAt returns the newest moment of a time or before it, as far as the head goes: its floor for none above that.
	momentAt(ctx context.Context, at time.Time, h head) (fhir.Moment, error)
	// raiseFloor raises the floor of the head, never above what is applied, nor above a lease that lives.
	raiseFloor(ctx context.Context, to fhir.Moment, now time.Time) error
	// dropKeys drops the index entries of versions that were replaced at the floor or before it.
	dropKeys(ctx context.Context, collection string, names []name, floor fhir.Moment) error
	// prunePayload drops what a commit holds beside its place in the log.
	prunePayload(ctx context.Context, s slot) error
	// movePruned notes that commits up to a slot are forgotten, and drops the parts of their payloads.
	movePruned(ctx context.Context, to slot) error
	// dropOutcomes drops the outcomes of before a time.
	dropOutcomes(ctx context.Context, before time.Time) error
}

const (
	// prunedAtOnce is how many commits are forgotten at a time: their payloads are held in memory.
	prunedAtOnce = 8
	// outcomesEvery is how often old outcomes are looked for.
	outcomesEvery = 10 * time.Minute
)

// janitor forgets what no reader can ask for any more: first the floor is raised, so that a reader who comes too late knows it, and only
// then goes what lies below it. Versions, commits and their order stay for ever; a late insert of one would bring it back as it was.
type janitor struct {
	s     *Store
	attic attic
	floor fhir.Moment // the floor that drops may go up to, once it is
	since time.Time   // old enough, and since when it is there
	asked time.Time   // when a new floor was looked for
	swept time.Time   // when old outcomes were looked for
}

func (s *Store) runJanitor() {
	j := &janitor{s: s, attic: s.wire, swept: time.Now()}
	s.every("forgetting", j.tick)
}

func (j *janitor) tick(ctx context.Context) error {
	h, err := j.s.protocol.db.readHead(ctx)
	if err != nil {
		return err
	}
	j.s.progress.saw(h)
	if err := j.raise(ctx, h); err != nil {
		return err
	}
	if err := j.drop(ctx, h); err != nil {
		return j.s.fatal(err)
	}
	if time.Since(j.swept) < outcomesEvery {
		return nil
	}
	j.swept = time.Now()
	return j.attic.dropOutcomes(ctx, j.s.o.Clock().Add(-keepIdempotency))
}

// floorsIn is how often the floor is raised in one retention: what is kept is kept longer by no more than this part of it.
const floorsIn = 60

// raise raises the floor to the moment that was the newest one a retention ago.
func (j *janitor) raise(ctx context.Context, h head) error {
	if time.Since(j.asked) < j.s.o.Retention/floorsIn {
		return nil
	}
	now := j.s.o.Clock()
	t, err := j.attic.momentAt(ctx, now.Add(-j.s.o.Retention), h)
	if err != nil {
		return err
	}
	j.asked = time.Now()
	if t <= h.floor {
		return nil
	}
	if err := j.attic.raiseFloor(ctx, t, now); err != nil {
		return err
	}
	j.s.protocol.reached(stepFloor)
	return nil
}

// drop forgets the commits up to a floor that has been there long enough: a primary that was deposed, and does not know it yet, may
// show a reader the floor of before. https://www.mongodb.com/docs/manual/core/replica-set-elections/
func (j *janitor) drop(ctx context.Context, h head) error {
	if j.floor == 0 {
		j.floor, j.since = h.floor, time.Now()
	}
	if time.Since(j.since) < j.s.o.Grace {
		return nil
	}
	upto := slot(j.floor >> placeBits)
	for after := h.pruned; after < upto; {
		cs, err := j.s.protocol.db.readCommits(ctx, after, prunedAtOnce)
		if err != nil {
			return err
		}
		done := after
		for _, c := range cs {
			if c.slot != done+1 || c.slot > upto {
				break
			}
			if err := j.forget(ctx, c); err != nil {
				return err
			}
			done = c.slot
		}
		if done == after {
			return nil
		}
		if err := j.attic.movePruned(ctx, done); err != nil {
			return err
		}
		j.s.protocol.reached(stepPruned)
		after = done
	}
	j.floor, j.since = h.floor, time.Now()
	return nil
}

// forget drops the index entries of all that a commit replaced, and then its payload.
func (j *janitor) forget(ctx context.Context, c commit) error {
	if c.pruned {
		return nil
	}
	ch, err := j.s.protocol.payloadOf(ctx, c)
	if errors.Is(err, errPruned) { // another janitor was faster
		return nil
	}
	if err != nil {
		return err
	}
	for collection, names := range replacedBy(ch) {
		for len(names) > 0 {
			n := min(len(names), namesAtOnce)
			if err := j.attic.dropKeys(ctx, collection, names[:n], j.floor); err != nil {
				return err
			}
			names = names[n:]
		}
	}
	j.s.protocol.reached(stepDropped)
	return j.attic.prunePayload(ctx, c.slot)
}

// replacedBy returns the versions that a commit replaces, by collections: those of before, and its own that it replaces itself.
func replacedBy(ch changes) map[string][]name {
	all := map[string][]name{}
	for _, c := range ch.closings {
		all[c.collection] = append(all[c.collection], c.name)
	}
	for _, i := range ch.inserts {
		if x := bsoncore.Document(i.doc).Lookup(fieldX); wholeOf(x) > 0 {
			all[i.collection] = append(all[i.collection], nameOf(i.doc))
		}
	}
	return all
}

var _ attic = (*wire)(nil)

// momentAt halves the slots between the floor and the head: commits stay for ever, and an engine that sorts what it finds by time would sort all.
func (w *wire) momentAt(ctx context.Context, at time.Time, h head) (fhir.Moment, error) {
	if !h.at.After(at) { // nothing was written for a while
		return h.t, nil
	}
	t := h.floor
	for lo, hi := slotOf(h.floor), h.applied; hi-lo > 1; { // the time of lo is not after it, that of hi is
		m, err := w.markOf(ctx, lo+(hi-lo)/2)
		if err != nil {
			return 0, err
		}
		if m.at.After(at) {
			hi = m.slot
		} else {
			lo, t = m.slot, m.t
		}
	}
	return t, nil
}

func (w *wire) dropKeys(ctx context.Context, collection string, names []name, floor fhir.Moment) error {
	filter := append(byNames(names), bson.E{Key: fieldX, Value: bson.D{{Key: "$lte", Value: int64(floor)}}})
	unset := bson.D{}
	for _, field := range entryFields {
		unset = append(unset, bson.E{Key: field, Value: ""})
	}
	if _, err := w.db.Collection(collection).UpdateMany(ctx, filter, bson.D{{Key: "$unset", Value: unset}}); err != nil {
		return fmt.Errorf("dropping index entries of %s: %w", collection, err)
	}
	return nil
}

func (w *wire) prunePayload(ctx context.Context, s slot) error {
	_, err := w.log.UpdateOne(ctx, bson.D{{Key: fieldDoc, Value: int64(s)}}, bson.D{
		{Key: "$set", Value: bson.D{{Key: fieldPruned, Value: true}}}, {Key: "$unset", Value: bson.D{{Key: fieldPayload, Value: ""}}},
	})
	if err != nil {
		return fmt.Errorf("pruning commit %d: %w", s, err)
	}
	return nil
}

func (w *wire) movePruned(ctx context.Context, to slot) error {
	_, moved := w.meta.UpdateOne(ctx, bson.D{{Key: fieldDoc, Value: headDoc}, {Key: fieldPruned, Value: bson.D{{Key: "$lt", Value: int64(to)}}}},
		bson.D{{Key: "$set", Value: bson.D{{Key: fieldPruned, Value: int64(to)}}}})
	_, dropped := w.chunks.DeleteMany(ctx, bson.D{{Key: fieldSlot, Value: bson.D{{Key: "$lte", Value: int64(to)}}}})
	if err := errors.Join(moved, dropped); err != nil {
		return fmt.Errorf("pruning commits up to %d: %w", to, err)
	}
	return nil
}

func (w *wire) dropOutcomes(ctx context.Context, before time.Time) error {
	_, err := w.db.Collection(replayCollection).DeleteMany(ctx, bson.D{{Key: fieldAt, Value: bson.D{{Key: "$lt", Value: bson.NewDateTimeFromTime(before)}}}})
	if err != nil {
		return fmt.Errorf("dropping old outcomes: %w", err)
	}
	return nil
}
