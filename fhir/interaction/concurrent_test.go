package interaction_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
			return transaction(
				post("urn:uuid:p", taggedWolf, `"ifNoneExist":"identifier=x"`),
				post("", observation("urn:uuid:p")),
			)
		})
		if got[200] != 20 || count(w, "Patient?identifier=x") != 1 || count(w, "Observation?subject:Patient.identifier=x") != 20 {
			t.Errorf("%v", got)
		}
	})
	t.Run("conditional references to what conditional creates make find it once", func(t *testing.T) {
		w := busy(t, nil)
		for round := range 10 {
			patient := fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"value":"x%d"}]}`, round)
			criteria := fmt.Sprintf("identifier=x%d", round)
			got := w.together(20, func(int) interaction.Request {
				return transaction(
					post("", patient, `"ifNoneExist":"`+criteria+`"`),
					post("", observation("Patient?"+criteria)),
				)
			})
			if got[200] != 20 || count(w, "Patient?"+criteria) != 1 || count(w, "Observation?subject:Patient."+criteria) != 20 {
				t.Fatalf("%v", got)
			}
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
		if got[200] != 20 || w.written() != 21 {
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
		if got[201] != 20 || w.written() != 1 {
			t.Errorf("%v at %d", got, w.written())
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
	for _, c := range []struct{ stale, retries, status int }{{0, 3, 201}, {2, 3, 201}, {3, 3, 503}, {15, 0, 201}, {16, 0, 503}} {
		w := newWorld(t, func(o *interaction.Options) {
			o.Store = &stale{o.Store, c.stale}
			o.Limits.Retries = c.retries
		})
		got := w.do(call("POST Patient", taggedWolf, ifNoneExist("identifier=x")))
		if got.Status != c.status {
			t.Errorf("%+v: %+v", c, got)
		}
		if c.status == 503 && (w.written() != 0 || got.Issues[0] != "error transient : other writes kept changing what this one depends on: try again") {
			t.Errorf("%+v at %d", got, w.written())
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

// overtaken is a store under which another client writes just before the first write.
type overtaken struct {
	store.Store
	other func()
}

func (s *overtaken) Write(ctx context.Context, tx store.Tx) (store.Commit, error) {
	if other := s.other; other != nil {
		s.other = nil
		other()
	}
	return s.Store.Write(ctx, tx)
}

// What was looked up before a write may have changed when it is written: then it is looked up again.
func TestAWriteThatIsOvertakenLooksAgain(t *testing.T) {
	tagged := func(id string) interaction.Request {
		return call("PUT Patient/"+id, `{"resourceType":"Patient","id":"`+id+`","identifier":[{"value":"x"}]}`)
	}
	const exists = `"ifNoneExist":"identifier=x"`
	basic := func(reference string) string {
		return `{"resourceType":"Basic","id":"b","code":{"text":"x"},"subject":{"reference":"` + reference + `"}}`
	}
	quiet := func(line, body string, change ...func(*interaction.Request)) interaction.Request {
		return call(line, body, append(change, prefer("minimal"))...)
	}
	for _, c := range []struct {
		name        string
		given       []interaction.Request
		other, when interaction.Request
		want        answer
		then, is    string // a resource afterwards holds this
	}{
		{
			name:  "a conditional create finds what was created meanwhile",
			other: tagged("a"),
			when:  quiet("POST Patient", taggedWolf, ifNoneExist("identifier=x")),
			want:  answer{Status: 200, Location: base + "/Patient/a/_history/1", ETag: `W/"1"`, Modified: "1s"},
		},
		{
			name:  "a conditional update updates what was created meanwhile",
			other: tagged("a"),
			when:  quiet("PUT Patient?identifier=x", namedWolf),
			want:  answer{Status: 200, Location: base + "/Patient/a/_history/2", ETag: `W/"2"`, Modified: "1.001s"},
		},
		{
			name:  "a conditional update that matches many meanwhile is refused",
			given: []interaction.Request{tagged("a")},
			other: tagged("b"),
			when:  quiet("PUT Patient?identifier=x", namedWolf),
			want: refused(412,
				"error multiple-matches http.query: the criteria match more than one Patient, such as Patient/a and Patient/b",
			),
		},
		{
			name:  "a conditional delete of what was deleted meanwhile is done already",
			given: []interaction.Request{tagged("a")},
			other: call("DELETE Patient/a", ""),
			when:  quiet("DELETE Patient?identifier=x", ""),
			want:  answer{Status: 204},
		},
		{
			name:  "a conditional delete leaves what matches no more",
			given: []interaction.Request{tagged("a")},
			other: call("PUT Patient/a", `{"resourceType":"Patient","id":"a"}`),
			when:  quiet("DELETE Patient?identifier=x", ""),
			want:  answer{Status: 204},
			then:  "Patient/a",
			is:    `"versionId":"2"`,
		},
		{
			name:  "an entry finds what was created meanwhile",
			other: tagged("a"),
			when:  transaction(post("urn:uuid:p", taggedWolf, exists), put("Basic/b", basic("urn:uuid:p"))),
			want: transactionResponse(
				answered("200 OK", "Patient/a/_history/1", "1", "01"),
				created("Basic/b/_history/1", "01.001"),
			),
			then: "Basic/b",
			is:   `"subject":{"reference":"Patient/a"}`,
		},
		{
			name:  "a conditional reference means what it means when it is written",
			given: []interaction.Request{tagged("a"), tagged("b"), call("DELETE Patient/b", "")},
			other: transaction(
				ask("DELETE", "Patient/a"),
				put("Patient/b", `{"resourceType":"Patient","id":"b","identifier":[{"value":"x"}]}`),
			),
			when: transaction(put("Basic/b", basic("Patient?identifier=x"))),
			want: transactionResponse(created("Basic/b/_history/1", "04.001")),
			then: "Basic/b",
			is:   `"subject":{"reference":"Patient/b"}`,
		},
		{
			name:  "a version that a reference names is foretold again",
			given: []interaction.Request{putWolf()},
			other: call("PUT Patient/1", `{"resourceType":"Patient","id":"1"}`),
			when:  transaction(put("Patient/1", wolfe), put("Basic/b", basic("Patient/1/_history/1"))),
			want: transactionResponse(
				answered("200 OK", "Patient/1/_history/3", "3", "02.001"),
				created("Basic/b/_history/1", "02.001"),
			),
			then: "Basic/b",
			is:   `"subject":{"reference":"Patient/1/_history/3"}`,
		},
		{
			name:  "a star of If-Match means the version of meanwhile",
			given: []interaction.Request{putWolf()},
			other: putWolfe(),
			when:  quiet("PUT Patient/1", `{"resourceType":"Patient","id":"1"}`, ifMatch("*")),
			want:  answer{Status: 200, Location: location + "3", ETag: `W/"3"`, Modified: "2.001s"},
		},
		{
			name:  "a star of If-Match does not bring back what was deleted meanwhile",
			given: []interaction.Request{putWolf()},
			other: deleteWolf(),
			when:  quiet("PUT Patient/1", wolfe, ifMatch("*")),
			want: refused(412,
				"error conflict/version-mismatch http.If-Match: If-Match does not hold: there is no Patient/1",
			),
		},
		{
			name:  "a time of If-Unmodified-Since does not hold for the version of meanwhile",
			given: []interaction.Request{putWolf()},
			other: putWolfe(),
			when:  quiet("PUT Patient/1", wolf, unmodifiedSince(began.Add(time.Second))),
			want: refused(412,
				"error conflict/precondition-failed http.If-Unmodified-Since: If-Unmodified-Since does not hold: "+
					"Patient/1 was changed at 2026-01-02T03:04:02.000Z",
			),
		},
		{
			name:  "nor for what is created meanwhile",
			other: putWolf(),
			when:  quiet("PUT Patient/1", wolfe, unmodifiedSince(began)),
			want: refused(412,
				"error conflict/precondition-failed http.If-Unmodified-Since: If-Unmodified-Since does not hold: "+
					"Patient/1 was changed at 2026-01-02T03:04:01.000Z",
			),
		},
		{
			name:  "nor does a delete remove what is created meanwhile",
			other: putWolf(),
			when:  quiet("DELETE Patient/1", "", unmodifiedSince(began)),
			want: refused(412,
				"error conflict/precondition-failed http.If-Unmodified-Since: If-Unmodified-Since does not hold: "+
					"Patient/1 was changed at 2026-01-02T03:04:01.000Z",
			),
		},
		{
			name:  "a star of If-Match lets a conditional delete remove the version of meanwhile",
			given: []interaction.Request{tagged("a")},
			other: call("PUT Patient/a", `{"resourceType":"Patient","id":"a","identifier":[{"value":"x"}],"active":true}`),
			when:  quiet("DELETE Patient?identifier=x", "", ifMatch("*")),
			want:  answer{Status: 204, ETag: `W/"3"`, Modified: "2.001s"},
		},
		{
			name:  "a tag of If-Match does not hold for the version of meanwhile",
			given: []interaction.Request{putWolf()},
			other: putWolfe(),
			when:  quiet("PUT Patient/1", wolfe, ifMatch(`W/"1"`)),
			want: refused(412,
				"error conflict/version-mismatch http.If-Match: If-Match asks for version 1 of Patient/1, the current version is 2",
			),
		},
		{
			name:  "a reference to what was deleted meanwhile is refused",
			given: []interaction.Request{putWolf()},
			other: deleteWolf(),
			when:  transaction(post("", observation("Patient/1"))),
			want: refused(422,
				"error not-found/dangling-reference Bundle.entry[0].resource.subject.reference: the reference to Patient/1 points to nothing",
			),
		},
		{
			name:  "a read of what was deleted meanwhile refuses all",
			given: []interaction.Request{putWolf()},
			other: deleteWolf(),
			when:  transaction(post("", namedWolf), ask("GET", "Patient/1")),
			want:  refused(404, "error not-found Bundle.entry[1]: Patient/1 is not known"),
		},
		{
			name:  "the same request under the same key that was done meanwhile is told",
			other: quiet("POST Patient", namedWolf, idempotent("k")),
			when:  quiet("POST Patient", namedWolf, idempotent("k")),
			want:  answer{Status: 201, Location: base + "/Patient/new-2/_history/1", ETag: `W/"1"`, Modified: "1s"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			under := &overtaken{}
			w := newWorld(t, func(o *interaction.Options) {
				under.Store = o.Store
				o.Store = under
			})
			for _, r := range c.given {
				if got := w.do(r); got.Status >= 300 {
					t.Fatalf("given: %v", got)
				}
			}
			under.other = func() {
				if got := w.Interact(context.Background(), c.other); got.Status >= 300 {
					t.Errorf("the other: %d %v", got.Status, got.Issues)
				}
			}
			got := w.do(c.when)
			c.want.Body = compact(c.want.Body)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if c.then != "" {
				if body := w.do(call("GET "+c.then, "")).Body; !strings.Contains(body, c.is) {
					t.Errorf("%s is %s", c.then, body)
				}
			}
		})
	}
}

// A star of If-Match asks for no version: that the one which was read is outdated each time is no answer to its client.
func TestAWriteThatIsOvertakenEachTimeIsToldToComeAgain(t *testing.T) {
	under := &overtaken{}
	w := newWorld(t, func(o *interaction.Options) { under.Store, o.Store = o.Store, under })
	w.do(putWolf())
	n := 0
	var other func()
	other = func() {
		n++
		w.Interact(context.Background(), call("PUT Patient/1", fmt.Sprintf(`{"resourceType":"Patient","id":"1","name":[{"family":"p%d"}]}`, n)))
		under.other = other
	}
	under.other = other
	want := refused(503, "error transient : other writes kept changing what this one depends on: try again")
	if diff := cmp.Diff(want, w.do(call("PUT Patient/1", wolfe, ifMatch("*")))); diff != "" || n != 16 {
		t.Errorf("overtaken %d times; -want +got:\n%s", n, diff)
	}
}
