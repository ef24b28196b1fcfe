package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/store/sqlite"
)

// checkCmd is `firewolf check`.
type checkCmd struct {
	storeFlags
}

// Run reads the whole store and prints what is in it and everything that is wrong with it.
func (k *checkCmd) Run(ctx context.Context, c *console) error {
	path, err := k.Store.embedded()
	if err != nil {
		return err
	}
	o, err := sqliteOptions()
	if err != nil {
		return err
	}
	s := newSteps(c.err, "checking")
	report, err := sqlite.Check(ctx, path, o, s.show)
	s.finish()
	if err != nil {
		return err
	}
	for _, typ := range slices.Sorted(maps.Keys(report.Current)) {
		fmt.Fprintf(c.out, "  %-30s %8d\n", typ, report.Current[typ])
	}
	for _, problem := range report.Problems {
		fmt.Fprintln(c.out, "problem:", problem)
	}
	if n := len(report.Problems); n > 0 {
		return fmt.Errorf("%s has %s", k.Store, count(n, "problem"))
	}
	_, err = fmt.Fprintf(c.out, "%s is whole: %s\n", k.Store, count(int(report.Versions), "version"))
	return err
}

// sqliteOptions are those of a store that is worked on without serving it.
func sqliteOptions() (sqlite.Options, error) {
	s, err := spec.Open()
	if err != nil {
		return sqlite.Options{}, fmt.Errorf("reading the definitions: %w", err)
	}
	e, err := search.NewEngine(s)
	if err != nil {
		return sqlite.Options{}, fmt.Errorf("compiling the search parameters: %w", err)
	}
	return sqlite.Options{Engine: e, Clock: time.Now, Index: search.Format}, nil
}
