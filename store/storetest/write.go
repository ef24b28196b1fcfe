package storetest

import (
	"slices"
	"strings"
	"time"

	"firewolf/fhir"
	"firewolf/store"
)

var writeCases = []testCase{
	{"a new resource is created with version 1", func(w *world) {
		op := w.put(ada)
		op.Method = fhir.MethodCreate
		at := w.clock.now().UTC().Truncate(time.Millisecond)
		c := w.write(op)
		v := fhir.Version{Key: key("Patient/p1"), VID: 1, T: c.T, At: at, Method: fhir.MethodCreate, JSON: stamped(w, ada, 1, at)}
		w.equal("commit", store.Commit{T: c.T, At: at, Results: []store.Result{{Effect: store.Created, Version: v}}}, c)
		if c.T <= 0 {
			w.Errorf("the moment of the first commit is %d: moments begin above 0", c.T)
		}
	}},
	{"an update makes the next version and keeps the one before", func(w *world) {
		first := w.load(ada)
		c := w.load(adaMoved)
		v := fhir.Version{Key: key("Patient/p1"), VID: 2, T: c.T, At: c.At, Method: fhir.MethodUpdate, JSON: stamped(w, adaMoved, 2, c.At)}
		w.equal("results", []store.Result{{Effect: store.Updated, Version: v}}, c.Results)
		old, err := w.store.ReadVersion(w.Context(), key("Patient/p1"), 1)
		w.equal("error", nil, err)
		w.equal("old version", first.Results[0].Version, old)
	}},
	{"the method of an Op is kept with the version", func(w *world) {
		w.load(ada)
		op := w.put(adaMoved)
		op.Method = fhir.MethodPatch
		w.write(op)
		v, err := w.store.Read(w.Context(), store.Now, key("Patient/p1"))
		w.equal("error", nil, err)
		w.equal("method", fhir.MethodPatch, v.Method)
	}},
	{"an update that changes nothing makes no version and no moment", func(w *world) {
		first := w.load(ada, bob)
		same := strings.Replace(ada, `"id":"p1",`, `"id":"p1","meta":{"versionId":"77","lastUpdated":"1999-01-01T00:00:00Z"},`, 1)
		c := w.load(same)
		w.equal("commit", store.Commit{
			T: first.T, At: first.At, Results: []store.Result{{Effect: store.Unchanged, Version: first.Results[0].Version}},
		}, c)
		w.equal("newest moment", first.T, w.head())
		w.equal("history", []string{"Patient/p1/_history/1"}, w.history(store.Scope{Type: "Patient", ID: "p1"}, store.HistoryPage{}))
	}},
	{"an update to what a version before the current one held makes a new version", func(w *world) {
		w.load(ada)
		w.load(adaMoved)
		c := w.load(ada)
		w.equal("effect", store.Updated, c.Results[0].Effect)
		w.equal("vid", int64(3), c.Results[0].Version.VID)
	}},
	{"a delete makes a tombstone without content", func(w *world) {
		w.load(ada)
		c := w.write(remove("Patient/p1"))
		v := fhir.Version{Key: key("Patient/p1"), VID: 2, T: c.T, At: c.At, Method: fhir.MethodDelete, Deleted: true}
		w.equal("results", []store.Result{{Effect: store.Deleted, Version: v}}, c.Results)
	}},
	{"a delete of what is not there does nothing", func(w *world) {
		w.load(ada)
		gone := w.write(remove("Patient/p1"))
		for _, k := range []string{"Patient/p1", "Patient/never"} {
			c := w.write(remove(k))
			w.equal("commit for "+k, store.Commit{T: gone.T, At: gone.At, Results: []store.Result{{Effect: store.Absent}}}, c)
		}
		w.equal("newest moment", gone.T, w.head())
	}},
	{"a deleted resource comes back with the next version, even with the content that it had", func(w *world) {
		w.load(ada)
		w.write(remove("Patient/p1"))
		c := w.load(ada)
		v := fhir.Version{Key: key("Patient/p1"), VID: 3, T: c.T, At: c.At, Method: fhir.MethodUpdate, JSON: stamped(w, ada, 3, c.At)}
		w.equal("results", []store.Result{{Effect: store.Revived, Version: v}}, c.Results)
		w.write(remove("Patient/p1"))
		w.equal("vid", int64(5), w.load(bobAs("p1")).Results[0].Version.VID)
	}},
	{"the versions of a transaction have rising moments, one time, and the last one's moment is the commit's", func(w *world) {
		w.load(bob)
		before := w.head()
		c := w.write(w.put(pulse), w.put(ada), remove("Patient/p2"))
		last := before
		for _, r := range c.Results {
			if r.Version.T <= last {
				w.Errorf("%s has moment %d after %d", r.Version, r.Version.T, last)
			}
			last = r.Version.T
			w.equal("time of "+r.Version.String(), c.At, r.Version.At)
		}
		w.equal("moment of the commit", last, c.T)
		w.equal("newest moment", c.T, w.head())
	}},
	{"the results of a transaction stand in the order of its Ops", func(w *world) {
		w.load(ada, bob)
		c := w.write(remove("Patient/never"), w.put(pulse), w.put(ada), remove("Patient/p2"), w.put(bobAs("p3")))
		var effects []store.Effect
		var keys []string
		for _, r := range c.Results {
			effects, keys = append(effects, r.Effect), append(keys, r.Version.String())
		}
		w.equal("effects", []store.Effect{store.Absent, store.Created, store.Unchanged, store.Deleted, store.Created}, effects)
		w.equal("keys", []string{"/", "Observation/o1", "Patient/p1", "Patient/p2", "Patient/p3"}, keys)
	}},
	{"a transaction without Ops is accepted and writes nothing", func(w *world) {
		w.equal("commit on an empty store", store.Commit{}, w.write())
		first := w.load(ada)
		w.equal("commit", store.Commit{T: first.T, At: first.At}, w.write())
	}},
	{"times rise from commit to commit, even if the clock stands still or falls back", func(w *world) {
		first := w.load(ada)
		w.clock.advance(-time.Hour)
		second := w.load(adaMoved)
		w.equal("time while the clock is behind", first.At.Add(time.Millisecond), second.At)
		w.equal("time of a commit that writes nothing", second.At, w.load(adaMoved).At)
		w.clock.advance(2 * time.Hour)
		third := w.load(adaAgain)
		w.equal("time once it is ahead again", w.clock.now().UTC().Truncate(time.Millisecond).Add(-time.Second), third.At)
	}},
	{"many versions of one resource are numbered without gaps", func(w *world) {
		var want []string
		for k := range 25 {
			w.load(named("p1", string(rune('a'+k))))
			if k%5 == 4 {
				w.write(remove("Patient/p1"))
			}
		}
		for vid := 30; vid > 0; vid-- {
			want = append(want, fhir.Version{Key: key("Patient/p1"), VID: int64(vid)}.Location())
		}
		w.equal("history", want, w.history(store.Scope{Type: "Patient", ID: "p1"}, store.HistoryPage{}))
	}},
	{"a resource of a megabyte comes back whole", func(w *world) {
		big := `{"resourceType":"Binary","id":"b1","contentType":"text/plain","data":"` + strings.Repeat("QUJD", 1<<18) + `"}`
		c := w.load(big)
		v, err := w.store.Read(w.Context(), store.Now, key("Binary/b1"))
		w.equal("error", nil, err)
		if !slices.Equal(stamped(w, big, 1, c.At), v.JSON) {
			w.Errorf("read %d bytes that are not those written", len(v.JSON))
		}
	}},
	{"what a caller does to its bytes after a write does not reach the store", func(w *world) {
		op := w.put(ada)
		c := w.write(op)
		want := stamped(w, ada, 1, c.At)
		clear(op.Stamp.Before)
		clear(op.Stamp.After)
		v, err := w.store.Read(w.Context(), store.Now, key("Patient/p1"))
		w.equal("error", nil, err)
		w.equal("content", string(want), string(v.JSON))
	}},
}

// named is a patient with a family name.
func named(id, family string) string {
	return `{"resourceType":"Patient","id":"` + id + `","name":[{"family":"` + family + `"}]}`
}

// bobAs is Bob with another id.
func bobAs(id string) string { return named(id, "Bobson") }
