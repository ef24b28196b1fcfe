package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// walk reads all matches of a plan page by page, as of one moment, and does something between any two pages.
func (w *world) walk(p search.Plan, t fhir.Moment, size int, between func()) []string {
	w.Helper()
	var all []string
	seen := map[fhir.Key]bool{}
	page := store.Page{T: t, Limit: size}
	for {
		ms := w.matches(p, page)
		if len(ms) > size {
			w.Fatalf("a page of %d has %d matches", size, len(ms))
		}
		for _, m := range ms {
			if seen[m.Key] {
				w.Fatalf("%s comes twice, or the pages have no end", m.Location())
			}
			seen[m.Key] = true
			all = append(all, m.Location())
		}
		if len(ms) < size {
			return all
		}
		page.After = ms[len(ms)-1].Cursor
		between()
	}
}

// locations returns all matches as "Patient/1/_history/2".
func (w *world) locations(p search.Plan, t fhir.Moment) []string {
	w.Helper()
	var all []string
	for _, m := range w.matches(p, store.Page{T: t}) {
		all = append(all, m.Location())
	}
	return all
}

var pageCases = []testCase{
	{"pages of any size and order follow each other without gaps", func(w *world) {
		ward(w)
		for k, c := range wardAnswers {
			if w.sampled() && k%5 != 0 {
				continue
			}
			p := w.plan(c.query)
			all := w.locations(p, store.Now)
			for _, size := range []int{1, 2, 3, len(all) + 1} {
				w.equal(fmt.Sprintf("pages of %d of %s", size, c.query), all, w.walk(p, w.head(), size, func() {}))
			}
		}
	}},
	{"a page that ends with the last match is followed by an empty one", func(w *world) {
		ward(w)
		p := w.plan("Patient?_sort=family")
		ms := w.matches(p, store.Page{T: w.head()})
		rest := w.matches(p, store.Page{T: w.head(), After: ms[len(ms)-1].Cursor})
		w.equal("matches after the last", 0, len(rest))
	}},
	{"a cursor without a limit gives the rest", func(w *world) {
		ward(w)
		for _, query := range []string{"Observation", "Observation?_sort=-date", "Observation?_sort=status,value-quantity"} {
			p := w.plan(query)
			ms := w.matches(p, store.Page{T: w.head()})
			var want, got []string
			for _, m := range ms[2:] {
				want = append(want, m.ID)
			}
			for _, m := range w.matches(p, store.Page{T: w.head(), After: ms[1].Cursor}) {
				got = append(got, m.ID)
			}
			w.equal("rest of "+query, want, got)
		}
	}},
	{"pages show their moment, whatever is written between them", func(w *world) {
		for _, query := range []string{"Patient", "Patient?_sort=family", "Patient?_sort=-family", "Patient?_sort=-_lastUpdated", "Patient?name=n&_sort=_id"} {
			var ops []store.Op
			for k := range 12 {
				ops = append(ops, w.put(named(fmt.Sprintf("p%d", k), fmt.Sprintf("N%d %d", k%5, len(query)))))
			}
			w.write(ops...)
			p, n := w.plan(query), 0
			want := w.locations(p, store.Now)
			w.equal("matches of "+query, 12, len(want))
			w.equal("pages of "+query, want, w.walk(p, w.head(), 3, func() {
				n++
				w.load(named(fmt.Sprintf("p%d", n), "Zz"), named(fmt.Sprintf("p%d", 11-n), "Aa"), named(fmt.Sprintf("new%d", n), "N0"))
				w.write(remove(fmt.Sprintf("Patient/p%d", n)), remove(fmt.Sprintf("Patient/p%d", (n*5+1)%12)))
				w.load(named(fmt.Sprintf("p%d", n), "N9"))
			}))
			for _, id := range w.find("Patient") {
				w.write(remove("Patient/" + id))
			}
		}
	}},
	{"a count at the moment of a page is the number of matches on all pages", func(w *world) {
		ward(w)
		t := w.head()
		w.write(remove("Patient/ann"))
		w.equal("then", int64(4), w.count("Patient", t))
		w.equal("now", int64(3), w.count("Patient", store.Now))
	}},
	{"a walk over all results while writers change, delete, bring back and reorder them gives each once, as it was", func(w *world) {
		for _, query := range []string{"Observation?status=final&_sort=-date", "Observation?status=final&_sort=date,code", "Observation?status=final"} {
			w.Run(query, func(t *testing.T) { walkAmongWriters(w.bench.open(t), query) })
		}
	}},
	{"a scan while every row is being replaced gives each once, as it was", scanWhileReplaced},
}

// scanWhileReplaced reads all rows in pages while four writers replace each of them, and once more after they have.
func scanWhileReplaced(w *world) {
	const batch = 250
	n := w.bench.options.Scan
	if n == 0 {
		n = 5000
		if testing.Short() {
			n = 500
		}
	}
	write := func(from, later int) error {
		var ops []store.Op
		for k := from; k < min(from+batch, n); k++ {
			ops = append(ops, w.put(reading(k, k%97+later)))
		}
		_, err := w.store.Write(w.Context(), store.Tx{Ops: ops})
		return err
	}
	for from := 0; from < n; from += batch {
		w.equal("error", nil, write(from, 0))
	}
	p, t := w.plan("Observation?status=final"), w.head()
	want := w.locations(p, t)
	w.equal("rows", n, len(want))
	w.equal("rows that are the same resource", n, len(slices.Compact(slices.Sorted(slices.Values(want)))))

	var wg sync.WaitGroup
	for writer := range 4 {
		wg.Go(func() {
			for from := writer * batch; from < n; from += 4 * batch {
				if err := write(from, 1); err != nil {
					w.Errorf("replacing rows: %v", err)
					return
				}
			}
		})
	}
	got := w.walk(p, t, n/25, func() {})
	wg.Wait()
	w.equal("scan while rows are replaced", want, got)
	w.equal("scan after every row was replaced", want, w.walk(p, t, n/25, func() {}))
	for k, l := range w.locations(p, store.Now) {
		if !strings.HasSuffix(l, "/_history/2") {
			w.Fatalf("row %d is now %s: it was not replaced", k, l)
		}
	}
}

// walkAmongWriters reads results in pages of 50 while four writers do what they can to confuse it.
func walkAmongWriters(w *world, query string) {
	const batch = 500
	n := w.bench.options.Walk
	if n == 0 {
		n = 10_000
	}
	if testing.Short() {
		n = min(n, 1000)
	}
	if w.sampled() {
		n = min(n, 250)
	}
	for from := 0; from < n; from += batch {
		var ops []store.Op
		for k := from; k < min(from+batch, n); k++ {
			ops = append(ops, w.put(reading(k, k%97)))
		}
		w.write(ops...)
	}
	p, t := w.plan(query), w.head()
	want := w.locations(p, t)
	w.equal("results", n, len(want))
	w.equal("results that are the same resource", n, len(slices.Compact(slices.Sorted(slices.Values(want)))))

	stop, wrote, failed := make(chan struct{}), make(chan struct{}, 1), make(chan struct{}, 4)
	var wg sync.WaitGroup
	for writer := range 4 {
		wg.Go(func() {
			if !disturb(w, n, writer, stop, wrote) {
				failed <- struct{}{}
			}
		})
	}
	got := w.walk(p, t, 50, func() {
		select { // at least one write lies between two pages
		case <-wrote:
		case <-failed:
		}
	})
	close(stop)
	wg.Wait()
	w.equal("walk", want, got)
	if w.head() == t {
		w.Error("the writers wrote nothing: the walk was not disturbed")
	}
}

// reading is an observation; the day is its sort key.
func reading(k, day int) string {
	return fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"code":"c%d"}]},"effectiveDateTime":"2024-%02d-%02d"}`,
		k, k%3, day%12+1, day%28+1)
}

// disturb changes, deletes and brings back observations until it is told to stop, and says whenever it wrote. Each
// writer has its own. It reports false once it cannot write.
func disturb(w *world, n, writer int, stop <-chan struct{}, wrote chan<- struct{}) bool {
	for k := writer; ; k += 4 {
		select {
		case <-stop:
			return true
		default:
		}
		json := reading(k%n, k%89)
		if k%3 == 0 {
			json = strings.Replace(json, "final", "amended", 1)
		}
		ops := []store.Op{w.put(json)}
		if k%2 == 0 {
			ops = []store.Op{remove(fmt.Sprintf("Observation/o%d", k%n))}
		}
		if _, err := w.store.Write(w.Context(), store.Tx{Ops: ops}); err != nil {
			w.Errorf("writing while a walk is under way: %v", err)
			return false
		}
		select {
		case wrote <- struct{}{}:
		default:
		}
	}
}
