package mongodb

import (
	"fmt"
	"os"
	"testing"
	"time"

	"firewolf/store/mongodb/mongotest"
)

// loadTime is how long a load lasts: FIREWOLF_SOAK if it is set.
func loadTime(t *testing.T, short, long time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv("FIREWOLF_SOAK")); err == nil {
		return d
	}
	if testing.Short() {
		return short
	}
	return long
}

// TestThreeProcessesWriteAsOne lets 3 processes of 16 writers meet on conditional creates, If-Match, transactions over two
// resources, deletes under references and idempotency keys, with readers beside them.
func TestThreeProcessesWriteAsOne(t *testing.T) {
	uri, a := freshDatabase(t)
	var runs []*running
	for n := range 3 {
		runs = append(runs, start(t, childPlan{
			URI: uri, Name: fmt.Sprintf("p%d", n), Seed: uint64(n), Writers: 16, Readers: 2, For: loadTime(t, time.Second, 12*time.Second),
		}))
	}
	for _, r := range runs {
		r.wait(t)
	}
	said := hold(t, a, runs)
	for _, k := range []simSaid{saidDone, saidReplayed, saidRefused, saidRead} {
		if said[k] == 0 {
			t.Errorf("none %v", k)
		}
	}
	if said[saidUnknown] > 0 {
		t.Errorf("without a fault the outcome of %d is unknown", said[saidUnknown])
	}
}

// freshDatabase is one in which a store has been opened.
func freshDatabase(t *testing.T) (string, Address) {
	t.Helper()
	uri, _ := mongotest.Database(t)
	a, err := ParseAddress(uri)
	if err != nil {
		t.Fatal(err)
	}
	if err := openAt(t, a, Options{Engine: engine(t)}).Close(); err != nil {
		t.Fatal(err)
	}
	return uri, a
}
