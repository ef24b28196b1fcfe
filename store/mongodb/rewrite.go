package mongodb

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// rewrite makes the entries of versions anew.
type rewrite struct {
	s          *Store
	generation int64
	types      []string
	below      []string
}

// filter is that of versions of some moments that a search may show and that still have to be done, and the index that leads there.
func (w rewrite) filter(from, to fhir.Moment) (filter, index bson.D) {
	filter = bson.D{
		{Key: fieldT, Value: bson.D{{Key: "$gte", Value: int64(from)}, {Key: "$lt", Value: int64(to)}}},
		{Key: fieldEntries, Value: notSince(w.generation)},
	}
	if len(w.below) == 0 {
		return append(filter, bson.E{Key: fieldKeys, Value: bson.D{{Key: "$exists", Value: true}}}), byT
	}
	keys := bson.A{}
	for _, base := range w.below {
		keys = append(keys, search.BaseKey(base))
	}
	return append(filter, bson.E{Key: fieldKeys, Value: bson.D{{Key: "$in", Value: keys}}}), byKeys
}

// notSince is the condition of a version that was not made anew for this generation or a later one.
func notSince(generation int64) bson.D {
	return bson.D{{Key: "$not", Value: bson.D{{Key: "$gte", Value: generation}}}}
}

// needed reports whether there is anything to do.
func (w rewrite) needed(ctx context.Context, upto fhir.Moment) (some bool, err error) {
	q := w.s.finder.at(ctx, upto)
	filter, index := w.filter(0, upto)
	for _, typ := range w.types {
		_, err := q.find(lookup{typ: typ, fields: bson.D{{Key: fieldDoc, Value: 1}}, limit: 1, index: index, filter: filter}, func(bson.Raw) error {
			some = true
			return nil
		})
		if some || err != nil {
			return some, err
		}
	}
	return false, nil
}

// span makes the entries of the versions from a moment up to another. It reports whether it took in all of them.
func (w rewrite) span(ctx context.Context, from, to fhir.Moment) (whole bool, err error) {
	q := w.s.finder.at(ctx, to)
	filter, index := w.filter(from, to)
	for _, typ := range w.types {
		var some []rewritten
		more, err := q.find(lookup{typ: typ, fields: withoutIndex, limit: reindexedAtOnce + 1, index: index, filter: filter}, func(doc bson.Raw) error {
			r, err := w.version(ctx, typ, doc)
			some = append(some, r)
			return err
		})
		if err == nil {
			err = w.write(ctx, typ, some)
		}
		if err != nil {
			return false, err
		}
		if more || len(some) > reindexedAtOnce {
			return false, nil
		}
	}
	return true, nil
}

// rewritten is the update of one version.
type rewritten struct {
	of     fhir.Version
	update mongo.WriteModel
}

// write updates versions of one type. What a server refuses is named: nothing else leads to it.
func (w rewrite) write(ctx context.Context, typ string, some []rewritten) error {
	if len(some) == 0 {
		return nil
	}
	models := make([]mongo.WriteModel, len(some))
	for k, r := range some {
		models[k] = r.update
	}
	_, err := w.s.collection(typ).BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	var refused mongo.BulkWriteException
	if errors.As(err, &refused) && len(refused.WriteErrors) > 0 && !disturbed(err) {
		if k := refused.WriteErrors[0].Index; k >= 0 && k < len(some) {
			return fmt.Errorf("indexing %s: %w", some[k].of.Location(), redacted(err))
		}
	}
	if err != nil {
		return fmt.Errorf("indexing %s: %w", typ, err)
	}
	return nil
}

// version makes the entries of one version anew. Where they leave its resource no room in its document it is moved into parts.
func (w rewrite) version(ctx context.Context, typ string, doc bson.Raw) (rewritten, error) {
	old, err := decodeStored(typ, doc)
	if err != nil {
		return rewritten{}, err
	}
	v, err := w.s.whole(ctx, old)
	if err != nil {
		return rewritten{}, err
	}
	entries, err := w.entries(v)
	if err != nil {
		return rewritten{}, fmt.Errorf("indexing %s: %w", v.Location(), err)
	}
	start, b := bsoncore.AppendDocumentStart(nil)
	b, unset := append(b, entries...), bson.D{}
	limit := w.s.o.limits().document
	if len(doc)+len(entries) > limit && old.parts == 0 {
		n, err := w.part(ctx, v)
		if err != nil {
			return rewritten{}, fmt.Errorf("indexing %s: %w", v.Location(), err)
		}
		b, unset = bsoncore.AppendInt32Element(b, fieldParts, int32(n)), append(unset, bson.E{Key: fieldResource, Value: ""})
	}
	if size := len(doc) - len(old.resource) + len(entries); size > limit {
		return rewritten{}, fmt.Errorf("indexing %s: its index entries are larger than the %d bytes that a document takes", v.Location(), limit)
	}
	return rewritten{v, w.update(v, endDocument(b, start), unset)}, nil
}

// entries are the elements of a version that are made anew.
func (w rewrite) entries(v fhir.Version) ([]byte, error) {
	t, err := tree.Parse(v.JSON, tree.Limits{})
	if err != nil {
		return nil, err
	}
	e, err := w.s.o.Engine.Entries(t)
	if err != nil {
		return nil, err
	}
	return bsoncore.AppendInt64Element(appendEntries(nil, e), fieldEntries, w.generation), nil
}

// update sets fields of a version that still has to be done.
func (w rewrite) update(v fhir.Version, set bson.Raw, unset bson.D) mongo.WriteModel {
	for _, field := range entryFields {
		if bsoncore.Document(set).Lookup(field).Type == 0 {
			unset = append(unset, bson.E{Key: field, Value: ""})
		}
	}
	update := bson.D{{Key: "$set", Value: set}}
	if len(unset) > 0 {
		update = append(update, bson.E{Key: "$unset", Value: unset})
	}
	return mongo.NewUpdateOneModel().SetUpdate(update).SetFilter(bson.D{
		{Key: fieldDoc, Value: versionDoc(v.ID, v.VID)},
		{Key: fieldID, Value: v.ID},
		{Key: fieldKeys, Value: bson.D{{Key: "$exists", Value: true}}},
		{Key: fieldEntries, Value: notSince(w.generation)},
	})
}

// part puts the resource of a version into parts, and returns how many. Another process may do so at the same time, or have done it and died:
// parts that are there stay, and what they all hold is read, as a majority has it, before the document gives up the resource.
func (w rewrite) part(ctx context.Context, v fhir.Version) (int, error) {
	if err := w.s.ensure(ctx, partCollection); err != nil {
		return 0, err
	}
	all := parts(v, w.s.protocol.pack.pack(v.JSON), w.s.o.limits().document)
	for _, i := range all {
		if err := w.s.wire.insertDocs(ctx, i.collection, []bson.Raw{i.doc}); err != nil && !mongo.IsDuplicateKeyError(err) {
			return 0, err
		}
	}
	json, err := w.s.joinFrom(ctx, w.s.wire.db.Collection(partCollection, sure()), stored{Version: v, parts: len(all)})
	if err == nil && !bytes.Equal(json, v.JSON) {
		err = fmt.Errorf("its parts hold something else: %w", errCorrupt)
	}
	return len(all), err
}
