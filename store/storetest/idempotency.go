package storetest

import (
	"sync"
	"time"

	"firewolf/fhir"
	"firewolf/store"
)

// request names a request by the client's key, with a digest made of one byte.
func request(name string, digest byte) *store.Idempotency {
	return &store.Idempotency{Key: name, Request: [32]byte{digest}, Note: []byte("note of " + name)}
}

// replayOf is how the commit of a transaction comes back.
func replayOf(c store.Commit, id *store.Idempotency) store.Commit {
	c.Replayed, c.Note = true, id.Note
	return c
}

var idempotencyCases = []testCase{
	{"a repeated transaction answers what the first did, and writes nothing", func(w *world) {
		w.load(bob)
		tx := store.Tx{Ops: []store.Op{w.put(ada), remove("Patient/p2"), remove("Patient/never")}, Idempotency: request("a", 1)}
		first := w.commit(tx)
		w.equal("replayed the first time", false, first.Replayed)
		w.load(adaMoved)
		w.leavesNoTrace(func() {
			w.equal("second commit", replayOf(first, tx.Idempotency), w.commit(tx))
		})
	}},
	{"the first answer comes back although its conditions no longer hold", func(w *world) {
		tx := store.Tx{
			Ops:         []store.Op{ifAbsent(w.put(ada))},
			Assume:      []store.Assumption{{Plan: w.plan("Patient?name=lovelace"), Limit: 2}},
			Idempotency: request("a", 1),
		}
		first := w.commit(tx)
		w.equal("second commit", replayOf(first, tx.Idempotency), w.commit(tx))
	}},
	{"a key with another request is refused", func(w *world) {
		w.commit(store.Tx{Ops: []store.Op{w.put(ada)}, Idempotency: request("a", 1)})
		w.mustRefuse(store.Tx{Ops: []store.Op{w.put(bob)}, Idempotency: request("a", 2)}, "conflict idempotency-reused")
	}},
	{"another key is another transaction", func(w *world) {
		w.commit(store.Tx{Ops: []store.Op{w.put(ada)}, Idempotency: request("a", 1)})
		c := w.commit(store.Tx{Ops: []store.Op{w.put(adaMoved)}, Idempotency: request("b", 1)})
		w.equal("effect", store.Updated, c.Results[0].Effect)
		w.equal("replayed", false, c.Replayed)
	}},
	{"a refused transaction leaves no trace of its key", func(w *world) {
		w.load(ada)
		tx := store.Tx{Ops: []store.Op{ifVersion(2, w.put(adaAgain))}, Idempotency: request("a", 1)}
		w.mustRefuse(tx, "conflict version-mismatch")
		stale := store.Tx{Assume: []store.Assumption{{Plan: w.plan("Patient")}}, Idempotency: request("a", 1)}
		w.mustBeStale(stale)
		_, err := w.store.Replay(w.Context(), *tx.Idempotency)
		w.refused(err, "not-found")
		w.load(adaMoved)
		w.equal("effect", store.Updated, w.commit(tx).Results[0].Effect)
	}},
	{"a transaction that writes nothing is answered again too", func(w *world) {
		w.load(ada)
		for name, ops := range map[string][]store.Op{"unchanged": {w.put(ada)}, "absent": {remove("Patient/never")}, "empty": nil} {
			tx := store.Tx{Ops: ops, Idempotency: request(name, 1)}
			first := w.commit(tx)
			w.load(named("p1", name))
			w.equal("second commit", replayOf(first, tx.Idempotency), w.commit(tx))
			w.load(ada)
		}
	}},
	{"an author can ask for the first answer before it looks anything up", func(w *world) {
		id := request("a", 1)
		_, err := w.store.Replay(w.Context(), *id)
		w.refused(err, "not-found")
		first := w.commit(store.Tx{Ops: []store.Op{w.put(ada)}, Idempotency: id})
		got, err := w.store.Replay(w.Context(), store.Idempotency{Key: id.Key, Request: id.Request})
		w.equal("error", nil, err)
		w.equal("replay", replayOf(first, id), got)
		_, err = w.store.Replay(w.Context(), *request("a", 2))
		w.refused(err, "conflict idempotency-reused")
	}},
	{"a key is known for a day", func(w *world) {
		tx := store.Tx{Ops: []store.Op{w.put(ada)}, Idempotency: request("a", 1)}
		first := w.commit(tx)
		w.clock.advance(24*time.Hour - 2*time.Second)
		w.equal("commit a day later", replayOf(first, tx.Idempotency), w.commit(tx))
	}},
	{"of transactions with one key that arrive together one is done", func(w *world) {
		tx := store.Tx{Ops: []store.Op{w.put(ada)}, Idempotency: request("a", 1)}
		var wg sync.WaitGroup
		commits := make([]store.Commit, 16)
		for k := range commits {
			wg.Go(func() {
				var err error
				if commits[k], err = w.store.Write(w.Context(), tx); err != nil {
					w.Errorf("writing: %v", err)
				}
			})
		}
		wg.Wait()
		first := 0
		for _, c := range commits {
			if !c.Replayed {
				first++
			}
			w.equal("version", commits[0].Results[0].Version, c.Results[0].Version)
		}
		w.equal("commits that were no replay", 1, first)
		w.equal("history", []string{"Patient/p1/_history/1"}, w.history(store.Scope{}, store.HistoryPage{}))
	}},
	{"a replay tells what is current no longer", func(w *world) {
		tx := store.Tx{Ops: []store.Op{w.put(ada)}, Idempotency: request("a", 1)}
		first := w.commit(tx)
		w.write(remove("Patient/p1"))
		c := w.commit(tx)
		w.equal("version", first.Results[0].Version, c.Results[0].Version)
		_, err := w.store.Read(w.Context(), store.Now, fhir.Key{Type: "Patient", ID: "p1"})
		w.refused(err, "deleted")
	}},
}
