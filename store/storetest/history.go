package storetest

import (
	"time"

	"firewolf/fhir"
	"firewolf/store"
)

// story writes a short history and returns the commits: Ada, Bob and a pulse; Ada moves; Bob goes; Ada goes, Bob comes
// back; Ada comes back. A second lies between any two.
func story(w *world) []store.Commit {
	w.Helper()
	return []store.Commit{
		w.load(ada, bob, pulse),
		w.load(adaMoved),
		w.write(remove("Patient/p2")),
		w.write(remove("Patient/p1"), w.put(bob)),
		w.load(adaAgain),
	}
}

// wholeStory is what story wrote, newest first.
var wholeStory = []string{
	"Patient/p1/_history/4", "Patient/p2/_history/3", "Patient/p1/_history/3", "Patient/p2/_history/2", "Patient/p1/_history/2",
	"Observation/o1/_history/1", "Patient/p2/_history/1", "Patient/p1/_history/1",
}

var historyCases = []testCase{
	{"the history of everything is newest first, with tombstones", func(w *world) {
		w.equal("history of an empty store", []string(nil), w.history(store.Scope{}, store.HistoryPage{}))
		commits := story(w)
		w.equal("history", wholeStory, w.history(store.Scope{}, store.HistoryPage{}))
		var want, got []fhir.Version
		for k := len(commits) - 1; k >= 0; k-- {
			for r := len(commits[k].Results) - 1; r >= 0; r-- {
				want = append(want, commits[k].Results[r].Version)
			}
		}
		got = w.versions(store.Scope{}, store.HistoryPage{})
		w.equal("versions", want, got)
	}},
	{"the history of a type and of a resource are parts of it", func(w *world) {
		story(w)
		w.equal("patients", []string{
			"Patient/p1/_history/4", "Patient/p2/_history/3", "Patient/p1/_history/3", "Patient/p2/_history/2", "Patient/p1/_history/2",
			"Patient/p2/_history/1", "Patient/p1/_history/1",
		}, w.history(store.Scope{Type: "Patient"}, store.HistoryPage{}))
		w.equal("observations", []string{"Observation/o1/_history/1"}, w.history(store.Scope{Type: "Observation"}, store.HistoryPage{}))
		w.equal("p2", []string{"Patient/p2/_history/3", "Patient/p2/_history/2", "Patient/p2/_history/1"},
			w.history(store.Scope{Type: "Patient", ID: "p2"}, store.HistoryPage{}))
	}},
	{"what was never there has no history", func(w *world) {
		story(w)
		for _, sc := range []store.Scope{{Type: "Group"}, {Type: "Patient", ID: "p3"}, {Type: "Observation", ID: "p1"}} {
			w.equal("history", []string(nil), w.history(sc, store.HistoryPage{}))
			n, err := w.store.HistoryCount(w.Context(), sc, store.HistoryPage{})
			w.equal("error", nil, err)
			w.equal("count", int64(0), n)
		}
	}},
	{"a history at a moment ends there", func(w *world) {
		commits := story(w)
		w.equal("history", wholeStory[3:], w.history(store.Scope{}, store.HistoryPage{T: commits[2].T}))
		n, err := w.store.HistoryCount(w.Context(), store.Scope{}, store.HistoryPage{T: commits[2].T})
		w.equal("error", nil, err)
		w.equal("count", int64(5), n)
	}},
	{"pages of a history follow each other without gaps, in transactions too, whatever is written meanwhile", func(w *world) {
		story(w)
		for _, size := range []int{1, 2, 3, 7, 8, 9} {
			page := store.HistoryPage{T: w.head(), Limit: size}
			all := w.history(store.Scope{}, store.HistoryPage{})
			var got []string
			for {
				vs := w.versions(store.Scope{}, page)
				for _, v := range vs {
					got = append(got, v.Location())
				}
				if len(vs) < size {
					break
				}
				page.After = vs[len(vs)-1].T
				w.load(named("p1", time.Duration(len(got)).String()), named("p9", time.Duration(len(got)).String()))
			}
			w.equal("pages", all, got)
		}
	}},
	{"a limit does not change the count", func(w *world) {
		story(w)
		n, err := w.store.HistoryCount(w.Context(), store.Scope{Type: "Patient"}, store.HistoryPage{Limit: 2})
		w.equal("error", nil, err)
		w.equal("count", int64(7), n)
	}},
	{"_since keeps the versions from that time on", func(w *world) {
		commits := story(w)
		since := commits[2].At
		for _, c := range []struct {
			since time.Time
			want  []string
		}{
			{since, wholeStory[:4]},
			{since.Add(time.Millisecond), wholeStory[:3]},
			{since.Add(-time.Millisecond), wholeStory[:4]},
			{commits[4].At.Add(time.Hour), nil},
			{commits[0].At.Add(-time.Hour), wholeStory},
		} {
			w.equal("history since "+c.since.String(), c.want, w.history(store.Scope{}, store.HistoryPage{Since: c.since}))
			n, err := w.store.HistoryCount(w.Context(), store.Scope{}, store.HistoryPage{Since: c.since})
			w.equal("error", nil, err)
			w.equal("count", int64(len(c.want)), n)
		}
		w.equal("history of p2", []string{"Patient/p2/_history/3", "Patient/p2/_history/2"},
			w.history(store.Scope{Type: "Patient", ID: "p2"}, store.HistoryPage{Since: since}))
	}},
	{"_at keeps the versions that were current at some time of the period", func(w *world) {
		commits := story(w)
		at := func(k int, d time.Duration) time.Time { return commits[k].At.Add(d) }
		p1 := store.Scope{Type: "Patient", ID: "p1"}
		v := func(vids ...int64) []string {
			var all []string
			for _, vid := range vids {
				all = append(all, fhir.Version{Key: key("Patient/p1"), VID: vid}.Location())
			}
			return all
		}
		for _, c := range []struct {
			name        string
			from, until time.Time
			want        []string
		}{
			{"before everything", at(0, -time.Hour), at(0, -time.Millisecond), nil},
			{"up to the first instant", at(0, -time.Hour), at(0, 0), v(1)},
			{"one instant of the first version", at(0, 5*time.Millisecond), at(0, 5*time.Millisecond), v(1)},
			{"the last instant of the first version", at(1, -time.Millisecond), at(1, -time.Millisecond), v(1)},
			{"the first instant of the second version", at(1, 0), at(1, 0), v(2)},
			{"around the change", at(1, -time.Millisecond), at(1, 0), v(2, 1)},
			{"while it was deleted", at(3, 100*time.Millisecond), at(3, 200*time.Millisecond), v(3)},
			{"everything", at(0, 0), at(4, time.Hour), v(4, 3, 2, 1)},
			{"long after", at(4, time.Hour), at(4, 2*time.Hour), v(4)},
		} {
			page := store.HistoryPage{AtTime: c.from, AtUntil: c.until}
			w.equal(c.name, c.want, w.history(p1, page))
			n, err := w.store.HistoryCount(w.Context(), p1, page)
			w.equal("error", nil, err)
			w.equal("count "+c.name, int64(len(c.want)), n)
		}
	}},
	{"_at of everything takes each resource by itself", func(w *world) {
		commits := story(w)
		page := store.HistoryPage{AtTime: commits[2].At, AtUntil: commits[2].At.Add(time.Millisecond)}
		w.equal("history", []string{"Patient/p2/_history/2", "Patient/p1/_history/2", "Observation/o1/_history/1"}, w.history(store.Scope{}, page))
	}},
	{"_at at a moment does not see later versions replace earlier ones", func(w *world) {
		commits := story(w)
		page := store.HistoryPage{T: commits[1].T, AtTime: commits[4].At, AtUntil: commits[4].At}
		w.equal("history", []string{"Patient/p1/_history/2", "Observation/o1/_history/1", "Patient/p2/_history/1"}, w.history(store.Scope{}, page))
	}},
	{"a version that was replaced at once was current for a millisecond", func(w *world) {
		first := w.load(ada)
		w.clock.advance(-time.Second)
		second := w.load(adaMoved)
		for _, from := range []time.Time{first.At, first.At.Add(-time.Hour)} {
			w.equal("history at that time", []string{"Patient/p1/_history/1"},
				w.history(store.Scope{}, store.HistoryPage{AtTime: from, AtUntil: first.At}))
		}
		w.equal("history a millisecond later", []string{"Patient/p1/_history/2"},
			w.history(store.Scope{}, store.HistoryPage{AtTime: second.At, AtUntil: second.At}))
		w.equal("history since that time", []string{"Patient/p1/_history/2", "Patient/p1/_history/1"},
			w.history(store.Scope{}, store.HistoryPage{Since: first.At}))
		w.equal("history after that time", []string{"Patient/p1/_history/2"},
			w.history(store.Scope{}, store.HistoryPage{Since: first.At.Add(time.Millisecond)}))
	}},
	{"conditions and pages of a history go together", func(w *world) {
		commits := story(w)
		page := store.HistoryPage{Since: commits[1].At, Limit: 2}
		var got []string
		for range 3 {
			vs := w.versions(store.Scope{Type: "Patient"}, page)
			for _, v := range vs {
				got = append(got, v.Location())
			}
			if len(vs) > 0 {
				page.After = vs[len(vs)-1].T
			}
		}
		w.equal("pages", wholeStory[:5], got)
	}},
	{"a reader may stop in the middle of a history", func(w *world) {
		story(w)
		n := 0
		for _, err := range w.store.History(w.Context(), store.Scope{}, store.HistoryPage{}) {
			w.equal("error", nil, err)
			if n++; n == 2 {
				break
			}
		}
		w.equal("newest version", "Patient/p1/_history/4", w.history(store.Scope{}, store.HistoryPage{Limit: 1})[0])
		w.load(named("p7", "x")) // nothing that the reader held stops a writer
	}},
}
