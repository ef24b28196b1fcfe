package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"firewolf/fhir"
)

// ownIndexes are the indexes of the store's own collections, beside _id. Like those of the types they are made before the first commit that
// needs them; that of the log when the store is opened.
var ownIndexes = map[string][]bson.D{
	commitCollection: nil,                                                        // what is looked for by time is found by halving
	replayCollection: {{{Key: fieldHash, Value: 1}}, {{Key: fieldAt, Value: 1}}}, // by the client's key; by age
	chunkCollection:  {{{Key: fieldSlot, Value: 1}}},                             // those of a slot
	partCollection:   nil,
}

// typeIndexes are the indexes of the collection of a resource type. x stands in none that a search scans: closing a version must not
// move it under a reader. In the one that has it, x falls: a version that is closed moves on in the direction of the scan, and is
// found twice rather than never.
var typeIndexes = []bson.D{
	{{Key: fieldID, Value: 1}, {Key: fieldX, Value: -1}},
	{{Key: fieldT, Value: 1}},
	{{Key: fieldKeys, Value: 1}, {Key: fieldT, Value: 1}},
}

// kinds are the collections whose indexes are known to be there, true, or to be gone, false.
type kinds struct {
	mu    sync.Mutex
	known map[string]bool
}

func (k *kinds) has(collection string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known[collection]
}

func (k *kinds) add(collections ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil {
		k.known = map[string]bool{}
	}
	for _, c := range collections {
		k.known[c] = true
	}
}

// lose notes that an index is gone, and reports whether that is new.
func (k *kinds) lose(collection string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if there, known := k.known[collection]; known && !there {
		return false
	}
	if k.known == nil {
		k.known = map[string]bool{}
	}
	k.known[collection] = false
	return true
}

// lost are the collections of which an index is gone.
func (k *kinds) lost() (all []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c, there := range k.known {
		if !there {
			all = append(all, c)
		}
	}
	return all
}

// collection is the collection of a resource type, or one of the store's own.
func (s *Store) collection(name string) *mongo.Collection { return s.wire.db.Collection(name) }

// types returns the resource types that have a collection, whichever process made it.
func (s *Store) types(ctx context.Context) ([]string, error) {
	names, err := s.wire.db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return nil, fmt.Errorf("listing the collections: %w", err)
	}
	types := slices.DeleteFunc(names, func(n string) bool { return !fhir.ValidTypeName(n) })
	slices.Sort(types)
	return types, nil
}

// ensureAll makes the collections that a commit needs, with their indexes: before it is committed, so that it can always be applied.
func (s *Store) ensureAll(ctx context.Context, ch changes, payload []byte) error {
	if len(payload) > s.protocol.chunk {
		if err := s.ensure(ctx, chunkCollection); err != nil {
			return err
		}
	}
	for _, i := range ch.inserts {
		if err := s.ensure(ctx, i.collection); err != nil {
			return err
		}
	}
	return nil
}

// verifyTypes makes the indexes that a collection of an older build, or of a restore, does not have.
func (s *Store) verifyTypes(ctx context.Context) error {
	types, err := s.types(ctx)
	if err != nil {
		return err
	}
	for _, typ := range types {
		if err := s.ensure(ctx, typ); err != nil {
			return err
		}
	}
	return nil
}

// ensure makes the indexes of a collection, and with them the collection. Those that are there already stay as they are. Asked for what it made
// before it does nothing.
func (s *Store) ensure(ctx context.Context, collection string) error {
	if s.kinds.has(collection) {
		return nil
	}
	indexes, own := ownIndexes[collection]
	if !own {
		indexes = typeIndexes
	}
	models := make([]mongo.IndexModel, len(indexes))
	for k, keys := range indexes {
		models[k] = mongo.IndexModel{Keys: keys}
	}
	if err := s.create(ctx, collection, models); err != nil {
		return fmt.Errorf("making the indexes of %s: %w", collection, err)
	}
	s.kinds.add(collection)
	return nil
}

// create makes a collection that is not there, with indexes.
func (s *Store) create(ctx context.Context, collection string, models []mongo.IndexModel) error {
	if len(models) > 0 {
		_, err := s.collection(collection).Indexes().CreateMany(ctx, models, options.CreateIndexes())
		return err
	}
	err := s.wire.db.CreateCollection(ctx, collection)
	var e mongo.ServerError
	if errors.As(err, &e) && e.HasErrorCode(codeNamespaceExists) {
		return nil
	}
	return err
}

// codeNamespaceExists is of a collection that is there. https://www.mongodb.com/docs/manual/reference/error-codes/
const codeNamespaceExists = 48
