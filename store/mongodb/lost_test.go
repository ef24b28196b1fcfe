package mongodb

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

func TestASearchWhoseIndexIsGoneIsRefusedUntilItIsThereAgain(t *testing.T) {
	ctx, log := context.Background(), &logged{}
	s := openNew(t, Options{Tick: time.Hour, Log: log.logger()})
	mustWrite(t, s, put(t, patient("p1", "A"), "family|a"))
	plan := search.Plan{Type: "Patient", Where: search.HasKey{Key: "family|a"}}
	ways := map[string]func() (int, error){
		"a search": func() (int, error) {
			found, err := foundBy(s, "Patient", "family|a")
			return len(found), err
		},
		"a count": func() (int, error) {
			n, err := s.Count(ctx, plan, store.Now)
			return int(n), err
		},
		"several searches": func() (int, error) {
			found, err := s.Find(ctx, store.Now, []store.Query{{Plan: plan}, {Plan: plan}})
			return len(slices.Concat(found...)) / 2, err
		},
		"a condition": func() (int, error) {
			_, err := s.Write(ctx, store.Tx{Ops: []store.Op{put(t, patient("p2", "A"))}, Assume: []store.Assumption{{Plan: plan, Limit: 2}}})
			if fhir.HasCode(err, fhir.Transient) {
				return 0, err
			}
			return btoi(err != nil), nil // stale: it found what it was not to find
		},
	}
	for what, ask := range ways {
		if n, err := ask(); n != 1 || err != nil {
			t.Fatalf("%s finds %d, %v", what, n, err)
		}
		if err := s.collection("Patient").Indexes().DropOne(ctx, "k_1_t_1"); err != nil {
			t.Fatal(err)
		}
		if n, err := ask(); n != 0 || !fhir.HasCode(err, fhir.Transient) || !fhir.HasReason(err, fhir.ReasonUnavailable) {
			t.Errorf("%s without its index: %d, %v", what, n, err)
		}
		if err := s.mend(ctx); err != nil {
			t.Fatal(err)
		}
		if n, err := ask(); n != 1 || err != nil {
			t.Errorf("%s when the index is there again: %d, %v", what, n, err)
		}
	}
	if text := log.text(); strings.Count(text, "an index is gone") != len(ways) || strings.Count(text, "there again") != len(ways) {
		t.Errorf("the log hears %s", text)
	}
}

func TestOfACollectionThatHoldsNothingNothingIsFoundWithoutAnIndex(t *testing.T) {
	ctx := context.Background()
	s := openNew(t, Options{})
	if err := s.wire.db.CreateCollection(ctx, "Device"); err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{"Device", "Group"} {
		if found, err := foundBy(s, typ, "k"); len(found) != 0 || err != nil {
			t.Errorf("%s: %v, %v", typ, found, err)
		}
	}
	if lost := s.kinds.lost(); len(lost) != 0 {
		t.Errorf("taken for lost: %v", lost)
	}
}
