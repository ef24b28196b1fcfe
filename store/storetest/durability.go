package storetest

import (
	"fmt"
	"sync"
	"time"

	"firewolf/fhir"
	"firewolf/store"
)

// forgets skips the test for a store that keeps nothing when it is closed.
func (w *world) forgets() {
	w.Helper()
	if w.bench.options.Reopen == nil {
		w.Skip("the store keeps nothing when it is closed")
	}
}

// reopen closes the store and opens what it kept.
func (w *world) reopen() {
	w.Helper()
	w.forgets()
	w.store = w.bench.options.Reopen(w.T, w.store, w.clock.now)
}

var durabilityCases = []testCase{
	{"a store that is opened again holds every version, moment and time", func(w *world) {
		commits := story(w)
		before := w.versions(store.Scope{}, store.HistoryPage{})
		w.reopen()
		w.equal("versions", before, w.versions(store.Scope{}, store.HistoryPage{}))
		t, at, err := w.store.Head(w.Context())
		w.equal("error", nil, err)
		w.equal("newest moment", commits[4].T, t)
		w.equal("its time", commits[4].At, at)
		v, err := w.store.Read(w.Context(), commits[1].T, key("Patient/p1"))
		w.equal("error", nil, err)
		w.equal("version of then", commits[1].Results[0].Version, v)
	}},
	{"a store that is opened again answers searches as before, now and at earlier moments", func(w *world) {
		w.forgets()
		ward(w)
		t := w.head()
		w.write(remove("Patient/ann"), w.put(observes("o1", "Patient/dan")))
		now := map[string][]string{}
		for _, c := range wardAnswers {
			now[c.query] = w.find(c.query)
		}
		w.reopen()
		for _, c := range wardAnswers {
			w.equal(c.query+" now", now[c.query], w.find(c.query))
			w.equal(c.query+" then", len(c.want) == 0, len(w.findAt(c.query, t)) == 0)
			w.equal("count of "+c.query, int64(len(w.findAt(c.query, t))), w.count(c.query, t))
		}
	}},
	{"versions, moments and times go on where they were", func(w *world) {
		last := story(w)[4]
		w.clock.advance(-time.Hour)
		w.reopen()
		c := w.load(ada)
		w.equal("vid", int64(5), c.Results[0].Version.VID)
		w.equal("time while the clock is behind", last.At.Add(time.Millisecond), c.At)
		if c.T <= last.T {
			w.Errorf("moment %d after %d", c.T, last.T)
		}
		w.equal("vid of what is deleted and comes back", int64(3), w.load(bobAs("p2")).Results[0].Version.VID)
	}},
	{"cursors and the key that signs them stay valid", func(w *world) {
		ward(w)
		secret, t, p := w.store.Secret(), w.head(), w.plan("Observation?_sort=-date")
		all := w.matches(p, store.Page{T: t})
		w.load(reading(9, 9))
		w.reopen()
		w.equal("secret", secret, w.store.Secret())
		var want, got []string
		for _, m := range all[2:] {
			want = append(want, m.Location())
		}
		for _, m := range w.matches(p, store.Page{T: t, After: all[1].Cursor}) {
			got = append(got, m.Location())
		}
		w.equal("rest", want, got)
	}},
	{"idempotency keys are still known", func(w *world) {
		tx := store.Tx{Ops: []store.Op{w.put(ada), remove("Patient/never")}, Idempotency: request("a", 1)}
		first := w.commit(tx)
		w.load(adaMoved)
		w.reopen()
		w.equal("second commit", replayOf(first, tx.Idempotency), w.commit(tx))
		w.mustRefuse(store.Tx{Idempotency: request("a", 2)}, "conflict idempotency-reused")
	}},
	{"everything that was acknowledged before the store was closed is there", func(w *world) {
		w.forgets()
		var mu sync.Mutex
		acknowledged := map[fhir.Key]int64{}
		var wg sync.WaitGroup
		for k := range 8 {
			wg.Go(func() {
				for n := 0; ; n++ {
					op := w.put(named(fmt.Sprintf("w%dn%d", k, n), "x"))
					c, err := w.store.Write(w.Context(), store.Tx{Ops: []store.Op{op}})
					if err != nil {
						return // closed
					}
					mu.Lock()
					acknowledged[op.Key] = c.Results[0].Version.VID
					mu.Unlock()
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		again := w.bench.options.Reopen(w.T, w.store, w.clock.now)
		wg.Wait()
		w.store = again
		found := map[fhir.Key]int64{}
		for _, v := range w.versions(store.Scope{}, store.HistoryPage{}) {
			found[v.Key] = v.VID
		}
		for k, vid := range acknowledged {
			w.equal(k.String(), vid, found[k])
		}
		if len(acknowledged) == 0 {
			w.Error("nothing was acknowledged: the test proves nothing")
		}
	}},
}
