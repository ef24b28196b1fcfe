package interaction_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/store"
)

// instant is a store that costs nothing, so that a benchmark sees what this room costs.
type instant struct {
	store.Store
	matches []store.Match
}

func (s *instant) Head(context.Context) (fhir.Moment, time.Time, error) { return 1, began, nil }

func (s *instant) Read(context.Context, fhir.Moment, fhir.Key) (fhir.Version, error) {
	return s.matches[0].Version, nil
}

func (s *instant) Search(_ context.Context, _ search.Plan, page store.Page) iter.Seq2[store.Match, error] {
	return func(yield func(store.Match, error) bool) {
		for _, m := range s.matches[:min(page.Limit, len(s.matches))] {
			if !yield(m, nil) {
				return
			}
		}
	}
}

func (s *instant) Find(ctx context.Context, t fhir.Moment, qs []store.Query) ([][]store.Match, error) {
	return store.FindEach(ctx, s, t, qs)
}

func (s *instant) Write(_ context.Context, tx store.Tx) (store.Commit, error) {
	c := store.Commit{T: 1, At: began, Results: make([]store.Result, len(tx.Ops))}
	for k, op := range tx.Ops {
		c.Results[k] = store.Result{Effect: store.Created, Version: fhir.Version{Key: op.Key, VID: 1, T: 1, At: began, JSON: op.Stamp.With(1, began)}}
	}
	return c, nil
}

// benchmark builds a service over a store that costs nothing, with Observations of about 1.2 kB in it.
func benchmark(b *testing.B) *interaction.Service {
	b.Helper()
	s, e := definitions()
	st := &instant{}
	for k := range 101 {
		id := fmt.Sprintf("observation-%d", k)
		json := `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"` + strings.Repeat("x", 1000) + `"},"subject":{"reference":"Patient/1"}}`
		st.matches = append(st.matches, store.Match{Version: fhir.Version{Key: fhir.Key{Type: "Observation", ID: id}, VID: 1, T: 1, At: began, JSON: []byte(json)}, Cursor: []byte("12345678")})
	}
	svc, err := interaction.New(interaction.Options{Store: secretive{st}, Spec: s, Search: e, Checker: checker()})
	if err != nil {
		b.Fatal(err)
	}
	return svc
}

// secretive gives the store a secret.
type secretive struct{ *instant }

func (secretive) Secret() []byte { return make([]byte, 32) }

func measure(b *testing.B, svc *interaction.Service, r interaction.Request, status int) {
	b.Helper()
	ctx := context.Background()
	bytes := 0
	b.ReportAllocs()
	for b.Loop() {
		resp := svc.Interact(ctx, r)
		if resp.Status != status {
			b.Fatal(resp.Status, resp.Issues, resp.Err)
		}
		bytes = len(resp.Body)
	}
	b.SetBytes(int64(max(bytes, len(r.Body))))
}

func BenchmarkRead(b *testing.B) {
	measure(b, benchmark(b), call("GET Observation/1", ""), 200)
}

func BenchmarkSearchPageOf100(b *testing.B) {
	measure(b, benchmark(b), call("GET Observation?subject=Patient/1&code=x&_sort=-date&_count=100", ""), 200)
}

func BenchmarkCreate(b *testing.B) {
	measure(b, benchmark(b), call("POST Observation", observation("Patient/1")), 201)
}

func BenchmarkSyntheaTransaction(b *testing.B) {
	text := synthea(b, "patient-00")
	n := strings.Count(text, `"request"`)
	svc := benchmark(b)
	measure(b, svc, call("POST ", text), 200)
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
