package mongodb

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"firewolf/fhir"
	"firewolf/store"
)

// withoutIndex leaves out of a version document what only a search needs.
var withoutIndex = bson.D{{Key: fieldKeys, Value: 0}, {Key: fieldRefs, Value: 0}, {Key: fieldLongs, Value: 0}}

// Read returns the version that was current at t.
func (s *Store) Read(ctx context.Context, t fhir.Moment, k fhir.Key) (fhir.Version, error) {
	ctx, end := s.attended(ctx)
	defer end()
	v, there, err := s.find(ctx, t, k)
	if err == nil && !there {
		return fhir.Version{}, store.NotFound(k)
	}
	return s.answered(ctx, v, err)
}

// find finds the version that was current at t.
func (s *Store) find(ctx context.Context, t fhir.Moment, k fhir.Key) (stored, bool, error) {
	if err := s.usable(ctx); err != nil {
		return stored{}, false, err
	}
	of := resource{s, k}
	if t == store.Now {
		return s.current(ctx, k, of)
	}
	t, err := s.readMoment(ctx, t)
	if err != nil {
		return stored{}, false, err
	}
	return of.at(ctx, t)
}

// ReadVersion returns one version. One that is not published yet is not there.
func (s *Store) ReadVersion(ctx context.Context, k fhir.Key, vid int64) (fhir.Version, error) {
	ctx, end := s.attended(ctx)
	defer end()
	if err := s.usable(ctx); err != nil {
		return fhir.Version{}, err
	}
	v, there, err := s.published(ctx, vid, resource{s, k})
	if err == nil && !there {
		return fhir.Version{}, store.NoVersion(k, vid)
	}
	return s.answered(ctx, v, err)
}

// versionAt returns a version by its number that is there, published or not.
func (s *Store) versionAt(ctx context.Context, k fhir.Key, vid int64) (fhir.Version, error) {
	v, there, err := resource{s, k}.numbered(ctx, vid)
	switch {
	case err != nil:
		return fhir.Version{}, err
	case !there:
		return fhir.Version{}, fmt.Errorf("reading version %d of %s: it is not there", vid, k)
	}
	return s.whole(ctx, v)
}

// answered gives a version its resource, a tombstone its issue, and an error of the database its words.
func (s *Store) answered(ctx context.Context, found stored, err error) (fhir.Version, error) {
	v := found.Version
	if err == nil {
		v, err = s.whole(ctx, found)
	}
	switch {
	case err != nil:
		return fhir.Version{}, s.failedRead(ctx, err)
	case v.Deleted:
		return v, store.Gone(v)
	}
	return v, nil
}

// version reads a version document with its resource, wherever that lies. The document may be reused afterwards.
func (s *Store) version(ctx context.Context, typ string, doc bson.Raw) (fhir.Version, error) {
	v, err := decodeStored(typ, doc)
	if err != nil {
		return v.Version, err
	}
	return s.whole(ctx, v)
}

// whole gives a version that was found its resource.
func (s *Store) whole(ctx context.Context, v stored) (fhir.Version, error) {
	if v.Deleted {
		return v.Version, nil
	}
	var err error
	if v.parts > 0 {
		v.JSON, err = s.joinParts(ctx, v)
	} else {
		v.JSON, err = appendJSON(make([]byte, 0, len(v.resource)), v.resource)
	}
	if err != nil {
		return fhir.Version{}, fmt.Errorf("reading %s: %w", v.Location(), err)
	}
	return v.Version, nil
}

// results reads the versions that a transaction left, in its order.
func (s *Store) results(ctx context.Context, effects []effect) ([]store.Result, error) {
	names := map[string][]name{}
	for _, e := range effects {
		if e.typ != "" {
			id, _ := cutVersion(e.doc)
			names[e.typ] = append(names[e.typ], name{doc: e.doc, id: id})
		}
	}
	found := map[effect]fhir.Version{}
	for typ, list := range names {
		cur, err := s.collection(typ).Find(ctx, byNames(list), options.Find().SetProjection(withoutIndex))
		if err != nil {
			return nil, fmt.Errorf("reading versions of %s: %w", typ, err)
		}
		err = each(ctx, cur, func(doc bson.Raw) error {
			v, err := s.version(ctx, typ, doc)
			found[effect{typ: typ, doc: versionDoc(v.ID, v.VID)}] = v
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var all []store.Result
	for _, e := range effects {
		all = append(all, store.Result{Effect: e.effect, Version: found[effect{typ: e.typ, doc: e.doc}]})
	}
	return all, nil
}
