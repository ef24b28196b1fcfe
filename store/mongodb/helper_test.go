package mongodb

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// openNew opens a store in a database of its own.
func openNew(t testing.TB, o Options) *Store {
	t.Helper()
	s := openAt(t, newAddress(t), o)
	t.Cleanup(func() { s.Close() })
	return s
}

func patient(id, family string) string {
	return fmt.Sprintf(`{"resourceType":"Patient","id":%q,"name":[{"family":%q}]}`, id, family)
}

// put is an update with a resource, without index entries but those given.
func put(t testing.TB, json string, keys ...string) store.Op {
	t.Helper()
	doc, err := tree.Parse([]byte(json), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return store.Op{
		Action: store.Put, Key: fhir.Key{Type: doc.ResourceType(), ID: doc.ID()}, Method: fhir.MethodUpdate,
		Stamp: doc.Stamp(), Digest: doc.Digest(), Entries: search.Entries{Keys: keys},
	}
}

func remove(typ, id string) store.Op {
	return store.Op{Action: store.Delete, Key: fhir.Key{Type: typ, ID: id}, Method: fhir.MethodDelete}
}

func mustWrite(t testing.TB, s *Store, ops ...store.Op) store.Commit {
	t.Helper()
	c, err := s.Write(context.Background(), store.Tx{Ops: ops})
	if err != nil {
		t.Fatalf("writing: %v", err)
	}
	return c
}

func mustRead(t testing.TB, s *Store, typ, id string) fhir.Version {
	t.Helper()
	v, err := s.Read(context.Background(), store.Now, fhir.Key{Type: typ, ID: id})
	if err != nil {
		t.Fatalf("reading %s/%s: %v", typ, id, err)
	}
	return v
}

// histories returns the versions of a scope, newest first.
func histories(t testing.TB, s *Store, sc store.Scope) []fhir.Version {
	t.Helper()
	var all []fhir.Version
	for v, err := range s.History(context.Background(), sc, store.HistoryPage{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never comes that %s", what)
		}
	}
}

func sortedTexts(all []string) []string {
	slices.Sort(all)
	return all
}
