package mongodb

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
)

// The collections that are not resource types.
const (
	metaCollection   = "firewolf"    // the store's own document, and the head
	commitCollection = "commit"      // the log
	chunkCollection  = "commit_part" // payloads too large for a commit's document
	replayCollection = "replay"      // outcomes of transactions with an idempotency key
	partCollection   = "part"        // resources too large for a version's document
)

// wire is the database at the end of a connection.
type wire struct {
	db     *mongo.Database
	log    *mongo.Collection
	chunks *mongo.Collection
	meta   *mongo.Collection
	format int64 // that this process writes, the newest that it knows
}

var _ database = (*wire)(nil)

func newWire(db *mongo.Database, format int64) *wire {
	return &wire{
		db: db, format: format, log: db.Collection(commitCollection, sure()), chunks: db.Collection(chunkCollection, sure()), meta: db.Collection(metaCollection, sure()),
	}
}

// sure is for reads that something is built on: what they find can not be rolled back any more.
func sure() *options.CollectionOptionsBuilder {
	return options.Collection().SetReadConcern(readconcern.Majority()).SetReadPreference(readpref.Primary())
}

const (
	fieldNonce   = "nonce"
	fieldFormat  = "format"
	fieldPayload = "payload"
	fieldPruned  = "pruned"
	fieldSlot    = "slot"
	fieldData    = "data"
)

func (w *wire) insertCommit(ctx context.Context, c commit) error {
	_, err := w.log.InsertOne(ctx, encodeCommit(c, w.format))
	switch {
	case err == nil:
		return nil
	case mongo.IsDuplicateKeyError(err):
		return errOccupied
	case neverSent(err):
		return fmt.Errorf("%w: %w", errRefused, err)
	default:
		return fmt.Errorf("inserting commit %d: %w", c.slot, err)
	}
}

func encodeCommit(c commit, format int64) bson.Raw {
	start, b := bsoncore.AppendDocumentStart(make([]byte, 0, len(c.payload)+256))
	b = bsoncore.AppendInt64Element(b, fieldDoc, int64(c.slot))
	b = bsoncore.AppendBinaryElement(b, fieldNonce, bson.TypeBinaryGeneric, c.nonce[:])
	b = bsoncore.AppendInt64Element(b, fieldFormat, format)
	b = bsoncore.AppendInt64Element(b, fieldT, int64(c.t))
	if !c.at.IsZero() {
		b = bsoncore.AppendDateTimeElement(b, fieldAt, c.at.UnixMilli())
	}
	if c.index > 0 {
		b = bsoncore.AppendInt64Element(b, fieldIndex, c.index)
	}
	if c.parts > 0 {
		b = bsoncore.AppendInt32Element(b, fieldParts, int32(c.parts))
	} else {
		b = bsoncore.AppendBinaryElement(b, fieldPayload, bson.TypeBinaryGeneric, c.payload)
	}
	return endDocument(b, start)
}

// decodeCommit reads a commit of a format that is known.
func decodeCommit(doc bson.Raw, known int64) (commit, error) {
	var c commit
	elements, err := bsoncore.Document(doc).Elements()
	if err != nil {
		return c, fmt.Errorf("reading a commit: %w: %w", errCorrupt, err)
	}
	version := int64(0)
	for _, e := range elements {
		v := e.Value()
		switch e.Key() {
		case fieldDoc:
			c.slot = slot(wholeOf(v))
		case fieldNonce:
			_, b, _ := v.BinaryOK()
			copy(c.nonce[:], b)
		case fieldFormat:
			version = wholeOf(v)
		case fieldT:
			c.t = fhir.Moment(wholeOf(v))
		case fieldAt:
			c.at = timeOf(v)
		case fieldParts:
			c.parts = int(wholeOf(v))
		case fieldPayload:
			_, c.payload, _ = v.BinaryOK()
		case fieldPruned:
			c.pruned = true
		case fieldIndex:
			c.index = wholeOf(v)
		}
	}
	if version > known {
		return c, fmt.Errorf("commit %d has format %d: %w", c.slot, version, errNewerFormat)
	}
	return c, nil
}

func (w *wire) readCommit(ctx context.Context, s slot) (commit, bool, error) {
	doc, err := w.log.FindOne(ctx, bson.D{{Key: fieldDoc, Value: int64(s)}}).Raw()
	if err != nil {
		if isNone(err) {
			return commit{}, false, nil
		}
		return commit{}, false, fmt.Errorf("reading commit %d: %w", s, err)
	}
	c, err := decodeCommit(doc, w.format)
	return c, err == nil, err
}

// markOf reads where a commit stands that is applied, which is there for ever.
func (w *wire) markOf(ctx context.Context, s slot) (mark, error) {
	doc, err := w.log.FindOne(ctx, bson.D{{Key: fieldDoc, Value: int64(s)}},
		options.FindOne().SetProjection(bson.D{{Key: fieldT, Value: 1}, {Key: fieldAt, Value: 1}})).Raw()
	if err != nil {
		return mark{}, fmt.Errorf("looking for the time of commit %d: %w", s, err)
	}
	d := bsoncore.Document(doc)
	return mark{slot: s, t: fhir.Moment(wholeOf(d.Lookup(fieldT))), at: timeOf(d.Lookup(fieldAt))}, nil
}

// commitBytes is how many bytes of payloads are enough for one read of the log: a single one has up to chunkSize, and unpacked many times that.
const commitBytes = 8 << 20

// filled reports whether a read of the log ended for its size, and not because there was no more.
func filled(cs []commit, limit int) bool {
	size := 0
	for _, c := range cs {
		size += len(c.payload)
	}
	return len(cs) >= limit || size >= commitBytes
}

func (w *wire) readCommits(ctx context.Context, after slot, limit int) ([]commit, error) {
	return w.commitsAfter(ctx, after, limit, options.Find())
}

func (w *wire) listCommits(ctx context.Context, after slot, limit int) ([]commit, error) {
	return w.commitsAfter(ctx, after, limit, options.Find().SetProjection(bson.D{{Key: fieldPayload, Value: 0}}))
}

func (w *wire) commitsAfter(ctx context.Context, after slot, limit int, o *options.FindOptionsBuilder) ([]commit, error) {
	filter := bson.D{{Key: fieldDoc, Value: bson.D{{Key: "$gt", Value: int64(after)}}}}
	cur, err := w.log.Find(ctx, filter, o.SetSort(bson.D{{Key: fieldDoc, Value: 1}}).SetLimit(int64(limit)))
	if err != nil {
		return nil, fmt.Errorf("reading commits after %d: %w", after, err)
	}
	var all []commit
	err = each(ctx, cur, func(doc bson.Raw) error {
		c, err := decodeCommit(cloneRaw(doc), w.format)
		all = append(all, c)
		if err == nil && filled(all, limit) {
			return errEnough
		}
		return err
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return all, err
}

func (w *wire) insertParts(ctx context.Context, s slot, n nonce, parts [][]byte) error {
	for k, part := range parts {
		start, b := bsoncore.AppendDocumentStart(make([]byte, 0, len(part)+128))
		b = bsoncore.AppendStringElement(b, fieldDoc, chunkDoc(n, k))
		b = bsoncore.AppendInt64Element(b, fieldSlot, int64(s))
		b = bsoncore.AppendBinaryElement(b, fieldData, bson.TypeBinaryGeneric, part)
		if _, err := w.chunks.InsertOne(ctx, bson.Raw(endDocument(b, start))); err != nil {
			return fmt.Errorf("inserting part %d of commit %d: %w", k, s, err)
		}
	}
	return nil
}

func chunkDoc(n nonce, k int) string { return hex.EncodeToString(n[:]) + "/" + strconv.Itoa(k) }

func (w *wire) readParts(ctx context.Context, n nonce, count int) ([]byte, error) {
	var all []byte
	for k := range count {
		doc, err := w.chunks.FindOne(ctx, bson.D{{Key: fieldDoc, Value: chunkDoc(n, k)}}).Raw()
		if isNone(err) {
			return nil, fmt.Errorf("reading part %d of a commit: %w: it is not there", k, errCorrupt)
		}
		if err != nil {
			return nil, fmt.Errorf("reading part %d of a commit: %w", k, err)
		}
		_, b, ok := bsoncore.Document(doc).Lookup(fieldData).BinaryOK()
		if !ok {
			return nil, fmt.Errorf("reading part %d of a commit: %w", k, errCorrupt)
		}
		all = append(all, b...)
	}
	return all, nil
}

func (w *wire) insertDocs(ctx context.Context, collection string, docs []bson.Raw) error {
	if _, err := w.db.Collection(collection).InsertMany(ctx, docs, options.InsertMany().SetOrdered(false)); err != nil {
		return fmt.Errorf("inserting into %s: %w", collection, err)
	}
	return nil
}

// byNames is the filter of documents by _id, with the shard key where they have one.
func byNames(names []name) bson.D {
	docs, ids := make(bson.A, 0, len(names)), make(bson.A, 0, len(names))
	for _, n := range names {
		docs = append(docs, n.doc)
		if n.id != "" {
			ids = append(ids, n.id)
		}
	}
	f := bson.D{{Key: fieldDoc, Value: bson.D{{Key: "$in", Value: docs}}}}
	if len(ids) == len(docs) {
		f = append(f, bson.E{Key: fieldID, Value: bson.D{{Key: "$in", Value: ids}}})
	}
	return f
}

// namesAtOnce bounds a filter.
const namesAtOnce = 1000

func (w *wire) presentDocs(ctx context.Context, collection string, names []name) (map[string]fhir.Moment, error) {
	return w.lookUp(ctx, collection, names, fieldT)
}

func (w *wire) closedDocs(ctx context.Context, collection string, cs []closing) (map[string]fhir.Moment, error) {
	names := make([]name, len(cs))
	for k, c := range cs {
		names[k] = c.name
	}
	return w.lookUp(ctx, collection, names, fieldX)
}

// lookUp reads one field of documents, as a majority has them: it is the proof that they may be published, and the head can lie on another
// shard than they do.
func (w *wire) lookUp(ctx context.Context, collection string, names []name, field string) (map[string]fhir.Moment, error) {
	found := make(map[string]fhir.Moment, len(names))
	for len(names) > 0 {
		some := names[:min(len(names), namesAtOnce)]
		names = names[len(some):]
		cur, err := w.db.Collection(collection, sure()).Find(ctx, byNames(some),
			options.Find().SetProjection(bson.D{{Key: fieldDoc, Value: 1}, {Key: field, Value: 1}}))
		if err != nil {
			return nil, fmt.Errorf("looking for documents of %s: %w", collection, err)
		}
		err = each(ctx, cur, func(doc bson.Raw) error {
			id, _ := bsoncore.Document(doc).Lookup(fieldDoc).StringValueOK()
			found[id] = fhir.Moment(wholeOf(bsoncore.Document(doc).Lookup(field)))
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("looking for documents of %s: %w", collection, err)
		}
	}
	return found, nil
}

func (w *wire) closeDocs(ctx context.Context, collection string, at time.Time, cs []closing) (int, error) {
	matched := 0
	for len(cs) > 0 {
		some := cs[:min(len(cs), namesAtOnce)]
		cs = cs[len(some):]
		models := make([]mongo.WriteModel, len(some))
		for k, c := range some {
			models[k] = mongo.NewUpdateOneModel().
				SetFilter(bson.D{{Key: fieldDoc, Value: c.doc}, {Key: fieldID, Value: c.id}, {Key: fieldX, Value: open}}).
				SetUpdate(bson.D{{Key: "$set", Value: bson.D{{Key: fieldX, Value: int64(c.x)}, {Key: fieldUntil, Value: bson.NewDateTimeFromTime(at)}}}})
		}
		res, err := w.db.Collection(collection).BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
		if err != nil {
			return matched, fmt.Errorf("closing versions of %s: %w", collection, err)
		}
		matched += int(res.MatchedCount)
	}
	return matched, nil
}

// The documents of the collection firewolf.
const (
	headDoc  = "head"
	storeDoc = "store"

	fieldApplied = "applied"
	fieldFloor   = "floor"
)

func (w *wire) readHead(ctx context.Context) (head, error) {
	doc, err := w.meta.FindOne(ctx, bson.D{{Key: fieldDoc, Value: headDoc}}).Raw()
	if err != nil {
		if isNone(err) {
			return head{}, fmt.Errorf("reading the head: %w: it is not there", errCorrupt)
		}
		return head{}, fmt.Errorf("reading the head: %w", err)
	}
	if n := wholeOf(bsoncore.Document(doc).Lookup(fieldFormat)); n > w.format {
		return head{}, fmt.Errorf("the head has format %d: %w", n, errNewerFormat)
	}
	return decodeHead(bsoncore.Document(doc)), nil
}

func decodeHead(d bsoncore.Document) head {
	return head{
		applied: slot(wholeOf(d.Lookup(fieldApplied))), t: fhir.Moment(wholeOf(d.Lookup(fieldT))), at: timeOf(d.Lookup(fieldAt)),
		floor: fhir.Moment(wholeOf(d.Lookup(fieldFloor))), pruned: slot(wholeOf(d.Lookup(fieldPruned))),
		index: wholeOf(d.Lookup(fieldIndex)),
	}
}

func (w *wire) casHead(ctx context.Context, to head) (bool, error) {
	set := bson.D{{Key: fieldApplied, Value: int64(to.applied)}, {Key: fieldT, Value: int64(to.t)}}
	if !to.at.IsZero() {
		set = append(set, bson.E{Key: fieldAt, Value: bson.NewDateTimeFromTime(to.at)})
	}
	res, err := w.meta.UpdateOne(ctx,
		bson.D{{Key: fieldDoc, Value: headDoc}, {Key: fieldApplied, Value: int64(to.applied - 1)}}, bson.D{{Key: "$set", Value: set}})
	if err != nil {
		return false, fmt.Errorf("publishing commit %d: %w", to.applied, err)
	}
	return res.MatchedCount == 1, nil
}
