package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"firewolf/mapping"
	"firewolf/mapping/cart"
)

// Source reads a folder of CSV files.
type Source struct {
	dir string
	m   *Mapping
}

var _ mapping.Source = (*Source)(nil)

// NewSource returns the source of a folder; m is nil for canonical files.
func NewSource(dir string, m *Mapping) *Source {
	if m == nil {
		m = &Mapping{}
	}
	return &Source{dir, m}
}

// run is where rows of one patient follow each other in a file.
type run struct {
	sheet, line  int32
	offset, size int64
}

// maxRows bounds the rows of one patient, so that one transaction can hold what they give.
const maxRows = 20_000

// delivery is one reading of a folder.
type delivery struct {
	*Source
	sheets []*sheet
	runs   map[string][]run
	order  []string // records as they first came
	yield  func(*mapping.Case, error) bool
	part   *mapping.Case // findings that wait
	done   bool          // nobody wants more
}

// Cases yields findings about files first, then the patients in the order of the files.
func (s *Source) Cases(ctx context.Context) iter.Seq2[*mapping.Case, error] {
	return func(yield func(*mapping.Case, error) bool) {
		d := &delivery{Source: s, runs: map[string][]run{}, yield: yield, part: &mapping.Case{}}
		defer d.close()
		if err := d.index(ctx); err != nil {
			yield(nil, err)
			return
		}
		d.flush()
		for _, record := range d.order {
			if d.done || ctx.Err() != nil {
				return
			}
			c, err := d.read(record)
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

func (d *delivery) close() {
	for _, s := range d.sheets {
		_ = s.file.Close()
	}
}

// report keeps a finding, and hands them out when there are many.
func (d *delivery) report(f mapping.Finding) {
	d.part.Findings = append(d.part.Findings, f)
	if len(d.part.Findings) >= 1000 {
		d.flush()
	}
}

func (d *delivery) flush() {
	if len(d.part.Findings) > 0 || d.part.Read > 0 {
		d.done = d.done || !d.yield(d.part, nil)
		d.part = &mapping.Case{}
	}
}

// index finds where the rows of each patient lie.
func (d *delivery) index(ctx context.Context) error {
	known := map[string]bool{}
	for _, i := range cart.Instruments() {
		known[d.m.fileOf(i)] = true
		s, found, err := openSheet(d.dir, d.m, i)
		if err != nil {
			return err
		}
		for _, f := range found {
			d.report(f)
		}
		if s == nil {
			continue
		}
		d.sheets = append(d.sheets, s)
		if err := d.indexSheet(ctx, s, int32(len(d.sheets)-1)); err != nil {
			return fmt.Errorf("reading %s: %w", s.Name, err)
		}
	}
	return d.others(known)
}

// others reports CSV files that are not read.
func (d *delivery) others(known map[string]bool) error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return fmt.Errorf("reading the folder: %w", err)
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(strings.ToLower(name), ".csv") && !known[name] {
			d.report(mapping.Finding{Rule: ruleOtherFile.ID, Severity: ruleOtherFile.Severity, File: name, Text: "the file is not read"})
		}
	}
	return nil
}

// indexSheet reads a file once. Rows that cannot be read are reported here.
func (d *delivery) indexSheet(ctx context.Context, s *sheet, number int32) error {
	if _, err := s.file.Seek(s.body, io.SeekStart); err != nil {
		return err
	}
	scan := newScanner(s.file, s.body, s.line)
	var cells []string
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		x, err := scan.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var fault *mapping.Finding
		if cells, fault = d.cells(s, x, cells[:0]); fault != nil {
			// What a quote holds together that is no row may be rows: each is looked at by itself.
			scan.retreat(x)
			d.part.Read++
			d.report(*fault)
			continue
		}
		if cells == nil {
			continue
		}
		record := s.translator.cell(s.record, strings.TrimSpace(cells[s.translator.from[s.record]]))
		if record == "" {
			d.part.Read++
			d.report(s.finding(x.line, s.Columns[s.record], ruleNoRecord, "whose row this is, is missing"))
			continue
		}
		d.note(record, number, x)
	}
}

// cells splits a record; it returns nil cells for a row that is empty.
func (d *delivery) cells(s *sheet, x span, into []string) ([]string, *mapping.Finding) {
	fault := func(rule mapping.Rule, text string) ([]string, *mapping.Finding) {
		f := s.finding(x.line, "", rule, text)
		return into, &f
	}
	if x.why != "" {
		if strings.HasPrefix(x.why, "a quote") {
			return fault(ruleSyntax, x.why)
		}
		return fault(ruleLong, x.why)
	}
	cells, err := split(s.decode(x.raw), s.comma, into)
	switch {
	case errors.Is(err, errEncoding):
		return fault(ruleEncoding, err.Error())
	case err != nil:
		return fault(ruleSyntax, err.Error())
	case !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }):
		return nil, nil
	case len(cells) != s.width:
		return fault(ruleWidth, fmt.Sprintf("%d cells, the header has %d", len(cells), s.width))
	case bytes.IndexByte(x.raw, '\n') >= 0 && s.swallowed(cells):
		return fault(ruleSyntax, fmt.Sprintf("a quote opens here that closes only in line %d, and there are rows between", x.line+bytes.Count(x.raw, []byte{'\n'})))
	}
	return cells, nil
}

// swallowed reports whether a quote that was forgotten holds rows together as one cell. No column that is read has lines, and in one that is
// not read a line that has as many cells as the header is a row.
func (s *sheet) swallowed(cells []string) bool {
	for _, from := range s.translator.from {
		if from >= 0 && strings.Contains(strings.TrimSpace(cells[from]), "\n") {
			return true
		}
	}
	for _, cell := range cells {
		_, rest, more := strings.Cut(cell, "\n")
		for more {
			var line string
			line, rest, more = strings.Cut(rest, "\n")
			if s.width > 2 && strings.Count(line, string(rune(s.comma))) == s.width-1 {
				return true
			}
		}
	}
	return false
}

// note remembers where a row lies.
func (d *delivery) note(record string, sheet int32, x span) {
	runs, seen := d.runs[record]
	if !seen {
		record = strings.Clone(record)
		d.order = append(d.order, record)
	}
	if n := len(runs) - 1; n >= 0 && runs[n].sheet == sheet && runs[n].offset+runs[n].size == x.offset {
		runs[n].size += x.size
		return
	}
	d.runs[record] = append(runs, run{sheet, int32(x.line), x.offset, x.size})
}

// read reads the rows of a patient.
func (d *delivery) read(record string) (*mapping.Case, error) {
	c := &mapping.Case{Record: record}
	for _, r := range d.runs[record] {
		s := d.sheets[r.sheet]
		scan := newScanner(io.NewSectionReader(s.file, r.offset, r.size), r.offset, int(r.line))
		scan.buf = make([]byte, min(r.size+1, 64<<10))
		for {
			x, err := scan.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("reading %s again: %w", s.Name, err)
			}
			cells, fault := d.cells(s, x, nil)
			if fault != nil {
				return nil, fmt.Errorf("reading %s again: it changed meanwhile at line %d", s.Name, x.line)
			}
			if cells == nil {
				continue
			}
			if len(c.Rows) >= maxRows {
				c.Findings = append(c.Findings, s.finding(x.line, "", ruleMany, "the patient has more than 20,000 rows"))
				return c, nil
			}
			s.row(c, x.line, cells)
		}
	}
	return c, nil
}

// row adds a row to a case.
func (s *sheet) row(c *mapping.Case, line int, cells []string) {
	r := &mapping.Row{Instrument: s.instrument, Sheet: &s.Sheet, Line: line}
	var doubts []doubt
	r.Cells, doubts = s.translator.row(cells)
	r.Hash = mapping.Hash(s.instrument, func(k int) string {
		if from := s.translator.from[k]; from >= 0 {
			return cells[from]
		}
		return ""
	})
	for _, x := range doubts {
		c.Report(r, s.instrument.Columns[x.column].Name, x.rule, x.text)
	}
	for _, k := range s.nameless {
		if cell := strings.TrimSpace(cells[k]); cell != "" {
			c.Report(r, "", ruleOtherColumn, fmt.Sprintf("cell %d, %s, stands under no name: it is not read", k+1, mapping.Quote(cell)))
		}
	}
	c.Rows = append(c.Rows, r)
}
