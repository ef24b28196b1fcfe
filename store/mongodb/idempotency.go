package mongodb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/store"
)

// keepIdempotency is how long the outcome of a transaction is remembered.
const keepIdempotency = 24 * time.Hour

// outcome is what is remembered of a transaction that had an idempotency key.
type outcome struct {
	used    time.Time // when it was committed
	request [32]byte
	note    []byte
	t       fhir.Moment
	at      time.Time
	results []effect
}

// effect is a store.Result without the version, which is found by its name.
type effect struct {
	effect store.Effect
	typ    string // the type of the version; "" for none
	doc    string // its _id
}

// The fields of an outcome.
const (
	fieldHash    = "k"
	fieldRequest = "request"
	fieldNote    = "note"
	fieldTime    = "cat"
	fieldResults = "results"
	fieldEffect  = "e"
	fieldVersion = "v"
)

// hashOf hides what a client chose, and has one length.
func hashOf(key string) string {
	h := sha256.Sum256([]byte(key))
	return hex.EncodeToString(h[:])
}

// encodeOutcome makes the document of an outcome. It is only ever inserted: a key that is used again after its day gets another one.
func encodeOutcome(hash string, s slot, o outcome) bson.Raw {
	start, b := bsoncore.AppendDocumentStart(nil)
	b = bsoncore.AppendStringElement(b, fieldDoc, fmt.Sprintf("%s/%016x", hash, int64(s)))
	b = bsoncore.AppendStringElement(b, fieldHash, hash)
	b = bsoncore.AppendDateTimeElement(b, fieldAt, o.used.UnixMilli())
	b = bsoncore.AppendBinaryElement(b, fieldRequest, bson.TypeBinaryGeneric, o.request[:])
	b = bsoncore.AppendBinaryElement(b, fieldNote, bson.TypeBinaryGeneric, o.note)
	b = bsoncore.AppendInt64Element(b, fieldT, int64(o.t))
	if !o.at.IsZero() {
		b = bsoncore.AppendDateTimeElement(b, fieldTime, o.at.UnixMilli())
	}
	list, b := bsoncore.AppendArrayElementStart(b, fieldResults)
	for _, r := range o.results {
		var at int32
		at, b = bsoncore.AppendDocumentElementStart(b, "")
		b = bsoncore.AppendInt32Element(b, fieldEffect, int32(r.effect))
		if r.typ != "" {
			b = bsoncore.AppendStringElement(b, fieldCollection, r.typ)
			b = bsoncore.AppendStringElement(b, fieldVersion, r.doc)
		}
		b = endDocument(b, at)
	}
	b = endDocument(b, list)
	return endDocument(b, start)
}

func decodeOutcome(doc bsoncore.Document) (outcome, error) {
	o := outcome{used: timeOf(doc.Lookup(fieldAt)), t: fhir.Moment(wholeOf(doc.Lookup(fieldT))), at: timeOf(doc.Lookup(fieldTime))}
	_, request, _ := doc.Lookup(fieldRequest).BinaryOK()
	copy(o.request[:], request)
	if _, note, ok := doc.Lookup(fieldNote).BinaryOK(); ok && len(note) > 0 {
		o.note = append([]byte{}, note...)
	}
	err := eachDocument(doc, fieldResults, func(d bsoncore.Document) error {
		r := effect{effect: store.Effect(wholeOf(d.Lookup(fieldEffect)))}
		r.typ, _ = d.Lookup(fieldCollection).StringValueOK()
		r.doc, _ = d.Lookup(fieldVersion).StringValueOK()
		o.results = append(o.results, r)
		return nil
	})
	return o, err
}

// known reports whether the outcome still counts, and whether it is one of another request.
func (o *outcome) known(i store.Idempotency, now time.Time) (bool, error) {
	if now.Sub(o.used) > keepIdempotency {
		return false, nil
	}
	if o.request != i.Request {
		return false, i.Reused()
	}
	return true, nil
}

// Replay tells the outcome of an earlier transaction.
func (s *Store) Replay(ctx context.Context, i store.Idempotency) (store.Commit, error) {
	ctx, end := s.attended(ctx)
	defer end()
	h, err := s.now(ctx)
	if err != nil {
		return store.Commit{}, err
	}
	hash := hashOf(i.Key)
	found, err := s.looks.outcomes(ctx, h.applied, []string{hash})
	if err != nil {
		return store.Commit{}, s.failedRead(ctx, err)
	}
	o := found[hash]
	if o == nil {
		return store.Commit{}, i.Unknown()
	}
	known, err := o.known(i, s.o.Clock())
	if err != nil {
		return store.Commit{}, err
	}
	if !known {
		return store.Commit{}, i.Unknown()
	}
	return s.replayed(ctx, o)
}

// replayed gives the first answer again.
func (s *Store) replayed(ctx context.Context, o *outcome) (store.Commit, error) {
	results, err := s.results(ctx, o.results)
	if err != nil {
		return store.Commit{}, s.failedRead(ctx, err)
	}
	return store.Commit{T: o.t, At: o.at, Results: results, Replayed: true, Note: o.note}, nil
}
