package storetest

import (
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/store"
	"firewolf/store/memory"
)

// Base is the base URL of the server that the tests play: references below it are local.
const Base = "http://localhost:8080/fhir"

// Options say how to open the store under test.
type Options struct {
	// Open returns a new, empty store that takes its time from the clock. The test closes it.
	Open func(t *testing.T, clock fhir.Clock) store.Store
	// Reopen closes the store and opens what it kept. It is nil for a store that forgets.
	Reopen func(t *testing.T, s store.Store, clock fhir.Clock) store.Store
	// Walk is how many results the walk through pages goes over; 0 means 10,000 (1,000 with -short).
	Walk int
	// Scan is how many rows the scan goes over while each of them is replaced; 0 means 5,000 (500 with -short).
	Scan int
	// Slow says that each request goes over a network. Then -short takes a sample of the largest cases.
	Slow bool
}

// Run holds a store to the contract of package store.
func Run(t *testing.T, o Options) {
	definitions, err := spec.Open()
	if err != nil {
		t.Fatalf("opening the definitions: %v", err)
	}
	engine, err := search.NewEngine(definitions, Base)
	if err != nil {
		t.Fatalf("opening the search engine: %v", err)
	}
	b := &bench{options: o, spec: definitions, engine: engine}
	for _, group := range []struct {
		name  string
		cases []testCase
	}{
		{"read", readCases},
		{"write", writeCases},
		{"refuse", refuseCases},
		{"idempotency", idempotencyCases},
		{"history", historyCases},
		{"search", searchCases},
		{"page", pageCases},
		{"concurrency", concurrencyCases},
		{"durability", durabilityCases},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) { c.run(b.open(t)) })
			}
		})
	}
	t.Run("script", b.runScripts)
	t.Run("random histories and queries answer as memory does", b.random)
}

// testCase is one sentence of the contract.
type testCase struct {
	name string // the sentence
	run  func(w *world)
}

// bench holds what all tests of a run share.
type bench struct {
	options Options
	spec    *spec.Spec
	engine  *search.Engine
}

// open returns a world with an empty store.
func (b *bench) open(t *testing.T) *world {
	t.Helper()
	clock := newClock()
	w := &world{T: t, bench: b, clock: clock, store: b.options.Open(t, clock.now)}
	t.Cleanup(func() { w.store.Close() })
	return w
}

// sampled reports whether large cases are to be cut down to a sample.
func (w *world) sampled() bool { return w.bench.options.Slow && testing.Short() }

// openMemory returns a world with an empty oracle.
func (b *bench) openMemory(t *testing.T, clock *manualClock) *world {
	return &world{T: t, bench: b, clock: clock, store: memory.New(b.spec, clock.now, Base)}
}
