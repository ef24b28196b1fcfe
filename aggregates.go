package main

import (
	"fmt"

	"firewolf/fhir/interaction"
	"firewolf/registry"
)

// registryFlags are what aggregates of patients may tell.
type registryFlags struct {
	DisclosureK   int            `name:"disclosure-k" default:"11" group:"security" help:"Aggregates hide counts of 1 to K-1 from everyone but admins; 1 hides nothing."`
	DisclosureKOf map[string]int `name:"disclosure-k-of" placeholder:"TOKEN=K" group:"security" help:"Another K for single tokens, by their name."`
}

// openRegistry opens what answers the operations on cohorts.
func (h *house) openRegistry(p plan) ([]interaction.Operation, error) {
	g, err := registry.New(registry.Options{Store: h.store, Engine: h.engine, K: p.registry.DisclosureK, KOf: p.registry.DisclosureKOf})
	if err != nil {
		return nil, fmt.Errorf("opening the registry: %w", err)
	}
	h.registry = g
	return g.Operations(), nil
}
