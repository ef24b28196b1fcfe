package mongodb

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
	"firewolf/store/mongodb/mongotest"
)

// throughGate opens a store of a fresh database behind a gate, with a Patient p1 in it.
func throughGate(t *testing.T, o Options) (*mongotest.Gate, *Store) {
	t.Helper()
	uri, _ := mongotest.Database(t)
	g := mongotest.NewGate(t, uri, nil)
	a, err := ParseAddress(g.URI)
	if err != nil {
		t.Fatal(err)
	}
	s := openAt(t, a, o)
	t.Cleanup(func() {
		g.Open()
		_ = s.Close()
	})
	mustWrite(t, s, put(t, patient("p1", "A"), "family|a"))
	return g, s
}

// requests are the ways to ask a store, by name.
var requests = map[string]func(context.Context, *testing.T, *Store) error{
	"head": func(ctx context.Context, _ *testing.T, s *Store) error {
		_, _, err := s.Head(ctx)
		return err
	},
	"read": func(ctx context.Context, _ *testing.T, s *Store) error {
		_, err := s.Read(ctx, store.Now, fhir.Key{Type: "Patient", ID: "p1"})
		return err
	},
	"version read": func(ctx context.Context, _ *testing.T, s *Store) error {
		_, err := s.ReadVersion(ctx, fhir.Key{Type: "Patient", ID: "p1"}, 1)
		return err
	},
	"search": func(ctx context.Context, _ *testing.T, s *Store) error {
		for _, err := range s.Search(ctx, search.Plan{Type: "Patient", Where: search.HasKey{Key: "family|a"}}, store.Page{}) {
			if err != nil {
				return err
			}
		}
		return nil
	},
	"count": func(ctx context.Context, _ *testing.T, s *Store) error {
		_, err := s.Count(ctx, search.Plan{Type: "Patient", Where: search.HasKey{Key: "family|a"}}, store.Now)
		return err
	},
	"history": func(ctx context.Context, _ *testing.T, s *Store) error {
		for _, err := range s.History(ctx, store.Scope{Type: "Patient"}, store.HistoryPage{}) {
			if err != nil {
				return err
			}
		}
		return nil
	},
	"write": func(ctx context.Context, t *testing.T, s *Store) error {
		_, err := s.Write(ctx, store.Tx{Ops: []store.Op{put(t, patient("w"+rand8(), "B"))}})
		return err
	},
}

// rand8 names what no other test names.
func rand8() string {
	n := randomNonce()
	return fmt.Sprintf("%x", n[:4])
}

func TestWhoeverAsksWhileTheDatabaseGoesHearsThatItIsUnavailable(t *testing.T) {
	g, s := throughGate(t, Options{})
	var mu sync.Mutex
	wrong, refused := map[string]int{}, 0
	hear := func(what string, err error) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
		case fhir.HasReason(err, fhir.ReasonUnavailable), fhir.HasReason(err, fhir.ReasonOutcomeUnknown):
			refused++
		default:
			wrong[fmt.Sprintf("%s: %v", what, err)]++
		}
	}
	for round := range 6 {
		var all sync.WaitGroup
		for name, ask := range requests {
			for range 16 {
				all.Go(func() {
					for range 3 {
						hear(name, ask(context.Background(), t, s))
					}
				})
			}
		}
		time.Sleep(time.Duration(5+10*round) * time.Millisecond) // so that each round meets other steps
		g.Shut()
		all.Wait()
		g.Open()
		eventually(t, "the database is back", func() bool {
			_, _, err := s.Head(context.Background())
			return err == nil
		})
	}
	if refused == 0 {
		t.Error("nobody was asking when the gate shut")
	}
	for what, n := range wrong {
		t.Errorf("%d times %s", n, what)
	}
}

// soon is how soon a client hears of a database that says nothing: the two seconds that are promised, and what a machine that does other
// things too takes.
const soon = 4 * time.Second

// tells asks in the background, and tells how that ended.
func tells(t *testing.T, s *Store, ask func(context.Context, *testing.T, *Store) error) <-chan error {
	heard := make(chan error, 1)
	go func() { heard <- ask(context.Background(), t, s) }()
	return heard
}

// refusedSoon expects that a request is refused for a reason, soon after it began.
func refusedSoon(t *testing.T, what string, began time.Time, heard <-chan error, reason fhir.Reason) {
	t.Helper()
	select {
	case err := <-heard:
		t.Logf("%s: after %v", what, time.Since(began))
		if !fhir.HasReason(err, reason) {
			t.Errorf("%s: %v", what, err)
		}
		if took := time.Since(began); took > soon {
			t.Errorf("%s: answered after %v", what, took)
		}
	case <-time.After(15 * time.Second):
		t.Errorf("%s: no answer", what)
	}
}

func TestADatabaseThatHangsIsToldSoonToAllWhoAsk(t *testing.T) {
	g, s := throughGate(t, Options{})
	g.Hold()
	for _, round := range []string{"first", "while it is known to hang"} {
		heard, began := map[string]<-chan error{}, time.Now()
		for name, ask := range requests {
			heard[name] = tells(t, s, ask)
		}
		for name := range requests {
			refusedSoon(t, name+", "+round, began, heard[name], fhir.ReasonUnavailable)
		}
	}
	g.Open()
	eventually(t, "it answers again", func() bool { return requests["write"](context.Background(), t, s) == nil })
}

func TestAWriteThatTheDatabaseHangsOnIsAnsweredSoonWhereverItIs(t *testing.T) {
	for _, c := range []struct {
		step   string
		reason fhir.Reason
	}{
		{stepEvaluated, fhir.ReasonOutcomeUnknown}, {stepCommitted, fhir.ReasonOutcomeUnknown}, {stepInserted, fhir.ReasonOutcomeUnknown}, {stepClosed, fhir.ReasonOutcomeUnknown},
	} {
		t.Run("after it was "+c.step, func(t *testing.T) {
			g, s := throughGate(t, Options{})
			var first sync.Once
			s.protocol.step = func(step string) {
				if step == c.step {
					first.Do(g.Hold)
				}
			}
			began := time.Now()
			refusedSoon(t, "the write", began, tells(t, s, func(ctx context.Context, t *testing.T, s *Store) error {
				_, err := s.Write(ctx, store.Tx{Ops: []store.Op{put(t, patient("p1", "B")), put(t, patient("hung", "B"))}})
				return err
			}), c.reason)
			began = time.Now()
			refusedSoon(t, "the next write", began, tells(t, s, requests["write"]), fhir.ReasonUnavailable)
			g.Open()
			eventually(t, "it answers again", func() bool { return requests["write"](context.Background(), t, s) == nil })
			got := mustRead(t, s, "Patient", "p1").VID
			if _, err := s.ReadVersion(context.Background(), fhir.Key{Type: "Patient", ID: "hung"}, 1); (err == nil) != (got == 2) {
				t.Errorf("the transaction is there in part: version %d, and %v", got, err)
			}
		})
	}
}

// TestWritesThatWaitBehindOneThatHangsAreTakenBack: nothing of what the writer had not begun is written.
func TestWritesThatWaitBehindOneThatHangsAreTakenBack(t *testing.T) {
	g, s := throughGate(t, Options{})
	reached := make(chan struct{})
	var first sync.Once
	s.protocol.step = func(step string) {
		if step == stepEvaluated {
			first.Do(func() {
				g.Hold()
				close(reached)
			})
		}
	}
	hung := tells(t, s, requests["write"])
	<-reached
	began := time.Now()
	var waiting []<-chan error
	for range 20 {
		waiting = append(waiting, tells(t, s, requests["write"]))
	}
	for _, heard := range waiting {
		refusedSoon(t, "a write that waits", began, heard, fhir.ReasonUnavailable)
	}
	refusedSoon(t, "the write that hangs", began, hung, fhir.ReasonOutcomeUnknown)
}

// TestACommitThatTheDatabaseRefusesToApplyIsToldOf: an index that an administrator made refuses a document.
func TestACommitThatTheDatabaseRefusesToApplyIsToldOf(t *testing.T) {
	a := newAddress(t)
	var l logged
	s := openAt(t, a, Options{Log: l.logger(), Help: 100 * time.Millisecond, Tick: 20 * time.Millisecond})
	other := openAt(t, a, Options{Help: 100 * time.Millisecond, Tick: 20 * time.Millisecond})
	t.Cleanup(func() { _, _ = s.Close(), other.Close() })
	mustWrite(t, s, put(t, patient("p1", "A")))
	ctx := context.Background()
	unique, err := s.collection("Patient").Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: fieldID, Value: 1}}, Options: options.Index().SetUnique(true)})
	if err != nil {
		t.Fatal(err)
	}
	again := func(ctx context.Context, t *testing.T, s *Store) error {
		_, err := s.Write(ctx, store.Tx{Ops: []store.Op{put(t, patient("p1", rand8()))}})
		return err
	}
	began := time.Now()
	refusedSoon(t, "the write", began, tells(t, s, again), fhir.ReasonOutcomeUnknown)
	if text := l.text(); !strings.Contains(text, "applying a commit") {
		t.Errorf("the log says %q", text)
	}
	began = time.Now()
	refusedSoon(t, "a write of another process", began, tells(t, other, again), fhir.ReasonOutcomeUnknown)
	if v := mustRead(t, other, "Patient", "p1"); v.VID != 1 {
		t.Errorf("version %d is read", v.VID)
	}
	var last error
	for range pipeline + 2 {
		began = time.Now()
		last = again(ctx, t, s)
		if took := time.Since(began); last == nil || took > soon {
			t.Errorf("answered after %v: %v", took, last)
		}
	}
	if !fhir.HasReason(last, fhir.ReasonUnavailable) {
		t.Errorf("once all that may wait does, a write hears %v", last)
	}
	if err := s.collection("Patient").Indexes().DropOne(ctx, unique); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what was committed is there", func() bool { return mustRead(t, other, "Patient", "p1").VID > 1 && again(ctx, t, s) == nil })
}
