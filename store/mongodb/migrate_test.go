package mongodb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"firewolf/fhir"
	"firewolf/store"
)

// stamped is a migration that gives every version of a Patient a number that it does not have.
func stamped(field string) migration {
	return func(ctx context.Context, db *mongo.Database) error {
		_, err := db.Collection("Patient").UpdateMany(ctx, bson.D{{Key: field, Value: bson.D{{Key: "$exists", Value: false}}}},
			bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: int64(1)}}}})
		return err
	}
}

// stamps counts the versions of Patients that have a number, and all.
func stamps(t *testing.T, s *Store, field string) (have, all int64) {
	t.Helper()
	for _, c := range []struct {
		to     *int64
		filter bson.D
	}{{&have, bson.D{{Key: field, Value: int64(1)}}}, {&all, bson.D{}}} {
		n, err := s.collection("Patient").CountDocuments(context.Background(), c.filter)
		if err != nil {
			t.Fatal(err)
		}
		*c.to = n
	}
	return have, all
}

// quick are options of a process that knows some migrations.
func quick(migrations ...migration) Options {
	return Options{Tick: 5 * time.Millisecond, Grace: 100 * time.Millisecond, Help: 50 * time.Millisecond, migrations: migrations}
}

func TestANewBuildBringsADatabaseForwardWhileAnOldOneWrites(t *testing.T) {
	a := newAddress(t)
	old := openAt(t, a, quick())
	t.Cleanup(func() { old.Close() })
	reader := openAt(t, a, Options{Tick: time.Hour}) // it hears of nothing but by its requests
	t.Cleanup(func() { reader.Close() })
	// Four writers of the old build write until they are told that they may not.
	var acknowledged atomic.Int64
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := 0; ; n++ {
				_, err := old.Write(context.Background(), store.Tx{Ops: []store.Op{put(t, patient(fmt.Sprintf("p%d-%d", w, n), "A"))}})
				if err != nil {
					if !fhir.HasReason(err, fhir.ReasonUnavailable) && !fhir.HasReason(err, fhir.ReasonOutcomeUnknown) {
						t.Errorf("a write of the old build: %v", err)
					}
					return
				}
				acknowledged.Add(1)
			}
		})
	}
	for acknowledged.Load() < 20 {
		time.Sleep(time.Millisecond)
	}
	now := openAt(t, a, quick(stamped("one"), stamped("two")))
	t.Cleanup(func() { now.Close() })
	writers.Wait()
	for _, field := range []string{"one", "two"} {
		if have, all := stamps(t, now, field); have != all || all < acknowledged.Load() {
			t.Errorf("%s: %d of %d versions have it, %d were acknowledged", field, have, all, acknowledged.Load())
		}
	}
	if got := len(histories(t, now, store.Scope{})); int64(got) < acknowledged.Load() {
		t.Errorf("%d versions are seen, %d were acknowledged", got, acknowledged.Load())
	}
	if c := mustWrite(t, now, put(t, patient("new", "B"))); c.T <= 0 {
		t.Errorf("the new build writes at %d", c.T)
	}
	for what, s := range map[string]*Store{"that wrote": old, "that only reads": reader} {
		if _, err := s.Read(context.Background(), store.Now, fhir.Key{Type: "Patient", ID: "p0-0"}); !fhir.HasReason(err, fhir.ReasonUnavailable) || !errors.Is(err, errNewerFormat) {
			t.Errorf("a read of an old build %s: %v", what, err)
		}
	}
	_, err := Open(context.Background(), a, quick())
	if want := "no-store: the database has format 3 and this build knows formats up to 1: a newer version of firewolf wrote it"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("the old build opens it: %v", err)
	}
	doc, err := now.findStore(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	is, becomes := formatOf(doc)
	if diff := cmp.Diff([]int64{3, 0}, []int64{is, becomes}); diff != "" {
		t.Error(diff)
	}
}

func TestABrokenMigrationShutsOldBuildsOutAndBeginsAgain(t *testing.T) {
	a := newAddress(t)
	old := openAt(t, a, quick())
	mustWrite(t, old, put(t, patient("p1", "A")))
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	times := 0
	breaks := func(ctx context.Context, db *mongo.Database) error {
		if times++; times == 1 {
			return errors.New("the power went")
		}
		return stamped("one")(ctx, db)
	}
	_, err := Open(context.Background(), a, quick(breaks))
	if err == nil || !strings.Contains(err.Error(), "bringing the database to format 2: the power went") {
		t.Errorf("a migration that breaks: %v", err)
	}
	for what, open := range map[string]func() error{
		"opens it":  func() error { _, err := Open(context.Background(), a, quick()); return err },
		"checks it": func() error { _, err := Check(context.Background(), a, quick(), nil); return err },
	} {
		if err := open(); !errors.Is(err, errNewerFormat) || !strings.Contains(err.Error(), "the database has format 2 and this build knows formats up to 1") {
			t.Errorf("the old build %s in between: %v", what, err)
		}
	}
	_, err = Check(context.Background(), a, quick(breaks), nil)
	if want := "no-store: the database has format 1, and this build checks format 2: firewolf serve brings it forward"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("the new build checks it in between: %v", err)
	}
	now := openAt(t, a, quick(breaks))
	defer now.Close()
	if have, all := stamps(t, now, "one"); have != 1 || all != 1 || times != 2 {
		t.Errorf("%d of %d versions, %d times", have, all, times)
	}
}

func TestProcessesThatMigrateTogetherAgree(t *testing.T) {
	a := newAddress(t)
	old := openAt(t, a, quick())
	mustWrite(t, old, put(t, patient("p1", "A")))
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	all := make([]*Store, 3)
	var together sync.WaitGroup
	for k := range all {
		together.Go(func() { all[k] = openAt(t, a, quick(stamped("one"), stamped("two"))) })
	}
	together.Wait()
	for k, s := range all {
		mustWrite(t, s, put(t, patient("p1", string(rune('B'+k)))))
	}
	if v := mustRead(t, all[0], "Patient", "p1"); v.VID != 4 {
		t.Errorf("version %d", v.VID)
	}
	if have, total := stamps(t, all[0], "two"); have != 1 || total != 4 {
		t.Errorf("%d of %d versions: what was written after has the new shape by itself", have, total)
	}
	for _, s := range all {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatAnOldBuildCommittedAndDidNotApplyIsMigrated(t *testing.T) {
	a := newAddress(t)
	old := openAt(t, a, quick())
	mustWrite(t, old, put(t, patient("p1", "A")))
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	// The next life of the old build dies when its commit is in the log.
	dying := openAt(t, a, quick())
	committed, die := make(chan struct{}), make(chan struct{})
	dying.protocol.step = func(name string) {
		if name == stepCommitted {
			close(committed)
			<-die
		}
	}
	go func() {
		_, _ = dying.Write(context.Background(), store.Tx{Ops: []store.Op{put(t, patient("p1", "B"))}})
	}()
	<-committed
	now := openAt(t, a, quick(stamped("one")))
	defer now.Close()
	if v := mustRead(t, now, "Patient", "p1"); v.VID != 2 {
		t.Errorf("version %d", v.VID)
	}
	if have, all := stamps(t, now, "one"); have != 2 || all != 2 {
		t.Errorf("%d of %d versions", have, all)
	}
	close(die)
	_ = dying.Close()
	if _, all := stamps(t, now, "one"); all != 2 {
		t.Errorf("%d versions once the old build went on", all)
	}
}
