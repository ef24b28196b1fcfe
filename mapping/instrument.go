package mapping

// Kind says how the text of a cell is read.
type Kind uint8

// The kinds of columns. What a Source yields is in the canonical form that stands here.
const (
	Text    Kind = iota // any text without control characters
	Name                // an identifier: no blanks at its ends, at most 200 bytes
	Code                // one of Column.Codes
	Date                // YYYY, YYYY-MM or YYYY-MM-DD
	Number              // a decimal number with a point
	Integer             // a number without a fraction
	Flag                // 1 or 0
	Days                // a count of days, or offsets of days: "-5..-3", "-5 -4 -3"
)

// String returns how documentation calls the kind.
func (k Kind) String() string {
	return [...]string{"text", "name", "code", "date", "number", "integer", "0 or 1", "days"}[k]
}

// Column is a column of an Instrument.
type Column struct {
	Name     string
	Kind     Kind
	Required bool
	Codes    []string // of a Code; empty for one whose codes are many and checked elsewhere
	About    string   // one sentence for the documentation
}

// Instrument is a kind of row: a form, a table, a message.
type Instrument struct {
	Name    string
	Columns []Column

	index map[string]int
}

// NewInstrument returns an instrument whose columns are found by name.
func NewInstrument(name string, columns ...Column) *Instrument {
	i := &Instrument{Name: name, Columns: columns, index: make(map[string]int, len(columns))}
	for k, c := range columns {
		i.index[c.Name] = k
	}
	return i
}

// Index returns the place of a column, -1 for none.
func (i *Instrument) Index(column string) int {
	if k, ok := i.index[column]; ok {
		return k
	}
	return -1
}
