package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"firewolf/mapping"
	"firewolf/mapping/cart"
	"firewolf/mapping/synthetic"
)

// generateCmd is `firewolf generate`.
type generateCmd struct {
	Patients int    `default:"100" placeholder:"N" help:"How many patients (${default})."`
	Seed     uint64 `default:"1" placeholder:"S" help:"Where chance starts: the same seed gives the same bytes (${default})."`
	Out      string `required:"" type:"path" placeholder:"DIR" help:"The folder to write into; it is made where it is not there, and must be empty."`
	Format   string `default:"bundle" enum:"bundle,csv,ndjson" help:"bundle: a transaction for each course. csv: the files that import csv reads. ndjson: a file for each type (${default})."`
}

// Run writes a synthetic cohort.
func (g *generateCmd) Run(ctx context.Context, c *console) error {
	if g.Patients < 1 {
		return errors.New("a cohort has one patient at least")
	}
	if err := emptyFolder(g.Out); err != nil {
		return err
	}
	from := synthetic.Source{Patients: g.Patients, Seed: g.Seed}
	if g.Format == "csv" {
		if err := synthetic.WriteCSV(ctx, g.Out, from); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.out, "wrote %d synthetic patients into %s\n", g.Patients, g.Out)
		return err
	}
	var sink interface {
		mapping.Sink
		Close() error
	} = &mapping.NDJSON{Dir: g.Out}
	if g.Format == "bundle" {
		sink = &mapping.Bundles{Dir: g.Out}
	}
	report, err := mapping.Run(ctx, mapping.Options{
		Source:  from,
		Steps:   []mapping.Step{cart.New(cart.Options{Now: synthetic.Cut(), TestData: true, Software: software()})},
		Sink:    sink,
		InOrder: true,
	})
	if err := errors.Join(err, sink.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "wrote %d resources of %d synthetic patients into %s\n", report.Total(mapping.Created), report.Cases, g.Out)
	return err
}

// emptyFolder makes a folder, and refuses one in which something lies: files of an older cohort would mix with the new ones.
func emptyFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading the folder: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	return nil
}
