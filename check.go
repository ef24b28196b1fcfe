package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/store/mongodb"
	"firewolf/store/sqlite"
)

// checkCmd is `firewolf check`.
type checkCmd struct {
	storeFlags
	passwordFlags
}

// Run reads the whole store and prints what is in it and everything that is wrong with it.
func (k *checkCmd) Run(ctx context.Context, c *console) error {
	at, err := k.Store.withPassword(k.passwordFlags)
	if err != nil {
		return err
	}
	var found checked
	s := newSteps(c.err, "checking")
	if at.kind == mongodbStore {
		found, err = checkMongoDB(ctx, at, s.show)
	} else {
		found, err = checkEmbedded(ctx, at, s.show)
	}
	s.finish()
	if err != nil {
		return err
	}
	return found.tell(c, at)
}

// checked is what a check found.
type checked struct {
	versions int64
	current  map[string]int64
	notes    []string // what is no problem, and should be known
	problems []string
}

func checkEmbedded(ctx context.Context, at location, show func(done, total int64)) (checked, error) {
	path, err := at.embedded()
	if err != nil {
		return checked{}, err
	}
	o, err := forServer(path, "", "")
	if err != nil {
		return checked{}, err
	}
	r, err := sqlite.Check(ctx, path, o, show)
	return checked{versions: r.Versions, current: r.Current, problems: r.Problems}, err
}

func checkMongoDB(ctx context.Context, at location, show func(done, total int64)) (checked, error) {
	bases, err := sharedBases(ctx, at, "")
	if err != nil {
		return checked{}, err
	}
	s, err := spec.Open()
	if err != nil {
		return checked{}, fmt.Errorf("reading the definitions: %w", err)
	}
	e, err := search.NewEngine(s, bases...)
	if err != nil {
		return checked{}, fmt.Errorf("compiling the search parameters: %w", err)
	}
	r, err := mongodb.Check(ctx, at.mongo, mongodb.Options{Engine: e, Index: search.Format, Definitions: e.Definitions(), Bases: e.Own()}, show)
	found := checked{versions: r.Versions, current: r.Current, problems: r.Problems}
	if r.Waiting > 0 {
		found.notes = append(found.notes, count(int(r.Waiting), "commit")+" of the log will be applied by the next server that runs")
	}
	if r.Apart != "" {
		found.notes = append(found.notes, "index entries are not compared: "+r.Apart)
	}
	return found, err
}

func (f checked) tell(c *console, at location) error {
	for _, typ := range slices.Sorted(maps.Keys(f.current)) {
		fmt.Fprintf(c.out, "  %-30s %8d\n", typ, f.current[typ])
	}
	for _, note := range f.notes {
		fmt.Fprintln(c.out, "note:", note)
	}
	for _, problem := range f.problems {
		fmt.Fprintln(c.out, "problem:", problem)
	}
	if n := len(f.problems); n > 0 {
		return fmt.Errorf("%s has %s", at, count(n, "problem"))
	}
	_, err := fmt.Fprintf(c.out, "%s is whole: %s\n", at, count(int(f.versions), "version"))
	return err
}
