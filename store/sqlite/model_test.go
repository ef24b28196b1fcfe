package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// entriesOf is an Indexer that reads the entries which a test put beside the resource.
type entriesOf map[string]search.Entries

func (m entriesOf) Entries(t *tree.Tree) (search.Entries, error) {
	return m[t.Root().Member("e").Text()], nil
}

// lockedEntries are entriesOf that a test adds to while the store reads them.
type lockedEntries struct {
	mu sync.Mutex
	of entriesOf
}

func (l *lockedEntries) Entries(t *tree.Tree) (search.Entries, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of.Entries(t)
}

// add gives the entries a name.
func (l *lockedEntries) add(e search.Entries) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := fmt.Sprint(len(l.of))
	l.of[name] = e
	return name
}

// modelVersion is a version as the model knows it.
type modelVersion struct {
	key     fhir.Key
	n       int64
	at      time.Time
	deleted bool
	entries search.Entries
}

// model answers queries by looking at everything, one version after another.
type model struct {
	entries lockedEntries
	all     []modelVersion
	clock   *manualClock
	last    time.Time // of the newest commit that wrote something
}

// commit notes what a commit made, a millisecond after the one before at the earliest.
func (m *model) commit(c store.Commit, news []modelVersion) {
	at := m.clock.now()
	if !at.After(m.last) {
		at = m.last.Add(time.Millisecond)
	}
	for i, v := range news {
		if c.Results[i].Effect != store.Absent {
			v.n, v.at = int64(c.Results[i].Version.T), at
			m.all, m.last = append(m.all, v), at
		}
	}
}

func (m *model) current(t int64) []modelVersion {
	last := map[fhir.Key]modelVersion{}
	for _, v := range m.all {
		if v.n <= t {
			last[v.key] = v
		}
	}
	var out []modelVersion
	for _, v := range m.all {
		if v.n <= t && !v.deleted && last[v.key].n == v.n {
			out = append(out, v)
		}
	}
	return out
}

func (m *model) holds(e search.Expr, v modelVersion, t int64) bool {
	switch e := e.(type) {
	case search.And:
		return !slices.ContainsFunc(e, func(c search.Expr) bool { return !m.holds(c, v, t) })
	case search.Or:
		return slices.ContainsFunc(e, func(c search.Expr) bool { return m.holds(c, v, t) })
	case search.Not:
		return !m.holds(e.Expr, v, t)
	case search.HasKey:
		return slices.Contains(v.entries.Keys, e.Key)
	case search.TextIs:
		return slices.ContainsFunc(v.entries.Texts, func(x search.Text) bool { return x.Name == e.Name && testText(e.Test, x.Value, e.Value) })
	case search.InRange:
		return slices.ContainsFunc(v.entries.Ranges, func(r search.Range) bool {
			return r.Name == e.Name && rangeVal{lo: r.Lo, hi: r.Hi}.within(e)
		})
	case search.IDIn:
		return slices.Contains(e.IDs, v.key.ID)
	case search.UpdatedIn:
		return (e.From.IsZero() || !v.at.Before(e.From)) && (e.Before.IsZero() || v.at.Before(e.Before))
	case search.RefersTo:
		return m.refersTo(e, v, t)
	case search.ReferredBy:
		return slices.ContainsFunc(m.current(t), func(o modelVersion) bool {
			return o.key.Type == e.Source.Type && m.holds(e.Source.Where, o, t) && slices.ContainsFunc(o.entries.Refs, func(r search.RefEntry) bool {
				return r.Param == e.Param && r.Key == v.key
			})
		})
	}
	panic(fmt.Sprintf("%T", e))
}

func (m *model) refersTo(e search.RefersTo, v modelVersion, t int64) bool {
	for _, o := range m.current(t) {
		for _, target := range e.Targets {
			refers := slices.ContainsFunc(v.entries.Refs, func(r search.RefEntry) bool { return r.Param == e.Param && r.Key == o.key })
			if refers && target.Type == o.key.Type && m.holds(target.Where, o, t) {
				return true
			}
		}
	}
	return false
}

// search answers a plan: the keys with versions, in order.
func (m *model) search(p search.Plan, t int64) []string {
	var found []modelVersion
	for _, v := range m.current(t) {
		if v.key.Type == p.Type && m.holds(p.Where, v, t) {
			found = append(found, v)
		}
	}
	slices.SortStableFunc(found, func(a, b modelVersion) int {
		for _, k := range p.Sort {
			if c := compareValues(m.sortValue(k, a), m.sortValue(k, b), k.Descending); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.n, b.n)
	})
	out := []string{}
	for _, v := range found {
		out = append(out, fmt.Sprintf("%s@%d", v.key, v.n))
	}
	return out
}

func (m *model) sortValue(k search.SortKey, v modelVersion) sortValue {
	out := sortValue{absent: true}
	switch k.Kind {
	case search.SortID:
		return sortValue{value: v.key.ID}
	case search.SortLastUpdated:
		return sortValue{value: timeValue(v.at)}
	case search.SortRange:
		for _, r := range v.entries.Ranges {
			if r.Name == k.Param {
				out = out.best(r.Lo, k.Descending)
			}
		}
	case search.SortText:
		for _, x := range v.entries.Texts {
			if x.Name == k.Param {
				out = out.best(x.Value, k.Descending)
			}
		}
	}
	return out
}

// The generators draw from few values, so that conditions meet.

func drawTime(t *rapid.T) time.Time {
	return time.Date(rapid.IntRange(2019, 2021).Draw(t, "year"), time.Month(rapid.SampledFrom([]int{1, 2, 12}).Draw(t, "month")),
		rapid.SampledFrom([]int{1, 2, 28}).Draw(t, "day"), rapid.SampledFrom([]int{0, 5}).Draw(t, "hour"), 0, 0, 0, time.UTC)
}

func drawBound(t *rapid.T) string {
	switch rapid.IntRange(0, 12).Draw(t, "open") {
	case 0:
		return "\x00"
	case 1:
		return "\xff"
	case 2:
		return datetime.Ordered(drawTime(t).Add(-1))
	default:
		return datetime.Ordered(drawTime(t))
	}
}

func drawNumber(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "b", "bb", "b\x00", "b\x01", "c", "d\xff"}).Draw(t, "number")
}

func drawText(t *rapid.T) string {
	long := strings.Repeat("x", 200)
	return rapid.SampledFrom([]string{"a", "ab", "abc", "b", "über", long, long + "a", long + "ab", long + "b", "a\x00b", "a\x01"}).Draw(t, "text")
}

func drawKey(t *rapid.T) fhir.Key {
	return fhir.Key{Type: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "type"), ID: fmt.Sprint(rapid.IntRange(1, 6).Draw(t, "id"))}
}

func drawRange(t *rapid.T) search.Range {
	if rapid.Bool().Draw(t, "number") {
		lo, hi := drawNumber(t), drawNumber(t)
		return search.Range{Kind: search.NumberRange, Name: "num", Lo: min(lo, hi), Hi: max(lo, hi)}
	}
	lo := drawTime(t)
	hi := lo.Add(rapid.SampledFrom([]time.Duration{0, time.Second, 24*time.Hour - 1, 48 * time.Hour, 800 * 24 * time.Hour}).Draw(t, "length"))
	r := search.Range{Kind: search.DateRange, Name: "date", Lo: datetime.Ordered(lo), Hi: datetime.Ordered(hi)}
	switch rapid.IntRange(0, 9).Draw(t, "open") {
	case 0:
		r.Lo = "\x00"
	case 1:
		r.Hi = "\xff"
	}
	return r
}

func drawEntries(t *rapid.T) search.Entries {
	var e search.Entries
	for range rapid.IntRange(0, 3).Draw(t, "keys") {
		e.Keys = append(e.Keys, fmt.Sprint("k", rapid.IntRange(1, 4).Draw(t, "key")))
	}
	for range rapid.IntRange(0, 2).Draw(t, "texts") {
		e.Texts = append(e.Texts, search.Text{Name: "t", Value: drawText(t)})
	}
	for range rapid.IntRange(0, 2).Draw(t, "ranges") {
		e.Ranges = append(e.Ranges, drawRange(t))
	}
	for range rapid.IntRange(0, 2).Draw(t, "refs") {
		k := drawKey(t)
		e.Refs = append(e.Refs, search.RefEntry{Param: "r", Key: k})
		e.Keys = append(e.Keys, search.RefKey("r", k))
	}
	slices.Sort(e.Keys)
	e.Keys = slices.Compact(e.Keys)
	return e
}

func drawInRange(t *rapid.T) search.InRange {
	e := search.InRange{Kind: search.DateRange, Name: "date"}
	bound := drawBound
	if rapid.Bool().Draw(t, "numbers") {
		e.Kind, e.Name, bound = search.NumberRange, "num", drawNumber
	}
	for _, b := range []*string{&e.LoMin, &e.LoMax, &e.HiMin, &e.HiMax, &e.LoOver, &e.LoUnder, &e.HiOver, &e.HiUnder} {
		if rapid.IntRange(0, 3).Draw(t, "bound") == 0 {
			*b = bound(t)
		}
	}
	return e
}

func drawExpr(t *rapid.T, depth int) search.Expr {
	kind := rapid.IntRange(0, 11).Draw(t, "expr")
	if depth == 0 {
		kind = kind % 6
	}
	switch kind {
	case 0:
		return search.HasKey{Key: fmt.Sprint("k", rapid.IntRange(1, 4).Draw(t, "key"))}
	case 1:
		test := rapid.SampledFrom([]search.TextTest{search.TextEquals, search.TextStartsWith, search.TextContains}).Draw(t, "test")
		return search.TextIs{Name: "t", Test: test, Value: drawText(t)}
	case 2, 3:
		return drawInRange(t)
	case 4:
		return search.IDIn{IDs: []string{drawKey(t).ID, drawKey(t).ID}}
	case 5:
		from := time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "from")) * time.Second)
		return search.UpdatedIn{From: from, Before: from.Add(20 * time.Second)}
	case 6:
		return search.Not{Expr: drawExpr(t, depth-1)}
	case 7:
		return search.Or{drawExpr(t, depth-1), drawExpr(t, depth-1)}
	case 11:
		return search.And{drawInRange(t), drawInRange(t), drawInRange(t)}
	case 8:
		return search.And{drawExpr(t, depth-1), drawExpr(t, depth-1)}
	case 9:
		return search.RefersTo{Param: "r", Targets: []search.Target{{Type: "A", Where: drawExpr(t, depth-1)}, {Type: "B", Where: drawExpr(t, 0)}}}
	default:
		return search.ReferredBy{Param: "r", Source: search.Target{Type: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "source"), Where: drawExpr(t, depth-1)}}
	}
}

func drawSort(t *rapid.T) []search.SortKey {
	all := []search.SortKey{
		{Param: "_id", Kind: search.SortID},
		{Param: "_lastUpdated", Kind: search.SortLastUpdated},
		{Param: "date", Kind: search.SortRange},
		{Param: "num", Kind: search.SortRange},
		{Param: "t", Kind: search.SortText},
	}
	keys := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, 2, func(k search.SortKey) string { return k.Param }).Draw(t, "sort")
	for i := range keys {
		keys[i].Descending = rapid.Bool().Draw(t, "descending")
	}
	return keys
}

// machine runs a random history on a store and on the model.
type machine struct {
	m       *model
	s       *Store
	dir     string
	moments []int64
	options Options
	w       *writer // that the machine drives itself; nil where it runs by itself
}

func (x *machine) open(t *rapid.T) {
	s, err := Open(context.Background(), x.dir, x.options)
	if err != nil {
		t.Fatal(err)
	}
	x.s = s
}

func (x *machine) write(t *rapid.T) {
	keys := rapid.SliceOfNDistinct(rapid.Custom(drawKey), 1, 4, fhir.Key.String).Draw(t, "written")
	x.m.clock.advance(time.Duration(rapid.IntRange(0, 2).Draw(t, "later")) * time.Second)
	var ops []store.Op
	var news []modelVersion
	for _, k := range keys {
		op := store.Op{Action: store.Put, Key: k, Method: fhir.MethodUpdate}
		v := modelVersion{key: k}
		if rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
			op.Action, v.deleted = store.Delete, true
		} else {
			v.entries = drawEntries(t)
			name := x.m.entries.add(v.entries)
			parsed, err := tree.Parse(fmt.Appendf(nil, `{"resourceType":%q,"id":%q,"e":%q}`, k.Type, k.ID, name), tree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			op.Entries, op.Stamp, op.Digest = v.entries, parsed.Stamp(), parsed.Digest()
		}
		ops, news = append(ops, op), append(news, v)
	}
	c, err := x.commit(store.Tx{Ops: ops})
	if err != nil {
		t.Fatal(err)
	}
	x.m.commit(c, news)
	x.moments = append(x.moments, int64(c.T))
}

// ask compares a random query at a random moment, in pages.
func (x *machine) ask(t *rapid.T) {
	if len(x.moments) == 0 {
		return
	}
	p := search.Plan{Type: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "type"), Where: drawExpr(t, 2), Sort: drawSort(t)}
	recent := x.moments[len(x.moments)-min(len(x.moments), 8):]
	at := rapid.SampledFrom(append(recent, x.moments...)).Draw(t, "moment")
	if at == 0 {
		return
	}
	want := x.m.search(p, at)
	got := []string{}
	page := store.Page{T: fhir.Moment(at), Limit: rapid.IntRange(1, 5).Draw(t, "page")}
	for {
		n := 0
		for match, err := range x.s.Search(context.Background(), p, page) {
			if x.expired(at, err) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%s@%d", match.Key, match.T))
			page.After = match.Cursor
			n++
		}
		if n < page.Limit {
			break
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("%#v at %d (-want +got):\n%s", p, at, diff)
	}
	count, err := x.s.Count(context.Background(), p, fhir.Moment(at))
	if x.expired(at, err) {
		return
	}
	if err != nil || int(count) != len(want) {
		t.Fatalf("Count(%#v) = %d, %v; want %d", p, count, err, len(want))
	}
}

// expired reports whether a moment was forgotten, as it may be.
func (x *machine) expired(at int64, err error) bool {
	return fhir.HasCode(err, fhir.Expired) && at < int64(x.s.floor.Load())
}

func (x *machine) commit(tx store.Tx) (store.Commit, error) {
	if x.w == nil {
		return x.s.Write(context.Background(), tx)
	}
	p := newPending(context.Background(), tx)
	x.w.writeAll([]*pending{p})
	return p.commit, p.err
}

func (x *machine) reopen(t *rapid.T) {
	if err := x.s.Close(); err != nil {
		t.Fatal(err)
	}
	x.open(t)
}

// draw chooses how the store answers.
func (x *machine) draw(t *rapid.T) {
	size := rapid.SampledFrom([]uint64{1, 2, 4, 100})
	x.options.tuning = tuning{few: size.Draw(t, "few") - 1, many: size.Draw(t, "many") - 1, collectable: size.Draw(t, "collectable") - 1}
}

// check looks for damage once the store is closed.
func (x *machine) check(t *rapid.T) {
	report, err := Check(context.Background(), x.dir, x.options, nil)
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("the check finds %v, %v", report.Problems, err)
	}
}

func newMachine(dir string) *machine {
	m := &model{entries: lockedEntries{of: entriesOf{}}, clock: newClock()}
	return &machine{m: m, dir: dir, options: Options{Engine: &m.entries, Clock: m.clock.now, Merge: 5, Readers: 2}}
}

func TestRandomHistoriesAndQueriesAnswerLikeLookingAtEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, cleanup := tempDir(t)
		defer cleanup()
		x := newMachine(dir)
		x.draw(t)
		x.open(t)
		defer func() { _ = x.s.Close() }()
		for range rapid.IntRange(5, 25).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				x.reopen(t)
			case 1, 2, 3, 4:
				x.ask(t)
			default:
				x.write(t)
			}
		}
		for range 5 {
			x.ask(t)
		}
		if err := x.s.Close(); err != nil {
			t.Fatal(err)
		}
		x.check(t)
	})
}

// prepare opens the store without letting its writer run.
func (x *machine) prepare(t *rapid.T) {
	var err error
	if x.s, x.w, err = prepare(context.Background(), x.dir, x.options); err != nil {
		t.Fatal(err)
	}
}

// die ends the store as a killed process would, with whatever was merged or pruned.
func (x *machine) die(t *rapid.T) {
	if err := errors.Join(closeConn(x.w.conn), x.s.release()); err != nil {
		t.Fatal(err)
	}
}

// mergeStep freezes or merges a few keys.
func (x *machine) mergeStep(t *rapid.T) {
	if x.w.merge == nil {
		x.w.freeze()
	}
	if err := x.w.mergeNext(rapid.IntRange(1, 100).Draw(t, "keys")); err != nil {
		t.Fatal(err)
	}
}

func (x *machine) pruneStep(t *rapid.T) {
	x.m.clock.advance(time.Duration(rapid.IntRange(0, 6).Draw(t, "idle")) * time.Second)
	if rapid.Bool().Draw(t, "merge all") {
		if err := x.w.mergeAll(); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.w.raiseFloor(); err != nil {
		t.Fatal(err)
	}
	if err := x.w.pruneNext(rapid.IntRange(1, 5).Draw(t, "rows")); err != nil {
		t.Fatal(err)
	}
	x.w.forgetPruned()
}

func TestRandomHistoriesAnswerAlikeHoweverFarMergingAndPruningAreWhenTheProcessDies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, cleanup := tempDir(t)
		defer cleanup()
		x := newMachine(dir)
		x.options.Retention = 5 * time.Second
		x.draw(t)
		x.prepare(t)
		defer func() { x.die(t) }()
		for range rapid.IntRange(20, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 15).Draw(t, "step") {
			case 0:
				x.die(t)
				x.prepare(t)
			case 1, 2, 3, 4:
				x.ask(t)
			case 5, 6, 7:
				x.mergeStep(t)
			case 8, 9, 10:
				x.pruneStep(t)
			default:
				x.write(t)
			}
		}
		for range 5 {
			x.ask(t)
		}
		x.die(t)
		x.check(t)
		x.prepare(t)
	})
}
