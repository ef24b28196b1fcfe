package storetest

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// world is one store under test, and the words to write and ask.
type world struct {
	*testing.T
	bench *bench
	clock *manualClock
	store store.Store
}

// key reads "Patient/1".
func key(s string) fhir.Key {
	k, ok := fhir.ParseKey(s)
	if !ok {
		panic(s + " is no key")
	}
	return k
}

// put is the Op that an update with this resource makes.
func (w *world) put(json string) store.Op {
	w.Helper()
	op, err := putOp(w.bench.engine, []byte(json))
	if err != nil {
		w.Fatalf("making an Op of %s: %v", json, err)
	}
	return op
}

func putOp(e *search.Engine, json []byte) (store.Op, error) {
	t, err := tree.Parse(json, tree.Limits{})
	if err != nil {
		return store.Op{}, err
	}
	entries, err := e.Entries(t)
	if err != nil {
		return store.Op{}, err
	}
	return store.Op{
		Action: store.Put, Key: fhir.Key{Type: t.ResourceType(), ID: t.ID()}, Method: fhir.MethodUpdate,
		Stamp: t.Stamp(), Digest: t.Digest(), Entries: entries,
	}, nil
}

// remove is the Op that a delete makes.
func remove(k string) store.Op {
	return store.Op{Action: store.Delete, Key: key(k), Method: fhir.MethodDelete}
}

// write commits Ops that must be accepted, and lets a second pass.
func (w *world) write(ops ...store.Op) store.Commit {
	w.Helper()
	return w.commit(store.Tx{Ops: ops})
}

// load commits an update with each resource, in one transaction.
func (w *world) load(resources ...string) store.Commit {
	w.Helper()
	var ops []store.Op
	for _, r := range resources {
		ops = append(ops, w.put(r))
	}
	return w.write(ops...)
}

// commit commits a transaction that must be accepted, and lets a second pass.
func (w *world) commit(tx store.Tx) store.Commit {
	w.Helper()
	c, err := w.store.Write(w.Context(), tx)
	if err != nil {
		w.Fatalf("writing: %v", err)
	}
	w.clock.advance(time.Second)
	return c
}

// head returns the newest moment.
func (w *world) head() fhir.Moment {
	w.Helper()
	t, _, err := w.store.Head(w.Context())
	if err != nil {
		w.Fatalf("asking for the newest moment: %v", err)
	}
	return t
}

// pairs reads the query part of a URL. A plus sign is a plus sign.
func pairs(query string) ([]search.Pair, error) {
	var all []search.Pair
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err := url.PathUnescape(name)
		if err != nil {
			return nil, err
		}
		v, err := url.PathUnescape(value)
		if err != nil {
			return nil, err
		}
		all = append(all, search.Pair{Name: n, Value: v})
	}
	return all, nil
}

// planOf compiles "Patient?name=x" or "Patient/1/Observation?code=x".
func planOf(e *search.Engine, text string) (search.Plan, error) {
	path, query, _ := strings.Cut(text, "?")
	var owner fhir.Key
	if parts := strings.Split(path, "/"); len(parts) == 3 {
		owner, path = fhir.Key{Type: parts[0], ID: parts[1]}, parts[2]
	}
	list, err := pairs(query)
	if err != nil {
		return search.Plan{}, err
	}
	q, err := e.Parse(path, list, search.Options{})
	if err != nil {
		return search.Plan{}, err
	}
	p, err := e.Compile(q)
	if err != nil || owner == (fhir.Key{}) {
		return p, err
	}
	return e.Compartment(p, owner)
}

// plan compiles a search that must be understood.
func (w *world) plan(text string) search.Plan {
	w.Helper()
	p, err := planOf(w.bench.engine, text)
	if err != nil {
		w.Fatalf("compiling %s: %v", text, err)
	}
	return p
}

// matches returns the matches of a page.
func (w *world) matches(p search.Plan, page store.Page) []store.Match {
	w.Helper()
	var all []store.Match
	for m, err := range w.store.Search(w.Context(), p, page) {
		if err != nil {
			w.Fatalf("searching: %v", err)
		}
		all = append(all, m)
	}
	return all
}

// find returns the ids of all matches now, in their order.
func (w *world) find(text string) []string {
	w.Helper()
	return w.findAt(text, store.Now)
}

// findAt returns the ids of all matches at t, in their order.
func (w *world) findAt(text string, t fhir.Moment) []string {
	w.Helper()
	var ids []string
	for _, m := range w.matches(w.plan(text), store.Page{T: t}) {
		ids = append(ids, m.ID)
	}
	return ids
}

// count returns the number of matches at t.
func (w *world) count(text string, t fhir.Moment) int64 {
	w.Helper()
	n, err := w.store.Count(w.Context(), w.plan(text), t)
	if err != nil {
		w.Fatalf("counting %s: %v", text, err)
	}
	return n
}

// history returns the versions of a scope as "Patient/1/_history/2".
func (w *world) history(sc store.Scope, page store.HistoryPage) []string {
	w.Helper()
	var all []string
	for _, v := range w.versions(sc, page) {
		all = append(all, v.Location())
	}
	return all
}

// versions returns the versions of a scope.
func (w *world) versions(sc store.Scope, page store.HistoryPage) []fhir.Version {
	w.Helper()
	var all []fhir.Version
	for v, err := range w.store.History(w.Context(), sc, page) {
		if err != nil {
			w.Fatalf("reading the history of %v: %v", sc, err)
		}
		all = append(all, v)
	}
	return all
}

// equal fails the test unless got is as wanted. An empty list and none are the same.
func (w *world) equal(what string, want, got any) {
	w.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// refused fails the test unless err carries exactly these problems, each as "code reason location", in any order.
func (w *world) refused(err error, want ...string) {
	w.Helper()
	w.equal("problems", slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(problems(err))))
}

// problems describes the issues of an error.
func problems(err error) []string {
	if err == nil {
		return nil
	}
	issues, ok := fhir.IssuesOf(err)
	if !ok {
		return []string{"internal: " + err.Error()}
	}
	var all []string
	for _, i := range issues {
		words := append([]string{string(i.Code), string(i.Reason)}, i.Expression...)
		all = append(all, strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), " "))
	}
	return all
}

// canceled is a context that is over.
func canceled(w *world) context.Context {
	ctx, cancel := context.WithCancel(w.Context())
	cancel()
	return ctx
}
