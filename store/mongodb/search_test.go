package mongodb

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// written is one version as the test knows it.
type written struct {
	key     fhir.Key
	t       fhir.Moment
	at      time.Time
	deleted bool
	entries search.Entries
}

// crowd is a store with a history of random entries, and what was written to it.
type crowd struct {
	s       *Store
	history []written
	moments []fhir.Moment
}

// referring adds references to patients, which are keys too.
func referring() *rapid.Generator[search.Entries] {
	return rapid.Custom(func(t *rapid.T) search.Entries {
		e := anyEntries().Draw(t, "entries")
		for _, id := range rapid.SliceOfNDistinct(rapid.IntRange(0, 7), 0, 2, rapid.ID).Draw(t, "refs") {
			k := fhir.Key{Type: "Patient", ID: fmt.Sprint("r", id)}
			e.Refs = append(e.Refs, search.RefEntry{Param: "p", Key: k})
			e.Keys = append(e.Keys, search.RefKey("p", k))
		}
		slices.Sort(e.Keys)
		return e
	})
}

// newCrowd writes a history: the times of several commits are equal, resources are changed, deleted and brought back.
func newCrowd(t *testing.T) *crowd {
	t.Helper()
	var passed atomic.Int64 // seconds; what the store does by itself asks for the time too
	s := openAt(t, newAddress(t), Options{Clock: func() time.Time { return epoch.Add(time.Duration(passed.Load()) * time.Second) }})
	t.Cleanup(func() { s.Close() })
	c := &crowd{s: s}
	gen := referring()
	for n := range 45 {
		if n%3 == 0 {
			passed.Add(int64(n % 2))
		}
		tx := store.Tx{}
		for k := range 1 + n%4 {
			key := fhir.Key{Type: []string{"Observation", "Patient"}[k%2], ID: fmt.Sprint("r", (n*7+k*3)%16)}
			if k%2 == 1 {
				key.ID = fmt.Sprint("r", (n*5+k)%8)
			}
			if slices.ContainsFunc(tx.Ops, func(o store.Op) bool { return o.Key == key }) {
				continue
			}
			if n%9 == 8 {
				tx.Ops = append(tx.Ops, store.Op{Action: store.Delete, Key: key, Method: fhir.MethodDelete})
				continue
			}
			doc, err := tree.Parse([]byte(fmt.Sprintf(`{"resourceType":%q,"id":%q,"n":%d}`, key.Type, key.ID, n)), tree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			tx.Ops = append(tx.Ops, store.Op{
				Action: store.Put, Key: key, Method: fhir.MethodUpdate, Stamp: doc.Stamp(), Digest: doc.Digest(), Entries: gen.Example(n*10 + k),
			})
		}
		done, err := s.Write(context.Background(), tx)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range done.Results {
			if r.Effect == store.Absent || r.Effect == store.Unchanged {
				continue
			}
			c.history = append(c.history, written{tx.Ops[i].Key, r.Version.T, r.Version.At, r.Version.Deleted, tx.Ops[i].Entries})
		}
		c.moments = append(c.moments, done.T)
	}
	return c
}

// current returns what is there at a moment, in the order of t.
func (c *crowd) current(typ string, t fhir.Moment) []written {
	last := map[fhir.Key]written{}
	for _, v := range c.history {
		if v.key.Type == typ && v.t <= t {
			last[v.key] = v
		}
	}
	var out []written
	for _, v := range last {
		if !v.deleted {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b written) int { return cmp.Compare(a.t, b.t) })
	return out
}

// holds is the oracle for conditions that join.
func (c *crowd) holds(e search.Expr, v written, t fhir.Moment) bool {
	switch e := e.(type) {
	case search.And:
		return !slices.ContainsFunc(e, func(x search.Expr) bool { return !c.holds(x, v, t) })
	case search.Or:
		return slices.ContainsFunc(e, func(x search.Expr) bool { return c.holds(x, v, t) })
	case search.Not:
		return !c.holds(e.Expr, v, t)
	case search.RefersTo:
		return slices.ContainsFunc(e.Targets, func(to search.Target) bool {
			return slices.ContainsFunc(c.current(to.Type, t), func(w written) bool {
				return refers(v, e.Param, w.key) && c.holds(to.Where, w, t)
			})
		})
	case search.ReferredBy:
		return slices.ContainsFunc(c.current(e.Source.Type, t), func(w written) bool {
			return refers(w, e.Param, v.key) && c.holds(e.Source.Where, w, t)
		})
	default:
		return plain(e, v.key.ID, v.at, v.entries)
	}
}

func refers(v written, param string, to fhir.Key) bool {
	return slices.ContainsFunc(v.entries.Refs, func(r search.RefEntry) bool { return r.Param == param && r.Key == to })
}

// answer is the oracle for whole searches.
func (c *crowd) answer(p search.Plan, t fhir.Moment) []string {
	var found []written
	for _, v := range c.current(p.Type, t) {
		if c.holds(p.Where, v, t) {
			found = append(found, v)
		}
	}
	slices.SortStableFunc(found, func(a, b written) int {
		for _, k := range p.Sort {
			x, okx := sortValue(a, k)
			y, oky := sortValue(b, k)
			switch {
			case okx != oky:
				return btoi(oky) - btoi(okx)
			case x != y && k.Descending:
				return strings.Compare(y, x)
			case x != y:
				return strings.Compare(x, y)
			}
		}
		return 0
	})
	ids := []string{}
	for _, v := range found {
		ids = append(ids, v.key.ID)
	}
	return ids
}

func sortValue(v written, k search.SortKey) (string, bool) {
	var values []string
	switch k.Kind {
	case search.SortID:
		return v.key.ID, true
	case search.SortLastUpdated:
		return fmt.Sprintf("%020d", v.at.UnixMilli()), true
	case search.SortRange:
		for _, r := range v.entries.Ranges {
			if r.Name == k.Param {
				values = append(values, r.Lo)
			}
		}
	default:
		for _, x := range v.entries.Texts {
			if x.Name == k.Param {
				values = append(values, x.Value)
			}
		}
	}
	switch {
	case len(values) == 0:
		return "", false
	case k.Descending:
		return slices.Max(values), true
	default:
		return slices.Min(values), true
	}
}

// ask walks all pages of a search.
func (c *crowd) ask(t interface{ Fatalf(string, ...any) }, p search.Plan, at fhir.Moment, limit int) []string {
	ids := []string{}
	var after []byte
	for {
		n := 0
		for m, err := range c.s.Search(context.Background(), p, store.Page{T: at, After: after, Limit: limit}) {
			if err != nil {
				t.Fatalf("searching %+v: %v", p, err)
			}
			ids, after = append(ids, m.ID), m.Cursor
			n++
		}
		if n > limit || len(ids) > 100 {
			t.Fatalf("a page of %d has %d matches, %d in all", limit, n, len(ids))
		}
		if n < limit {
			return ids
		}
	}
}

func anyJoin(depth int) *rapid.Generator[search.Expr] {
	return rapid.Custom(func(t *rapid.T) search.Expr {
		kinds := []string{"plain", "plain"}
		if depth > 0 {
			kinds = append(kinds, "chain", "has", "and", "or", "not")
		}
		switch rapid.SampledFrom(kinds).Draw(t, "kind") {
		case "chain":
			return search.RefersTo{Param: "p", Targets: []search.Target{{Type: "Patient", Where: anyJoin(depth-1).Draw(t, "target")}}}
		case "has":
			typ := rapid.SampledFrom([]string{"Observation", "Patient"}).Draw(t, "source type")
			return search.ReferredBy{Param: "p", Source: search.Target{Type: typ, Where: anyJoin(depth-1).Draw(t, "source")}}
		case "and":
			return search.And(rapid.SliceOfN(anyJoin(depth-1), 0, 3).Draw(t, "all"))
		case "or":
			return search.Or(rapid.SliceOfN(anyJoin(depth-1), 0, 2).Draw(t, "any"))
		case "not":
			return search.Not{Expr: anyJoin(depth-1).Draw(t, "not")}
		default:
			return anyExpr(1).Draw(t, "plain")
		}
	})
}

func anySort() *rapid.Generator[[]search.SortKey] {
	key := rapid.Custom(func(t *rapid.T) search.SortKey {
		k := rapid.SampledFrom([]search.SortKey{
			{Param: "_id", Kind: search.SortID},
			{Param: "_lastUpdated", Kind: search.SortLastUpdated},
			{Param: "s", Kind: search.SortText},
			{Param: "date", Kind: search.SortRange},
			{Param: "num", Kind: search.SortRange},
		}).Draw(t, "key")
		k.Descending = rapid.Bool().Draw(t, "descending")
		return k
	})
	return rapid.SliceOfNDistinct(key, 0, 2, func(k search.SortKey) string { return k.Param })
}

// The ways of answering that a store chooses between by size, each forced here.
var forcedTunings = map[string]searchTuning{
	"everything is gathered":           defaultSearchTuning,
	"everything is walked by keys":     {some: 2, many: 1000, ends: 500, sources: 5000, ids: 2, load: 2, window: 1},
	"everything is walked by t":        {some: 2, many: 0, ends: 0, sources: 1, ids: 2, load: 3, window: 1},
	"some is walked, and few followed": {some: 5, many: 5, ends: 2, sources: 3, ids: 3, load: 100, window: 4},
}

// searchTime is how long each way is tried: seconds, or as long as FIREWOLF_TEST_SEARCHES says.
func searchTime() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("FIREWOLF_TEST_SEARCHES")); err == nil {
		return d
	}
	return 4 * time.Second
}

func TestEveryWayOfSearchingAnswersAsThePlainOne(t *testing.T) {
	c := newCrowd(t)
	for name, tuning := range forcedTunings {
		t.Run(name, func(t *testing.T) {
			c.s.finder.tuning = tuning
			full, started := 0, time.Now()
			rapid.Check(t, func(t *rapid.T) {
				if time.Since(started) > searchTime() {
					return // a slow engine is asked less
				}
				c.s.finder.sizes = newSizes()
				p := search.Plan{Type: rapid.SampledFrom([]string{"Observation", "Patient"}).Draw(t, "type"), Where: anyJoin(2).Draw(t, "where"), Sort: anySort().Draw(t, "sort")}
				at := rapid.SampledFrom(c.moments).Draw(t, "moment")
				want := c.answer(p, at)
				full += len(want)
				if d := gocmp.Diff(want, c.ask(t, p, at, rapid.IntRange(1, 20).Draw(t, "page"))); d != "" {
					t.Fatalf("%+v (-want +got):\n%s", p, d)
				}
				n, err := c.s.Count(context.Background(), p, at)
				if err != nil || n != int64(len(want)) {
					t.Fatalf("%+v: counted %d (%v), want %d", p, n, err, len(want))
				}
			})
			if full == 0 {
				t.Error("no search found anything")
			}
		})
	}
}
