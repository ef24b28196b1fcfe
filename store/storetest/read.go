package storetest

import (
	"time"

	"firewolf/fhir"
	"firewolf/fhir/tree"
	"firewolf/store"
)

const (
	ada      = `{"resourceType":"Patient","id":"p1","name":[{"family":"Lovelace"}],"birthDate":"1815-12-10"}`
	adaMoved = `{"resourceType":"Patient","id":"p1","name":[{"family":"King"}],"birthDate":"1815-12-10"}`
	adaAgain = `{"resourceType":"Patient","id":"p1","name":[{"family":"Byron"}]}`
	bob      = `{"resourceType":"Patient","id":"p2","name":[{"family":"Bobson"}]}`
	pulse    = `{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},` +
		`"subject":{"reference":"Patient/p1"},"effectiveDateTime":"2024-05-01","valueQuantity":{"value":72,"system":"http://unitsofmeasure.org","code":"/min"}}`
)

var readCases = []testCase{
	{"a store that was never written to is at moment 0", func(w *world) {
		moment, at, err := w.store.Head(w.Context())
		w.equal("error", nil, err)
		w.equal("moment", fhir.Moment(0), moment)
		w.equal("time", time.Time{}, at)
	}},
	{"the newest moment and its time are those of the last commit", func(w *world) {
		w.load(ada)
		c := w.load(adaMoved, bob)
		moment, at, err := w.store.Head(w.Context())
		w.equal("error", nil, err)
		w.equal("moment", c.T, moment)
		w.equal("time", c.At, at)
	}},
	{"a resource that was never there is not found", func(w *world) {
		w.load(ada)
		for _, k := range []string{"Patient/p2", "Observation/p1", "Patient/P1"} {
			v, err := w.store.Read(w.Context(), store.Now, key(k))
			w.refused(err, "not-found")
			w.equal("version of "+k, fhir.Version{}, v)
		}
	}},
	{"a resource is read as it was written, with its id, version and time", func(w *world) {
		c := w.load(ada)
		got, err := w.store.Read(w.Context(), store.Now, key("Patient/p1"))
		w.equal("error", nil, err)
		w.equal("version", fhir.Version{
			Key: key("Patient/p1"), VID: 1, T: c.T, At: c.At, Method: fhir.MethodUpdate, JSON: stamped(w, ada, 1, c.At),
		}, got)
	}},
	{"a read at a moment sees what was current then", func(w *world) {
		before := w.load(bob).T
		first := w.load(ada)
		second := w.load(adaMoved)
		gone := w.write(remove("Patient/p1"))
		back := w.load(adaAgain)
		read := func(t fhir.Moment) (fhir.Version, error) {
			return w.store.Read(w.Context(), t, key("Patient/p1"))
		}
		_, err := read(before)
		w.refused(err, "not-found")
		for _, c := range []store.Commit{first, second, back} {
			got, err := read(c.T)
			w.equal("error", nil, err)
			w.equal("version", c.Results[0].Version, got)
		}
		got, err := read(gone.T)
		w.refused(err, "deleted")
		w.equal("tombstone", gone.Results[0].Version, got)
		got, err = read(store.Now)
		w.equal("error", nil, err)
		w.equal("version now", back.Results[0].Version, got)
	}},
	{"every version is read by its id, and a tombstone says that it is one", func(w *world) {
		commits := []store.Commit{w.load(ada), w.load(adaMoved), w.write(remove("Patient/p1")), w.load(adaAgain)}
		for k, c := range commits {
			got, err := w.store.ReadVersion(w.Context(), key("Patient/p1"), int64(k+1))
			if k == 2 {
				w.refused(err, "deleted")
			} else {
				w.equal("error", nil, err)
			}
			w.equal("version", c.Results[0].Version, got)
		}
		for _, vid := range []int64{0, -1, 5} {
			_, err := w.store.ReadVersion(w.Context(), key("Patient/p1"), vid)
			w.refused(err, "not-found")
		}
		_, err := w.store.ReadVersion(w.Context(), key("Patient/p2"), 1)
		w.refused(err, "not-found")
	}},
	{"resources of one id and several types are several resources", func(w *world) {
		w.load(ada, `{"resourceType":"Observation","id":"p1","status":"final","code":{"text":"x"}}`)
		w.write(remove("Patient/p1"))
		got, err := w.store.Read(w.Context(), store.Now, key("Observation/p1"))
		w.equal("error", nil, err)
		w.equal("key", key("Observation/p1"), got.Key)
		w.equal("vid", int64(1), got.VID)
	}},
	{"the store's secret is 32 bytes and stays the same", func(w *world) {
		first := w.store.Secret()
		w.equal("length", 32, len(first))
		w.equal("secret", first, w.store.Secret())
	}},
}

// stamped is the document that a store must keep of a resource.
func stamped(w *world, json string, vid int64, at time.Time) []byte {
	w.Helper()
	t, err := tree.Parse([]byte(json), tree.Limits{})
	if err != nil {
		w.Fatalf("parsing %s: %v", json, err)
	}
	return t.Stamp().With(vid, at)
}
