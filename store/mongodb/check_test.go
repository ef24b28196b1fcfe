package mongodb

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"firewolf/fhir/tree"
	"firewolf/store"
)

// indexedPut is an update with the entries that the resource gives.
func indexedPut(t testing.TB, o Options, json string) store.Op {
	t.Helper()
	doc, err := tree.Parse([]byte(json), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	op := put(t, json)
	if op.Entries, err = o.Engine.Entries(doc); err != nil {
		t.Fatal(err)
	}
	return op
}

// checkWorld is a database with five commits: a Patient of three versions, one that is deleted, and an Encounter.
// The payload of the third lies in parts.
type checkWorld struct {
	a      Address
	o      Options
	db     *mongo.Database
	before map[string][]any // all documents, by collection
}

func newCheckWorld(t *testing.T) *checkWorld {
	t.Helper()
	w := &checkWorld{a: newAddress(t), o: ofBases(t)}
	w.o.Tick = time.Hour // nothing works behind the writes
	s := openAt(t, w.a, w.o)
	mustWrite(t, s, indexedPut(t, w.o, patient("a", "Wolf")),
		indexedPut(t, w.o, `{"resourceType":"Encounter","id":"e","status":"planned","class":{"code":"AMB"},"subject":{"reference":"Patient/a"}}`))
	mustWrite(t, s, indexedPut(t, w.o, patient("a", "Lupa")))
	usual := s.protocol.chunk
	s.protocol.chunk = 100
	mustWrite(t, s, indexedPut(t, w.o, patient("b", "Fox")))
	s.protocol.chunk = usual
	mustWrite(t, s, remove("Patient", "b"))
	mustWrite(t, s, indexedPut(t, w.o, patient("a", "Luna")))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	w.keep(t)
	return w
}

// keep remembers all documents.
func (w *checkWorld) keep(t *testing.T) {
	t.Helper()
	client, _, err := connect(w.a, w.o.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	w.db, w.before = client.Database(w.a.Database()), map[string][]any{}
	names, err := w.db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		all(t, w.db.Collection(name), func(doc bson.Raw) { w.before[name] = append(w.before[name], cloneRaw(doc)) })
	}
}

// restore brings back what was damaged in a collection.
func (w *checkWorld) restore(t *testing.T, name string) {
	t.Helper()
	if _, err := w.db.Collection(name).DeleteMany(t.Context(), bson.D{}); err != nil {
		t.Fatal(err)
	}
	for _, doc := range w.before[name] {
		if _, err := w.db.Collection(name).InsertOne(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *checkWorld) check(t *testing.T) CheckReport {
	t.Helper()
	got, err := Check(t.Context(), w.a, w.o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// wholeReport is what a check of the undamaged world finds.
func wholeReport() CheckReport {
	return CheckReport{Versions: 6, Current: map[string]int64{"Encounter": 1, "Patient": 1}}
}

func TestACheckFindsEachDamageAndChangesNothing(t *testing.T) {
	w := newCheckWorld(t)
	if d := cmp.Diff(wholeReport(), w.check(t)); d != "" {
		t.Fatalf("the world as it was written (-want +got):\n%s", d)
	}
	set := func(id any, fields ...bson.E) func(*mongo.Collection) error {
		return func(c *mongo.Collection) error {
			_, err := c.UpdateOne(context.Background(), bson.D{{Key: "_id", Value: id}}, bson.D{{Key: "$set", Value: bson.D(fields)}})
			return err
		}
	}
	unset := func(id any, field string) func(*mongo.Collection) error {
		return func(c *mongo.Collection) error {
			_, err := c.UpdateOne(context.Background(), bson.D{{Key: "_id", Value: id}}, bson.D{{Key: "$unset", Value: bson.D{{Key: field, Value: ""}}}})
			return err
		}
	}
	lose := func(id any) func(*mongo.Collection) error {
		return func(c *mongo.Collection) error {
			_, err := c.DeleteOne(context.Background(), bson.D{{Key: "_id", Value: id}})
			return err
		}
	}
	at := func(s slot, place int) int64 { return int64(s.moment(place)) }
	for _, c := range []struct {
		name, collection string
		damage           func(*mongo.Collection) error
		want             []string
	}{
		{"the only version of a resource is lost", "Encounter", lose("e/1"), []string{"commit 1: its version 2 of 2 is not there: Encounter/e/_history/1"}},
		{"a version between others is lost", "Patient", lose("a/2"), []string{
			fmt.Sprintf("Patient/a/_history/1: it is closed at moment %d, and no version of it is of that", at(2, 1)),
			"Patient/a/_history/3: the version before it is not there",
			"commit 2: its version 1 of 1 is not there: Patient/a/_history/2",
		}},
		{"the newest version is lost: a commit is there in part", "Patient", lose("a/3"), []string{
			fmt.Sprintf("Patient/a/_history/2: it is closed at moment %d, and no version of it is of that", at(5, 1)),
			"commit 5: its version 1 of 1 is not there: Patient/a/_history/3",
		}},
		{"a deletion is lost", "Patient", lose("b/2"), []string{
			fmt.Sprintf("Patient/b/_history/1: it is closed at moment %d, and no version of it is of that", at(4, 1)),
			"commit 4: its version 1 of 1 is not there: Patient/b/_history/2",
		}},
		{"a version was not closed", "Patient", set("a/2", bson.E{Key: fieldX, Value: open}), []string{"Patient/a/_history/3: the version before it is not closed"}},
		{"a version was closed by another", "Patient", set("a/2", bson.E{Key: fieldX, Value: at(4, 1)}), []string{
			fmt.Sprintf("Patient/a/_history/2: it is closed at moment %d, and no version of it is of that", at(4, 1)),
			fmt.Sprintf("Patient/a/_history/3: the version before it is closed at moment %d, it is of %d", at(4, 1), at(5, 1)),
		}},
		{"a version was closed by nothing", "Patient", set("a/3", bson.E{Key: fieldX, Value: at(5, 1)}), []string{
			fmt.Sprintf("Patient/a/_history/3: it is closed at moment %d, and no version of it is of that", at(5, 1)),
		}},
		{"a version is of a commit that the log has not", "Encounter", set("e/1", bson.E{Key: fieldT, Value: at(9, 1)}), []string{
			"commit 1: its version 2 of 2 is not there: Encounter/e/_history/1",
			"Encounter/e/_history/1: the log has no commit 9, of which it is",
		}},
		{"a version has no place", "Encounter", unset("e/1", fieldT), []string{
			"commit 1: its version 2 of 2 is not there: Encounter/e/_history/1",
			"Encounter/e/_history/1: the log has no commit 0, of which it is",
		}},
		{"a document is no version", "Encounter", unset("e/1", fieldID), []string{
			"Encounter: a document has no id or version",
			"commit 1: its version 2 of 2 is not there: Encounter/e/_history/1",
		}},
		{"a document is nothing at all", "Encounter", func(c *mongo.Collection) error {
			_, err := c.InsertOne(context.Background(), bson.D{{Key: "_id", Value: "note"}})
			return err
		}, []string{"Encounter: a document has no id or version"}},
		{"a version has another name", "Encounter", func(c *mongo.Collection) error {
			return set("e/1", bson.E{Key: fieldVID, Value: int64(2)})(c)
		}, []string{
			"Encounter/e/_history/2: its _id is \"e/1\"",
			"Encounter/e/_history/2: its resource is of another version",
			"Encounter/e/_history/2: the version before it is not there",
		}},
		{"a version has the place of another", "Encounter", func(c *mongo.Collection) error {
			patients, err := c.Database().Collection("Patient").Find(context.Background(), bson.D{{Key: "_id", Value: "a/2"}})
			if err != nil {
				return err
			}
			return each(context.Background(), patients, func(doc bson.Raw) error {
				return set("e/1", bson.E{Key: fieldT, Value: at(2, 1)}, bson.E{Key: fieldAt, Value: doc.Lookup(fieldAt)})(c)
			})
		}, []string{
			"Encounter/e/_history/1: its resource is of another version",
			"Patient/a/_history/2: it has the place of another version, 1 of commit 2",
			"commit 1: its version 2 of 2 is not there: Encounter/e/_history/1",
		}},
		{"a version has a place that its commit has not", "Encounter", set("e/1", bson.E{Key: fieldT, Value: at(1, 3)}), []string{
			"Encounter/e/_history/1: it is version 3 of commit 1, which has 2",
			"commit 1: its version 2 of 2 is not there: Encounter/e/_history/1",
		}},
		{"a resource was changed", "Patient", set("a/3", bson.E{Key: "resource.gender", Value: "male"}), []string{
			"Patient/a/_history/3: its digest is not that of its resource",
			"Patient/a/_history/3: its index entries are not those that its resource gives",
		}},
		{"a resource is that of another", "Patient", set("a/3", bson.E{Key: "resource.id", Value: "x"}), []string{
			"Patient/a/_history/3: its resource is of another version",
			"Patient/a/_history/3: its digest is not that of its resource",
		}},
		{"index entries were changed", "Patient", set("a/3", bson.E{Key: "k.0", Value: "x"}), []string{"Patient/a/_history/3: its index entries are not those that its resource gives"}},
		{"references were changed", "Encounter", set("e/1", bson.E{Key: "r.0", Value: "subject|Patient/b|"}), []string{"Encounter/e/_history/1: its index entries are not those that its resource gives"}},
		{"index entries that may still be asked for are lost", "Patient", unset("a/2", fieldKeys), []string{"Patient/a/_history/2: its index entries are not those that its resource gives"}},
		{"a part of the payload of a commit is lost", chunkCollection, func(c *mongo.Collection) error {
			_, err := c.DeleteOne(context.Background(), bson.D{{Key: "_id", Value: bson.D{{Key: "$regex", Value: "/1$"}}}})
			return err
		}, []string{"commit 3: reading part 1 of a commit: the database holds what this store never writes: it is not there"}},
		{"the payload of a commit was changed", commitCollection, set(int64(2), bson.E{Key: fieldPayload, Value: []byte("no payload")}), []string{
			"commit 2: unpacking: the database holds what this store never writes: invalid input: magic number mismatch",
		}},
		{"a commit is lost", commitCollection, lose(int64(2)), []string{
			"commit 2 is not in the log",
			"Patient/a/_history/2: the log has no commit 2, of which it is",
		}},
		{"the last commit is lost", commitCollection, lose(int64(5)), []string{
			"commit 5 is not in the log",
			"Patient/a/_history/3: the log has no commit 5, of which it is",
		}},
		{"the times of commits fall", commitCollection, set(int64(4), bson.E{Key: fieldAt, Value: time.UnixMilli(0)}), []string{
			"commit 4 is from 1970-01-01T00:00:00.000Z, earlier than the commit before it",
			"Patient/b/_history/2: it is from AT, its commit from 1970-01-01T00:00:00.000Z",
		}},
		{"the head is at another moment", metaCollection, set(headDoc, bson.E{Key: fieldT, Value: at(5, 7)}), []string{fmt.Sprintf("the head is at moment %d, and its commit at %d", at(5, 7), at(5, 1))}},
		{"the head is lost", metaCollection, lose(headDoc), []string{"the head of the log is not there: what was applied cannot be told"}},
		{"the key of cursors is lost", metaCollection, unset(storeDoc, fieldSecret), []string{"the key that signs cursors is not there"}},
		{"the document of the store is lost", metaCollection, lose(storeDoc), []string{
			"the document of the store is not there: no server can open the database, and cursors and index cannot be told",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.damage(w.db.Collection(c.collection)); err != nil {
				t.Fatal(err)
			}
			defer w.restore(t, c.collection)
			damaged := map[string]string{}
			for name := range w.before {
				damaged[name] = textOf(t, w.db.Collection(name))
			}
			got := w.check(t).Problems
			for k, p := range got {
				if from, rest, ok := strings.Cut(p, "it is from 20"); ok {
					got[k] = from + "it is from AT" + rest[strings.Index(rest, ","):]
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("problems (-want +got):\n%s", d)
			}
			for name := range w.before {
				if now := textOf(t, w.db.Collection(name)); now != damaged[name] {
					t.Errorf("the check changed %s", name)
				}
			}
		})
	}
	if d := cmp.Diff(wholeReport(), w.check(t)); d != "" {
		t.Errorf("the world once all is restored (-want +got):\n%s", d)
	}
}

// textOf is all that a collection holds.
func textOf(t *testing.T, c *mongo.Collection) string {
	t.Helper()
	var docs []string
	all(t, c, func(doc bson.Raw) { docs = append(docs, string(doc)) })
	return fmt.Sprint(len(docs), docs)
}

func TestACheckReadsWhatLiesInParts(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes tens of megabytes")
	}
	w := &checkWorld{a: newAddress(t), o: ofBases(t)}
	s := openAt(t, w.a, w.o)
	defer s.Close()
	mustWrite(t, s, indexedPut(t, w.o, image("big1", 20<<20)))
	want := CheckReport{Versions: 1, Current: map[string]int64{"Binary": 1}}
	if d := cmp.Diff(want, w.check(t)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := s.collection(partCollection).DeleteOne(t.Context(), bson.D{{Key: "_id", Value: "Binary/big1/1/1"}}); err != nil {
		t.Fatal(err)
	}
	want.Problems = []string{
		"Binary/big1/_history/1: its resource is damaged: reading Binary/big1/_history/1: reading part 1 of Binary/big1/_history/1: " +
			"the database holds what this store never writes: it is not there",
	}
	if d := cmp.Diff(want, w.check(t)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestACheckTellsWhatIsNoDamage(t *testing.T) {
	w := newCheckWorld(t)
	t.Run("a commit that is not applied yet", func(t *testing.T) {
		for _, err := range []error{
			erase(w.db.Collection("Patient").DeleteOne(t.Context(), bson.D{{Key: "_id", Value: "a/3"}})),
			erase(w.db.Collection("Patient").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "a/2"}}, bson.D{{Key: "$set", Value: bson.D{{Key: fieldX, Value: open}}}})),
			erase(w.db.Collection(metaCollection).UpdateOne(t.Context(), bson.D{{Key: "_id", Value: headDoc}},
				bson.D{{Key: "$set", Value: bson.D{{Key: fieldApplied, Value: int64(4)}, {Key: fieldT, Value: int64(slot(4).moment(1))}}}})),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		want := wholeReport()
		want.Versions, want.Waiting = 5, 1
		if d := cmp.Diff(want, w.check(t)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		w.restore(t, "Patient")
		w.restore(t, metaCollection)
	})
	t.Run("an index of other definitions", func(t *testing.T) {
		o := w.o
		o.Index = "another form of keys"
		got, err := Check(t.Context(), w.a, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := wholeReport()
		want.Apart = "the index was made by other definitions than those of this build: firewolf reindex makes it anew"
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
	t.Run("an index that is not there is told, and does without", func(t *testing.T) {
		if err := w.db.Collection("Patient").Indexes().DropOne(t.Context(), "t_1"); err != nil {
			t.Fatal(err)
		}
		want := wholeReport()
		want.Problems = []string{"Patient: the index {t:1} is not there; a server makes it when it starts"}
		if d := cmp.Diff(want, w.check(t)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
	t.Run("a database without a store", func(t *testing.T) {
		if _, err := Check(t.Context(), newAddress(t), w.o, nil); err == nil || !strings.Contains(err.Error(), "there is no store in the database") {
			t.Errorf("it is told as %v", err)
		}
	})
}

func erase(_ any, err error) error { return err }

// TestACheckOfADatabaseThatIsBeingWrittenFindsItWhole checks while versions are written, replaced, deleted, and forgotten as soon as that may be.
func TestACheckOfADatabaseThatIsBeingWrittenFindsItWhole(t *testing.T) {
	o := ofBases(t)
	o.Retention, o.Tick, o.Grace = time.Millisecond, 10*time.Millisecond, time.Millisecond
	a := newAddress(t)
	s := openAt(t, a, o)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				id := fmt.Sprintf("p%d-%d", w, n%7)
				ops := []store.Op{indexedPut(t, o, patient(id, fmt.Sprint("Wolf", n))), indexedPut(t, o, patient(fmt.Sprintf("q%d-%d", w, n), "Fox"))}
				if n%5 == 4 {
					ops = []store.Op{remove("Patient", id)}
				}
				if _, err := s.Write(ctx, store.Tx{Ops: ops}); err != nil && ctx.Err() == nil {
					t.Errorf("writing: %v", err)
					return
				}
			}
		})
	}
	var last int64
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
		got, err := Check(t.Context(), a, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Problems) > 0 || got.Apart != "" || got.Versions < last {
			t.Errorf("%d versions, after %d: %s %s", got.Versions, last, got.Apart, strings.Join(got.Problems, "\n"))
		}
		last = got.Versions
	}
	stop()
	writers.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	h, err := s.wire.readHead(t.Context())
	if last < 20 || err == nil && h.floor == 0 {
		t.Errorf("%d versions, floor %d: nothing was written or forgotten meanwhile", last, h.floor)
	}
}
