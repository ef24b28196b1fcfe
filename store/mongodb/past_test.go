package mongodb

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/store"
)

// writePast writes what a history is long of: large commits, small ones, a long pause, and a resource with many versions.
func writePast(t *testing.T) *Store {
	t.Helper()
	var seconds atomic.Int64
	s := openNew(t, Options{Clock: func() time.Time { return epoch.Add(time.Duration(seconds.Add(1)) * time.Second) }, Tick: time.Hour})
	s.finder.tuning.some = 30
	many := func(n int) []store.Op {
		var ops []store.Op
		for k := range n {
			ops = append(ops, put(t, patient(fmt.Sprint("p", k), fmt.Sprint(seconds.Load()))))
		}
		return append(ops, put(t, fmt.Sprintf(`{"resourceType":"Device","id":"d%d"}`, seconds.Load())))
	}
	mustWrite(t, s, many(70)...)
	for n := range 75 {
		mustWrite(t, s, put(t, patient("long", fmt.Sprint(n))))
	}
	mustWrite(t, s, many(100)...)
	mustWrite(t, s, remove("Patient", "long"), put(t, patient("p1", "new")))
	mustWrite(t, s, many(10)...)
	return s
}

// pages reads a history by pages of a size.
func pages(t *testing.T, s *Store, sc store.Scope, page store.HistoryPage) (all []fhir.Version) {
	t.Helper()
	for {
		n := len(all)
		for v, err := range s.History(context.Background(), sc, page) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, v)
		}
		if page.Limit == 0 || len(all) < n+page.Limit {
			return all
		}
		page.After = all[len(all)-1].T
	}
}

// between are the versions of a history in a scope, since a time, and current in the second before another one.
func between(all []fhir.Version, sc store.Scope, since, at time.Time) (some []string) {
	next := map[fhir.Key]time.Time{}
	for _, v := range all {
		until, replaced := next[v.Key]
		next[v.Key] = v.At
		switch {
		case sc.Type != "" && v.Type != sc.Type, sc.ID != "" && v.ID != sc.ID, v.At.Before(since):
		case !at.IsZero() && (v.At.After(at) || replaced && !until.After(at.Add(-time.Second))):
		default:
			some = append(some, v.Location())
		}
	}
	return some
}

func TestAHistoryIsTheSameInWhateverPiecesItIsRead(t *testing.T) {
	s := writePast(t)
	all := histories(t, s, store.Scope{})
	falls := func(a, b fhir.Version) int { return int(b.T - a.T) }
	if len(all) != 70+1+75+100+1+2+10+1 || !slices.IsSortedFunc(all, falls) {
		t.Fatalf("%d versions, in order: %t", len(all), slices.IsSortedFunc(all, falls))
	}
	for _, sc := range []store.Scope{{}, {Type: "Patient"}, {Type: "Device"}, {Type: "Patient", ID: "long"}, {Type: "Patient", ID: "p1"}, {Type: "Patient", ID: "none"}} {
		for _, of := range []struct{ since, at time.Time }{{}, {since: all[len(all)/3].At}, {at: all[len(all)/3].At}, {since: epoch.Add(time.Hour)}, {at: epoch}} {
			page := store.HistoryPage{Since: of.since}
			if !of.at.IsZero() {
				page.AtTime, page.AtUntil = of.at.Add(-time.Second), of.at
			}
			want := between(all, sc, of.since, of.at)
			for _, page.Limit = range []int{0, 7, 100} {
				var got []string
				for _, v := range pages(t, s, sc, page) {
					got = append(got, v.Location())
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%+v of %+v: %s", page, sc, diff)
				}
			}
			if n, err := s.HistoryCount(context.Background(), sc, page); err != nil || n != int64(len(want)) {
				t.Errorf("%+v of %+v: %d are counted, not %d (%v)", page, sc, n, len(want), err)
			}
		}
	}
}

func TestAHistoryReadsNoMoreAtATimeThanItHoldsEasily(t *testing.T) {
	s := openNew(t, Options{})
	for k := range 9 {
		mustWrite(t, s, put(t, image(fmt.Sprint("b", 9-k), 10_000)))
	}
	p := newPast(context.Background(), s, historyQuery{t: slot(9).moment(1), before: slot(9).moment(2)}, []string{"Binary"})
	p.bytes = 30_000
	rows, err := p.next()
	if err != nil || len(rows) != 9 {
		t.Fatalf("%d versions, %v", len(rows), err)
	}
	var got []string
	for len(rows) > 0 {
		some, err := p.load(rows)
		if err != nil || len(some) < 1 || len(some) > 3 {
			t.Fatalf("%d versions at a time, %v", len(some), err)
		}
		for _, v := range some {
			got = append(got, v.ID)
		}
		rows = rows[len(some):]
	}
	if diff := cmp.Diff([]string{"b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAPageOfALongHistoryTakesFewFinds(t *testing.T) {
	asked := &asked{}
	s := openNew(t, Options{Tick: time.Hour, monitor: asked.monitor()})
	for n := range 20 {
		var puts []store.Op
		for k := range 500 {
			puts = append(puts, put(t, patient(fmt.Sprintf("p%dn%d", n, k), "A")))
		}
		mustWrite(t, s, puts...)
	}
	asked.clear()
	all := pages(t, s, store.Scope{Type: "Patient"}, store.HistoryPage{Limit: 3000})
	if n := asked.clear(); len(all) != 10_000 || n > 240 {
		t.Errorf("%d versions by %d commands", len(all), n)
	}
}
