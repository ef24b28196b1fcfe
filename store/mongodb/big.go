package mongodb

import (
	"context"
	"fmt"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
)

// limits bound what one write may hold, in bytes.
type limits struct {
	document    int // of a document: MongoDB takes 16 MB
	resource    int // of a resource
	transaction int // of all documents of a transaction
}

const (
	// documentRoom is left in MongoDB's 16 MB for what a message adds, and for what closing a version writes into it.
	documentRoom  = 64 << 10
	documentLimit = 16<<20 - documentRoom
)

// partDoc is the _id of a part of a version.
func partDoc(v fhir.Version, k int) string {
	return v.Type + "/" + versionDoc(v.ID, v.VID) + "/" + strconv.Itoa(k)
}

// parts cuts the packed JSON of a resource that is too large for one document into several.
func parts(v fhir.Version, packed []byte, limit int) []insert {
	size := limit / 2
	var all []insert
	for k := 0; len(packed) > 0; k++ {
		n := min(len(packed), size)
		start, b := bsoncore.AppendDocumentStart(make([]byte, 0, n+256))
		b = bsoncore.AppendStringElement(b, fieldDoc, partDoc(v, k))
		b = bsoncore.AppendInt64Element(b, fieldT, int64(v.T))
		b = bsoncore.AppendBinaryElement(b, fieldData, bson.TypeBinaryGeneric, packed[:n])
		all = append(all, insert{collection: partCollection, doc: endDocument(b, start)})
		packed = packed[n:]
	}
	return all
}

// joinParts reads the JSON of a resource that lies in parts.
func (s *Store) joinParts(ctx context.Context, v stored) ([]byte, error) {
	return s.joinFrom(ctx, s.collection(partCollection), v)
}

func (s *Store) joinFrom(ctx context.Context, from *mongo.Collection, v stored) ([]byte, error) {
	var packed []byte
	for k := range v.parts {
		doc, err := from.FindOne(ctx, bson.D{{Key: fieldDoc, Value: partDoc(v.Version, k)}}).Raw()
		if isNone(err) {
			return nil, fmt.Errorf("reading part %d of %s: %w: it is not there", k, v.Location(), errCorrupt)
		}
		if err != nil {
			return nil, fmt.Errorf("reading part %d of %s: %w", k, v.Location(), err)
		}
		_, b, _ := bsoncore.Document(doc).Lookup(fieldData).BinaryOK()
		packed = append(packed, b...)
	}
	return s.protocol.pack.unpack(packed)
}
