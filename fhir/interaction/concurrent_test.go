package interaction_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/store"
)

// together sends n requests at once and counts the answers by status.
func (w *world) together(n int, request func(k int) interaction.Request) map[int]int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[int]int{}
	for k := range n {
		wg.Go(func() {
			r := w.Interact(context.Background(), request(k))
			mu.Lock()
			got[r.Status]++
			mu.Unlock()
		})
	}
	wg.Wait()
	return got
}

// busy gives a world a clock that many may ask.
func busy(t *testing.T, change func(*interaction.Options)) *world {
	var ids atomic.Int64
	return newWorld(t, func(o *interaction.Options) {
		o.IDs = func() string { return fmt.Sprintf("new-%d", ids.Add(1)) }
		o.Limits.Retries = 100
		if change != nil {
			change(o)
		}
	})
}

func TestWritersAtOnce(t *testing.T) {
	count := func(w *world, query string) int {
		return *w.search(call("GET "+query+"&_summary=count", "")).Total
	}
	t.Run("conditional creates of one resource create it once", func(t *testing.T) {
		w := busy(t, nil)
		got := w.together(20, func(int) interaction.Request { return call("POST Patient", taggedWolf, ifNoneExist("identifier=x")) })
		if got[201] != 1 || got[200] != 19 || count(w, "Patient?identifier=x") != 1 {
			t.Errorf("%v", got)
		}
	})
	t.Run("conditional creates inside transactions too", func(t *testing.T) {
		w := busy(t, nil)
		got := w.together(20, func(k int) interaction.Request {
			return transaction(post("urn:uuid:p", taggedWolf, `"ifNoneExist":"identifier=x"`), post("", observation("urn:uuid:p")))
		})
		if got[200] != 20 || count(w, "Patient?identifier=x") != 1 || count(w, "Observation?subject:Patient.identifier=x") != 20 {
			t.Errorf("%v", got)
		}
	})
	t.Run("conditional updates of one resource make one resource", func(t *testing.T) {
		w := busy(t, nil)
		got := w.together(20, func(k int) interaction.Request {
			return call("PUT Patient?identifier=x", fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"value":"x"}],"name":[{"family":"p%d"}]}`, k))
		})
		if got[201] != 1 || got[200] != 19 || count(w, "Patient?identifier=x") != 1 {
			t.Errorf("%v", got)
		}
	})
	t.Run("If-Match with one version lets one win", func(t *testing.T) {
		w := busy(t, nil)
		w.do(putWolf())
		got := w.together(20, func(k int) interaction.Request {
			return call("PUT Patient/1", fmt.Sprintf(`{"resourceType":"Patient","id":"1","name":[{"family":"p%d"}]}`, k), ifMatch(`W/"1"`))
		})
		if got[200] != 1 || got[412] != 19 {
			t.Errorf("%v", got)
		}
	})
	t.Run("If-Match with a star lets all pass", func(t *testing.T) {
		w := busy(t, nil)
		w.do(putWolf())
		got := w.together(20, func(k int) interaction.Request {
			return call("PUT Patient/1", fmt.Sprintf(`{"resourceType":"Patient","id":"1","name":[{"family":"p%d"}]}`, k), ifMatch(`*`))
		})
		if got[200] != 20 || w.head() != 21 {
			t.Errorf("%v", got)
		}
	})
	t.Run("references by version name the version that was made", func(t *testing.T) {
		w := busy(t, nil)
		got := w.together(20, func(k int) interaction.Request {
			return transaction(
				put("Patient/1", fmt.Sprintf(`{"resourceType":"Patient","id":"1","name":[{"family":"p%d"}]}`, k)),
				post("", fmt.Sprintf(`{"resourceType":"Basic","code":{"text":"p%d"},"subject":{"reference":"Patient/1/_history/1"}}`, k)))
		})
		if got[200] != 20 {
			t.Fatalf("%v", got)
		}
		for _, e := range w.search(call("GET Basic?_count=100&_include=Basic:subject", "")).Entry {
			if e.Search.Mode != "match" {
				continue
			}
			body := w.do(call("GET Basic/"+e.Resource.ID, "")).Body
			name, vid := between(body, `"text":"`), between(body, `_history/`)
			if got := between(w.do(call("GET Patient/1/_history/"+vid, "")).Body, `"family":"`); got != name {
				t.Errorf("%s refers to version %s, which is of %s", name, vid, got)
			}
		}
	})
	t.Run("one idempotency key writes once", func(t *testing.T) {
		w := busy(t, nil)
		got := w.together(20, func(int) interaction.Request { return call("POST Patient", namedWolf, idempotent("k")) })
		if got[201] != 20 || w.head() != 1 {
			t.Errorf("%v at %d", got, w.head())
		}
	})
}

// between returns what follows a mark up to the next quote.
func between(text, mark string) string {
	for k := 0; k+len(mark) <= len(text); k++ {
		if text[k:k+len(mark)] == mark {
			rest := text[k+len(mark):]
			for end := range rest {
				if rest[end] == '"' {
					return rest[:end]
				}
			}
		}
	}
	return ""
}

// stale is a store whose state changes under the first writes.
type stale struct {
	store.Store
	left int
}

func (s *stale) Write(ctx context.Context, tx store.Tx) (store.Commit, error) {
	if s.left > 0 {
		s.left--
		return store.Commit{}, store.ErrStale
	}
	return s.Store.Write(ctx, tx)
}

func TestAWriteIsTriedAgainABoundedNumberOfTimes(t *testing.T) {
	for _, c := range []struct{ stale, retries, status int }{{0, 3, 201}, {2, 3, 201}, {3, 3, 503}, {7, 0, 201}, {8, 0, 503}} {
		w := newWorld(t, func(o *interaction.Options) {
			o.Store = &stale{o.Store, c.stale}
			o.Limits.Retries = c.retries
		})
		got := w.do(call("POST Patient", taggedWolf, ifNoneExist("identifier=x")))
		if got.Status != c.status {
			t.Errorf("%+v: %+v", c, got)
		}
		if c.status == 503 && (w.head() != 0 || got.Issues[0] != "error transient : other writes kept changing what this one depends on: try again") {
			t.Errorf("%+v at %d", got, w.head())
		}
	}
}

// clipped is a store that forgot what was before a moment.
type clipped struct{ store.Store }

func (clipped) Refs(context.Context, []store.Match, []string) (refs [][]search.RefEntry, err error) {
	return nil, fhir.NewIssue(fhir.Expired, "the moment is no longer kept")
}

func TestAPageWhoseMomentIsGoneIsExpired(t *testing.T) {
	w := newWorld(t, func(o *interaction.Options) { o.Store = clipped{o.Store} })
	w.do(putWolf())
	want := refused(410, "error expired : the moment is no longer kept")
	if got := w.do(call("GET Patient?_include=Patient:organization", "")); got.Status != want.Status || got.Issues[0] != want.Issues[0] {
		t.Errorf("%+v", got)
	}
}

func TestTheClockOfTheServiceIsAskedWhereARequestHasNone(t *testing.T) {
	w := newWorld(t, nil)
	w.do(call("PUT Patient/1", `{"resourceType":"Patient","id":"1","birthDate":"2025-12-25"}`))
	r := call("GET Patient?birthdate=ap2026-01-01&_summary=count", "", func(r *interaction.Request) { r.Now = time.Time{} })
	if total := *w.search(r).Total; total != 0 {
		t.Errorf("seven days ago is not about yesterday, but %d matched", total)
	}
}
