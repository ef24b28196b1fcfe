package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"firewolf/fhir"
	"firewolf/store"
)

const writers = 16

// together runs do in as many goroutines as there are writers, and waits for them.
func together(do func(writer int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for k := range writers {
		wg.Go(func() {
			<-start
			do(k)
		})
	}
	close(start)
	wg.Wait()
}

var concurrencyCases = []testCase{
	{"of 16 writers with the same If-Match exactly one wins each round", func(w *world) {
		w.load(named("p1", "start"))
		for round := range 20 {
			var won atomic.Int32
			together(func(k int) {
				_, err := w.store.Write(w.Context(), store.Tx{Ops: []store.Op{
					ifVersion(int64(round+1), w.put(named("p1", fmt.Sprintf("r%dw%d", round, k)))),
				}})
				switch {
				case err == nil:
					won.Add(1)
				case !fhir.HasReason(err, fhir.ReasonVersionMismatch):
					w.Errorf("a loser of round %d: %v", round, err)
				}
			})
			w.equal(fmt.Sprintf("winners of round %d", round), int32(1), won.Load())
		}
		v, err := w.store.Read(w.Context(), store.Now, key("Patient/p1"))
		w.equal("error", nil, err)
		w.equal("vid", int64(21), v.VID)
	}},
	{"concurrent conditional creates make exactly one resource", func(w *world) {
		for round := range 10 {
			query := fmt.Sprintf("Patient?identifier=http://example.org/mrn|%d", round)
			var created atomic.Int32
			together(func(k int) {
				json := fmt.Sprintf(`{"resourceType":"Patient","id":"r%dw%d","identifier":[{"system":"http://example.org/mrn","value":"%d"}]}`, round, k, round)
				if createUnlessThere(w, query, json) {
					created.Add(1)
				}
			})
			w.equal("creates", int32(1), created.Load())
			w.equal("matches", int64(1), w.count(query, store.Now))
		}
	}},
	{"a transaction is seen whole or not at all", func(w *world) {
		pair := func(n int) []store.Op {
			family := fmt.Sprintf("F%d", n)
			return []store.Op{w.put(named("p1", family)), w.put(named("p2", family)), w.put(named("p3", family))}
		}
		w.write(pair(0)...)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			defer close(stop)
			for n := range 200 {
				if _, err := w.store.Write(w.Context(), store.Tx{Ops: pair(n + 1)}); err != nil {
					w.Errorf("writing: %v", err)
					return
				}
			}
		})
		for range 3 {
			wg.Go(func() { seeWhole(w, stop) })
		}
		wg.Wait()
	}},
	{"a writer reads what it wrote", func(w *world) {
		together(func(k int) {
			for n := range 10 {
				id := fmt.Sprintf("w%dn%d", k, n)
				c, err := w.store.Write(w.Context(), store.Tx{Ops: []store.Op{w.put(named(id, "x"))}})
				if err != nil {
					w.Errorf("writing: %v", err)
					return
				}
				if head, _, err := w.store.Head(w.Context()); err != nil || head < c.T {
					w.Errorf("the newest moment is %d after a commit at %d (%v)", head, c.T, err)
				}
				if _, err := w.store.Read(w.Context(), store.Now, key("Patient/"+id)); err != nil {
					w.Errorf("reading %s after it was written: %v", id, err)
				}
			}
		})
		w.equal("patients", int64(writers*10), w.count("Patient", store.Now))
	}},
	{"the versions of all writers have moments of their own", func(w *world) {
		together(func(k int) {
			for n := range 10 {
				if _, err := w.store.Write(w.Context(), store.Tx{Ops: []store.Op{w.put(named("p1", fmt.Sprintf("w%dn%d", k, n)))}}); err != nil {
					w.Errorf("writing: %v", err)
				}
			}
		})
		vs := w.versions(store.Scope{Type: "Patient", ID: "p1"}, store.HistoryPage{})
		w.equal("versions", writers*10, len(vs))
		for k, v := range vs {
			w.equal("vid", int64(len(vs)-k), v.VID)
			if k > 0 && v.T >= vs[k-1].T {
				w.Errorf("version %d has moment %d, the one after it %d", v.VID, v.T, vs[k-1].T)
			}
		}
	}},
	{"a moment stays what it was while others write", func(w *world) {
		w.load(ada, bob, pulse)
		t := w.head()
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			defer close(stop)
			for n := range 100 {
				ops := []store.Op{w.put(named("p1", fmt.Sprintf("F%d", n))), remove("Patient/p2")}
				if n%2 == 0 {
					ops[1] = w.put(bob)
				}
				if _, err := w.store.Write(w.Context(), store.Tx{Ops: ops}); err != nil {
					w.Errorf("writing: %v", err)
				}
			}
		})
		for over := false; !over; {
			select {
			case <-stop:
				over = true
			default:
			}
			w.equal("patients at the moment", []string{"p1", "p2"}, w.findAt("Patient?_sort=_id", t))
			w.equal("chain at the moment", []string{"o1"}, w.findAt("Observation?patient.name=lovelace", t))
		}
		wg.Wait()
	}},
}

// createUnlessThere is a conditional create: it looks, writes on the assumption that it saw right, and looks again if not.
func createUnlessThere(w *world, query, json string) bool {
	p := w.plan(query)
	for {
		for _, err := range w.store.Search(w.Context(), p, store.Page{Limit: 2}) {
			if err != nil {
				w.Errorf("searching: %v", err)
			}
			return false
		}
		_, err := w.store.Write(w.Context(), store.Tx{
			Ops: []store.Op{w.put(json)}, Assume: []store.Assumption{{Plan: p, Limit: 2}},
		})
		switch {
		case err == nil:
			return true
		case !errors.Is(err, store.ErrStale):
			w.Errorf("writing: %v", err)
			return false
		}
	}
}

// seeWhole reads, at moments, resources that are always written together, until it is told to stop.
func seeWhole(w *world, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		t, _, err := w.store.Head(w.Context())
		if err != nil {
			w.Errorf("asking for the newest moment: %v", err)
			return
		}
		vids := map[int64]int{}
		for _, id := range []string{"p1", "p2", "p3"} {
			v, err := w.store.Read(w.Context(), t, key("Patient/"+id))
			if err != nil {
				w.Errorf("reading: %v", err)
				return
			}
			vids[v.VID]++
		}
		for m, err := range w.store.Search(w.Context(), w.plan("Patient"), store.Page{T: t}) {
			if err != nil {
				w.Errorf("searching: %v", err)
				return
			}
			vids[m.VID]++
		}
		if len(vids) != 1 {
			w.Errorf("at moment %d versions of several transactions are current: %v", t, vids)
			return
		}
	}
}
