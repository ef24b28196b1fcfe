package main

import (
	"context"
	"fmt"

	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/store/mongodb"
	"firewolf/store/sqlite"
)

// reindexCmd is `firewolf reindex`.
type reindexCmd struct {
	storeFlags
	passwordFlags

	Addr    string `placeholder:"ADDR" help:"The --addr of the server that the index is for. If neither this nor --base-url is given: the server of before."`
	BaseURL string `name:"base-url" placeholder:"URL" help:"Its --base-url."`
}

// Run builds the index entries of every resource anew. If it is stopped, the next one goes on from there.
func (r *reindexCmd) Run(ctx context.Context, c *console) error {
	if r.Store.kind == mongodbStore {
		return r.online(ctx, c)
	}
	path, err := r.Store.embedded()
	if err != nil {
		return err
	}
	o, err := forServer(path, r.Addr, r.BaseURL)
	if err != nil {
		return err
	}
	s := newSteps(c.err, "reindexing")
	err = sqlite.Reindex(ctx, path, o, s.show)
	s.finish()
	if err != nil {
		return stopped(err)
	}
	_, err = fmt.Fprintf(c.out, "%s is indexed by the definitions of this build\n", r.Store)
	return err
}

// online makes the index of a database anew that servers of this build may use meanwhile. What they index does not depend on where
// they listen.
func (r *reindexCmd) online(ctx context.Context, c *console) error {
	at, err := r.Store.withPassword(r.passwordFlags)
	if err != nil {
		return err
	}
	bases, err := sharedBases(ctx, at, r.BaseURL)
	if err != nil {
		return err
	}
	s, err := spec.Open()
	if err != nil {
		return fmt.Errorf("reading the definitions: %w", err)
	}
	e, err := search.NewEngine(s, bases...)
	if err != nil {
		return fmt.Errorf("compiling the search parameters: %w", err)
	}
	steps := newSteps(c.err, "reindexing")
	o := mongodb.Options{Engine: e, Index: search.Format, Definitions: e.Definitions(), Bases: e.Own(), Log: c.log()}
	err = mongodb.Reindex(ctx, at.mongo, o, steps.show)
	steps.finish()
	if err != nil {
		return stopped(err)
	}
	_, err = fmt.Fprintf(c.out, "%s is indexed by the definitions of this build\n", at)
	return err
}
