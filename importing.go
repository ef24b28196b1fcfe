package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"firewolf/mapping"
	"firewolf/mapping/cart"
	"firewolf/mapping/csv"
)

// importCmd is `firewolf import FORMAT`.
type importCmd struct {
	CSV importCSVCmd `cmd:"" name:"csv" help:"Import a folder of CSV files of a CAR-T registry: docs/mapping.md has the columns."`
}

// importCSVCmd is `firewolf import csv DIR`.
type importCSVCmd struct {
	Dir      string        `arg:"" type:"existingdir" help:"The folder: patients.csv, sle.csv, prior_tx.csv, course.csv, infusion.csv, visits.csv, sledai.csv, labs.csv, tox.csv, outcome.csv."`
	Mapping  string        `placeholder:"FILE" help:"How these files differ from the canonical ones. Default: mapping.yaml in the folder, if there is one."`
	DryRun   bool          `xor:"write" help:"Write nothing: say what would be created, changed and left."`
	Report   string        `placeholder:"FILE.json" help:"Write all findings there, as JSON."`
	Bundles  string        `placeholder:"DIR" xor:"target,write" help:"Write transaction Bundles into this folder and import nothing."`
	At       time.Time     `placeholder:"TIME" help:"When this import happens, as Provenance says it: what is dated later is wrong. Default: now."`
	Server   string        `placeholder:"URL" xor:"target" help:"Import into the FHIR server with this base, http://127.0.0.1:8080/fhir."`
	Token    string        `placeholder:"TOKEN" help:"The bearer token for --server."`
	Parallel int           `placeholder:"N" help:"How many patients are under way at a time. Default: 16 to a server, 32 into a store, the processors for a dry run."`
	Patience time.Duration `default:"2m" help:"How long a busy server is asked again."`

	Store location `default:"sqlite:firewolf-data" placeholder:"STORE" help:"Import into this store, which no server has open (${default})."`
	passwordFlags
	ruleFlags
}

// Run imports the folder and prints what was found wrong and what became of the resources.
func (i *importCSVCmd) Run(ctx context.Context, c *console) error {
	m, err := i.readMapping()
	if err != nil {
		return err
	}
	sink, done, err := i.sink(ctx, c)
	if err != nil {
		return err
	}
	out, err := newFindings(c.err, i.Report)
	if err != nil {
		return errors.Join(err, done())
	}
	if i.At.IsZero() {
		i.At = time.Now()
	}
	// What a patient needs is garbage when the next one comes: collecting it less often costs some tens of megabytes.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	step := cart.New(cart.Options{Now: i.At, TestData: m.TestData, Software: software()})
	report, err := mapping.Run(ctx, mapping.Options{
		Source:  csv.NewSource(i.Dir, m),
		Steps:   []mapping.Step{step},
		Sink:    sink,
		InOrder: i.Bundles != "",
		Workers: i.workers(),
		Found:   out.add,
	})
	err = errors.Join(stopped(err), done(), out.close(report))
	tellImport(c.out, report, i.DryRun)
	if err == nil && report.Rejected > 0 {
		return toldError{}
	}
	return err
}

// sink opens what the drafts go to; done closes it.
func (i *importCSVCmd) sink(ctx context.Context, c *console) (sink mapping.Sink, done func() error, err error) {
	if i.Bundles != "" {
		if err := os.MkdirAll(i.Bundles, 0o755); err != nil {
			return nil, nil, fmt.Errorf("making the folder: %w", err)
		}
		b := &mapping.Bundles{Dir: i.Bundles, Format: onePerLine}
		return b, b.Close, nil
	}
	t, done, err := i.target(ctx, c)
	return &mapping.Writer{Target: t, Dry: i.DryRun}, done, err
}

// onePerLine puts each entry of a Bundle on a line of its own, so that a person can read and compare it.
func onePerLine(bundle []byte) []byte {
	text := bytes.ReplaceAll(bundle, []byte(`{"fullUrl":`), []byte("\n{\"fullUrl\":"))
	return append(text, '\n')
}

// software is what Provenance says that made resources.
func software() string { return "Firewolf import csv" }

func (i *importCSVCmd) workers() int {
	switch {
	case i.Parallel > 0:
		return i.Parallel
	case i.Server != "":
		return 16
	case i.DryRun:
		return 0
	}
	return 32
}

// readMapping reads the mapping file that is named, or the one in the folder.
func (i *importCSVCmd) readMapping() (*csv.Mapping, error) {
	name := i.Mapping
	if name == "" {
		name = filepath.Join(i.Dir, "mapping.yaml")
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) && i.Mapping == "" {
		return &csv.Mapping{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the mapping: %w", err)
	}
	return csv.Parse(name, text)
}

// findings prints findings, and writes them into a file of JSON.
type findings struct {
	w     io.Writer
	file  *os.File
	first bool
	err   error
}

func newFindings(w io.Writer, report string) (*findings, error) {
	f := &findings{w: w, first: true}
	if report == "" {
		return f, nil
	}
	var err error
	if f.file, err = os.Create(report); err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	f.write(`{"findings":[`)
	return f, nil
}

func (f *findings) write(text string) {
	if f.err == nil {
		_, f.err = f.file.WriteString(text)
	}
}

func (f *findings) add(x mapping.Finding) {
	fmt.Fprintln(f.w, x)
	if f.file == nil {
		return
	}
	if !f.first {
		f.write(",")
	}
	f.first = false
	f.write("\n" + compactJSON(x))
}

// close ends the file with what the run did.
func (f *findings) close(r mapping.Report) error {
	if f.file == nil {
		return nil
	}
	f.write("\n],\"summary\":" + compactJSON(r) + "}\n")
	if err := errors.Join(f.err, f.file.Close()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func compactJSON(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "null"
	}
	return strings.TrimSpace(b.String())
}

// tellImport prints what became of the resources.
func tellImport(w io.Writer, r mapping.Report, dry bool) {
	created, changed, left := r.Total(mapping.Created), r.Total(mapping.Changed), r.Total(mapping.Left)
	if dry {
		fmt.Fprintf(w, "would create %d, change %d and leave %d resources", created, changed, left)
	} else {
		fmt.Fprintf(w, "created %d, changed %d and left %d resources", created, changed, left)
	}
	fmt.Fprintf(w, " of %d patients in %d rows\n", r.Cases, r.Rows)
	if r.Rejected > 0 || r.Warnings > 0 {
		fmt.Fprintf(w, "%d rows or files were rejected, %d warnings\n", r.Rejected, r.Warnings)
	}
}
