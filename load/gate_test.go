package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func put(path string) Unit { return Unit{Method: http.MethodPut, Path: path, Body: make([]byte, 10)} }

func post() Unit { return Unit{Method: http.MethodPost, Path: "Patient", Body: make([]byte, 10)} }

func transaction(urls ...string) Unit {
	u := Unit{Method: http.MethodPost, Body: make([]byte, 10)}
	for _, url := range urls {
		u.entries = append(u.entries, entry{method: http.MethodPut, url: url})
	}
	return u
}

func TestGate(t *testing.T) {
	tests := []struct {
		name         string
		units, bytes int
		inside       []Unit
		next         Unit
		wantOpen     bool
	}{
		{"an empty gate is open, also to what is larger than its bytes", 1, 5, nil, put("Patient/1"), true},
		{"a gate is closed once as many units are inside as it has places", 2, 1000, []Unit{post(), post()}, post(), false},
		{"a gate with a free place is open", 3, 1000, []Unit{post(), post()}, post(), true},
		{"a gate is closed if the bytes do not fit", 3, 29, []Unit{post(), post()}, post(), false},
		{"a gate is open if the bytes just fit", 3, 30, []Unit{post(), post()}, post(), true},
		{"a unit that writes what is being written waits", 3, 1000, []Unit{put("Patient/1")}, put("Patient/1"), false},
		{"a unit that writes something else does not", 3, 1000, []Unit{put("Patient/1")}, put("Patient/2"), true},
		{"a transaction waits for each of its keys", 3, 1000, []Unit{put("Patient/2")}, transaction("Patient/1", "Patient/2"), false},
		{"what a transaction writes is waited for", 3, 1000, []Unit{transaction("Patient/1", "Patient/2")}, put("Patient/2"), false},
		{"transactions that share nothing go together", 3, 1000, []Unit{transaction("Patient/1")}, transaction("Patient/2"), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate(test.units, test.bytes)
				for _, u := range test.inside {
					if err := g.enter(t.Context(), u); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err := g.enter(ctx, test.next)
				if open := err == nil; open != test.wantOpen {
					t.Fatalf("entered: %v, want %v (%v)", open, test.wantOpen, err)
				}
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v, want that of the context", err)
				}
				if err == nil {
					return
				}
				// Once those inside have left it is open.
				for _, u := range test.inside {
					g.leave(u)
				}
				if err := g.enter(t.Context(), test.next); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestGateLetsNobodyInAfterItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := newGate(1, 1)
	if err := g.enter(ctx, post()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := g.enter(t.Context(), post()); err != nil {
		t.Errorf("who was turned away holds a place: %v", err)
	}
}

func TestGateKeepsWritersOfOneResourceInOrder(t *testing.T) {
	g := newGate(8, 1000)
	var inside atomic.Int32
	order := map[string][]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := range 500 {
		u := put([]string{"Patient/1", "Patient/2", "Patient/3"}[rand.IntN(3)])
		if err := g.enter(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			if inside.Add(1) > 8 {
				t.Error("more than 8 are inside")
			}
			time.Sleep(rand.N(100 * time.Microsecond))
			mu.Lock()
			order[u.Path] = append(order[u.Path], n)
			mu.Unlock()
			inside.Add(-1)
			g.leave(u)
		})
	}
	all.Wait()
	for path, ns := range order {
		for k := 1; k < len(ns); k++ {
			if ns[k] < ns[k-1] {
				t.Fatalf("%s: unit %d was done before unit %d", path, ns[k-1], ns[k])
			}
		}
	}
	if len(g.keys) != 0 || g.size != 0 || g.n != 0 {
		t.Errorf("all have left, yet the gate holds %d keys, %d bytes, %d units", len(g.keys), g.size, g.n)
	}
}
