package mongodb

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
)

// The payload of a commit is what it changes, as one BSON document, compressed: the bytes of a commit are written beside those of
// its documents, and a majority must have them before anyone gets an answer. FHIR shrinks to an eighth.
const (
	fieldInserts    = "i"
	fieldClosings   = "x"
	fieldCollection = "c"
	fieldDocument   = "d"
)

// payloadLimit bounds what a payload may become when it is unpacked.
const payloadLimit = 1 << 30

// packer compresses payloads, and the JSON of resources that lie in parts. It is safe for concurrent use.
type packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newPacker() (*packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
	if err != nil {
		return nil, fmt.Errorf("preparing to compress: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(payloadLimit), zstd.WithDecoderConcurrency(2))
	if err != nil {
		return nil, fmt.Errorf("preparing to compress: %w", err)
	}
	return &packer{enc, dec}, nil
}

func (p *packer) pack(b []byte) []byte { return p.enc.EncodeAll(b, nil) }

func (p *packer) unpack(b []byte) ([]byte, error) {
	out, err := p.dec.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w: %w", errCorrupt, err)
	}
	return out, nil
}

// encodeChanges makes the payload of a commit; nil of one that changes nothing.
func (p *packer) encodeChanges(c changes) ([]byte, error) {
	if len(c.inserts) == 0 && len(c.closings) == 0 {
		return nil, nil
	}
	size := 64 * (len(c.inserts) + len(c.closings) + 1)
	for _, i := range c.inserts {
		size += len(i.doc)
	}
	top, b := bsoncore.AppendDocumentStart(make([]byte, 0, size))
	list, b := bsoncore.AppendArrayElementStart(b, fieldInserts)
	for _, i := range c.inserts {
		var at int32
		at, b = bsoncore.AppendDocumentElementStart(b, "")
		b = bsoncore.AppendStringElement(b, fieldCollection, i.collection)
		b = bsoncore.AppendDocumentElement(b, fieldDocument, i.doc)
		b = endDocument(b, at)
	}
	b = endDocument(b, list)
	list, b = bsoncore.AppendArrayElementStart(b, fieldClosings)
	for _, c := range c.closings {
		var at int32
		at, b = bsoncore.AppendDocumentElementStart(b, "")
		b = bsoncore.AppendStringElement(b, fieldCollection, c.collection)
		b = bsoncore.AppendStringElement(b, fieldDoc, c.doc)
		b = bsoncore.AppendStringElement(b, fieldID, c.id)
		b = bsoncore.AppendInt64Element(b, fieldX, int64(c.x))
		b = endDocument(b, at)
	}
	b = endDocument(b, list)
	b = endDocument(b, top)
	if len(b) > payloadLimit {
		return nil, fhir.NewIssue(fhir.TooLong, fmt.Sprintf("a transaction of more than %d bytes is not taken", payloadLimit))
	}
	return p.pack(b), nil
}

// endDocument closes a document that was begun at start. It cannot fail: the end lies behind the start.
func endDocument(b []byte, start int32) []byte {
	b = append(b, 0)
	return bsoncore.UpdateLength(b, start, int32(len(b))-start)
}

// decodeChanges reads the payload of a commit.
func (p *packer) decodeChanges(payload []byte) (changes, error) {
	var c changes
	if len(payload) == 0 {
		return c, nil
	}
	b, err := p.unpack(payload)
	if err != nil {
		return c, err
	}
	doc := bsoncore.Document(b)
	if err := eachDocument(doc, fieldInserts, func(d bsoncore.Document) error {
		i, err := decodeInsert(d)
		c.inserts = append(c.inserts, i)
		return err
	}); err != nil {
		return c, err
	}
	return c, eachDocument(doc, fieldClosings, func(d bsoncore.Document) error {
		x, err := decodeClosing(d)
		c.closings = append(c.closings, x)
		return err
	})
}

// eachDocument calls do with each document of an array.
func eachDocument(doc bsoncore.Document, field string, do func(bsoncore.Document) error) error {
	list, ok := doc.Lookup(field).ArrayOK()
	if !ok {
		return fmt.Errorf("reading %s of a payload: %w", field, errCorrupt)
	}
	values, err := bsoncore.Document(list).Elements()
	if err != nil {
		return fmt.Errorf("reading %s of a payload: %w: %w", field, errCorrupt, err)
	}
	for _, e := range values {
		d, ok := e.Value().DocumentOK()
		if !ok {
			return fmt.Errorf("reading %s of a payload: %w", field, errCorrupt)
		}
		if err := do(d); err != nil {
			return err
		}
	}
	return nil
}

func decodeInsert(d bsoncore.Document) (insert, error) {
	c, ok := d.Lookup(fieldCollection).StringValueOK()
	doc, has := d.Lookup(fieldDocument).DocumentOK()
	if !ok || !has {
		return insert{}, fmt.Errorf("reading a document of a payload: %w", errCorrupt)
	}
	return insert{collection: c, doc: bson.Raw(doc)}, nil
}

func decodeClosing(d bsoncore.Document) (closing, error) {
	c, ok := d.Lookup(fieldCollection).StringValueOK()
	doc, has := d.Lookup(fieldDoc).StringValueOK()
	id, _ := d.Lookup(fieldID).StringValueOK()
	x := wholeOf(d.Lookup(fieldX))
	if !ok || !has || x == 0 {
		return closing{}, fmt.Errorf("reading a closing of a payload: %w", errCorrupt)
	}
	return closing{collection: c, name: name{doc: doc, id: id}, x: fhir.Moment(x)}, nil
}
