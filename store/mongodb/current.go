package mongodb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"firewolf/fhir"
)

// versions are those of one resource, as the database has them at the instant when it is asked, published or not.
type versions interface {
	// numbered finds one by its number.
	numbered(ctx context.Context, vid int64) (v stored, there bool, err error)
	// open finds one that nothing has replaced, as far as anything is applied. While one is being replaced there may be two of them,
	// of which it finds either, or none.
	open(ctx context.Context) (v stored, there bool, err error)
	// at finds the one that is current at a moment that has been.
	at(ctx context.Context, t fhir.Moment) (v stored, there bool, err error)
}

// current finds the version of a resource that readers see now, mostly with a single find: that of the version which was the newest when
// the resource was last read.
//
// A version that is open and published is the current one: what replaces it is published only after it was closed. And whether it is
// published follows from what was last heard of the head, however long ago, because the head only goes forward. Where that does not
// say it the head is asked; and where the version is still ahead of it, what is current at the head is read.
//
// Of a resource that has no first version nothing is published: versions are published in their order, and stay.
func (s *Store) current(ctx context.Context, k fhir.Key, of versions) (stored, bool, error) {
	guess := s.guesses.get(k)
	v, there, err := of.numbered(ctx, guess)
	switch {
	case err != nil || !there && guess == firstVersion:
		return v, false, err
	case there && v.x == 0:
	default:
		if v, there, err = of.open(ctx); err != nil {
			return v, false, err
		}
		s.guesses.set(k, v.VID)
	}
	if there && s.progress.now().t >= v.T {
		return v, true, nil
	}
	h, err := s.now(ctx)
	if err != nil {
		return v, false, err
	}
	if there && h.t >= v.T {
		return v, true, nil
	}
	return of.at(ctx, h.t)
}

// published finds a version by its number, if readers see it.
func (s *Store) published(ctx context.Context, vid int64, of versions) (stored, bool, error) {
	v, there, err := of.numbered(ctx, vid)
	if err != nil || !there || s.progress.now().t >= v.T {
		return v, there, err
	}
	h, err := s.now(ctx)
	return v, err == nil && h.t >= v.T, err
}

const firstVersion = 1

// guesses remembers which version of a resource was the newest, of those with more than one. It only guides: what it says may be old.
type guesses struct {
	mu    sync.Mutex
	known map[fhir.Key]int64
}

// guessesKept bounds the memory of guesses to some 10 MB.
const guessesKept = 100_000

func (g *guesses) get(k fhir.Key) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(g.known[k], firstVersion)
}

func (g *guesses) set(k fhir.Key, vid int64) {
	if vid <= firstVersion {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil || len(g.known) >= guessesKept {
		g.known = map[fhir.Key]int64{}
	}
	g.known[k] = vid
}

// resource is a resource in the database.
type resource struct {
	s *Store
	k fhir.Key
}

var _ versions = resource{}

func (r resource) numbered(ctx context.Context, vid int64) (stored, bool, error) {
	return r.find(ctx, bson.D{{Key: fieldDoc, Value: versionDoc(r.k.ID, vid)}, {Key: fieldID, Value: r.k.ID}}, nil)
}

func (r resource) open(ctx context.Context) (stored, bool, error) {
	return r.find(ctx, bson.D{{Key: fieldID, Value: r.k.ID}, {Key: fieldX, Value: open}}, nil)
}

// at names its index: nearly all versions of a type have the t that is asked for, and an engine may look through that of t too.
func (r resource) at(ctx context.Context, t fhir.Moment) (stored, bool, error) {
	return r.find(ctx, append(bson.D{{Key: fieldID, Value: r.k.ID}}, visible(t)...), byID)
}

// findTime bounds the search for one version, so that a connection that does not answer is noticed where the database does.
const findTime = 5 * time.Second

// find finds one version, with its entries: leaving them out costs an engine more than sending them does.
func (r resource) find(ctx context.Context, filter, index bson.D) (stored, bool, error) {
	near, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	near, cancel = r.s.reach.within(near)
	defer cancel()
	doc, err := r.findOne(near, filter, index)
	if ctx.Err() != nil {
		return stored{}, false, context.Cause(ctx) // of a caller that left nothing is learned about the database
	}
	if isNone(err) {
		return stored{}, false, r.s.reach.heard(nil)
	}
	if r.s.reach.heard(err) != nil {
		return stored{}, false, fmt.Errorf("reading %s: %w", r.k, err)
	}
	v, err := decodeStored(r.k.Type, doc)
	return v, true, err
}

func (r resource) findOne(ctx context.Context, filter, index bson.D) (doc bson.Raw, err error) {
	if index == nil {
		return r.s.collection(r.k.Type).FindOne(ctx, filter).Raw()
	}
	err = r.s.finder.at(ctx, 0).hinted(r.k.Type, func() (err error) {
		doc, err = r.s.collection(r.k.Type).FindOne(ctx, filter, options.FindOne().SetHint(index)).Raw()
		return err
	})
	if err == nil && doc == nil {
		err = mongo.ErrNoDocuments
	}
	return doc, err
}
