package mongodb

import (
	"context"
	"flag"
	"os"
	"strconv"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/store"
	"firewolf/store/mongodb/mongotest"
	"firewolf/store/storetest"
)

func engine(t testing.TB) *search.Engine {
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

// newAddress is of a database that ends with the test.
func newAddress(t testing.TB) Address {
	t.Helper()
	uri, _ := mongotest.Database(t)
	a, err := ParseAddress(uri)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// shelf holds databases that tests are done with. To make one with its collections and indexes takes longer than most tests.
type shelf struct{ free []Address }

// address is of an empty database, which goes back to the shelf when the test ends.
func (s *shelf) address(t, all testing.TB) Address {
	t.Helper()
	a := newShelved(all, s)
	t.Cleanup(func() {
		if empty(a) {
			s.free = append(s.free, a)
		}
	})
	return a
}

func newShelved(all testing.TB, s *shelf) Address {
	if n := len(s.free); n > 0 {
		a := s.free[n-1]
		s.free = s.free[:n-1]
		return a
	}
	return newAddress(all)
}

// empty deletes what a test left, and says whether it could.
func empty(a Address) bool {
	ctx := context.Background()
	client, _, err := connect(a, Options{}.withDefaults())
	if err != nil {
		return false
	}
	defer func() { _ = client.Disconnect(ctx) }()
	db := client.Database(a.Database())
	names, err := db.ListCollectionNames(ctx, bson.D{})
	for _, name := range names {
		if _, failed := db.Collection(name).DeleteMany(ctx, bson.D{}); failed != nil {
			err = failed
		}
	}
	return err == nil
}

func openAt(t testing.TB, a Address, o Options) *Store {
	t.Helper()
	s, err := Open(context.Background(), a, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStoreKeepsTheContract(t *testing.T) {
	if testing.Short() { // each random history has a database of its own
		checks := flag.Lookup("rapid.checks").Value
		was := checks.String()
		if err := checks.Set("10"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = checks.Set(was) })
	}
	e := engine(t)
	addresses := map[store.Store]Address{}
	open := func(t *testing.T, a Address, clock fhir.Clock) store.Store {
		s := openAt(t, a, Options{Engine: e, Clock: clock})
		addresses[s] = a
		return s
	}
	var databases shelf
	rows, _ := strconv.Atoi(os.Getenv("FIREWOLF_SCAN")) // 0: as many as storetest likes
	storetest.Run(t, storetest.Options{
		Scan: rows, Slow: true, Walk: 4000,
		Open: func(one *testing.T, clock fhir.Clock) store.Store { return open(one, databases.address(one, t), clock) },
		Reopen: func(t *testing.T, s store.Store, clock fhir.Clock) store.Store {
			t.Helper()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, addresses[s], clock)
		},
	})
}
