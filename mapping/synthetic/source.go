package synthetic

import (
	"context"
	"fmt"
	"iter"
	"time"

	"firewolf/mapping"
	"firewolf/mapping/cart"
)

// Source is a mapping.Source of synthetic patients.
type Source struct {
	Patients int
	Seed     uint64
}

var _ mapping.Source = Source{}

// Cut is the day on which the data of every cohort end.
func Cut() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// Cases makes the patients one after another; none is kept.
func (s Source) Cases(ctx context.Context) iter.Seq2[*mapping.Case, error] {
	return func(yield func(*mapping.Case, error) bool) {
		f := newForms()
		for n := range s.Patients {
			if ctx.Err() != nil || !yield(f.patient(s.Seed, n), nil) {
				return
			}
		}
	}
}

// forms are the instruments, with the files that their rows would stand in.
type forms struct {
	instruments map[string]*mapping.Instrument
	sheets      map[string]*mapping.Sheet
}

func newForms() *forms {
	f := &forms{map[string]*mapping.Instrument{}, map[string]*mapping.Sheet{}}
	for _, i := range cart.Instruments() {
		f.instruments[i.Name] = i
		sheet := &mapping.Sheet{Name: i.Name + ".csv"}
		for _, c := range i.Columns {
			sheet.Columns = append(sheet.Columns, c.Name)
		}
		f.sheets[i.Name] = sheet
	}
	return f
}

// chart collects the rows of a patient.
type chart struct {
	*forms
	c *mapping.Case
}

// row adds a row of column and value in turn.
func (c *chart) row(instrument string, pairs ...string) {
	i := c.instruments[instrument]
	r := &mapping.Row{Instrument: i, Sheet: c.sheets[instrument], Cells: make([]string, len(i.Columns))}
	r.Cells[0] = c.c.Record
	for k := 0; k < len(pairs); k += 2 {
		at := i.Index(pairs[k])
		if at < 0 {
			panic("the instrument " + instrument + " has no column " + pairs[k])
		}
		r.Cells[at] = pairs[k+1]
	}
	r.Hash = mapping.Hash(i, func(k int) string { return r.Cells[k] })
	c.c.Rows = append(c.c.Rows, r)
}

// patient makes one patient: the same for the same seed and number.
func (f *forms) patient(seed uint64, n int) *mapping.Case {
	c := &chart{f, &mapping.Case{Record: fmt.Sprintf("SYN-%07d", n+1)}}
	p := newPatient(seed, n)
	p.write(c)
	return c.c
}
