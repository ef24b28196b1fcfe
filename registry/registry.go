package registry

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/registry/course"
	"firewolf/registry/disclose"
	"firewolf/registry/term"
	"firewolf/store"
)

// Options are what a Registry is built of.
type Options struct {
	Store  store.Store
	Engine *search.Engine
	// K is below how many patients a count is hidden from callers that are no admin; 0 means DefaultK, 1 hides nothing.
	K int
	// KOf is K of single callers, by the name of their token.
	KOf   map[string]int
	Clock fhir.Clock // for requests without a time; nil means time.Now
}

// DefaultK hides counts of 1 to 10.
const DefaultK = 11

// Registry answers the operations of this field.
type Registry struct {
	o          Options
	ledger     *disclose.Ledger
	source     course.Source
	projection *course.Projection
}

// New returns a Registry over a store.
func New(o Options) (*Registry, error) {
	if o.Store == nil || o.Engine == nil {
		return nil, errors.New("registry.New needs Store and Engine")
	}
	o.K = cmp.Or(o.K, DefaultK)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	source := course.Source{Store: o.Store, Engine: o.Engine}
	return &Registry{
		o: o, source: source, projection: course.NewProjection(source),
		ledger: disclose.NewLedger(journal{o.Store, o.Engine, o.Clock}),
	}, nil
}

// still is how long nothing must have been written before what was written is read without being asked for.
const still = 3 * time.Second

// Keep keeps the courses of patients at hand until ctx ends, and tells the log of each reading that took a while.
func (g *Registry) Keep(ctx context.Context, log *slog.Logger) {
	g.projection.Keep(ctx, still, func(v *course.View, took time.Duration, err error) {
		switch {
		case err != nil:
			log.WarnContext(ctx, "reading the courses of patients", "error", err)
		case took > time.Second/10:
			log.InfoContext(ctx, "the courses of patients are read", "patients", len(v.Courses), "moment", int64(v.T), "seconds", took.Seconds())
		}
	})
}

// Close stops reading: the store may be closed then.
func (g *Registry) Close() { g.projection.Close() }

// kOf is below how many patients a count is hidden from a caller. An admin sees everything.
func (g *Registry) kOf(c fhir.Caller) int {
	if c.Role == fhir.RoleAdmin {
		return 1
	}
	if k, ok := g.o.KOf[c.Name]; ok {
		return k
	}
	return g.o.K
}

// Operations are what the registry offers, for the table of interaction.Options.
func (g *Registry) Operations() []interaction.Operation {
	var l []interaction.Operation
	for _, o := range aggregates() {
		l = append(l, interaction.Operation{
			Name: o.name, Levels: interaction.LevelType, Types: []string{"Patient"}, Definition: canonicalOf(o.name), Aggregate: true,
			Handle: g.handle(o),
		})
	}
	return append(l, g.assessOperation())
}

// now is the time of a request.
func (g *Registry) now(r interaction.Request) time.Time {
	if r.Now.IsZero() {
		return g.o.Clock()
	}
	return r.Now
}

// canonicalOf is the URL of the OperationDefinition of an operation.
func canonicalOf(name string) string { return term.Base + "/OperationDefinition/" + name }
