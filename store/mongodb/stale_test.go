package mongodb

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/store"
)

// deposed makes the proxy answer reads of the head and of the log as a primary does that was deposed at the log's present end, for so many reads
// of the log behind it; 0 for ever. It returns how many such reads there were.
func (p *proxy) deposed(t *testing.T, direct *Store, reads int) (stale func() int) {
	t.Helper()
	tail, err := direct.tail(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	head, err := direct.wire.meta.FindOne(context.Background(), bson.D{{Key: fieldDoc, Value: headDoc}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	told := 0
	p.obey(func(c command) verdictOf {
		mu.Lock()
		defer mu.Unlock()
		if reads > 0 && told >= reads {
			return verdictOf{}
		}
		filter, _ := c.doc.Lookup("filter").DocumentOK()
		switch of, _ := filter.Lookup(fieldDoc).StringValueOK(); {
		case c.is("find", metaCollection) && of == headDoc:
			return verdictOf{as: func(reply bsoncore.Document) bsoncore.Document { return found(reply, bsoncore.Document(head)) }}
		case c.is("find", commitCollection):
			return verdictOf{as: func(reply bsoncore.Document) bsoncore.Document {
				docs := firstBatch(reply)
				before := upTo(docs, tail.slot)
				if len(before) < len(docs) {
					mu.Lock()
					defer mu.Unlock()
					told++
				}
				return found(reply, before...)
			}}
		}
		return verdictOf{}
	})
	return func() int { mu.Lock(); defer mu.Unlock(); return told }
}

// firstBatch are the documents that a reply to a find brings.
func firstBatch(reply bsoncore.Document) (docs []bsoncore.Document) {
	values, _ := reply.Lookup("cursor", "firstBatch").Array().Values()
	for _, v := range values {
		docs = append(docs, v.Document())
	}
	return docs
}

// upTo keeps the commits up to a slot.
func upTo(docs []bsoncore.Document, last slot) (kept []bsoncore.Document) {
	for _, d := range docs {
		if slot(wholeOf(d.Lookup(fieldDoc))) <= last {
			kept = append(kept, d)
		}
	}
	return kept
}

// found is the reply with these documents, all there are.
func found(reply bsoncore.Document, docs ...bsoncore.Document) bsoncore.Document {
	top, b := bsoncore.AppendDocumentStart(nil)
	cursor, b := bsoncore.AppendDocumentElementStart(b, "cursor")
	list, b := bsoncore.AppendArrayElementStart(b, "firstBatch")
	for k, d := range docs {
		b = bsoncore.AppendDocumentElement(b, string(rune('0'+k)), d)
	}
	b = endDocument(b, list)
	b = bsoncore.AppendInt64Element(b, "id", 0)
	ns, _ := reply.Lookup("cursor", "ns").StringValueOK()
	b = bsoncore.AppendStringElement(b, "ns", ns)
	b = endDocument(b, cursor)
	return endDocument(bsoncore.AppendDoubleElement(b, "ok", 1), top)
}

func TestAWriteOnStaleReadsIsEvaluatedAgainOrNotKnown(t *testing.T) {
	for _, c := range []struct {
		name  string
		reads int // of the log that are stale
		said  simSaid
	}{
		{"one stale read of the log", 1, saidRefused},
		{"some stale reads of the log", 5, saidRefused},
		{"stale to the end", 0, saidUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, s, direct := throughProxy(t)
			before := tell(direct, pair("before"))
			if v := mustRead(t, s, "Patient", before.tx.Ops[0].Key.ID); v.VID != 1 {
				t.Fatalf("version %d", v.VID)
			}
			stale := p.deposed(t, direct, c.reads)
			theirs := []*simAnswer{tell(direct, createIf("theirs", "one")), tell(direct, pair("more"))}
			ours := tell(s, createIf("ours", "one"))
			if ours.said != c.said || c.said == saidRefused && !errors.Is(ours.err, store.ErrStale) || stale() == 0 {
				t.Errorf("ours is %v: %v; %d reads were stale", ours.said, ours.err, stale())
			}
			p.obey(nil)
			again := tell(s, createIf("again", "one"))
			if again.said != saidRefused {
				t.Errorf("once the reads are fresh: %v: %v", again.said, again.err)
			}
			check := checked(t, direct, append(theirs, before, ours, again)...)
			if n := len(check.holding(simCriteria+"one", check.db.head.t)); n != 1 {
				t.Errorf("%d resources match the criteria", n)
			}
		})
	}
}

func TestAnUpdateOnStaleReadsOverwritesNothing(t *testing.T) {
	p, s, direct := throughProxy(t)
	mustWrite(t, direct, put(t, patient("p1", "A")))
	if v := mustRead(t, s, "Patient", "p1"); v.VID != 1 {
		t.Fatalf("version %d", v.VID)
	}
	stale := p.deposed(t, direct, 3)
	mustWrite(t, direct, put(t, patient("p1", "B")))
	op := put(t, patient("p1", "C"))
	op.If.Version = 1
	_, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{op}})
	if !fhir.HasCode(err, fhir.Conflict) || !strings.Contains(err.Error(), "the current version is 2") || stale() == 0 {
		t.Errorf("If-Match of a version that was replaced: %v; %d reads were stale", err, stale())
	}
	p.obey(nil)
	if v := mustRead(t, s, "Patient", "p1"); v.VID != 2 || !strings.Contains(string(v.JSON), "B") {
		t.Errorf("version %d: %s", v.VID, v.JSON)
	}
}
