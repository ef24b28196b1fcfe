package mapping

import (
	"crypto/sha256"

	"firewolf/fhir"
)

// Row is one row of a delivery, in canonical form.
type Row struct {
	*Instrument
	Sheet *Sheet
	Line  int      // in the file, from 1
	Cells []string // by place of the instrument's columns; "" is missing
	Hash  [32]byte // of what the source says, whatever the order of its columns

	Rejected bool // it gives no drafts
}

// Sheet is the file that rows come from.
type Sheet struct {
	Name    string
	Columns []string // how the file calls the instrument's columns; "" for one that it does not have
}

// Cell returns the text of a column, "" where it is missing or the instrument has no such column.
func (r *Row) Cell(column string) string {
	if k, ok := r.index[column]; ok && k < len(r.Cells) {
		return r.Cells[k]
	}
	return ""
}

// Hash is of what a row says, by the canonical names of its columns, whatever their order and the quotes in its file.
func Hash(i *Instrument, cell func(column int) string) [32]byte {
	b := make([]byte, 0, 256)
	for k := range i.Columns {
		if text := cell(k); text != "" {
			b = append(b, i.Columns[k].Name...)
			b = append(b, '=')
			b = append(b, text...)
			b = append(b, 0)
		}
	}
	return sha256.Sum256(b)
}

// Case is what a source says of one patient. It belongs to one goroutine at a time.
type Case struct {
	Record   string // the patient's pseudonym; "" for findings about a whole file
	Rows     []*Row
	Drafts   []Draft
	Findings []Finding

	Read int // rows that could not be read and are in Findings alone
}

// Draft is a resource as it should be.
type Draft struct {
	Key    fhir.Key
	Body   []byte // compact JSON; nil as long as nobody asked Late for it
	Part   int    // drafts of one part stand in one transaction; parts are written in their order
	Shared bool   // other cases have it too: it is written before, by itself
	Trace  bool   // it tells how others of its part came to be: it is written only with a change of one of them
	Rows   []*Row // which gave it
	Amends bool   // it says that what an earlier delivery told was not so: it is written only where that is

	// Late makes the Body. Most traces are never written, since most rows of a delivery that comes again are there; most of what amends has
	// nothing to amend.
	Late func() ([]byte, error)

	// Over, where it is set, says what becomes of the draft where something is stored already. It is asked again where somebody else wrote meanwhile.
	Over func(stored []byte) (Over, error)

	Again *Rule // what to report where it was deleted and is created again; nil for nothing

	Fate Fate

	version string // which is to be changed, absent where there is none, "" where that does not matter
	told    bool   // that something stored stands
	looked  bool   // over what is stored, once at least
	own     []byte // what it said before that
}

// Over is a draft over what is stored at its key.
type Over struct {
	Body   []byte // nil for the draft's own
	Stands string // what of the stored one stands though the draft does not tell it, for a warning; "" for nothing
}

// JSON returns the resource.
func (d *Draft) JSON() ([]byte, error) {
	if d.Body == nil && d.Late != nil {
		var err error
		if d.Body, err = d.Late(); err != nil {
			return nil, err
		}
	}
	return d.Body, nil
}

// Fate is what became, or would become, of a draft.
type Fate uint8

// The fates.
const (
	Pending Fate = iota
	Created
	Changed
	Left // it is there as it should be
	Refused
)

// String returns the word for a report.
func (f Fate) String() string {
	return [...]string{"pending", "created", "changed", "left", "refused"}[f]
}

// Report adds a finding about a cell of a row; column "" is the whole row. An error rejects the row.
func (c *Case) Report(r *Row, column string, rule Rule, text string) {
	f := Finding{Rule: rule.ID, Severity: rule.Severity, File: r.Sheet.Name, Line: r.Line, Column: column, Text: text}
	if k, ok := r.index[column]; ok && k < len(r.Sheet.Columns) && r.Sheet.Columns[k] != "" {
		f.Column = r.Sheet.Columns[k]
	}
	if f.Severity == Error {
		r.Rejected = true
	}
	c.Findings = append(c.Findings, f)
}
