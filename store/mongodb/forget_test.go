package mongodb

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
	"firewolf/store"
)

// fields returns which fields a document of the database has.
func fields(t *testing.T, s *Store, collection string, id any) map[string]bool {
	t.Helper()
	doc, err := s.collection(collection).FindOne(context.Background(), bson.D{{Key: "_id", Value: id}}).Raw()
	if err != nil {
		t.Fatalf("reading %v of %s: %v", id, collection, err)
	}
	elements, err := doc.Elements()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, e := range elements {
		all[e.Key()] = true
	}
	return all
}

func TestWhatNobodyCanSearchAnyMoreIsForgottenAndHistoryStays(t *testing.T) {
	var now atomic.Int64
	now.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixMilli())
	clock := func() time.Time { return time.UnixMilli(now.Load()) }
	o := Options{Clock: clock, Retention: time.Minute, Grace: time.Millisecond, Tick: 5 * time.Millisecond}
	s := openNew(t, o)
	ctx := context.Background()
	first := mustWrite(t, s, put(t, patient("p1", "A"), "k1"), put(t, patient("p2", "A"), "k1"))
	second := mustWrite(t, s, put(t, patient("p1", "B"), "k2"))
	now.Add(30_000)
	third := mustWrite(t, s, put(t, patient("p1", "C"), "k3"), remove("Patient", "p2"))
	time.Sleep(50 * time.Millisecond)
	for _, at := range []fhir.Moment{first.T, second.T, third.T} {
		if _, err := s.view(ctx, at); err != nil {
			t.Errorf("moment %d: %v", at, err)
		}
	}
	now.Add(40_000)
	eventually(t, "the first commits are forgotten", func() bool {
		h, err := s.protocol.db.readHead(ctx)
		return err == nil && h.floor == second.T && h.pruned == 2
	})
	if _, err := s.view(ctx, first.T); !fhir.HasCode(err, fhir.Expired) {
		t.Errorf("a moment below the floor: %v", err)
	}
	if _, err := s.view(ctx, second.T); err != nil {
		t.Errorf("the moment that was the newest a retention ago: %v", err)
	}
	got := []map[string]bool{fields(t, s, "Patient", "p1/1"), fields(t, s, "Patient", "p1/2"), fields(t, s, commitCollection, int64(2)), fields(t, s, commitCollection, int64(3))}
	want := []bool{false, true, false, true}
	for k, f := range got {
		name := fieldKeys
		if k > 1 {
			name = fieldPayload
		}
		if f[name] != want[k] {
			t.Errorf("document %d has %v", k, f)
		}
	}
	var locations []string
	for _, v := range histories(t, s, store.Scope{Type: "Patient"}) {
		locations = append(locations, v.Location())
	}
	if diff := cmp.Diff([]string{"Patient/p2/_history/2", "Patient/p1/_history/3", "Patient/p1/_history/2", "Patient/p2/_history/1", "Patient/p1/_history/1"}, locations); diff != "" {
		t.Error(diff)
	}
	v, err := s.Read(ctx, first.T, fhir.Key{Type: "Patient", ID: "p1"})
	if err != nil || cmp.Diff(first.Results[0].Version, v) != "" {
		t.Errorf("a read at a moment below the floor: %+v, %v", v, err)
	}
}

func TestASearchThatOutlivesItsMomentIsRefused(t *testing.T) {
	s := openNew(t, Options{Retention: time.Nanosecond, Grace: time.Millisecond, Tick: 5 * time.Millisecond})
	ctx := context.Background()
	c := mustWrite(t, s, put(t, patient("p1", "A")))
	v, err := s.view(ctx, c.T)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.seen(ctx, v); err != nil {
		t.Errorf("nothing was written since: %v", err)
	}
	time.Sleep(5 * time.Millisecond)
	mustWrite(t, s, put(t, patient("p1", "B")))
	eventually(t, "the search is refused", func() bool { return fhir.HasCode(s.seen(ctx, v), fhir.Expired) })
}

func TestAProcessThatSleptThroughForgettingReadsTheStateAnew(t *testing.T) {
	o := Options{Retention: time.Nanosecond, Grace: time.Nanosecond, Tick: 5 * time.Millisecond}
	all := processes(t, 2, o)
	mustWrite(t, all[0], put(t, patient("p1", "0")))
	for n := range 5 {
		mustWrite(t, all[1], put(t, patient("p1", fmt.Sprint(n+1))))
	}
	eventually(t, "commits are forgotten", func() bool {
		h, err := all[1].protocol.db.readHead(context.Background())
		return err == nil && h.pruned >= 3
	})
	op := put(t, patient("p1", "last"))
	op.If.Version = 6
	if c := mustWrite(t, all[0], op); c.Results[0].Version.VID != 7 {
		t.Errorf("version %d", c.Results[0].Version.VID)
	}
}

func TestTheMomentOfATimeIsFoundInAFewReadsOfTheLog(t *testing.T) {
	asked := &asked{}
	s := openNew(t, Options{Tick: time.Hour, monitor: asked.monitor()})
	ctx := context.Background()
	var docs []bson.Raw
	var made []commit
	for n := slot(1); n <= 900; n++ { // three at a time have one time, and the first ones none
		c := commit{slot: n, nonce: nonce{byte(n), byte(n >> 8)}, t: n.moment(int(n % 3))}
		if n > 9 {
			c.at = noon.Add(time.Duration(n/3) * time.Second)
		}
		made, docs = append(made, c), append(docs, encodeCommit(c, 1))
	}
	if _, err := s.wire.log.InsertMany(ctx, docs); err != nil {
		t.Fatal(err)
	}
	last := made[len(made)-1]
	for _, after := range []int{-1, 0, 3, 4, 100, 150, 299, 300, 301} {
		for _, floor := range []slot{0, 7, 12} {
			at, want, first := noon.Add(time.Duration(after)*time.Second+time.Millisecond), fhir.Moment(0), slot(901).moment(0)
			for k, c := range made {
				if c.at.IsZero() || !c.at.After(at) {
					want = c.t
				} else if made[k-1].at.Before(at) {
					first = min(first, c.slot.moment(0))
				}
			}
			h := head{applied: last.slot, t: last.t, at: last.at}
			if floor > 0 {
				h.floor = made[floor-1].t
			}
			asked.clear()
			got, err := s.wire.momentAt(ctx, at, h)
			if err != nil || got != max(want, h.floor) {
				t.Errorf("the moment %d s on, above slot %d: %d, %v, not %d", after, floor, got, err, want)
			}
			since, err := s.firstSince(ctx, at, last.t)
			if err != nil || since != first {
				t.Errorf("the first moment since %d s on: slot %d, %v, not %d", after, slotOf(since), err, slotOf(first))
			}
			if n := asked.clear(); n > 22 {
				t.Errorf("they take %d commands", n)
			}
		}
	}
}

// counted is an attic that counts how often a floor is looked for.
type counted struct {
	attic
	asked int
}

func (c *counted) momentAt(context.Context, time.Time, head) (fhir.Moment, error) {
	c.asked++
	return 0, nil
}

func TestANewFloorIsNotLookedForAllTheTime(t *testing.T) {
	c := &counted{}
	j := &janitor{s: &Store{o: Options{Clock: time.Now, Retention: time.Hour}}, attic: c}
	for range 100 {
		if err := j.raise(context.Background(), head{}); err != nil {
			t.Fatal(err)
		}
	}
	j.asked = j.asked.Add(-time.Minute)
	if err := j.raise(context.Background(), head{}); err != nil || c.asked != 2 {
		t.Errorf("asked %d times, %v", c.asked, err)
	}
}

func TestOldOutcomesAreDropped(t *testing.T) {
	s := openNew(t, Options{})
	ctx := context.Background()
	i := store.Idempotency{Key: "k", Request: [32]byte{1}}
	if _, err := s.Write(ctx, store.Tx{Ops: []store.Op{put(t, patient("p1", "A"))}, Idempotency: &i}); err != nil {
		t.Fatal(err)
	}
	if err := s.wire.dropOutcomes(ctx, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Replay(ctx, i); err != nil {
		t.Errorf("an outcome of now: %v", err)
	}
	if err := s.wire.dropOutcomes(ctx, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Replay(ctx, i); !fhir.HasCode(err, fhir.NotFound) {
		t.Errorf("an outcome that was dropped: %v", err)
	}
}
