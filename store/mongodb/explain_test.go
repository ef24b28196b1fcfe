package mongodb

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

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

// slow names the steps of a plan that read a whole collection, or sort. The words are those of MongoDB and of DocumentDB.
func slow(v any) []string {
	var found []string
	switch v := v.(type) {
	case bson.D:
		for _, e := range v {
			if s, ok := e.Value.(string); ok && (e.Key == "stage" || e.Key == "Node Type") {
				if slices.Contains([]string{"COLLSCAN", "SORT", "Seq Scan", "Sort", "Parallel Seq Scan", "Incremental Sort"}, s) {
					found = append(found, s)
				}
			}
			found = append(found, slow(e.Value)...)
		}
	case bson.A:
		for _, e := range v {
			found = append(found, slow(e)...)
		}
	}
	return found
}

func TestNoSearchReadsAWholeCollectionOrSortsMoreThanAPage(t *testing.T) {
	if testing.Short() {
		t.Skip("it asks every query twice")
	}
	e := engine(t)
	var seconds atomic.Int64
	s := openAt(t, newAddress(t), Options{Engine: e, Clock: func() time.Time {
		return epoch.Add(time.Duration(seconds.Add(1)) * time.Second)
	}})
	defer s.Close()
	hospital(t, s, e, 40, 6)
	for name, tuning := range map[string]searchTuning{
		"few candidates":  defaultSearchTuning,
		"many candidates": {some: 20, many: 100, ends: 5, sources: 20, ids: 10, load: 10, window: 4},
	} {
		t.Run(name, func(t *testing.T) {
			s.finder.tuning, s.finder.sizes = tuning, newSizes()
			for _, text := range explained {
				var asked []lookup
				s.finder.watch = func(l lookup) { asked = append(asked, l) }
				n := explainedSearch(t, s, planFor(t, e, text))
				s.finder.watch = nil
				if n == 0 {
					t.Errorf("%s found nothing: it shows nothing", text)
				}
				for i, l := range asked {
					if i == 0 || i == len(asked)/2 || i == len(asked)-1 { // the others are like these
						explain(t, s, text, l)
					}
				}
			}
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

func explain(t *testing.T, s *Store, text string, l lookup) {
	t.Helper()
	if l.index == nil {
		t.Errorf("%s: %v names no index", text, l.filter)
		return
	}
	find := bson.D{{Key: "find", Value: l.typ}, {Key: "filter", Value: l.filter}, {Key: "hint", Value: l.index}}
	if l.limit > 0 {
		find = append(find, bson.E{Key: "limit", Value: l.limit})
	}
	var plan bson.D
	if err := s.wire.db.RunCommand(context.Background(), bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "queryPlanner"}}).Decode(&plan); err != nil {
		t.Fatalf("explaining %s: %v", text, err)
	}
	if steps := slow(plan); len(steps) > 0 {
		t.Errorf("%s takes the steps %v for %v by %v", text, steps, l.filter, l.index)
	}
}
