package course_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"testing"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fixtures"
	"firewolf/registry/course"
	"firewolf/store"
	"firewolf/store/memory"
	"firewolf/store/mongodb"
	"firewolf/store/mongodb/mongotest"
	"firewolf/store/sqlite"
)

// world is a store with what writes to it and what reads courses from it.
type world struct {
	t       *testing.T
	store   store.Store
	service *interaction.Service
	source  course.Source
}

// eachWorld runs a test on every store; on that behind a network only where there is time.
func eachWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	everyWorld(t, testing.Short(), test)
}

// everyWorld runs a test on every store, or on those in this process.
func everyWorld(t *testing.T, near bool, test func(w *world)) {
	t.Helper()
	s, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := search.NewEngine(s)
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func(t *testing.T) store.Store{
		"memory": func(*testing.T) store.Store { return memory.New(s, time.Now) },
		"sqlite": func(t *testing.T) store.Store {
			st, err := sqlite.Open(context.Background(), t.TempDir(), sqlite.Options{Engine: engine, Clock: time.Now, Index: search.Format})
			if err != nil {
				t.Fatal(err)
			}
			return st
		},
		"mongodb": func(t *testing.T) store.Store {
			uri, _ := mongotest.Database(t)
			at, err := mongodb.ParseAddress(uri)
			if err != nil {
				t.Fatal(err)
			}
			st, err := mongodb.Open(context.Background(), at, mongodb.Options{Engine: engine, Index: search.Format})
			if err != nil {
				t.Fatal(err)
			}
			return st
		},
	} {
		if near && name == "mongodb" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := &world{t: t, store: open(t)}
			t.Cleanup(func() {
				if err := w.store.Close(); err != nil {
					t.Error(err)
				}
			})
			if w.service, err = interaction.New(interaction.Options{Store: w.store, Spec: s, Search: engine, References: interaction.ReferencesAllow}); err != nil {
				t.Fatal(err)
			}
			w.source = course.Source{Store: w.store, Engine: engine}
			test(w)
		})
	}
}

// send carries out a request and returns the body of the answer.
func (w *world) send(method, path, body string) []byte {
	w.t.Helper()
	r := w.service.Interact(context.Background(), interaction.Request{
		Method: method, Path: path, Body: []byte(body), ContentType: "application/fhir+json", Base: "http://localhost/fhir",
		Caller: fhir.Caller{Role: fhir.RoleAdmin}, Now: time.Now(),
	})
	if r.Status >= http.StatusBadRequest {
		w.t.Fatalf("%s %s: %d %v", method, path, r.Status, r.Issues)
	}
	return r.Body
}

// put writes a resource; it is JSON with %s where the type and id belong.
func (w *world) put(typ, id, rest string) {
	w.t.Helper()
	w.send("PUT", typ+"/"+id, fmt.Sprintf(`{"resourceType":%q,"id":%q,%s}`, typ, id, rest))
}

// samples loads the sample bundles.
func (w *world) samples() {
	w.t.Helper()
	names, err := fs.Glob(fixtures.FS, "bundles/*.json")
	if err != nil || len(names) < 5 {
		w.t.Fatalf("%d sample bundles, %v", len(names), err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(fixtures.FS, name)
		if err != nil {
			w.t.Fatal(err)
		}
		if !json.Valid(text) {
			w.t.Fatalf("%s is no JSON", name)
		}
		w.send("POST", "", string(text))
	}
}

func (w *world) view(p *course.Projection) *course.View {
	w.t.Helper()
	v, err := p.View(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) read(patient string) *course.Course {
	w.t.Helper()
	t, _, err := w.store.Head(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := w.source.Read(context.Background(), t, nil, []string{patient}, true)
	if err != nil {
		w.t.Fatal(err)
	}
	return l[patient]
}
