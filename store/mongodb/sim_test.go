package mongodb

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// simulations is how many are run: FIREWOLF_SIMULATIONS if it is set.
func simulations(t *testing.T, short, long int) int {
	if n, err := strconv.Atoi(os.Getenv("FIREWOLF_SIMULATIONS")); err == nil {
		return n
	}
	if testing.Short() {
		return short
	}
	return long
}

// simulate runs a simulation on one processor: under the race detector the timers of a bubble of Go 1.26 share one context, and two that
// fire on two processors at once break it (SIGSEGV in __sanitizer::StackDepotBase::Put, in 8 of 160 runs).
func simulate(t *testing.T, plan simPlan) (why string, said map[simSaid]int) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, func(*testing.T) {
		s := newSim(plan)
		why = s.run()
		said = s.check.summary()
	})
	return why, said
}

// TestTheStoreKeepsTheProtocolWhateverHappens runs the writers, jobs and helpers of three processes over a database in memory. Which
// request is served next, which reply is lost, what lands late, and who dies where is drawn from the seed.
func TestTheStoreKeepsTheProtocolWhateverHappens(t *testing.T) {
	total := map[simSaid]int{}
	for seed := range simulations(t, 20, 80) {
		why, said := simulate(t, simPlan{
			seed: uint64(seed), processes: 3, clients: 5, each: 5, faults: seed % 12, crashes: seed % 4, chunk: []int{0, 64}[seed%2],
		})
		if why != "" {
			t.Fatalf("seed %d: %s", seed, why)
		}
		for k, n := range said {
			total[k] += n
		}
	}
	t.Logf("answers: %v", total)
	for k := saidDone; k <= saidUnknown; k++ {
		if total[k] == 0 {
			t.Errorf("no transaction was %v", k)
		}
	}
}

// TestReadersAndJanitorsKeepToTheFloor forgets early, so that pages, evaluations, helpers and other janitors meet what is forgotten.
func TestReadersAndJanitorsKeepToTheFloor(t *testing.T) {
	whole, ended := 0, 0
	for seed := range simulations(t, 10, 50) {
		why, said := simulate(t, simPlan{
			seed: uint64(seed), processes: 3, clients: 4, each: 8, faults: seed % 8, crashes: seed % 6, chunk: []int{0, 64}[seed%2],
			readers: 3, pages: 1500, retention: 3 * time.Second, grace: time.Second,
		})
		if why != "" {
			t.Fatalf("seed %d: %s", seed, why)
		}
		whole, ended = whole+said[saidRead], ended+said[saidExpired]
	}
	t.Logf("%d reads were whole, %d ended as expired", whole, ended)
	if whole == 0 || ended == 0 {
		t.Error("want some of both")
	}
}
