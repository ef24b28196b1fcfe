package mongodb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// numbered are searches for one patient each, and their transaction.
func numbered(n int) (qs []store.Query, tx store.Tx) {
	for k := range n {
		p := search.Plan{Type: "Patient", Where: search.HasKey{Key: fmt.Sprintf("identifier|%d", k)}}
		qs = append(qs, store.Query{Plan: p, Limit: 2})
		tx.Assume = append(tx.Assume, store.Assumption{Plan: p, Limit: 2})
	}
	return qs, tx
}

// writeNumbered writes patients with these numbers.
func writeNumbered(t *testing.T, s *Store, numbers ...int) {
	t.Helper()
	for _, k := range numbers {
		op := put(t, fmt.Sprintf(`{"resourceType":"Patient","id":"n%d"}`, k))
		op.Entries.Keys = []string{fmt.Sprintf("identifier|%d", k), "gender|male"}
		mustWrite(t, s, op)
	}
}

// watched counts what the engine is asked.
func watched(s *Store) func() int {
	var mu sync.Mutex
	n := 0
	s.finder.watch = func(lookup) {
		mu.Lock()
		defer mu.Unlock()
		n++
	}
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

func TestThousandsOfConditionsAreAskedForTogether(t *testing.T) {
	s := openAt(t, newAddress(t), Options{})
	defer s.Close()
	writeNumbered(t, s, 7, 900)
	asked := watched(s)
	qs, tx := numbered(2000)
	found, err := s.Find(context.Background(), store.Now, qs)
	if err != nil {
		t.Fatal(err)
	}
	for k, ms := range found {
		want := 0
		if k == 7 || k == 900 {
			want = 1
			tx.Assume[k].Match = []fhir.Key{{Type: "Patient", ID: fmt.Sprintf("n%d", k)}}
		}
		if len(ms) != want {
			t.Errorf("%d matches of number %d", len(ms), k)
		}
	}
	tx.Ops = []store.Op{put(t, `{"resourceType":"Patient","id":"new"}`)}
	if _, err := s.Write(context.Background(), tx); err != nil {
		t.Error(err)
	}
	if n := asked(); n > 30 {
		t.Errorf("the engine was asked %d times for 4000 conditions", n)
	}
	tx.Assume[900].Match = nil
	if _, err := s.Write(context.Background(), tx); !errors.Is(err, store.ErrStale) {
		t.Errorf("one of the assumptions does not hold: %v", err)
	}
}

func TestConditionsThatLeaveTooManyTogetherAreAskedForInParts(t *testing.T) {
	s := openAt(t, newAddress(t), Options{})
	defer s.Close()
	writeNumbered(t, s, 0, 1, 2, 3, 4, 5)
	s.finder.tuning.some = 2
	qs, _ := numbered(6)
	both := search.Or{search.HasKey{Key: "identifier|1"}, search.HasKey{Key: "identifier|4"}}
	qs = append(qs,
		store.Query{Plan: search.Plan{Type: "Patient", Where: search.HasKey{Key: "gender|male"}}, Limit: 4},
		store.Query{Plan: search.Plan{Type: "Patient", Where: both}},
		store.Query{Plan: search.Plan{Type: "Patient", Where: search.And{search.HasKey{Key: "gender|male"}, both}}, Limit: 1},
		store.Query{Plan: search.Plan{Type: "Patient", Where: search.Not{Expr: both}}, Limit: 3},
		store.Query{Plan: search.Plan{Type: "Patient", Where: both, Sort: []search.SortKey{{Kind: search.SortID, Descending: true}}}},
		store.Query{Plan: search.Plan{Type: "Group", Where: both}},
	)
	found, err := s.Find(context.Background(), store.Now, qs)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, ms := range found {
		text := ""
		for _, m := range ms {
			text += m.ID + " "
		}
		got = append(got, text)
	}
	want := []string{"n0 ", "n1 ", "n2 ", "n3 ", "n4 ", "n5 ", "n0 n1 n2 n3 ", "n1 n4 ", "n1 ", "n0 n2 n3 ", "n4 n1 ", ""}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAConditionThatCannotBeAskedForRefusesItsTransactionAlone(t *testing.T) {
	e, a := engine(t), newAddress(t)
	begunAt := reindexOptions(e, "one")
	s := openAt(t, a, begunAt)
	hospital(t, s, renamed{e, "one"}, 2, 1)
	s.Close()
	begun(t, a, reindexOptions(e, "two"))
	o := reindexOptions(e, "two")
	o.Grace = 1 << 40 // the reindex stays where it is
	s = openAt(t, a, o)
	defer s.Close()
	tx := func(key string) store.Tx {
		return store.Tx{
			Ops:    []store.Op{put(t, `{"resourceType":"Patient","id":"`+key+`"}`)},
			Assume: []store.Assumption{{Plan: search.Plan{Type: "Patient", Where: search.HasKey{Key: key + "|x"}}}, {Plan: search.Plan{Type: "Patient", Where: search.HasKey{Key: key + "|y"}}}},
		}
	}
	if _, err := s.Write(context.Background(), tx("build")); !isTransient(err, "Patient.build") {
		t.Errorf("by what is made anew: %v", err)
	}
	if _, err := s.Write(context.Background(), tx("family")); err != nil {
		t.Errorf("by what is the same: %v", err)
	}
}
