package sqlite

import (
	"context"
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/store"
	"firewolf/store/storetest"
)

func engine(t *testing.T) *search.Engine {
	t.Helper()
	definitions, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	e, err := search.NewEngine(definitions, storetest.Base)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func openAt(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// contract runs storetest on stores with the options.
func contract(t *testing.T, o Options) {
	o.Engine = engine(t)
	dirs := map[store.Store]string{}
	open := func(t *testing.T, dir string, clock fhir.Clock) store.Store {
		o := o
		o.Clock = clock
		s := openAt(t, dir, o)
		dirs[s] = dir
		return s
	}
	storetest.Run(t, storetest.Options{
		Open: func(t *testing.T, clock fhir.Clock) store.Store { return open(t, t.TempDir(), clock) },
		Reopen: func(t *testing.T, s store.Store, clock fhir.Clock) store.Store {
			t.Helper()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, dirs[s], clock)
		},
	})
}

func TestStoreKeepsTheContract(t *testing.T) { contract(t, Options{}) }

func TestStoreThatMergesAllTheTimeKeepsTheContract(t *testing.T) {
	contract(t, Options{Merge: 3, Readers: 2, tuning: tuning{few: 1, many: 1, collectable: 1}})
}
