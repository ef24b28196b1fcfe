package mongodb

import (
	"context"
	"crypto/rand"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

const (
	fieldSecret = "secret"
	secretSize  = 32
)

// prepareDatabase makes what is not there, and checks what is.
func (s *Store) prepareDatabase(ctx context.Context) error {
	doc, err := s.findStore(ctx)
	if err != nil {
		return err
	}
	if err := s.migrate(ctx, doc); err != nil {
		return err
	}
	if doc, err = s.findStore(ctx); err != nil { // a migration may have changed it
		return err
	}
	if err := s.checkIndex(ctx, doc); err != nil {
		return err
	}
	_, s.secret, _ = doc.Lookup(fieldSecret).BinaryOK()
	if len(s.secret) != secretSize {
		return fmt.Errorf("the key that signs cursors is missing: %w", errCorrupt)
	}
	if err := s.ensure(ctx, commitCollection); err != nil {
		return err
	}
	return s.verifyTypes(ctx)
}

// findStore returns the document of the store, and makes it in a database that has none. Of several processes that do so at once one
// wins.
func (s *Store) findStore(ctx context.Context) (bsoncore.Document, error) {
	for _, doc := range []bson.Raw{s.newStore(), newHead(s.wire.format)} {
		id := bsoncore.Document(doc).Lookup(fieldDoc).StringValue()
		if _, err := s.wire.meta.FindOne(ctx, bson.D{{Key: fieldDoc, Value: id}}).Raw(); err == nil {
			continue
		} else if !isNone(err) {
			return nil, fmt.Errorf("reading the document of the store: %w", err)
		}
		if _, err := s.wire.meta.InsertOne(ctx, doc); err != nil && !mongo.IsDuplicateKeyError(err) {
			return nil, fmt.Errorf("making the document of the store: %w", err)
		}
	}
	found, err := s.wire.meta.FindOne(ctx, bson.D{{Key: fieldDoc, Value: storeDoc}}).Raw()
	if err != nil {
		return nil, fmt.Errorf("reading the document of the store: %w", err)
	}
	return bsoncore.Document(found), nil
}

func (s *Store) newStore() bson.Raw {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // it never fails: https://pkg.go.dev/crypto/rand#Read
	start, b := bsoncore.AppendDocumentStart(nil)
	b = bsoncore.AppendStringElement(b, fieldDoc, storeDoc)
	b = bsoncore.AppendInt64Element(b, fieldFormat, s.wire.format)
	b = bsoncore.AppendBinaryElement(b, fieldSecret, bson.TypeBinaryGeneric, secret)
	b = bsoncore.AppendStringElement(b, fieldIndex, s.o.Index)
	b = bsoncore.AppendStringElement(b, fieldBases, s.basesText())
	b = bsoncore.AppendStringElement(b, fieldIdentity, s.o.identity())
	b = bsoncore.AppendInt64Element(b, fieldGeneration, firstGeneration)
	b = appendTexts(b, fieldMade, lines(s.o.Definitions))
	return endDocument(b, start)
}

func newHead(format int64) bson.Raw {
	start, b := bsoncore.AppendDocumentStart(nil)
	b = bsoncore.AppendStringElement(b, fieldDoc, headDoc)
	for _, field := range []string{fieldApplied, fieldT, fieldFloor, fieldPruned} {
		b = bsoncore.AppendInt64Element(b, field, 0)
	}
	b = bsoncore.AppendInt64Element(b, fieldIndex, firstGeneration)
	b = bsoncore.AppendInt64Element(b, fieldFormat, format)
	return endDocument(b, start)
}
