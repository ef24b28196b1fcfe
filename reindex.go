package main

import (
	"context"
	"fmt"

	"firewolf/store/sqlite"
)

// reindexCmd is `firewolf reindex`.
type reindexCmd struct {
	storeFlags
}

// Run builds the index entries of every resource anew. If it is stopped, the next one goes on from there.
func (r *reindexCmd) Run(ctx context.Context, c *console) error {
	path, err := r.Store.embedded()
	if err != nil {
		return err
	}
	o, err := sqliteOptions()
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
