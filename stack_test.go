package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"firewolf/api"
	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/validate"
	"firewolf/store"
	"firewolf/store/memory"
	"firewolf/store/sqlite"
)

// stackBase is a base URL of the stacks beside that of their listener, which search would have to know before it has a port.
const stackBase = "http://fhir.example.org/fhir"

// stackLimits are small enough that a test can go beyond them.
var stackLimits = api.Limits{Body: 8 << 20, URL: 4 << 10}

// definitions are read once for all tests.
var definitions = sync.OnceValues(func() (*spec.Spec, error) { return spec.Open() })

var searchEngine = sync.OnceValues(func() (*search.Engine, error) {
	s, err := definitions()
	if err != nil {
		return nil, err
	}
	return search.NewEngine(s, stackBase)
})

// stack is the whole server in this process: a store, what stands on it, and a listener.
type stack struct {
	store   store.Store
	service *interaction.Service
	url     string
}

// eachStack runs a test on every store.
func eachStack(t *testing.T, test func(t *testing.T, s *stack)) {
	t.Helper()
	for _, kind := range []string{"memory", "sqlite"} {
		t.Run(kind, func(t *testing.T) { test(t, newStack(t, kind)) })
	}
}

func newStack(t *testing.T, kind string) *stack {
	t.Helper()
	s := &stack{}
	s.store, s.service = newService(t, kind)
	server, err := api.New(api.Options{Interactor: s.service, Addr: "127.0.0.1:0", Limits: stackLimits})
	if err != nil {
		t.Fatal(err)
	}
	s.url = server.URL()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return s
}

// newService opens a store and what stands on it, as main does.
func newService(t *testing.T, kind string) (store.Store, *interaction.Service) {
	t.Helper()
	sp, err := definitions()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := searchEngine()
	if err != nil {
		t.Fatal(err)
	}
	var st store.Store = memory.New(sp, time.Now, stackBase)
	if kind == "sqlite" {
		if st, err = sqlite.Open(context.Background(), t.TempDir(), sqlite.Options{Engine: engine, Clock: time.Now}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	service, err := interaction.New(interaction.Options{Store: st, Spec: sp, Search: engine, Checker: validate.New(sp), Bases: []string{stackBase}})
	if err != nil {
		t.Fatal(err)
	}
	return st, service
}

// head is the newest moment of the store: what writes nothing does not move it.
func (s *stack) head(t *testing.T) fhir.Moment {
	t.Helper()
	at, _, err := s.store.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// reply is what the server answered.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request; path is below the base.
func (s *stack) send(t *testing.T, method, path string, body []byte, header http.Header) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+"/"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/fhir+json")
	}
	for name, values := range header {
		r.Header[name] = values
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, text}
}
