package registry

import (
	"context"
	"encoding/csv"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/validate"
	"firewolf/fixtures"
	"firewolf/registry/term"
	"firewolf/store"
	"firewolf/store/memory"
)

// world is a server without HTTP over the sample cohort.
type world struct {
	t       *testing.T
	store   store.Store
	service *interaction.Service
	now     time.Time
}

// newWorld starts a server; its registry has the options beside store and engine.
func newWorld(t *testing.T, o Options) *world {
	t.Helper()
	s, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	w.store = memory.New(s, func() time.Time { return w.now })
	return w.serve(s, o)
}

// another starts another server of the same store.
func (w *world) another(o Options) *world {
	w.t.Helper()
	s, err := spec.Open()
	if err != nil {
		w.t.Fatal(err)
	}
	return (&world{t: w.t, now: w.now, store: w.store}).serve(s, o)
}

func (w *world) serve(s *spec.Spec, o Options) *world {
	w.t.Helper()
	t := w.t
	engine, err := search.NewEngine(s)
	if err != nil {
		t.Fatal(err)
	}
	o.Store, o.Engine, o.Clock = w.store, engine, func() time.Time { return w.now }
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.service, err = interaction.New(interaction.Options{
		Store: w.store, Spec: s, Search: engine, Checker: validate.New(s), Operations: g.Operations(), Clock: func() time.Time { return w.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// samples loads the sample cohort.
func (w *world) samples() *world {
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
		w.must(w.ask(admin, "POST", "", string(text)))
	}
	return w
}

var (
	admin      = fhir.Caller{Name: "root", Role: fhir.RoleAdmin}
	aggregator = fhir.Caller{Name: "eu-registry", Role: fhir.RoleAggregator}
	reader     = fhir.Caller{Name: "ward", Role: fhir.RoleReader}
)

// ask carries out a request. The path may have a query.
func (w *world) ask(c fhir.Caller, method, path, body string) interaction.Response {
	w.t.Helper()
	path, query, _ := strings.Cut(path, "?")
	pairs, err := interaction.ParseQuery(query)
	if err != nil {
		w.t.Fatal(err)
	}
	r := interaction.Request{Method: method, Path: path, Query: pairs, Base: "http://localhost/fhir", Caller: c, Now: w.now}
	if body != "" {
		r.Body, r.ContentType = []byte(body), "application/fhir+json"
	}
	return w.service.Interact(context.Background(), r)
}

func (w *world) must(r interaction.Response) interaction.Response {
	w.t.Helper()
	if r.Status >= http.StatusBadRequest {
		w.t.Fatalf("%d %v %v", r.Status, r.Issues, r.Err)
	}
	return r
}

// row is a line of an answer, by column; empty cells are left out.
type row map[string]string

// askFor asks for an answer of a media type.
func (w *world) askFor(c fhir.Caller, path, accept string) interaction.Response {
	w.t.Helper()
	path, query, _ := strings.Cut(path, "?")
	pairs, err := interaction.ParseQuery(query)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.service.Interact(context.Background(), interaction.Request{
		Method: "GET", Path: path, Query: pairs, Base: "http://localhost/fhir", Caller: c, Now: w.now, RawAccept: accept,
	})
}

// table asks for CSV and returns its lines of one name.
func (w *world) table(c fhir.Caller, path, name string) []row {
	w.t.Helper()
	r := w.must(w.askFor(c, path, "text/csv"))
	records, err := csv.NewReader(strings.NewReader(string(r.Body))).ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	var out []row
	for _, record := range records[1:] {
		if record[0] != name {
			continue
		}
		l := row{}
		for k, v := range record {
			if v != "" && k > 0 {
				l[records[0][k]] = v
			}
		}
		out = append(out, l)
	}
	return out
}

// pick keeps some columns of rows.
func pick(rows []row, columns ...string) [][]string {
	var out [][]string
	for _, r := range rows {
		var l []string
		for _, c := range columns {
			l = append(l, r[c])
		}
		out = append(out, l)
	}
	return out
}

// items are the local codes of SLEDAI-2K's items.
func items() []string {
	var l []string
	for _, i := range term.Sledai() {
		l = append(l, i.Code())
	}
	return l
}
