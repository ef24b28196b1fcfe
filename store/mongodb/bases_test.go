package mongodb

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// ofBases are the options of a server with these base URLs.
func ofBases(t *testing.T, bases ...string) Options {
	t.Helper()
	definitions, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	e, err := search.NewEngine(definitions, bases...)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Engine: e, Index: search.Format, Bases: e.Own(), Definitions: e.Definitions(), Tick: 30 * time.Millisecond, Grace: 200 * time.Millisecond}
}

// encounters writes an Encounter that refers to a patient with the entries of a server, and one that does not.
func encounters(t *testing.T, s *Store, o Options, url string) {
	t.Helper()
	for _, json := range []string{
		`{"resourceType":"Encounter","id":"a","status":"planned","class":{"code":"AMB"},"subject":{"reference":"` + url + `"}}`,
		`{"resourceType":"Encounter","id":"b","status":"planned","class":{"code":"AMB"}}`,
	} {
		doc, err := tree.Parse([]byte(json), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		op := put(t, json)
		if op.Entries, err = o.Engine.Entries(doc); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, s, op)
	}
}

func openError(a Address, o Options) string {
	s, err := Open(context.Background(), a, o)
	if err != nil {
		return err.Error()
	}
	s.Close()
	return ""
}

func TestADatabaseBelongsToItsBasesUntilItIsReindexed(t *testing.T) {
	a, here, there := newAddress(t), ofBases(t, "http://here/fhir"), ofBases(t, "http://there/fhir")
	s := openAt(t, a, here)
	encounters(t, s, here, "http://here/fhir/Patient/p")
	if ids, err := foundBy(s, "Encounter", "subject|Patient/p"); err != nil || len(ids) != 1 {
		t.Errorf("found %v (%v) where the base is the server's own", ids, err)
	}
	s.Close()
	const tail = ": start it with the --base-url of the database or without one, or run firewolf reindex with the new one"
	for _, c := range []struct {
		o    Options
		want string
	}{
		{there, "incomplete: the database belongs to the server of http://here/fhir, and this process to the server of http://there/fhir" + tail},
		{ofBases(t), "incomplete: the database belongs to the server of http://here/fhir, and this process to servers without a --base-url" + tail},
		{here, ""},
	} {
		if got := openError(a, c.o); got != c.want {
			t.Errorf("want %q, got %q", c.want, got)
		}
	}
	if err := Reindex(context.Background(), a, there, nil); err != nil {
		t.Fatal(err)
	}
	if got := openError(a, here); !strings.HasPrefix(got, "incomplete: the database belongs to the server of http://there/fhir") {
		t.Errorf("the server of before: %q", got)
	}
	s = openAt(t, a, there)
	defer s.Close()
	if ids, err := foundBy(s, "Encounter", "subject|Patient/p"); err != nil || len(ids) != 0 {
		t.Errorf("found %v (%v) where the base is another server's", ids, err)
	}
}

// TestMovingADatabaseMakesOnlyWhatRefersBelowTheBasesAnew moves to a base that one of two resources refers to.
func TestMovingADatabaseMakesOnlyWhatRefersBelowTheBasesAnew(t *testing.T) {
	a, none, other := newAddress(t), ofBases(t), ofBases(t, "http://other/fhir")
	s := openAt(t, a, none)
	encounters(t, s, none, "http://other/fhir/Patient/p")
	s.Close()
	begun(t, a, other)
	waiting := other
	waiting.Tick = time.Hour
	s = openAt(t, a, waiting)
	if got, err := foundBy(s, "Encounter", "status|planned"); err != nil || len(got) != 2 {
		t.Errorf("found %v (%v) by what has nothing to do with bases", got, err)
	}
	if _, err := foundBy(s, "Encounter", "subject|Patient/p"); !isTransient(err, "Encounter.subject") {
		t.Errorf("by a reference: %v", err)
	}
	s.Close()
	s = openAt(t, a, other)
	defer s.Close()
	waitIndexed(t, s)
	if got, err := foundBy(s, "Encounter", "subject|Patient/p"); err != nil || len(got) != 1 {
		t.Errorf("found %v (%v) where the base is the server's own now", got, err)
	}
	n, err := s.collection("Encounter").CountDocuments(context.Background(), bson.D{{Key: fieldEntries, Value: bson.D{{Key: "$exists", Value: true}}}})
	if err != nil || n != 1 {
		t.Errorf("%d resources were made anew (%v), want 1", n, err)
	}
}

func TestTheBasesOfADatabaseAreToldToWhoHasNone(t *testing.T) {
	a := newAddress(t)
	if bases, there, err := Bases(context.Background(), a); bases != nil || there || err != nil {
		t.Errorf("an empty database: %v %t %v", bases, there, err)
	}
	openAt(t, a, ofBases(t, "http://here/fhir")).Close()
	if bases, there, err := Bases(context.Background(), a); !slices.Equal(bases, []string{"http://here/fhir"}) || !there || err != nil {
		t.Errorf("got %v %t %v", bases, there, err)
	}
	gone, err := ParseAddress("mongodb://secret:secret@127.0.0.1:1/x")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Bases(context.Background(), gone); err == nil || strings.Contains(err.Error(), "secret:") {
		t.Errorf("a database that is not there: %v", err)
	}
}
