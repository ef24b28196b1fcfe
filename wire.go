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
)

// house is every room below HTTP, wired together.
type house struct {
	spec    *spec.Spec
	engine  *search.Engine
	store   store.Store
	service *interaction.Service
}

// newHouse opens the definitions, the store and what stands on them.
func newHouse(ctx context.Context, at location, f ruleFlags, limits interaction.Limits, own ...string) (*house, error) {
	if f.BaseURL != "" {
		own = append(own, f.BaseURL)
	}
	h := &house{}
	var err error
	if h.spec, err = spec.Open(); err != nil {
		return nil, fmt.Errorf("reading the definitions: %w", err)
	}
	if h.engine, err = search.NewEngine(h.spec, own...); err != nil {
		return nil, fmt.Errorf("compiling the search parameters: %w", err)
	}
	if h.store, err = at.open(ctx, h.spec, h.engine, own); err != nil {
		return nil, err
	}
	h.service, err = interaction.New(interaction.Options{
		Store:      h.store,
		Spec:       h.spec,
		Search:     h.engine,
		Checker:    validate.New(h.spec),
		Clock:      time.Now,
		Bases:      own,
		References: interaction.References(f.References),
		Limits:     limits,
		Software: interaction.Software{
			Name:        "Firewolf",
			Version:     thisBuild().version,
			Released:    cmp.Or(thisBuild().at, time.Now()), // a CapabilityStatement must have a date
			Description: "Firewolf, a FHIR R4 server",
		},
	})
	if err != nil {
		return nil, errors.Join(err, h.store.Close())
	}
	return h, nil
}

// Close closes the store: the rest holds nothing.
func (h *house) Close() error {
	if err := h.store.Close(); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}
