package mongodb

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
	"firewolf/store"
)

func TestADatabaseOfAnotherMakeIsRefused(t *testing.T) {
	a := newAddress(t)
	ctx := context.Background()
	s := openAt(t, a, Options{Index: "now"})
	mustWrite(t, s, put(t, patient("p1", "A")))
	set := func(field string, value any) {
		if _, err := s.wire.meta.UpdateOne(ctx, bson.D{{Key: "_id", Value: storeDoc}}, bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: value}}}}); err != nil {
			t.Fatal(err)
		}
	}
	defer s.Close()
	for _, c := range []struct {
		name  string
		field string
		value any
		index string
		want  string
	}{
		{"a newer format", fieldFormat, firstFormat + 1, "now", "no-store: the database has format 2 and this build knows formats up to 1: a newer version of firewolf wrote it"},
		{"a format that never was", fieldFormat, 0, "now", "no-store: the store ADDRESS cannot be opened: the database has format 0, which never was"},
		{"other definitions", fieldFormat, firstFormat, "then", "incomplete: the index of the store was made with other definitions: run firewolf reindex on it"},
		{"no key", fieldSecret, "x", "now", "no-store: the store ADDRESS cannot be opened: the key that signs cursors is missing"},
	} {
		set(c.field, c.value)
		got, err := Open(ctx, a, Options{Index: c.index})
		want := strings.ReplaceAll(c.want, "ADDRESS", a.String())
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", c.name, want, err)
		}
		if err == nil {
			got.Close()
		}
	}
}

func TestACommitOfANewerFormatStopsTheStore(t *testing.T) {
	s := openNew(t, Options{Tick: 5 * time.Millisecond})
	ctx := context.Background()
	c := mustWrite(t, s, put(t, patient("p1", "A")))
	if _, err := s.wire.log.InsertOne(ctx, bson.D{{Key: "_id", Value: int64(2)}, {Key: fieldFormat, Value: firstFormat + 1}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := s.Write(ctx, store.Tx{Ops: []store.Op{put(t, patient("p1", "B"))}})
		if !fhir.HasReason(err, fhir.ReasonUnavailable) || !errors.Is(err, errNewerFormat) {
			t.Errorf("a write: %v", err)
		}
	}
	if _, err := s.Read(ctx, c.T, fhir.Key{Type: "Patient", ID: "p1"}); !fhir.HasReason(err, fhir.ReasonUnavailable) {
		t.Errorf("a read: %v", err)
	}
}

func TestProcessesThatOpenANewDatabaseTogetherAgree(t *testing.T) {
	a := newAddress(t)
	all := make([]*Store, 4)
	var wg sync.WaitGroup
	for k := range all {
		wg.Go(func() { all[k] = openAt(t, a, Options{}) })
	}
	wg.Wait()
	for k, s := range all {
		if string(s.Secret()) != string(all[0].Secret()) {
			t.Errorf("process %d has a key of its own", k)
		}
		mustWrite(t, s, put(t, patient("p1", string(rune('A'+k)))))
	}
	for _, s := range all {
		if v := mustRead(t, s, "Patient", "p1"); v.VID != 4 {
			t.Errorf("version %d", v.VID)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
}

func TestTheCollectionsHaveTheirIndexes(t *testing.T) {
	s := openNew(t, Options{})
	s.protocol.chunk = 10
	mustWrite(t, s, put(t, patient("p1", "A")))
	if _, err := s.Write(context.Background(), store.Tx{Idempotency: &store.Idempotency{Key: "k"}}); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"Patient":        {"_id 1", "id 1 x -1", "k 1 t 1", "t 1"},
		commitCollection: {"_id 1"},
		replayCollection: {"_id 1", "at 1", "k 1"},
		chunkCollection:  {"_id 1", "slot 1"},
	}
	for collection, keys := range want {
		specs, err := s.collection(collection).Indexes().ListSpecifications(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, spec := range specs {
			var key bson.D
			if err := bson.Unmarshal(spec.KeysDocument, &key); err != nil {
				t.Fatal(err)
			}
			got = append(got, indexText(key))
		}
		if diff := cmp.Diff(keys, sortedTexts(got)); diff != "" {
			t.Errorf("%s: %s", collection, diff)
		}
	}
}

func TestAStoreThatIsClosedSaysSo(t *testing.T) {
	s := openAt(t, newAddress(t), Options{})
	mustWrite(t, s, put(t, patient("p1", "A")))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	ctx := context.Background()
	_, _, headErr := s.Head(ctx)
	_, readErr := s.Read(ctx, store.Now, fhir.Key{Type: "Patient", ID: "p1"})
	_, writeErr := s.Write(ctx, store.Tx{Ops: []store.Op{put(t, patient("p1", "B"))}})
	for _, err := range []error{headErr, readErr, writeErr} {
		if !fhir.HasReason(err, fhir.ReasonUnavailable) || !fhir.HasCode(err, fhir.Transient) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAWriteThatNobodyWaitsForIsPassedBy(t *testing.T) {
	s := openNew(t, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Write(ctx, store.Tx{Ops: []store.Op{put(t, patient("p1", "A"))}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	one, err := newPending(ctx, store.Tx{Ops: []store.Op{put(t, patient("p1", "A"))}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.enqueue(one); err != nil {
		t.Fatal(err)
	}
	<-one.done
	if !errors.Is(one.err, context.Canceled) {
		t.Errorf("got %v", one.err)
	}
	if vs := histories(t, s, store.Scope{}); len(vs) != 0 {
		t.Errorf("it is written: %v", vs)
	}
}

func TestTooManyWritesAreSentAway(t *testing.T) {
	s := &Store{queue: make(chan *pending, 2)}
	var got []error
	for range 3 {
		got = append(got, s.enqueue(&pending{size: 10}))
	}
	if got[0] != nil || got[1] != nil || !fhir.HasReason(got[2], fhir.ReasonQueueFull) {
		t.Errorf("a queue of two takes %v", got)
	}
	s = &Store{queue: make(chan *pending, 10)}
	if err := s.enqueue(&pending{size: store.WaitingBytes + 1}); err != nil {
		t.Errorf("one that is larger than all that may wait: %v", err)
	}
	if err := s.enqueue(&pending{size: 1}); !fhir.HasReason(err, fhir.ReasonQueueFull) {
		t.Errorf("one behind it: %v", err)
	}
}

func TestALargeWriteNeedsNoEmptyQueue(t *testing.T) {
	s := &Store{queue: make(chan *pending, 100)}
	for k, size := range []int64{1, store.WaitingBytes - 2, store.WaitingBytes, 0, 1} {
		err := s.enqueue(&pending{size: size})
		if full := fhir.HasReason(err, fhir.ReasonQueueFull); full != (k > 2) {
			t.Errorf("write %d of %d bytes: %v", k, size, err)
		}
	}
	if got := s.waiting.Bytes(); got != 2*store.WaitingBytes-1 {
		t.Errorf("%d bytes are said to wait", got)
	}
}

func indexText(key bson.D) string {
	var words []string
	for _, e := range key {
		n, _ := e.Value.(int32)
		if wide, ok := e.Value.(int64); ok {
			n = int32(wide)
		}
		words = append(words, e.Key, map[int32]string{1: "1", -1: "-1"}[n])
	}
	return strings.Join(words, " ")
}
