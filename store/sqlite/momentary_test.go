package sqlite

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/store"
)

// The transactions of a group share their time.
func TestAVersionThatItsOwnGroupReplacedWasNeverCurrent(t *testing.T) {
	h := byHand(t, t.TempDir(), newClock(), Options{})
	g := []*pending{
		newPending(context.Background(), store.Tx{Ops: []store.Op{basic("a", 1)}}),
		newPending(context.Background(), store.Tx{Ops: []store.Op{basic("a", 2)}}),
	}
	h.w.writeAll(g)
	if g[0].err != nil || g[1].err != nil {
		t.Fatal(g[0].err, g[1].err)
	}
	at := g[0].commit.At
	if got := g[1].commit.At; !got.Equal(at) {
		t.Fatalf("the time of the second is %v, that of the first %v", got, at)
	}
	history := func(p store.HistoryPage) []string {
		t.Helper()
		var l []string
		for v, err := range h.History(context.Background(), store.Scope{}, p) {
			if err != nil {
				t.Fatal(err)
			}
			l = append(l, v.Location())
		}
		return l
	}
	for name, c := range map[string]struct {
		page store.HistoryPage
		want []string
	}{
		"at that time":          {store.HistoryPage{AtTime: at, AtUntil: at}, []string{"Basic/a/_history/2"}},
		"in the hour before it": {store.HistoryPage{AtTime: at.Add(-time.Hour), AtUntil: at}, []string{"Basic/a/_history/2"}},
		"since that time":       {store.HistoryPage{Since: at}, []string{"Basic/a/_history/2", "Basic/a/_history/1"}},
	} {
		if diff := cmp.Diff(c.want, history(c.page)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
