package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/validate"
	"firewolf/store"
	"firewolf/store/memory"
	"firewolf/store/sqlite"
)

// house is every room below HTTP, wired together.
type house struct {
	spec    *spec.Spec
	engine  *search.Engine
	store   store.Store
	service *interaction.Service
}

// plan says what a house is built of.
type plan struct {
	store  location
	tuning tuningFlags
	rules  ruleFlags
	limits interaction.Limits
	own    []string // base URLs of the server that are known beforehand
}

// newHouse opens the definitions, the store and what stands on them.
func newHouse(ctx context.Context, p plan) (*house, error) {
	if p.rules.BaseURL != "" {
		p.own = append(p.own, p.rules.BaseURL)
	}
	h := &house{}
	var err error
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
	if p.store.kind == memoryStore {
		return memory.New(h.spec, time.Now, p.own...), nil
	}
	return sqlite.Open(ctx, p.store.path, sqlite.Options{
		Engine:    h.engine,
		Clock:     time.Now,
		Index:     search.Format,
		Retention: p.tuning.Retention,
		Queue:     p.tuning.MaxQueue,
	})
}

func (h *house) newService(p plan) (*interaction.Service, error) {
	b := thisBuild()
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
		Software: interaction.Software{
			Name:        "Firewolf",
			Version:     b.version,
			Released:    cmp.Or(b.at, time.Now()), // a CapabilityStatement must have a date
			Description: "Firewolf, a FHIR R4 server",
		},
	})
}

// Close closes the store: the rest holds nothing.
func (h *house) Close() error {
	if err := h.store.Close(); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}
