package csv

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"firewolf/mapping"
)

// Mapping says how a center's files differ from the canonical ones. The zero Mapping is that of canonical files.
type Mapping struct {
	Center    string // of patients, where the file has no center_id
	Delimiter byte   // 0: a comma, or what else the header is written with
	Encoding  *charmap.Charmap
	TestData  bool // what is read is about nobody

	habits
	units    map[string]string
	analytes map[string]test
	sheets   map[string]*sheetMapping // by instrument
	codes    map[string]map[string]string
}

// habits are how cells are written.
type habits struct {
	comma   bool // decimal comma
	dates   []layout
	missing map[string]bool
}

// test is what a laboratory's code means.
type test struct{ loinc, unit, low, high, assay string }

// sheetMapping is what is said of one file.
type sheetMapping struct {
	file      string
	columns   map[string]string // canonical -> the file's
	constants map[string]string
	ignore    map[string]bool
	missing   map[string]map[string]bool
	codes     map[string]map[string]string
	own       *habits // nil: those of all files
}

// Problem is one thing that is wrong with a mapping file.
type Problem struct {
	File string
	Line int
	Text string
}

// String is file:line: text.
func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// Problems are all that is wrong with a mapping file, as an error.
type Problems []Problem

// Error joins them, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for k, p := range ps {
		lines[k] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sheet returns what is said of the file of an instrument; it is never nil.
func (m *Mapping) sheet(instrument string) *sheetMapping {
	if s := m.sheets[instrument]; s != nil {
		return s
	}
	return &sheetMapping{}
}

// fileOf returns the name of the file of an instrument.
func (m *Mapping) fileOf(i *mapping.Instrument) string {
	if s := m.sheet(i.Name); s.file != "" {
		return s.file
	}
	return i.Name + ".csv"
}

// translator brings the cells of one file to canonical form.
type translator struct {
	m       *Mapping
	i       *mapping.Instrument
	sheet   *sheetMapping
	habits  habits
	from    []int // by canonical column: the file's column, -1 for none
	codes   []map[string]string
	missing []map[string]bool
	fixed   []string // constants
	lab     bool
}

func (m *Mapping) translator(i *mapping.Instrument, from []int) *translator {
	t := &translator{m: m, i: i, sheet: m.sheet(i.Name), habits: m.habits, from: from, lab: i.Name == "labs"}
	if t.sheet.own != nil {
		t.habits = *t.sheet.own
	}
	n := len(i.Columns)
	t.codes, t.missing, t.fixed = make([]map[string]string, n), make([]map[string]bool, n), make([]string, n)
	for k, c := range i.Columns {
		t.codes[k] = m.codes[c.Name]
		if own := t.sheet.codes[c.Name]; own != nil {
			t.codes[k] = own
		}
		t.missing[k] = t.sheet.missing[c.Name]
		t.fixed[k] = t.sheet.constants[c.Name]
		if c.Name == "center_id" && t.fixed[k] == "" {
			t.fixed[k] = m.Center
		}
	}
	return t
}

// doubt is what is wrong with a cell before anybody knows what it means.
type doubt struct {
	column int // of the instrument
	rule   mapping.Rule
	text   string
}

// row returns the canonical cells of a row, and what cannot be read for sure.
func (t *translator) row(cells []string) (out []string, doubts []doubt) {
	out = make([]string, len(t.i.Columns))
	for k := range t.i.Columns {
		if t.from[k] >= 0 {
			text := strings.TrimSpace(cells[t.from[k]])
			out[k] = t.cell(k, text)
			if _, coded := t.codes[k][text]; !coded && t.numeric(k) && strings.Contains(text, ".") && out[k] != "" {
				doubts = append(doubts, doubt{k, ruleUnsure, mapping.Quote(cells[t.from[k]]) + " has a point, and this file has decimal commas"})
			}
		}
		if out[k] == "" {
			out[k] = t.fixed[k]
		}
	}
	if t.lab {
		doubts = append(doubts, t.test(out)...)
	}
	return out, doubts
}

// numeric reports whether a column holds numbers with a decimal comma.
func (t *translator) numeric(k int) bool {
	c := &t.i.Columns[k]
	return t.habits.comma && (c.Kind == mapping.Number || c.Kind == mapping.Integer || t.lab && c.Name == "value")
}

// cell returns the canonical text of a cell. What it does not understand stays as it is, so that it is reported as it stands in the file.
func (t *translator) cell(k int, text string) string {
	if text == "" || t.habits.missing[text] || t.missing[k][text] {
		return ""
	}
	if code, ok := t.codes[k][text]; ok {
		return code
	}
	c := &t.i.Columns[k]
	switch {
	case c.Kind == mapping.Date:
		return isoDate(text, t.habits.dates)
	case t.numeric(k):
		return strings.Replace(text, ",", ".", 1)
	case t.lab && c.Name == "unit":
		if unit, ok := t.m.units[text]; ok {
			return unit
		}
	}
	return text
}

// test fills in what the mapping knows of a laboratory's code. Its limits are of one unit, and stand together: they never fill up a range that
// the row has in part, nor one of another unit.
func (t *translator) test(out []string) (doubts []doubt) {
	place := func(column string) int { return t.i.Index(column) }
	name := out[place("local_code")]
	a, ok := t.m.analytes[name]
	if !ok {
		return nil
	}
	fill := func(column, text string) {
		if k := place(column); out[k] == "" {
			out[k] = text
		}
	}
	fill("loinc", a.loinc)
	fill("unit", a.unit)
	fill("assay", a.assay)
	if k := place("loinc"); out[k] != a.loinc {
		doubts = append(doubts, doubt{k, ruleTestConflict, "the mapping says that " + mapping.Quote(name) + " is " + a.loinc + ", not " + mapping.Quote(out[k])})
	}
	if a.low == "" && a.high == "" || out[place("low")] != "" || out[place("high")] != "" {
		return doubts
	}
	if k := place("unit"); out[k] != a.unit {
		return append(doubts, doubt{k, ruleLimitsUnit, "the limits of the mapping are in " + a.unit + ", the value is in " + mapping.Quote(out[k])})
	}
	fill("low", a.low)
	fill("high", a.high)
	return doubts
}
