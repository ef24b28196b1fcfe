package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// at are the options of a server that is known by some base URLs.
func at(t *testing.T, bases ...string) Options {
	t.Helper()
	definitions, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	e, err := search.NewEngine(definitions, bases...)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Engine: e, Index: search.Format, Bases: e.Own()}
}

// about makes an Observation of a subject.
func about(t *testing.T, o Options, id, subject string) store.Op {
	t.Helper()
	doc, err := tree.Parse(fmt.Appendf(nil, `{"resourceType":"Observation","id":%q,"subject":{"reference":%q}}`, id, subject), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := o.Engine.Entries(doc)
	if err != nil {
		t.Fatal(err)
	}
	return store.Op{
		Action: store.Put, Key: fhir.Key{Type: "Observation", ID: id}, Method: fhir.MethodUpdate,
		Stamp: doc.Stamp(), Digest: doc.Digest(), Entries: e,
	}
}

// patients returns which Observations are about Patient/1 of this server, by key and by their references.
func patients(t *testing.T, s *Store) (found []string) {
	t.Helper()
	p := search.Plan{Type: "Observation", Where: search.HasKey{Key: search.RefKey("subject", fhir.Key{Type: "Patient", ID: "1"})}}
	for m, err := range s.Search(context.Background(), p, store.Page{}) {
		if err != nil {
			t.Fatal(err)
		}
		refs, err := s.Refs(context.Background(), []store.Match{m}, []string{"subject"})
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, fmt.Sprint(m.ID, len(refs[0])))
	}
	return found
}

const (
	here  = "http://here.org/fhir"
	there = "https://there.org/fhir"
)

func TestAStoreThatMovesIsRefusedOnlyIfAReferenceWouldMeanSomethingElse(t *testing.T) {
	tests := []struct {
		name          string
		subject       string
		before, after []string
		want          string // of the refusal; "" for none
	}{
		{"a relative reference", "Patient/1", []string{here}, []string{there}, ""},
		{"a reference below a base that stays", here + "/Patient/1", []string{here}, []string{there, here}, ""},
		{"a base that is written as https", here + "/Patient/1", []string{here}, []string{"https://here.org/fhir/"}, ""},
		{"a reference to neither base", "http://else.org/fhir/Patient/1", []string{here}, []string{there}, ""},
		{"a reference of no type", here + "/Foo/1", []string{here}, []string{there}, ""},
		{"a reference below a base that is gone", here + "/Patient/1", []string{here}, []string{there}, "http://here.org/fhir is no longer an address"},
		{"a reference below a base that is new", there + "/Patient/1", []string{here}, []string{here, there}, "http://there.org/fhir has become an address"},
		{"a reference below the first base", here + "/Patient/1", nil, []string{here}, "http://here.org/fhir has become an address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			before, after := at(t, tt.before...), at(t, tt.after...)
			s := openAt(t, dir, before)
			write(t, s, about(t, before, "a", tt.subject))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s, err := Open(context.Background(), dir, after)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) || !fhir.HasCode(err, fhir.Incomplete) {
				t.Errorf("got %v", err)
			}
			want := after.Bases
			if tt.want != "" {
				want = before.Bases
			}
			if got, err := Bases(dir); err != nil || !cmp.Equal(want, got) && len(want)+len(got) > 0 {
				t.Errorf("the store keeps %v (%v), want %v", got, err, want)
			}
		})
	}
}

func TestAStoreThatMovedAndWasReindexedKnowsItsReferences(t *testing.T) {
	dir := t.TempDir()
	before, after := at(t, here), at(t, there)
	s := openAt(t, dir, before)
	write(t, s, about(t, before, "relative", "Patient/1"), about(t, before, "old", here+"/Patient/1"), about(t, before, "new", there+"/Patient/1"))
	if d := cmp.Diff([]string{"relative1", "old1"}, patients(t, s)); d != "" {
		t.Error("before: " + d)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Reindex(context.Background(), dir, after, nil); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, dir, after)
	if d := cmp.Diff([]string{"relative1", "new1"}, patients(t, s)); d != "" {
		t.Error("after: " + d)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if report, err := Check(context.Background(), dir, after, nil); err != nil || len(report.Problems) > 0 {
		t.Errorf("%v %v", report.Problems, err)
	}
	if _, err := Open(context.Background(), dir, before); err == nil {
		t.Error("it goes back without a reindex")
	}
}

func TestWhatACrashLeftUnmergedIsHeldAgainstTheBasesOfNow(t *testing.T) {
	dir := t.TempDir()
	before := at(t, here)
	s, w, err := prepare(context.Background(), dir, before)
	if err != nil {
		t.Fatal(err)
	}
	p := newPending(context.Background(), store.Tx{Ops: []store.Op{about(t, before, "a", here+"/Patient/1")}})
	w.writeAll([]*pending{p})
	die(t, s, w)
	if _, err := Open(context.Background(), dir, at(t, there)); !fhir.HasCode(err, fhir.Incomplete) {
		t.Errorf("got %v", err)
	}
	s = openAt(t, dir, before)
	if d := cmp.Diff([]string{"a1"}, patients(t, s)); d != "" {
		t.Error(d)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAReindexThatWasStoppedGoesOnWhereItWas(t *testing.T) {
	dir := t.TempDir()
	before := at(t, here)
	before.Merge = 1
	s := openAt(t, dir, before)
	for _, id := range []string{"a", "b", "c", "d"} {
		write(t, s, about(t, before, id, "Patient/1"))
	}
	write(t, s, about(t, before, "b", "Patient/2"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	after := before
	after.Index = "another"
	var told []int64
	ctx, cancel := context.WithCancel(context.Background())
	err := Reindex(ctx, dir, after, func(done, _ int64) {
		if told = append(told, done); done == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the first reindex was not stopped: %v", err)
	}
	for _, o := range []Options{before, after} {
		if s, err := Open(context.Background(), dir, o); err == nil {
			t.Errorf("half an index serves %s", o.Index)
			_ = s.Close()
		}
	}
	if err := Reindex(context.Background(), dir, after, func(done, _ int64) { told = append(told, done) }); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int64{1, 2, 3, 4, 5}, told); d != "" {
		t.Errorf("versions that were indexed: %s", d)
	}
	s = openAt(t, dir, after)
	if d := cmp.Diff([]string{"a1", "c1", "d1"}, patients(t, s)); d != "" {
		t.Error(d)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAReindexForOtherBasesDoesNotGoOnWhereOneStopped(t *testing.T) {
	dir := t.TempDir()
	before, after := at(t, here), at(t, there)
	before.Merge, after.Merge = 1, 1
	s := openAt(t, dir, before)
	write(t, s, about(t, before, "a", there+"/Patient/1"), about(t, before, "b", here+"/Patient/1"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := Reindex(ctx, dir, before, func(int64, int64) { cancel() }); err == nil {
		t.Fatal("the first reindex was not stopped")
	}
	if err := Reindex(context.Background(), dir, after, nil); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, dir, after)
	if d := cmp.Diff([]string{"a1"}, patients(t, s)); d != "" {
		t.Error(d)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestBasesOfWhatIsNoStore(t *testing.T) {
	if got, err := Bases(t.TempDir()); got != nil || err != nil {
		t.Errorf("an empty folder has %v, %v", got, err)
	}
	if _, err := Bases(writeFile(t, t.TempDir(), "notes.txt", strings.Repeat("not a database\n", 100))); err == nil {
		t.Error("a text file has bases")
	}
}
