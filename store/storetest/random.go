package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// twin is the store under test beside the oracle: both are told and asked the same.
type twin struct {
	*gen
	engine  *search.Engine
	clock   *manualClock
	stores  [2]store.Store   // the oracle, and the store under test
	moments [][2]fhir.Moment // moments of both at which they are in the same state
	places  [2]map[fhir.Moment]int
	asked   int
	found   int
}

// random compares random histories, and random queries over them, with store/memory.
func (b *bench) random(t *testing.T) {
	asked, found := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		clock := newClock()
		w := &twin{gen: newGen(rt), engine: b.engine, clock: clock, moments: [][2]fhir.Moment{{store.Now, store.Now}}}
		w.places = [2]map[fhir.Moment]int{{0: 0}, {0: 0}}
		w.stores = [2]store.Store{b.openMemory(t, clock).store, b.options.Open(t, clock.now)}
		defer w.stores[1].Close()
		w.populate()
		for range rapid.IntRange(0, 10).Draw(rt, "transactions") {
			w.transaction()
		}
		for range 40 {
			w.query(genQuery(w.gen))
		}
		w.together()
		w.histories()
		asked, found = asked+w.asked, found+w.found
	})
	// Queries that find nothing would prove little; a few of them may by chance.
	t.Logf("%d random queries found %d resources", asked, found)
	const enough = 400
	if asked >= enough && found < asked {
		t.Error("they find too little")
	}
}

// transaction lets some time pass and writes something.
func (w *twin) transaction() {
	if often(w.gen, 3) {
		w.clock.advance(time.Duration(rapid.IntRange(-2000, 10_000).Draw(w.T, "milliseconds")) * time.Millisecond)
	}
	w.both(w.genTx())
}

// populate fills both stores with what the queries are to find.
func (w *twin) populate() {
	var tx store.Tx
	for range 30 {
		op := w.genPut()
		if !slices.ContainsFunc(tx.Ops, func(o store.Op) bool { return o.Key == op.Key }) {
			tx.Ops = append(tx.Ops, op)
		}
	}
	w.both(tx)
}

// both tells both stores the same, and compares what they say.
func (w *twin) both(tx store.Tx) {
	var commits [2]store.Commit
	var errs [2]error
	for k, s := range w.stores {
		commits[k], errs[k] = s.Write(w.Context(), tx)
	}
	w.same(describeTx(tx), outcome(errs[0]), outcome(errs[1]))
	if errs[0] != nil {
		return
	}
	for k, c := range commits {
		for _, r := range c.Results {
			if _, known := w.places[k][r.Version.T]; !known {
				w.places[k][r.Version.T] = len(w.places[k])
			}
		}
	}
	w.same(describeTx(tx), w.describe(0, commits[0]), w.describe(1, commits[1]))
	if commits[0].T != 0 {
		w.moments = append(w.moments, [2]fhir.Moment{commits[0].T, commits[1].T})
	}
}

// outcome describes an error: the problems that it names, whatever the words.
func outcome(err error) []string {
	if errors.Is(err, store.ErrStale) {
		return []string{"stale"}
	}
	return slices.Sorted(slices.Values(problems(err)))
}

// same fails the test unless both stores say the same of something.
func (w *twin) same(of string, want, got []string) {
	if !slices.Equal(want, got) {
		w.Fatalf("%s (-memory +got):\n%s", of, cmp.Diff(want, got))
	}
}

// describe says what a commit did. Moments, which stores number as they like, are replaced by places in the history.
func (w *twin) describe(k int, c store.Commit) []string {
	all := []string{fmt.Sprintf("moment %d at %s", w.places[k][c.T], c.At.Format(time.RFC3339Nano))}
	for _, r := range c.Results {
		all = append(all, fmt.Sprintf("effect %d %s", r.Effect, w.version(k, r.Version)))
	}
	return all
}

func (w *twin) version(k int, v fhir.Version) string {
	return fmt.Sprintf("%s %d %s %s %t %s", v.Location(), w.places[k][v.T], v.At.Format(time.RFC3339Nano), v.Method, v.Deleted, v.JSON)
}

// describeTx says what a transaction asks for.
func describeTx(tx store.Tx) string {
	var b strings.Builder
	for _, op := range tx.Ops {
		fmt.Fprintf(&b, "%d %s if %+v, no referrers %t: %s%s\n", op.Action, op.Key, op.If, op.NoReferrers, op.Stamp.Before, op.Stamp.After)
	}
	for _, a := range tx.Assume {
		fmt.Fprintf(&b, "assume %v matches %v, limit %d\n", a.Plan.Query.Self, a.Match, a.Limit)
	}
	return fmt.Sprintf("%srequire %v", b.String(), tx.Require)
}

// genTx makes a transaction of distinct keys with conditions that often hold.
func (w *twin) genTx() store.Tx {
	var tx store.Tx
	used := map[fhir.Key]bool{}
	for k := range rapid.IntRange(1, 8).Draw(w.T, "ops") {
		op := w.genOp()
		if used[op.Key] {
			continue
		}
		used[op.Key] = true
		op.Location = fmt.Sprintf("Bundle.entry[%d]", k)
		tx.Ops = append(tx.Ops, op)
	}
	if often(w.gen, 1) {
		tx.Require = []store.Requirement{{Key: fhir.Key{Type: "Patient", ID: pick(w.gen, "id", w.ids)}, Location: "Observation.subject"}}
	}
	if often(w.gen, 1) {
		tx.Assume = w.genAssumption()
	}
	return tx
}

func (w *twin) genPut() store.Op {
	json := genResource(w.gen)
	op, err := putOp(w.engine, []byte(json))
	if err != nil {
		w.Fatalf("making an Op of %s: %v", json, err)
	}
	return op
}

func (w *twin) genOp() store.Op {
	op := w.genPut()
	if often(w.gen, 2) {
		op = store.Op{Action: store.Delete, Key: op.Key, Method: fhir.MethodDelete, NoReferrers: often(w.gen, 4)}
	}
	if often(w.gen, 1) {
		op.If.Version = int64(rapid.IntRange(1, 3).Draw(w.T, "vid"))
	}
	if op.Action == store.Put && often(w.gen, 1) {
		op.If.Absent = true
	}
	return op
}

// genAssumption assumes what the oracle finds now, or that nothing is found.
func (w *twin) genAssumption() []store.Assumption {
	text := genQuery(w.gen)
	p, err := planOf(w.engine, text)
	if err != nil {
		return nil
	}
	a := store.Assumption{Plan: p}
	if often(w.gen, 7) {
		found, err := w.matches(0, p, store.Page{})
		if err != nil {
			w.Fatalf("searching memory for %s: %v", text, err)
		}
		for _, m := range found {
			a.Match = append(a.Match, m.Key)
		}
	}
	if often(w.gen, 5) {
		a.Limit = len(a.Match) + 1
	}
	return []store.Assumption{a}
}

func (w *twin) matches(k int, p search.Plan, page store.Page) ([]store.Match, error) {
	var all []store.Match
	for m, err := range w.stores[k].Search(w.Context(), p, page) {
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// query asks both stores at a moment, whole and in pages, and counts.
func (w *twin) query(text string) {
	p, err := planOf(w.engine, text)
	switch {
	case fhir.HasCode(err, fhir.NotSupported):
		return
	case err != nil:
		w.Fatalf("compiling %s: %v", text, err)
	}
	t := pick(w.gen, "moment", w.moments)
	want := w.answer(0, p, t[0], 0)
	w.asked++
	w.found += len(want)
	size := rapid.IntRange(1, 5).Draw(w.T, "page size")
	for name, got := range map[string][]string{"whole": w.answer(1, p, t[1], 0), "pages": w.answer(1, p, t[1], size)} {
		if !slices.Equal(want, got) {
			w.Fatalf("%s at %v, %s (-memory +got):\n%s\nwhere there is\n%s", text, t, name, cmp.Diff(want, got), w.there(t[0]))
		}
	}
	n, err := w.stores[1].Count(w.Context(), p, t[1])
	if err != nil || n != int64(len(want)) {
		w.Fatalf("count of %s at %v: want %d, got %d (%v)", text, t, len(want), n, err)
	}
	w.references(text, p, t)
}

// together asks the store under test for many searches of one moment at once, and the oracle for one after another.
func (w *twin) together() {
	var qs []store.Query
	var texts []string
	for range 30 {
		text := genQuery(w.gen)
		if often(w.gen, 5) {
			text = "Patient?identifier=" + pick(w.gen, "identifier", []string{"1", "2", "http://example.org/mrn|1", "|2", "1,2"}) + pick(w.gen, "more", []string{"", "&gender=male", "&name=a"})
		}
		if p, err := planOf(w.engine, text); err == nil {
			qs, texts = append(qs, store.Query{Plan: p, Limit: rapid.IntRange(0, 3).Draw(w.T, "limit")}), append(texts, text)
		}
	}
	t := pick(w.gen, "moment", w.moments)
	found, err := w.stores[1].Find(w.Context(), t[1], qs)
	if err != nil {
		w.Fatalf("searching for %v: %v", texts, err)
	}
	for k, q := range qs {
		want, err := w.matches(0, q.Plan, store.Page{T: t[0], Limit: q.Limit})
		if err != nil {
			w.Fatalf("searching memory for %s: %v", texts[k], err)
		}
		w.same(texts[k]+" among others", contents(want), contents(found[k]))
	}
}

func contents(ms []store.Match) []string {
	var all []string
	for _, m := range ms {
		all = append(all, fmt.Sprintf("%s content %x", m.Location(), crc32.ChecksumIEEE(m.JSON)))
	}
	return all
}

// answer returns every match of one store as location and checksum of the content, in pages of a size, or whole if it is 0.
func (w *twin) answer(k int, p search.Plan, t fhir.Moment, size int) []string {
	var all []string
	page := store.Page{T: t, Limit: size}
	for {
		ms, err := w.matches(k, p, page)
		if err != nil {
			w.Fatalf("searching: %v", err)
		}
		for _, m := range ms {
			all = append(all, fmt.Sprintf("%s content %x", m.Location(), crc32.ChecksumIEEE(m.JSON)))
		}
		if size == 0 || len(ms) < size {
			return all
		}
		page.After = ms[len(ms)-1].Cursor
	}
}

// references compares the references that the matches hold.
func (w *twin) references(text string, p search.Plan, t [2]fhir.Moment) {
	var refs [2][]string
	for k, s := range w.stores {
		ms, err := w.matches(k, p, store.Page{T: t[k]})
		if err != nil {
			w.Fatalf("searching for %s: %v", text, err)
		}
		some, err := s.Refs(w.Context(), ms, []string{"*"})
		if err != nil {
			w.Fatalf("asking for the references of %s: %v", text, err)
		}
		for _, of := range inOrder(some) {
			refs[k] = append(refs[k], fmt.Sprint(of))
		}
	}
	w.same("references of "+text, refs[0], refs[1])
}

// there lists the resources of a moment, for the reader of a failure.
func (w *twin) there(t fhir.Moment) string {
	var b bytes.Buffer
	seen := map[fhir.Key]bool{}
	for v, err := range w.stores[0].History(w.Context(), store.Scope{}, store.HistoryPage{T: t}) {
		if err == nil && !seen[v.Key] && !v.Deleted {
			fmt.Fprintf(&b, "%s\n", v.JSON)
		}
		seen[v.Key] = true
	}
	return b.String()
}

// histories compares histories of all scopes, with conditions and pages.
func (w *twin) histories() {
	for range 4 {
		sc := store.Scope{Type: pick(w.gen, "type", []string{"", "Patient", "Observation"})}
		if sc.Type != "" && often(w.gen, 5) {
			sc.ID = pick(w.gen, "id", w.ids)
		}
		t := pick(w.gen, "moment", w.moments)
		page := store.HistoryPage{T: t[0]}
		from := w.clock.now().Add(-time.Duration(rapid.IntRange(0, 60_000).Draw(w.T, "ago")) * time.Millisecond)
		switch rapid.IntRange(0, 2).Draw(w.T, "condition") {
		case 1:
			page.Since = from
		case 2:
			page.AtTime, page.AtUntil = from, from.Add(time.Duration(rapid.IntRange(0, 10_000).Draw(w.T, "for"))*time.Millisecond)
		}
		want := w.historyOf(0, sc, page)
		page.T, page.Limit = t[1], rapid.IntRange(0, 4).Draw(w.T, "limit")
		w.same(fmt.Sprintf("history of %v with %+v", sc, page), want, w.historyOf(1, sc, page))
		n, err := w.stores[1].HistoryCount(w.Context(), sc, page)
		if err != nil || n != int64(len(want)) {
			w.Fatalf("count of the history of %v with %+v: want %d, got %d (%v)", sc, page, len(want), n, err)
		}
	}
}

// historyOf reads all pages of a history.
func (w *twin) historyOf(k int, sc store.Scope, page store.HistoryPage) []string {
	var all []string
	for {
		n := 0
		for v, err := range w.stores[k].History(w.Context(), sc, page) {
			if err != nil {
				w.Fatalf("reading the history of %v: %v", sc, err)
			}
			n++
			page.After = v.T
			all = append(all, w.version(k, v))
		}
		if page.Limit == 0 || n < page.Limit {
			return all
		}
	}
}
