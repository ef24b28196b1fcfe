package interaction_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/validate"
	"firewolf/store"
	"firewolf/store/memory"
	"firewolf/store/mongodb"
	"firewolf/store/mongodb/mongotest"
	"firewolf/store/sqlite"
)

const base = "http://localhost:8080/fhir"

// began is when the clock of every test starts; each request takes a second.
var began = time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)

// definitions opens what is costly to open, once.
var definitions = sync.OnceValues(func() (*spec.Spec, *search.Engine) {
	s, err := spec.Open()
	if err != nil {
		panic(err)
	}
	e, err := search.NewEngine(s, base)
	if err != nil {
		panic(err)
	}
	return s, e
})

var checker = sync.OnceValue(func() *validate.Checker {
	s, _ := definitions()
	return validate.New(s)
})

// world is a service over a real store, with a clock and ids that a test can foretell.
type world struct {
	*interaction.Service
	t     *testing.T
	store store.Store
	now   time.Time
	ids   atomic.Int64
}

// kind is the store that the tests run over: the same answers are expected of every store.
var kind = flag.String("store", "memory", "the store to test over: memory, sqlite or mongodb")

func open(t *testing.T, s *spec.Spec, e *search.Engine, clock fhir.Clock) store.Store {
	t.Helper()
	var st store.Store
	var err error
	switch *kind {
	case "memory":
		return memory.New(s, clock, base)
	case "mongodb":
		uri, _ := mongotest.Database(t)
		var a mongodb.Address
		if a, err = mongodb.ParseAddress(uri); err == nil {
			st, err = mongodb.Open(t.Context(), a, mongodb.Options{Engine: e, Clock: clock})
		}
	default:
		st, err = sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{Engine: e, Clock: clock})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// newWorld builds a world. change, which may be nil, changes the options.
func newWorld(t *testing.T, change func(*interaction.Options)) *world {
	t.Helper()
	w := &world{t: t, now: began}
	s, e := definitions()
	clock := func() time.Time { return w.now }
	w.store = open(t, s, e, clock)
	o := interaction.Options{
		Store: w.store, Spec: s, Search: e, Checker: checker(), Clock: clock,
		IDs: func() string {
			return fmt.Sprintf("new-%d", w.ids.Add(1))
		},
		Software: interaction.Software{Name: "Firewolf", Version: "1", Released: began},
	}
	if change != nil {
		change(&o)
	}
	var err error
	if w.Service, err = interaction.New(o); err != nil {
		t.Fatal(err)
	}
	return w
}

// writer may do everything with resources.
var writer = fhir.Caller{Name: "tester", Role: fhir.RoleWriter}

// call makes a request of "METHOD path?query".
func call(line string, body string, change ...func(*interaction.Request)) interaction.Request {
	method, target, _ := strings.Cut(line, " ")
	path, query, _ := strings.Cut(target, "?")
	pairs, err := interaction.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	if path, err = url.PathUnescape(path); err != nil {
		panic(err)
	}
	r := interaction.Request{
		Method: method, Path: path, Query: pairs, Base: base, Caller: writer, Now: began,
	}
	if body != "" {
		r.Body, r.ContentType = []byte(body), "application/fhir+json"
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

// answer is what a client sees of a Response, written so that a test can compare all of it.
type answer struct {
	Status   int
	Location string
	ETag     string
	Modified string
	Type     string // ContentType, "" for FHIR JSON
	Body     string
	Issues   []string
	Allow    []string
}

// do sends a request and returns all of its answer.
func (w *world) do(r interaction.Request) answer {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	resp := w.Interact(context.Background(), r)
	a := answer{Status: resp.Status, Location: resp.Location, ETag: resp.ETag, Type: resp.ContentType, Body: string(resp.Body), Allow: resp.Allow}
	if !resp.LastModified.IsZero() {
		a.Modified = resp.LastModified.Sub(began).String()
	}
	for _, i := range resp.Issues {
		a.Issues = append(a.Issues, issueText(i))
	}
	if resp.Err != nil {
		w.t.Logf("internal error: %v", resp.Err)
	}
	return a
}

func issueText(i *fhir.Issue) string {
	text := string(i.Severity) + " " + string(i.Code)
	if i.Reason != "" {
		text += "/" + string(i.Reason)
	}
	return text + " " + strings.Join(i.Expression, ",") + ": " + i.Text
}

// written is how many versions of all resources were ever written.
func (w *world) written() int {
	w.t.Helper()
	n, err := w.store.HistoryCount(context.Background(), store.Scope{}, store.HistoryPage{})
	if err != nil {
		w.t.Fatal(err)
	}
	return int(n)
}

// scenario is a request to a world in which something was done before, and all of its answer.
type scenario struct {
	name    string
	options func(*interaction.Options)
	given   []interaction.Request
	when    interaction.Request
	want    answer
	writes  int // how many versions the request makes
}

func run(t *testing.T, scenarios []scenario) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			w := newWorld(t, s.options)
			for _, r := range s.given {
				if got := w.do(r); got.Status >= 400 {
					t.Fatalf("given %s %s: %d %v", r.Method, r.Path, got.Status, got.Issues)
				}
			}
			before := w.written()
			got := w.do(s.when)
			s.want.Body = compact(s.want.Body)
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if wrote := w.written() - before; wrote != s.writes {
				t.Errorf("the request made %d versions, want %d", wrote, s.writes)
			}
		})
	}
}

// compact removes the white space of JSON; what is no JSON stays as it is.
func compact(text string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return text
	}
	return b.String()
}

// asks changes a request.
func prefer(what string) func(*interaction.Request) {
	return func(r *interaction.Request) { r.Return = what }
}

func ifMatch(tag string) func(*interaction.Request) {
	return func(r *interaction.Request) { r.IfMatch = tag }
}

func ifNoneMatch(tag string) func(*interaction.Request) {
	return func(r *interaction.Request) { r.IfNoneMatch = tag }
}

func ifNoneExist(query string) func(*interaction.Request) {
	return func(r *interaction.Request) { r.IfNoneExist = query }
}

func as(role fhir.Role) func(*interaction.Request) {
	return func(r *interaction.Request) { r.Caller = fhir.Caller{Name: string(role), Role: role} }
}

func idempotent(key string) func(*interaction.Request) {
	return func(r *interaction.Request) { r.IdempotencyKey = key }
}

func lenient(r *interaction.Request) { r.Lenient = true }
