package mongodb

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// hasty forgets as soon as it may.
var hasty = Options{Retention: time.Nanosecond, Grace: time.Nanosecond, Tick: 5 * time.Millisecond, Lease: 300 * time.Millisecond}

// foundAt returns how many patients have a key at a moment.
func foundAt(s *Store, key string, t fhir.Moment) (int64, error) {
	return s.Count(context.Background(), search.Plan{Type: "Patient", Where: search.HasKey{Key: key}}, t)
}

// replace lets some time pass in which a patient is written again and again.
func replace(t *testing.T, s *Store, long time.Duration) {
	t.Helper()
	began := time.Now()
	for n := 0; time.Since(began) < long; n++ {
		mustWrite(t, s, put(t, patient("p1", fmt.Sprint("again ", n)), "later"))
		time.Sleep(10 * time.Millisecond)
	}
}

func TestAMomentThatIsHeldStaysSearchableWhateverOtherProcessesForget(t *testing.T) {
	all := processes(t, 2, hasty)
	ctx := context.Background()
	c := mustWrite(t, all[0], put(t, patient("p1", "A"), "first"))
	held, release, err := all[0].Hold(ctx, store.Now)
	if err != nil || held != c.T {
		t.Fatalf("held %d, want %d (%v)", held, c.T, err)
	}
	replace(t, all[1], 4*hasty.Lease)
	if n, err := foundAt(all[1], "first", held); n != 1 || err != nil {
		t.Errorf("found %d (%v) at the moment that is held", n, err)
	}
	second, freed, err := all[0].Hold(ctx, store.Now)
	if err != nil || second <= held {
		t.Errorf("the newest moment is %d (%v)", second, err)
	}
	release()
	release()
	replace(t, all[1], hasty.Lease)
	if _, err := foundAt(all[1], "first", held); !fhir.HasCode(err, fhir.Expired) {
		t.Errorf("at the moment that was given back: %v", err)
	}
	if n, err := foundAt(all[1], "later", second); n != 1 || err != nil {
		t.Errorf("found %d (%v) at the second moment", n, err)
	}
	if _, _, err := all[0].Hold(ctx, held); !fhir.HasCode(err, fhir.Expired) {
		t.Errorf("a moment that has passed was held: %v", err)
	}
	freed()
	eventually(t, "the lease ends", func() bool { return len(leasesOf(t, all[1])) == 0 })
}

func leasesOf(t *testing.T, s *Store) []bsoncore.Element {
	t.Helper()
	doc, err := s.wire.meta.FindOne(context.Background(), bson.D{{Key: "_id", Value: headDoc}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	d, _ := bsoncore.Document(doc).Lookup(fieldLeases).DocumentOK()
	if d == nil {
		return nil
	}
	elements, err := d.Elements()
	if err != nil {
		t.Fatal(err)
	}
	return elements
}

func TestTheLeaseOfAProcessThatDiedEnds(t *testing.T) {
	all := processes(t, 2, hasty)
	ctx := context.Background()
	mustWrite(t, all[0], put(t, patient("p1", "A"), "first"))
	held, _, err := all[0].Hold(ctx, store.Now)
	if err != nil {
		t.Fatal(err)
	}
	all[0].cancel() // it renews nothing any more
	replace(t, all[1], hasty.Lease/3)
	if n, err := foundAt(all[1], "first", held); n != 1 || err != nil {
		t.Errorf("found %d (%v) while the lease lives", n, err)
	}
	replace(t, all[1], 2*hasty.Lease)
	if _, err := foundAt(all[1], "first", held); !fhir.HasCode(err, fhir.Expired) {
		t.Errorf("long after it died: %v", err)
	}
	eventually(t, "the lease is gone", func() bool { return len(leasesOf(t, all[1])) == 0 })
}

// TestALeaseThatIsTakenWhileTheFloorIsRaisedHoldsIt lets a lease come between reading the leases and raising.
func TestALeaseThatIsTakenWhileTheFloorIsRaisedHoldsIt(t *testing.T) {
	s := openNew(t, Options{Tick: time.Hour})
	ctx := context.Background()
	first := mustWrite(t, s, put(t, patient("p1", "A"), "first"))
	second := mustWrite(t, s, put(t, patient("p1", "B"), "second"))
	for range 2 { // the first lease ever, and another one
		read, err := s.wire.meta.FindOne(ctx, bson.D{{Key: "_id", Value: headDoc}}).Raw()
		if err != nil {
			t.Fatal(err)
		}
		_, release, err := s.Hold(ctx, first.T)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.wire.raiseOver(ctx, bsoncore.Document(read), second.T, s.o.Clock()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.view(ctx, first.T); err != nil {
			t.Errorf("the floor was raised over a lease: %v", err)
		}
		release()
		if err := s.lease(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.wire.raiseFloor(ctx, second.T, s.o.Clock()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.view(ctx, first.T); !fhir.HasCode(err, fhir.Expired) {
		t.Errorf("without a lease: %v", err)
	}
}

func TestAReaderWhoseLeaseWasLostHindersNoOther(t *testing.T) {
	s := openNew(t, Options{Tick: time.Hour})
	ctx := context.Background()
	mustWrite(t, s, put(t, patient("p1", "A"), "first"))
	lost, release, err := s.Hold(ctx, store.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	second := mustWrite(t, s, put(t, patient("p1", "B"), "second"))
	if err := s.wire.raiseFloor(ctx, second.T, s.o.Clock().Add(time.Hour)); err != nil { // the process stood still for an hour
		t.Fatal(err)
	}
	if _, err := foundAt(s, "first", lost); !fhir.HasCode(err, fhir.Expired) {
		t.Errorf("the reader who stood still: %v", err)
	}
	held, freed, err := s.Hold(ctx, store.Now)
	if err != nil || held != second.T || len(leasesOf(t, s)) != 1 {
		t.Fatalf("held %d, want %d (%v)", held, second.T, err)
	}
	freed()
}
