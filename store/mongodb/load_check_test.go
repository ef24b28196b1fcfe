package mongodb

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
)

// hold holds a database to what clients of it heard and readers saw, after everything was published. It returns how often each was said.
func hold(t *testing.T, a Address, runs []*running) map[simSaid]int {
	t.Helper()
	s := openAt(t, a, Options{Engine: engine(t), Help: 100 * time.Millisecond, Tick: 50 * time.Millisecond})
	defer s.Close()
	s.publishAll(t)
	db := s.copyOf(t)
	check := newSimChecker(db)
	for _, r := range runs {
		for _, l := range r.lines {
			switch {
			case l.Answer != nil:
				check.answers = append(check.answers, l.Answer.answer())
			case l.Read != nil:
				check.reads = append(check.reads, l.Read.read())
			case l.Broken != "":
				t.Errorf("a process serves no more: %s", l.Broken)
			}
		}
	}
	if why := check.step(); why != "" {
		t.Fatal(why)
	}
	if why := check.end(); why != "" {
		t.Fatal(why)
	}
	t.Logf("%d commits, %d versions, answers and reads: %v", len(check.log), check.count(), check.summary())
	return check.summary()
}

func (l *readLine) read() *simRead {
	r := &simRead{t: l.T, found: map[fhir.Key]int64{}}
	for text, vid := range l.Found {
		typ, id, _ := strings.Cut(text, "/")
		r.found[fhir.Key{Type: typ, ID: id}] = vid
	}
	for typ, ids := range shared {
		for _, id := range ids {
			r.only = append(r.only, fhir.Key{Type: typ, ID: id})
		}
	}
	return r
}

// publishAll waits until the helper of this store has published what is in the log.
func (s *Store) publishAll(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		h, err := s.protocol.db.readHead(ctx)
		if err != nil {
			t.Fatal(err)
		}
		rest, err := s.protocol.db.readCommits(ctx, h.applied, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(rest) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("slot %d is not published by anyone", h.applied+1)
		}
	}
}

// copyOf reads all of a database.
func (s *Store) copyOf(t *testing.T) *simDatabase {
	t.Helper()
	ctx := context.Background()
	db := newSimDatabase()
	var err error
	if db.head, err = s.protocol.db.readHead(ctx); err != nil {
		t.Fatal(err)
	}
	all(t, s.wire.log, func(doc bson.Raw) {
		c, err := decodeCommit(doc, firstFormat)
		if err != nil {
			t.Fatal(err)
		}
		db.commits[c.slot] = c
	})
	all(t, s.wire.chunks, func(doc bson.Raw) {
		id, _ := bsoncore.Document(doc).Lookup(fieldDoc).StringValueOK()
		_, data, _ := bsoncore.Document(doc).Lookup(fieldData).BinaryOK()
		db.chunks[id] = simChunk{data: data}
	})
	for _, name := range append([]string{replayCollection}, simTypes...) {
		all(t, s.collection(name), func(doc bson.Raw) {
			if db.insert(name, doc) {
				t.Fatalf("%s is there twice", nameOf(doc).doc)
			}
		})
	}
	return db
}

func all(t *testing.T, c *mongo.Collection, do func(bson.Raw)) {
	t.Helper()
	ctx := context.Background()
	cur, err := c.Find(ctx, bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	defer cur.Close(ctx)
	for cur.Next(ctx) {
		do(cloneRaw(cur.Current))
	}
	if err := cur.Err(); err != nil {
		t.Fatal(err)
	}
}

// unclosed is the document of a version without what closing sets.
func unclosed(raw bson.Raw) string {
	elements, err := bsoncore.Document(raw).Elements()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, e := range elements {
		if k := e.Key(); k != fieldX && k != fieldUntil {
			b.Write(e)
		}
	}
	return b.String()
}

func (c *simChecker) count() int {
	n := 0
	for _, of := range c.versions {
		n += len(of)
	}
	return n
}
