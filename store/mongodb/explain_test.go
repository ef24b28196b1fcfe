package mongodb

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// explained are queries of every kind: what a plan can ask, alone and joined, in every kind of order.
var explained = []string{
	"Patient", "Patient?_id=p1,p2,p3", "Patient?gender=male", "Patient?gender=male,female", "Patient?gender:not=male", "Patient?gender:missing=false",
	"Patient?identifier=http://example.org/mrn|7", "Patient?name=fam1", "Patient?name=FAM1&gender=male", "Patient?family:contains=m1", "Patient?family:exact=Fam1",
	"Patient?birthdate=1980", "Patient?birthdate=lt1981-05-20", "Patient?birthdate=ge1981-05-20", "Patient?_lastUpdated=gt2024-01-01T00:00:10Z",
	"Observation?code=http://loinc.org|8867-4", "Observation?subject=Patient/p3&code=http://loinc.org|8867-4", "Observation?code=8867-4&status=final",
	"Observation?date=ge2024-01-05&date=lt2024-01-09", "Observation?value-quantity=gt75||/min", "Observation?code-value-quantity=8867-4$gt75",
	"Observation?patient.gender=male", "Observation?patient.name=fam1&code=8867-4", "Patient?_has:Observation:patient:code=8867-4",
	"Patient?_has:Observation:patient:status=amended&gender=male", "Patient/p3/Observation?code=8867-4",
	"Patient?_sort=_id", "Patient?_sort=-_id", "Patient?_sort=_lastUpdated", "Patient?_sort=-_lastUpdated", "Patient?_sort=family", "Patient?_sort=-family,birthdate",
	"Patient?_sort=birthdate", "Patient?gender=male&_sort=-birthdate", "Observation?_sort=-date", "Observation?_sort=status", "Observation?status=final&_sort=-value-quantity",
	"Observation?subject=Patient/p3&code=8867-4&_sort=-date",
}

// planFor compiles "Patient?name=x" or "Patient/1/Observation?code=x".
func planFor(t testing.TB, e *search.Engine, text string) search.Plan {
	t.Helper()
	path, query, _ := strings.Cut(text, "?")
	var owner fhir.Key
	if parts := strings.Split(path, "/"); len(parts) == 3 {
		owner, path = fhir.Key{Type: parts[0], ID: parts[1]}, parts[2]
	}
	var pairs []search.Pair
	for part := range strings.SplitSeq(query, "&") {
		if name, value, ok := strings.Cut(part, "="); ok {
			value, err := url.PathUnescape(value)
			if err != nil {
				t.Fatal(err)
			}
			pairs = append(pairs, search.Pair{Name: name, Value: value})
		}
	}
	q, err := e.Parse(path, pairs, search.Options{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p, err := e.Compile(q)
	if err == nil && owner != (fhir.Key{}) {
		p, err = e.Compartment(p, owner)
	}
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// hospital writes patients and their observations.
func hospital(t testing.TB, s *Store, e Indexer, patients, each int) {
	t.Helper()
	add := func(ops []store.Op, format string, args ...any) []store.Op {
		doc, err := tree.Parse(fmt.Appendf(nil, format, args...), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		entries, err := e.Entries(doc)
		if err != nil {
			t.Fatal(err)
		}
		key := fhir.Key{Type: doc.ResourceType(), ID: doc.ID()}
		return append(ops, store.Op{Action: store.Put, Key: key, Method: fhir.MethodUpdate, Stamp: doc.Stamp(), Digest: doc.Digest(), Entries: entries})
	}
	for p := range patients {
		ops := add(nil, `{"resourceType":"Patient","id":"p%d","gender":%q,"birthDate":"19%02d-0%d","name":[{"family":"Fam%d"}],"identifier":[{"system":"http://example.org/mrn","value":"%d"}]}`,
			p, []string{"male", "female"}[p%2], 60+p%40, 1+p%9, p%17, p)
		for o := range each {
			ops = add(ops, `{"resourceType":"Observation","id":"p%do%d","status":%q,"code":{"coding":[{"system":"http://loinc.org","code":%q}]},"subject":{"reference":"Patient/p%d"},
				"effectiveDateTime":"2024-01-%02dT0%d:00:00Z","valueQuantity":{"value":%d.5,"system":"http://unitsofmeasure.org","code":"/min"}}`,
				p, o, []string{"final", "final", "amended"}[o%3], []string{"8867-4", "29463-7"}[o%2], p, 1+(p+o)%28, o%10, 60+(p*7+o)%40)
		}
		if _, err := s.Write(context.Background(), store.Tx{Ops: ops}); err != nil {
			t.Fatal(err)
		}
	}
}

// slow names the steps of a plan that read a whole collection, by itself or by an index, or sort. The words are those of MongoDB and of DocumentDB.
func slow(v any) []string {
	var found []string
	switch v := v.(type) {
	case bson.D:
		words := map[string]string{}
		for _, e := range v {
			if s, ok := e.Value.(string); ok {
				words[e.Key] = s
			}
			if bounds, ok := e.Value.(bson.D); ok && e.Key == "indexBounds" && len(bounds) > 0 && fmt.Sprint(bounds[0].Value) == `["[MinKey, MaxKey]"]` {
				found = append(found, "all of an index")
			}
			found = append(found, slow(e.Value)...)
		}
		for _, step := range []string{words["stage"], words["Node Type"]} {
			if slices.Contains([]string{"COLLSCAN", "SORT", "Seq Scan", "Sort", "Parallel Seq Scan", "Incremental Sort"}, step) {
				found = append(found, step)
			}
		}
		if index, cond := words["Index Name"], words["Index Cond"]; index == "_id_" && !strings.Contains(cond, "object_id") || strings.Contains(cond, hex.EncodeToString([]byte("fullScan"))) {
			found = append(found, "all of "+index)
		}
	case bson.A:
		for _, e := range v {
			found = append(found, slow(e)...)
		}
	}
	return found
}

// hospitalAt is a store with patients and observations, and what it asks.
func hospitalAt(t *testing.T) (*Store, *search.Engine, *asked) {
	t.Helper()
	e, asked := engine(t), &asked{}
	var seconds atomic.Int64
	s := openAt(t, newAddress(t), Options{Engine: e, Tick: time.Hour, monitor: asked.monitor(), Clock: func() time.Time {
		return epoch.Add(time.Duration(seconds.Add(1)) * time.Second)
	}})
	t.Cleanup(func() { s.Close() })
	hospital(t, s, e, 40, 6)
	return s, e, asked
}

func TestNoSearchReadsAWholeCollectionOrSortsMoreThanAPage(t *testing.T) {
	s, e, asked := hospitalAt(t)
	told := map[string]bool{}
	for name, tuning := range map[string]searchTuning{
		"few candidates":  defaultSearchTuning,
		"many candidates": {some: 20, many: 100, ends: 5, sources: 20, ids: 10, load: 10, window: 4},
	} {
		t.Run(name, func(t *testing.T) {
			s.finder.tuning, s.finder.sizes = tuning, newSizes()
			for _, text := range explained {
				p := planFor(t, e, text)
				asked.clear()
				if n := explainedSearch(t, s, p); n == 0 {
					t.Errorf("%s found nothing: it shows nothing", text)
				}
				explain(t, s, text, asked.take(), told)
			}
		})
	}
}

func TestNothingElseReadsAWholeCollectionOrSortsMoreThanAPage(t *testing.T) {
	s, e, asked := hospitalAt(t)
	ctx := context.Background()
	patient := fhir.Key{Type: "Patient", ID: "p3"}
	for n := range 50 {
		mustWrite(t, s, put(t, fmt.Sprintf(`{"resourceType":"Patient","id":"p3","gender":%q}`, []string{"male", "female"}[n%2])))
	}
	at, _, err := s.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	versions := func(sc store.Scope, page store.HistoryPage) func() error {
		return func() error {
			for _, err := range s.History(ctx, sc, page) {
				if err != nil {
					return err
				}
			}
			_, err := s.HistoryCount(ctx, sc, page)
			return err
		}
	}
	write := func(tx store.Tx) func() error {
		return func() error {
			_, err := s.Write(ctx, tx)
			return err
		}
	}
	idempotent := store.Idempotency{Key: "k", Note: []byte("note")}
	deletion := remove("Patient", "p3")
	deletion.NoReferrers = true
	works := []struct {
		name string
		do   func() error
	}{
		{"the history of all", versions(store.Scope{}, store.HistoryPage{Limit: 40})},
		{"the history of a type", versions(store.Scope{Type: "Observation"}, store.HistoryPage{Limit: 40})},
		{"the second page of a history", versions(store.Scope{Type: "Patient"}, store.HistoryPage{Limit: 40, T: at, After: at - 20<<placeBits})},
		{"a history since a time", versions(store.Scope{Type: "Patient"}, store.HistoryPage{Since: epoch.Add(30 * time.Second)})},
		{"a history at a time", versions(store.Scope{Type: "Patient"}, store.HistoryPage{AtTime: epoch.Add(30 * time.Second), AtUntil: epoch.Add(time.Minute)})},
		{"the history of a resource", versions(store.Scope{Type: "Patient", ID: "p3"}, store.HistoryPage{})},
		{"the second page of the history of a resource", versions(store.Scope{Type: "Patient", ID: "p3"}, store.HistoryPage{T: at, After: at - 20<<placeBits})},
		{"the history of a resource at a time", versions(store.Scope{Type: "Patient", ID: "p3"}, store.HistoryPage{AtTime: epoch, AtUntil: epoch.Add(time.Minute)})},
		{"a read", func() error { _, err := s.Read(ctx, store.Now, patient); return err }},
		{"a read at a moment", func() error { _, err := s.Read(ctx, at-20<<placeBits, patient); return err }},
		{"a read of a version", func() error { _, err := s.ReadVersion(ctx, patient, 3); return err }},
		{"a write with a key", write(store.Tx{Ops: []store.Op{put(t, `{"resourceType":"Patient","id":"p3"}`)}, Idempotency: &idempotent})},
		{"the same again", write(store.Tx{Ops: []store.Op{put(t, `{"resourceType":"Patient","id":"p3"}`)}, Idempotency: &idempotent})},
		{"an answer that is asked for again", func() error { _, err := s.Replay(ctx, idempotent); return err }},
		{"a deletion of what is referred to", func() error {
			if _, err := s.Write(ctx, store.Tx{Ops: []store.Op{deletion}}); !fhir.HasCode(err, fhir.Conflict) {
				return fmt.Errorf("it is answered otherwise: %w", err)
			}
			return nil
		}},
		{"a condition", write(store.Tx{Ops: []store.Op{put(t, `{"resourceType":"Patient","id":"new"}`)}, Assume: []store.Assumption{{Plan: planFor(t, e, "Patient?identifier=x|y"), Limit: 2}}})},
		{"searches together", func() error {
			_, err := s.Find(ctx, store.Now, []store.Query{{Plan: planFor(t, e, "Patient?identifier=x|1")}, {Plan: planFor(t, e, "Patient?identifier=x|2")}})
			return err
		}},
		{"references", func() error {
			v, err := s.Read(ctx, store.Now, fhir.Key{Type: "Observation", ID: "p3o1"})
			if err == nil {
				_, err = s.Refs(ctx, []store.Match{{Version: v}}, []string{"*"})
			}
			return err
		}},
		{"forgetting", func() error {
			j := &janitor{s: s, attic: s.wire}
			s.o.Retention, s.o.Grace = time.Second, 0
			for range 2 {
				if err := j.tick(ctx); err != nil {
					return err
				}
			}
			return nil
		}},
		{"helping", func() error { return (&helper{s: s}).tick(ctx) }},
		{"indexing", func() error { return (&indexer{s: s}).tick(ctx) }},
		{"the fence of a reindex", func() error { _, err := s.tail(ctx); return err }},
		{"rewriting", func() error {
			w := rewrite{s: s, generation: 7, types: []string{"Patient", "Observation"}}
			if _, err := w.needed(ctx, at); err != nil {
				return err
			}
			_, err := w.span(ctx, at-20<<placeBits, at)
			return err
		}},
	}
	for name, some := range map[string]int{"few versions": defaultSearchTuning.some, "many versions": 20} {
		t.Run(name, func(t *testing.T) {
			s.finder.tuning.some = some
			told := map[string]bool{}
			for _, w := range works {
				asked.clear()
				if err := w.do(); err != nil {
					t.Errorf("%s: %v", w.name, err)
				}
				explain(t, s, w.name, asked.take(), told)
			}
			t.Log(len(told), "shapes")
		})
	}
}

// explainedSearch reads two pages and the count.
func explainedSearch(t *testing.T, s *Store, p search.Plan) (n int) {
	t.Helper()
	var after []byte
	for range 2 {
		for m, err := range s.Search(context.Background(), p, store.Page{After: after, Limit: 10}) {
			if err != nil {
				t.Fatal(err)
			}
			after = m.Cursor
			n++
		}
	}
	if _, err := s.Count(context.Background(), p, store.Now); err != nil {
		t.Fatal(err)
	}
	return n
}

// explain has commands explained that read, each shape once.
func explain(t *testing.T, s *Store, text string, commands []bson.Raw, told map[string]bool) {
	t.Helper()
	for _, c := range commands {
		for _, read := range reads(t, c) {
			shape := shapeOf(read)
			if told[shape] {
				continue
			}
			told[shape] = true
			if steps := steps(t, s, read); len(steps) > 0 {
				t.Errorf("%s takes the steps %v for %v", text, steps, read)
			}
			if guessed(read) {
				t.Errorf("%s names no index, and asks for a span of t: %v", text, read)
			}
		}
	}
}

// guessed reports whether an engine may take the index of t, although nearly all have what is asked for there.
func guessed(read bson.D) bool {
	span := false
	for _, e := range read {
		filter, _ := e.Value.(bson.D)
		for _, part := range filter {
			_, bounds := part.Value.(bson.D)
			span = span || e.Key == "filter" && part.Key == fieldT && bounds
			if part.Key == fieldDoc {
				return false
			}
		}
		if e.Key == "hint" {
			return false
		}
	}
	return span
}

// steps are the slow ones that a find or a count takes.
func steps(t *testing.T, s *Store, read bson.D) []string {
	t.Helper()
	var plan bson.D
	if err := s.wire.db.RunCommand(context.Background(), bson.D{{Key: "explain", Value: read}, {Key: "verbosity", Value: "queryPlanner"}}).Decode(&plan); err != nil {
		t.Errorf("explaining %v: %v", read, err)
	}
	return slow(plan)
}

func TestAnExplanationTellsOfScansAndSorts(t *testing.T) {
	s, _, asked := hospitalAt(t)
	ctx, method := context.Background(), bson.D{{Key: fieldMethod, Value: "PUT"}}
	patients := s.collection("Patient")
	asked.clear()
	_, counting := patients.CountDocuments(ctx, method)
	_, sorting := patients.FindOne(ctx, method, options.FindOne().SetSort(bson.D{{Key: fieldAt, Value: 1}})).Raw()
	_, walking := patients.FindOne(ctx, method, options.FindOne().SetHint(byT)).Raw()
	_, updating := patients.UpdateMany(ctx, method, bson.D{{Key: "$set", Value: method}})
	_, deleting := patients.DeleteMany(ctx, bson.D{{Key: fieldMethod, Value: "none"}})
	if err := errors.Join(counting, sorting, walking, updating, deleting); err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, c := range asked.take() {
		for _, read := range reads(t, c) {
			if told++; len(steps(t, s, read)) == 0 {
				t.Errorf("nothing is told of %v", read)
			}
		}
	}
	if told != 5 {
		t.Errorf("%d of 5 are explained", told)
	}
}

// reads are the finds and counts of a command, also those of what is written. What drivers add is left out.
func reads(t *testing.T, command bson.Raw) (all []bson.D) {
	t.Helper()
	var d bson.D
	if err := bson.Unmarshal(command, &d); err != nil {
		t.Fatal(err)
	}
	switch d[0].Key {
	case "find", "aggregate":
		return []bson.D{slices.DeleteFunc(d, func(e bson.E) bool {
			return !slices.Contains([]string{"find", "aggregate", "filter", "sort", "limit", "projection", "hint", "pipeline", "cursor"}, e.Key)
		})}
	case "update", "delete":
		collection := d[0].Value
		for _, e := range d {
			list, _ := e.Value.(bson.A)
			for _, one := range list {
				for _, part := range one.(bson.D) {
					if part.Key == "q" {
						all = append(all, bson.D{{Key: "find", Value: collection}, {Key: "filter", Value: part.Value}})
					}
				}
			}
		}
	}
	return all
}

// shapeOf is a command without its values.
func shapeOf(v any) string {
	switch v := v.(type) {
	case bson.D:
		var b strings.Builder
		for _, e := range v {
			if e.Key == "find" || e.Key == "aggregate" || e.Key == "hint" {
				fmt.Fprintf(&b, "%s %v ", e.Key, e.Value)
			} else {
				fmt.Fprintf(&b, "%s(%s) ", e.Key, shapeOf(e.Value))
			}
		}
		return b.String()
	case bson.A:
		shapes := map[string]bool{}
		for _, one := range v {
			shapes[shapeOf(one)] = true
		}
		return fmt.Sprint(shapes)
	default:
		return ""
	}
}
