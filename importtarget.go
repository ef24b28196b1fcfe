package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/load"
	"firewolf/mapping"
	"firewolf/store"
)

// target opens what is imported into; done closes it.
func (i *importCSVCmd) target(ctx context.Context, c *console) (t mapping.Target, done func() error, err error) {
	if i.Server != "" {
		sink := load.NewHTTP(i.Server, i.Token, max(i.workers(), 1))
		if err := sink.Check(ctx); err != nil {
			return nil, nil, err
		}
		return remote{load.Patiently(sink, i.Patience)}, func() error { return nil }, nil
	}
	if i.Store.kind == memoryStore && !i.DryRun {
		return nil, nil, errors.New("what is imported into memory: ends with the command: name --server URL or --store sqlite:DIR")
	}
	at, err := i.Store.withPassword(i.passwordFlags)
	if err != nil {
		return nil, nil, err
	}
	if i.DryRun && at.kind == sqliteStore && missing(at.path) {
		// A look must not make a store.
		at = location{kind: memoryStore}
	}
	own, err := keptBases(at)
	if err != nil {
		return nil, nil, err
	}
	h, err := newHouse(ctx, plan{store: at, rules: i.ruleFlags, limits: interaction.Limits{Entries: mostEntries}, own: own, log: c.log()})
	if err != nil {
		return nil, nil, err
	}
	sink := load.Service{Interactor: h.service, Base: i.BaseURL, Caller: fhir.Caller{Name: "import", Role: fhir.RoleAdmin}}
	return inHouse{remote{load.Patiently(sink, i.Patience)}, h.store}, h.Close, nil
}

// mostEntries has room for a course of the most rows that are read of one patient: no row gives more than a dozen of resources with its trace.
// What bounds a transaction of a stranger need not bound those of the one who owns the store.
const mostEntries = 20_000 * 12

func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}

// inHouse is a mapping.Target over a store of this process: it is read without a Bundle.
type inHouse struct {
	remote
	store store.Store
}

// Stored reads the store at one moment.
func (h inHouse) Stored(ctx context.Context, keys []fhir.Key) ([][]byte, error) {
	at, _, err := h.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	bodies := make([][]byte, len(keys))
	if at == store.Now {
		return bodies, nil // nothing was ever written
	}
	for k, key := range keys {
		v, err := h.store.Read(ctx, at, key)
		switch {
		case err == nil:
			bodies[k] = v.JSON
		case fhir.HasCode(err, fhir.Deleted):
			bodies[k] = []byte{}
		case !fhir.HasCode(err, fhir.NotFound):
			return nil, fmt.Errorf("reading %s: %w", key, err)
		}
	}
	return bodies, nil
}

// remote is a mapping.Target over what takes Bundles.
type remote struct{ sink load.Sink }

// batchOf is how many resources are read at a time.
const batchOf = 200

// Stored asks for the resources in batches. https://hl7.org/fhir/R4/http.html#transaction
func (r remote) Stored(ctx context.Context, keys []fhir.Key) ([][]byte, error) {
	var bodies [][]byte
	for len(keys) > 0 {
		n := min(len(keys), batchOf)
		part, err := r.batch(ctx, keys[:n])
		if err != nil {
			return nil, err
		}
		bodies, keys = append(bodies, part...), keys[n:]
	}
	return bodies, nil
}

func (r remote) batch(ctx context.Context, keys []fhir.Key) ([][]byte, error) {
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"batch","entry":[`)
	for k, key := range keys {
		if k > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"request":{"method":"GET","url":"` + key.String() + `"}}`)
	}
	b.WriteString(`]}`)
	a, err := r.sink.Send(ctx, load.Unit{Method: http.MethodPost, Body: []byte(b.String())})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Entry []struct {
			Resource json.RawMessage
			Response struct{ Status string }
		}
	}
	if a.Status != http.StatusOK {
		return nil, fmt.Errorf("the server answers %s to a batch of reads", told(a))
	}
	if err := json.Unmarshal(a.Body, &answer); err != nil || len(answer.Entry) != len(keys) {
		return nil, fmt.Errorf("the server answers %d of %d reads of a batch", len(answer.Entry), len(keys))
	}
	bodies := make([][]byte, len(keys))
	for k, e := range answer.Entry {
		switch {
		case strings.HasPrefix(e.Response.Status, "200") && len(e.Resource) > 0:
			bodies[k] = e.Resource
		case strings.HasPrefix(e.Response.Status, "410"):
			bodies[k] = []byte{}
		case !strings.HasPrefix(e.Response.Status, "404"):
			return nil, fmt.Errorf("the server answers %q to the read of %s", e.Response.Status, keys[k])
		}
	}
	return bodies, nil
}

// Commit sends a transaction. What is no answer of a FHIR server to it, as the page of a proxy, says nothing of what was stored: the target
// counts as lost then.
func (r remote) Commit(ctx context.Context, bundle []byte) (fhir.Issues, error) {
	a, err := r.sink.Send(ctx, load.Unit{Method: http.MethodPost, Body: bundle})
	switch {
	case err != nil:
		return nil, err
	case a.Status >= 200 && a.Status < 300:
		var answer struct{ ResourceType, Type string }
		if err := json.Unmarshal(a.Body, &answer); err != nil || answer.ResourceType != "Bundle" || answer.Type != "transaction-response" {
			return nil, fmt.Errorf("the server answers %d without a Bundle of answers to a transaction: what was stored is not known", a.Status)
		}
		return nil, nil
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden || a.Status == http.StatusInsufficientStorage:
		return nil, fmt.Errorf("the server answers %s", told(a))
	case len(a.Issues) == 0:
		return fhir.Issues{fhir.NewIssue(fhir.Processing, "status "+told(a))}, nil
	}
	return a.Issues, nil
}

// told is the status of an answer, and why it was given where the server says so.
func told(a load.Answer) string {
	text := strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)))
	if len(a.Issues) > 0 {
		text += ": " + a.Issues[0].Text
	}
	return text
}
