package mongodb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"golang.org/x/sync/errgroup"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// looks is what evaluating transactions asks of what is applied.
type looks interface {
	// headers returns the versions that were current at t; a resource that never was is left out.
	headers(ctx context.Context, t fhir.Moment, keys []fhir.Key) (map[fhir.Key]header, error)
	// outcomes returns what idempotency keys, hashed, were last used for by a commit up to a slot.
	outcomes(ctx context.Context, upto slot, hashes []string) (map[string]*outcome, error)
	// find returns the matches of a plan at t, at most limit (0: all).
	find(ctx context.Context, p search.Plan, t fhir.Moment, limit int) ([]fhir.Key, error)
	// findEach returns those of several plans at t, at most Query.Limit of each.
	findEach(ctx context.Context, qs []store.Query, t fhir.Moment) ([][]fhir.Key, error)
	// referrer returns a resource that refers to a key at t, and that except does not hold for.
	referrer(ctx context.Context, t fhir.Moment, k fhir.Key, except func(fhir.Key) bool) (fhir.Key, bool, error)
}

// applied looks at the database.
type applied struct{ s *Store }

var _ looks = applied{}

// visible is the condition that a version is the current one at a moment.
func visible(t fhir.Moment) bson.D {
	return bson.D{{Key: fieldT, Value: bson.D{{Key: "$lte", Value: int64(t)}}}, {Key: fieldX, Value: bson.D{{Key: "$gt", Value: int64(t)}}}}
}

// lookAtOnce is how many collections are asked at a time.
const lookAtOnce = 8

func (a applied) outcomes(ctx context.Context, upto slot, hashes []string) (map[string]*outcome, error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	cur, err := a.s.wire.db.Collection(replayCollection).Find(ctx, bson.D{{Key: fieldHash, Value: bson.D{{Key: "$in", Value: hashes}}}})
	if err != nil {
		return nil, fmt.Errorf("looking at idempotency keys: %w", err)
	}
	found, newest := map[string]*outcome{}, map[string]slot{}
	err = each(ctx, cur, func(doc bson.Raw) error {
		d := bsoncore.Document(doc)
		id, _ := d.Lookup(fieldDoc).StringValueOK()
		hash, digits, _ := strings.Cut(id, "/")
		n, err := strconv.ParseInt(digits, 16, 64)
		if err != nil {
			return fmt.Errorf("reading an outcome: %w: %w", errCorrupt, err)
		}
		if slot(n) > upto || slot(n) < newest[hash] {
			return nil
		}
		o, err := decodeOutcome(d)
		found[hash], newest[hash] = &o, slot(n)
		return err
	})
	return found, err
}

func (a applied) find(ctx context.Context, p search.Plan, t fhir.Moment, limit int) ([]fhir.Key, error) {
	return a.s.keysAt(ctx, p, t, limit)
}

func (a applied) referrer(ctx context.Context, t fhir.Moment, k fhir.Key, except func(fhir.Key) bool) (fhir.Key, bool, error) {
	if err := a.s.indexed(only(search.References)); err != nil {
		return fhir.Key{}, false, err
	}
	types, err := a.s.types(ctx)
	if err != nil {
		return fhir.Key{}, false, err
	}
	found := make([]fhir.Key, len(types))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lookAtOnce)
	for n, typ := range types {
		g.Go(func() (err error) {
			found[n], err = a.referrerOf(ctx, t, k, typ, except)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fhir.Key{}, false, err
	}
	for _, by := range found {
		if by != (fhir.Key{}) {
			return by, true, nil
		}
	}
	return fhir.Key{}, false, nil
}

func (a applied) referrerOf(ctx context.Context, t fhir.Moment, k fhir.Key, typ string, except func(fhir.Key) bool) (fhir.Key, error) {
	filter := append(bson.D{{Key: fieldKeys, Value: refAny(k)}}, visible(t)...)
	cur, err := a.s.finder.at(ctx, t).cursor(lookup{typ: typ, filter: filter, fields: bson.D{{Key: fieldID, Value: 1}}, index: byKeys})
	if cur == nil || err != nil {
		return fhir.Key{}, err
	}
	var by fhir.Key
	err = each(ctx, cur, func(doc bson.Raw) error {
		id, _ := bsoncore.Document(doc).Lookup(fieldID).StringValueOK()
		if found := (fhir.Key{Type: typ, ID: id}); !except(found) {
			by = found
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return by, err
}
