package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// renamed makes the entries of an engine, with other keys: those of another build.
type renamed struct {
	Indexer
	suffix string
}

func (r renamed) Entries(t *tree.Tree) (search.Entries, error) {
	e, err := r.Indexer.Entries(t)
	if t.ID() == "" || err != nil {
		return e, err
	}
	e.Keys = append(slices.Clone(e.Keys), "build|"+r.suffix)
	slices.Sort(e.Keys)
	return e, nil
}

func reindexOptions(e Indexer, index string) Options {
	return Options{
		Engine: renamed{e, index}, Index: "keys", Tick: 30 * time.Millisecond, Grace: 200 * time.Millisecond,
		Definitions: map[string]string{"Patient.build": index, "Patient.family": "same", "Observation.subject": "same@", search.References: "same@"},
	}
}

func foundBy(s *Store, typ, key string) ([]string, error) {
	ids := []string{}
	for m, err := range s.Search(context.Background(), search.Plan{Type: typ, Where: search.HasKey{Key: key}}, store.Page{}) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, m.ID)
	}
	return ids, nil
}

// waitIndexed waits until a store answers searches.
func waitIndexed(t *testing.T, s *Store) {
	t.Helper()
	for range 600 {
		if s.index.Load().reindex == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the index is not done")
}

func TestReindexMakesTheEntriesOfAllVersionsAnew(t *testing.T) {
	e, a := engine(t), newAddress(t)
	old := openAt(t, a, reindexOptions(e, "one"))
	hospital(t, old, renamed{e, "one"}, 12, 3)
	first, _, err := old.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Write(context.Background(), store.Tx{Ops: []store.Op{{Action: store.Delete, Key: fhir.Key{Type: "Patient", ID: "p3"}, Method: fhir.MethodDelete}}}); err != nil {
		t.Fatal(err)
	}

	if _, err := Open(context.Background(), a, reindexOptions(e, "two")); err == nil || !strings.Contains(err.Error(), "firewolf reindex") {
		t.Errorf("a store of another index was opened: %v", err)
	}
	var told []int64
	if err := Reindex(context.Background(), a, reindexOptions(e, "two"), func(done, total int64) { told = append(told, total) }); err != nil {
		t.Fatal(err)
	}
	if _, _, err := old.Head(context.Background()); !errors.Is(err, errOtherIndex) {
		t.Errorf("a process of the index of before goes on: %v", err)
	}
	old.Close()

	s := openAt(t, a, reindexOptions(e, "two"))
	defer s.Close()
	now, err := foundBy(s, "Patient", "build|two")
	if err != nil || len(now) != 11 || slices.Contains(now, "p3") {
		t.Errorf("found %v (%v) by the new keys", now, err)
	}
	if gone, err := foundBy(s, "Patient", "build|one"); err != nil || len(gone) > 0 {
		t.Errorf("found %v (%v) by the old keys", gone, err)
	}
	n, err := s.Count(context.Background(), search.Plan{Type: "Patient", Where: search.HasKey{Key: "build|two"}}, first)
	if err != nil || n != 12 {
		t.Errorf("counted %d (%v) at the moment before the deletion, want 12", n, err)
	}
	if len(told) == 0 {
		t.Error("no progress was told")
	}
}

// begun begins a reindex and dies.
func begun(t *testing.T, a Address, o Options) {
	t.Helper()
	o.reindex, o.Tick = true, time.Hour
	openAt(t, a, o).Close()
}

// halfDone makes a reindex that is begun look as if it was killed when the versions below a slot were done.
func halfDone(t *testing.T, s *Store, done, upto slot) {
	t.Helper()
	there, err := s.setStanding(context.Background(), s.index.Load().number(), bson.D{{Key: "$set", Value: bson.D{
		{Key: "reindex.done", Value: int64(done.moment(0))}, {Key: "reindex.upto", Value: int64(upto.moment(0))},
	}}})
	if err != nil || !there {
		t.Fatal(there, err)
	}
}

func isTransient(err error, text string) bool {
	var issue *fhir.Issue
	return errors.As(err, &issue) && issue.Code == fhir.Transient && strings.Contains(issue.Text, text)
}

func TestWhatIsTheSameIsFoundDuringAReindexAndWhatIsNotIsRefused(t *testing.T) {
	e, a := engine(t), newAddress(t)
	s := openAt(t, a, reindexOptions(e, "one"))
	hospital(t, s, renamed{e, "one"}, 6, 2)
	s.Close()
	begun(t, a, reindexOptions(e, "two"))

	waiting := reindexOptions(e, "two")
	waiting.Tick = time.Hour
	s = openAt(t, a, waiting)
	halfDone(t, s, 4, 7)
	s.Close()
	s = openAt(t, a, waiting)
	const refusal = "the index of Patient.build is being made anew, 57 % are done: ask again when it is whole"
	if _, err := foundBy(s, "Patient", "build|two"); !isTransient(err, refusal) {
		t.Errorf("a search by what is made anew: %v", err)
	}
	both := search.Plan{Type: "Observation", Where: search.RefersTo{Param: "subject", Targets: []search.Target{{Type: "Patient", Where: search.HasKey{Key: "build|two"}}}}}
	if _, err := s.Count(context.Background(), both, store.Now); !isTransient(err, "Patient.build") {
		t.Errorf("a chain to what is made anew: %v", err)
	}
	sorted := search.Plan{Type: "Patient", Where: search.And{}, Sort: []search.SortKey{{Kind: search.SortText, Param: "build"}}}
	if _, err := s.Count(context.Background(), sorted, store.Now); !isTransient(err, "Patient.build") {
		t.Errorf("an order by what is made anew: %v", err)
	}
	for name, where := range map[string]search.Expr{
		"by id": search.IDIn{IDs: []string{"p1", "p5"}}, "by what is the same": search.TextIs{Name: "family", Test: search.TextStartsWith, Value: "f"},
	} {
		n, err := s.Count(context.Background(), search.Plan{Type: "Patient", Where: where}, store.Now)
		if want := map[string]int64{"by id": 2, "by what is the same": 6}[name]; err != nil || n != want {
			t.Errorf("%s: %d (%v), want %d", name, n, err, want)
		}
	}
	found := search.Plan{Type: "Observation", Where: search.HasKey{Key: "subject|Patient/p1"}}
	for m, err := range s.Search(context.Background(), found, store.Page{}) {
		refs, failed := s.Refs(context.Background(), []store.Match{m}, []string{"*"})
		if err != nil || failed != nil || len(refs[0]) == 0 {
			t.Errorf("references that are the same: %v %v %v", err, failed, refs)
		}
		if _, err := s.Refs(context.Background(), []store.Match{m}, []string{"encounter"}); !isTransient(err, "Observation.encounter") {
			t.Errorf("references by what is not known: %v", err)
		}
	}
	_, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{{
		Action: store.Delete, Key: fhir.Key{Type: "Patient", ID: "p1"}, Method: fhir.MethodDelete, NoReferrers: true,
	}}})
	if err == nil || !strings.Contains(err.Error(), "refers to it") {
		t.Errorf("a deletion under a reference: %v", err)
	}
	s.Close()
	if _, err := Open(context.Background(), a, reindexOptions(e, "three")); err == nil || !strings.Contains(err.Error(), "another build") {
		t.Errorf("a third build opened the store: %v", err)
	}

	s = openAt(t, a, reindexOptions(e, "two"))
	defer s.Close()
	waitIndexed(t, s)
	got, err := foundBy(s, "Patient", "build|two")
	if d := cmp.Diff([]string{"p3", "p4", "p5"}, got); err != nil || d != "" {
		t.Errorf("what was still to do (%v, -want +got):\n%s", err, d)
	}
	if got, err := foundBy(s, "Patient", "build|one"); err != nil || !slices.Equal(got, []string{"p0", "p1", "p2"}) {
		t.Errorf("what was marked as done was done again: found %v (%v) as it was", got, err)
	}
}

// TestAWriterThatStoodStillBehindAReindexWritesNothing stops a process between looking and committing.
func TestAWriterThatStoodStillBehindAReindexWritesNothing(t *testing.T) {
	e, a := engine(t), newAddress(t)
	still := reindexOptions(e, "one")
	still.Tick = time.Hour
	old := openAt(t, a, still)
	defer old.Close()
	hospital(t, old, renamed{e, "one"}, 2, 1)
	looked, goOn := make(chan bool), make(chan bool)
	var once sync.Once
	old.protocol.step = func(name string) {
		if name == stepEvaluated {
			once.Do(func() {
				looked <- true
				<-goOn
			})
		}
	}
	answer := make(chan error)
	go func() {
		_, err := old.Write(context.Background(), store.Tx{Ops: []store.Op{put(t, `{"resourceType":"Patient","id":"late"}`)}})
		answer <- err
	}()
	<-looked
	if err := Reindex(context.Background(), a, reindexOptions(e, "two"), nil); err != nil {
		t.Fatal(err)
	}
	goOn <- true
	if err := <-answer; !errors.Is(err, errOtherIndex) {
		t.Errorf("the write of before: %v", err)
	}
	s := openAt(t, a, reindexOptions(e, "two"))
	defer s.Close()
	if _, err := s.Read(context.Background(), store.Now, fhir.Key{Type: "Patient", ID: "late"}); !isIssue(err, fhir.NotFound) {
		t.Errorf("a version with entries of before is there: %v", err)
	}
	if got, err := foundBy(s, "Patient", "build|two"); err != nil || !slices.Equal(got, []string{"p0", "p1"}) {
		t.Errorf("found %v (%v)", got, err)
	}
}

func isIssue(err error, code fhir.Code) bool {
	var issue *fhir.Issue
	return errors.As(err, &issue) && issue.Code == code
}

// TestAProcessThatSleptThroughTwoReindexesDoesNotTrustItsIndex lets the definitions go from one to two and, before that is done, back.
func TestAProcessThatSleptThroughTwoReindexesDoesNotTrustItsIndex(t *testing.T) {
	e, a := engine(t), newAddress(t)
	asleep := reindexOptions(e, "one")
	asleep.Tick = time.Hour
	s := openAt(t, a, asleep)
	defer s.Close()
	hospital(t, s, renamed{e, "one"}, 3, 1)

	two := reindexOptions(e, "two")
	two.reindex, two.Tick = true, time.Hour
	other := openAt(t, a, two)
	x := &indexer{s: other}
	for range 2 { // the fence, then some rewriting
		if err := x.tick(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	types, err := other.types(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	w := rewrite{s: other, generation: other.index.Load().number(), types: types}
	if whole, err := w.span(context.Background(), 0, slot(3).moment(0)); err != nil || !whole {
		t.Fatal(whole, err)
	}
	other.Close()
	back := reindexOptions(e, "one")
	back.reindex, back.Tick = true, time.Hour
	third := openAt(t, a, back)
	defer third.Close()
	if err := (&indexer{s: third}).tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got, err := foundBy(s, "Patient", "build|one"); !isTransient(err, "Patient.build") {
		t.Errorf("the process that slept found %v (%v): two of three", got, err)
	}
}

func TestARewriteThatComesLateChangesNothingThatALaterOneMade(t *testing.T) {
	e, a := engine(t), newAddress(t)
	s := openAt(t, a, reindexOptions(e, "one"))
	hospital(t, s, renamed{e, "one"}, 3, 1)
	s.Close()
	if err := Reindex(context.Background(), a, reindexOptions(e, "two"), nil); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, a, reindexOptions(e, "two"))
	defer s.Close()
	late := rewrite{s: &Store{o: reindexOptions(e, "one"), wire: s.wire, finder: s.finder}, generation: s.index.Load().number() - 1}
	doc, err := s.collection("Patient").FindOne(context.Background(), bson.D{{Key: "_id", Value: "p1/1"}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	r, err := late.version(context.Background(), "Patient", doc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.collection("Patient").BulkWrite(context.Background(), []mongo.WriteModel{r.update}); err != nil {
		t.Fatal(err)
	}
	if got, err := foundBy(s, "Patient", "build|two"); err != nil || !slices.Equal(got, []string{"p0", "p1", "p2"}) {
		t.Errorf("found %v (%v)", got, err)
	}
}

func TestTwoProcessesReindexAtOnceWhileAThirdWrites(t *testing.T) {
	e, a := engine(t), newAddress(t)
	s := openAt(t, a, reindexOptions(e, "one"))
	hospital(t, s, renamed{e, "one"}, 20, 2)
	s.Close()
	begun(t, a, reindexOptions(e, "two"))
	s = openAt(t, a, reindexOptions(e, "two"))
	defer s.Close()
	done := make(chan error)
	for range 2 {
		go func() { done <- Reindex(context.Background(), a, reindexOptions(e, "two"), nil) }()
	}
	for k := range 20 {
		op := put(t, fmt.Sprintf(`{"resourceType":"Patient","id":"new%d"}`, k))
		op.Entries.Keys = []string{"build|two"}
		mustWrite(t, s, op)
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	waitIndexed(t, s)
	if got, err := foundBy(s, "Patient", "build|two"); err != nil || len(got) != 40 {
		t.Errorf("found %d (%v), want 40", len(got), err)
	}
}

func TestAReindexOfWhatCannotBeIndexedSaysSo(t *testing.T) {
	e, a := engine(t), newAddress(t)
	s := openAt(t, a, reindexOptions(e, "one"))
	hospital(t, s, renamed{e, "one"}, 2, 1)
	s.Close()
	o := reindexOptions(e, "two")
	o.Engine = broken{}
	if err := Reindex(context.Background(), a, o, nil); err == nil || !strings.Contains(err.Error(), "no entries today") {
		t.Errorf("got %v", err)
	}
}

type broken struct{}

func (broken) Entries(*tree.Tree) (search.Entries, error) {
	return search.Entries{}, errors.New("no entries today")
}

func TestAForgottenVersionGetsNoKeysByAReindex(t *testing.T) {
	e, a := engine(t), newAddress(t)
	s := openAt(t, a, reindexOptions(e, "one"))
	hospital(t, s, renamed{e, "one"}, 2, 1)
	if err := s.wire.dropKeys(context.Background(), "Patient", []name{{doc: "p1/1", id: "p1"}}, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.collection("Patient").UpdateOne(context.Background(), bson.D{{Key: "_id", Value: "p1/1"}}, bson.D{{Key: "$unset", Value: bson.D{{Key: fieldKeys, Value: ""}}}}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := Reindex(context.Background(), a, reindexOptions(e, "two"), nil); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, a, reindexOptions(e, "two"))
	defer s.Close()
	if got, err := foundBy(s, "Patient", "build|two"); err != nil || !slices.Equal(got, []string{"p0"}) {
		t.Errorf("found %v (%v), want p0", got, err)
	}
}
