package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"firewolf/api"
	"firewolf/fhir"
	"firewolf/store/mongodb/mongotest"
)

// stack is the whole server in this process: a store, what stands on it, and a listener.
type stack struct {
	*house
	url string
}

// eachStack runs a test on every store.
func eachStack(t *testing.T, rules ruleFlags, test func(t *testing.T, s *stack)) {
	t.Helper()
	for _, kind := range []string{memoryStore, sqliteStore, mongodbStore} {
		t.Run(kind, func(t *testing.T) { test(t, newStack(t, kind, rules)) })
	}
}

// usualRules are those that a server has by default, strictRules refuse what can be refused.
var (
	usualRules  = ruleFlags{References: "transaction", ConditionalDelete: "multiple"}
	strictRules = ruleFlags{References: "enforce", ConditionalDelete: "single"}
)

func newStack(t *testing.T, kind string, rules ruleFlags) *stack {
	t.Helper()
	h := newTestHouse(t, kind, rules)
	server, err := api.New(api.Options{Interactor: h.service, Addr: "127.0.0.1:0", Limits: api.Limits{Body: 8 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return &stack{h, server.URL()}
}

// newTestHouse is the house of main, over a store of its own.
func newTestHouse(t *testing.T, kind string, rules ruleFlags) *house {
	t.Helper()
	at := location{kind: kind}
	switch kind {
	case sqliteStore:
		at.path = t.TempDir()
	case mongodbStore:
		uri, _ := mongotest.Database(t)
		if err := at.UnmarshalText([]byte(uri)); err != nil {
			t.Fatal(err)
		}
	}
	h, err := newHouse(context.Background(), plan{store: at, rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
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
