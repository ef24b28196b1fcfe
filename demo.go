package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"firewolf/fixtures"
	"firewolf/load"
)

// loadDemo loads the sample bundles into the store that this process serves. They put their resources, so that what is there already
// stays as it is; in an embedded store the ledger leaves out what was loaded before, also where it was changed or deleted since.
func loadDemo(ctx context.Context, c *console, h *house, at location, base string) error {
	bundles, err := fs.Sub(fixtures.FS, "bundles")
	if err != nil {
		return err
	}
	files, err := load.FindIn(bundles)
	if err != nil {
		return fmt.Errorf("reading the sample bundles: %w", err)
	}
	t, err := inProcess(ctx, h, at, base, false)
	if err != nil {
		return err
	}
	p := &progress{w: c.err}
	report, err := load.Run(ctx, files, load.Options{Sink: t.sink, Ledger: t.ledger, Head: t.head, Reject: p.reject, Parallel: 1})
	if err := errors.Join(stopped(err), t.close()); err != nil {
		return fmt.Errorf("loading the sample bundles: %w", err)
	}
	_, err = fmt.Fprintf(c.out, "The demo has %s; %s were there already.\n", count(report.Total(), "new resource"), count(report.Skipped, "bundle"))
	return err
}
