package interaction_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A client that keeps up with a server by meta.lastUpdated asks again and again for what is later than the latest that it has seen. The clock
// stands still here, so that all of the writes fall into one millisecond of it.
// https://hl7.org/fhir/R4/search.html#lastUpdated
func TestWhoAsksForWhatIsLaterMissesNothingThatIsWrittenAtOnce(t *testing.T) {
	const writers, each = 4, 25
	w := busy(t, nil)
	seen, last := map[string]int{}, "2000-01-01T00:00:00Z"
	poll := func() {
		r := w.Interact(context.Background(), call("GET Basic?_count=1000&_lastUpdated=gt"+url.QueryEscape(last), ""))
		var b struct {
			Entry []struct {
				Resource struct {
					ID   string
					Meta struct{ LastUpdated string }
				}
			}
		}
		if err := json.Unmarshal(r.Body, &b); err != nil || r.Status != 200 {
			t.Fatal(r.Status, err, string(r.Body))
		}
		for _, e := range b.Entry {
			seen[e.Resource.ID]++
			last = max(last, e.Resource.Meta.LastUpdated)
		}
	}
	var writing atomic.Int64
	var wg sync.WaitGroup
	want := map[string]int{}
	for k := range writers {
		writing.Add(1)
		for n := range each {
			want[fmt.Sprintf("b-%d-%d", k, n)] = 1
		}
		wg.Go(func() {
			defer writing.Add(-1)
			for n := range each {
				id := fmt.Sprintf("b-%d-%d", k, n)
				if r := w.Interact(context.Background(), call("PUT Basic/"+id, `{"resourceType":"Basic","id":"`+id+`","code":{"text":"x"}}`)); r.Status != 201 {
					t.Error(id, r.Status, r.Issues)
				}
			}
		})
	}
	for writing.Load() > 0 {
		poll()
	}
	wg.Wait()
	poll()
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("how often each was told (-want +got):\n%s", diff)
	}
}
