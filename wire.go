package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/validate"
	"firewolf/registry"
	"firewolf/store"
	"firewolf/store/memory"
	"firewolf/store/mongodb"
	"firewolf/store/sqlite"
)

// house is every room below HTTP, wired together.
type house struct {
	spec    *spec.Spec
	engine  *search.Engine
	store   store.Store
	service *interaction.Service

	registry *registry.Registry
}

// plan says what a house is built of.
type plan struct {
	store  location
	tuning tuningFlags
	rules  ruleFlags
	limits interaction.Limits
	own    []string     // base URLs of the server that are known beforehand
	asks   bool         // for tokens
	log    *slog.Logger // hears what fails behind the requests; nil for nobody

	registry registryFlags
}

// newHouse opens the definitions, the store and what stands on them.
func newHouse(ctx context.Context, p plan) (*house, error) {
	h := &house{}
	var err error
	if p.store.kind == mongodbStore {
		// What several processes index must not depend on where each of them listens.
		if p.own, err = sharedBases(ctx, p.store, p.rules.BaseURL); err != nil {
			return nil, err
		}
	} else if p.rules.BaseURL != "" {
		p.own = append(p.own, p.rules.BaseURL)
	}
	if h.spec, err = spec.Open(); err != nil {
		return nil, fmt.Errorf("reading the definitions: %w", err)
	}
	if h.engine, err = search.NewEngine(h.spec, p.own...); err != nil {
		return nil, fmt.Errorf("compiling the search parameters: %w", err)
	}
	if h.store, err = h.openStore(ctx, p); err != nil {
		return nil, err
	}
	if h.service, err = h.newService(p); err != nil {
		return nil, errors.Join(err, h.store.Close())
	}
	return h, nil
}

func (h *house) openStore(ctx context.Context, p plan) (store.Store, error) {
	switch p.store.kind {
	case memoryStore:
		return memory.New(h.spec, time.Now, p.own...), nil
	case mongodbStore:
		// Several processes write into it, so that the clock is the database's.
		return mongodb.Open(ctx, p.store.mongo, mongodb.Options{
			Engine:      h.engine,
			Index:       search.Format,
			Definitions: h.engine.Definitions(),
			Bases:       h.engine.Own(),
			Retention:   p.tuning.Retention,
			Queue:       p.tuning.MaxQueue,
			Log:         p.log,
		})
	}
	return sqlite.Open(ctx, p.store.path, sqlite.Options{
		Engine:    h.engine,
		Clock:     time.Now,
		Index:     search.Format,
		Bases:     h.engine.Own(),
		Retention: p.tuning.Retention,
		Queue:     p.tuning.MaxQueue,
	})
}

func (h *house) newService(p plan) (*interaction.Service, error) {
	b := thisBuild()
	operations, err := h.openRegistry(p)
	if err != nil {
		return nil, err
	}
	return interaction.New(interaction.Options{
		Store:                     h.store,
		Spec:                      h.spec,
		Search:                    h.engine,
		Checker:                   validate.New(h.spec),
		Clock:                     time.Now,
		Bases:                     p.own,
		References:                interaction.References(p.rules.References),
		ConditionalDeleteMultiple: p.rules.ConditionalDelete != "single",
		Limits:                    p.limits,
		Operations:                operations,
		Software: interaction.Software{
			Name:        "Firewolf",
			Version:     b.version,
			Released:    cmp.Or(b.at, time.Now()), // a CapabilityStatement must have a date
			Description: "Firewolf, a FHIR R4 server",
			Security:    security(p.asks),
		},
	})
}

// security is what the CapabilityStatement says of how a client proves who it is.
func security(asks bool) string {
	if !asks {
		return ""
	}
	return "A request needs an Authorization header with a bearer token of this server (RFC 6750). Its role says what it may do: read, write, " +
		"everything, or aggregates only."
}

// Close closes the store, once nobody reads it.
func (h *house) Close() error {
	h.registry.Close()
	if err := h.store.Close(); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}
