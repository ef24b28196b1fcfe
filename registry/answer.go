package registry

import (
	"bytes"
	"encoding/csv"
	"math"
	"strconv"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// answer is what an operation says: lines of named cells.
type answer struct{ lines []line }

// line is one statement. In Parameters it is a parameter with parts, in CSV a row.
type line struct {
	name  string
	cells []cell
	parts []line // below it; in CSV rows that follow
}

// state says whether a cell has a value.
type state uint8

const (
	shown  state = iota
	masked       // it is there and not told
	absent       // there is none: the rate of nobody, a median that is not reached
)

// cell is a named value. Its type is the suffix of Parameters.parameter.value[x].
type cell struct {
	name  string
	typ   string // Integer, Decimal, String, Code, Date, Boolean
	text  string // as JSON writes the value of Integer, Decimal and Boolean, and as is of the others
	state state
}

func (a *answer) add(name string, cells ...cell) {
	a.lines = append(a.lines, line{name: name, cells: cells})
}

func text(name, value string) cell { return cell{name: name, typ: "String", text: value} }

func code(name, value string) cell { return cell{name: name, typ: "Code", text: value} }

func date(name, value string) cell { return cell{name: name, typ: "Date", text: value} }

func integer(name string, n int) cell { return cell{name: name, typ: "Integer", text: strconv.Itoa(n)} }

// moment is that of the store, as text: it has 63 bits and an integer of R4 has 32.
// https://hl7.org/fhir/R4/datatypes.html#integer
func moment(t fhir.Moment) cell { return text("moment", strconv.FormatInt(int64(t), 10)) }

// decimal is a number; NaN is none.
func decimal(name string, x float64) cell {
	c := cell{name: name, typ: "Decimal"}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		c.state = absent
		return c
	}
	c.text = strconv.FormatFloat(x, 'g', 12, 64)
	if x, err := strconv.ParseFloat(c.text, 64); err == nil {
		c.text = strconv.FormatFloat(x, 'f', -1, 64)
	}
	return c
}

// when shows a cell only if it may be shown.
func (c cell) when(visible bool) cell {
	if !visible {
		c.state, c.text = masked, ""
	}
	return c
}

// absentReason is why a cell has no value. http://hl7.org/fhir/R4/valueset-data-absent-reason.html
func (s state) absentReason() string {
	if s == masked {
		return "masked"
	}
	return "not-applicable"
}

const dataAbsentReason = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

// parameters writes the answer as a Parameters resource. https://hl7.org/fhir/R4/parameters.html
func (a *answer) parameters() []byte {
	b := []byte(`{"resourceType":"Parameters","parameter":[`)
	for k, l := range a.lines {
		if k > 0 {
			b = append(b, ',')
		}
		b = l.append(b)
	}
	return append(b, "]}"...)
}

func (l line) append(b []byte) []byte {
	b = append(b, `{"name":`...)
	b = tree.Quote(b, l.name)
	b = append(b, `,"part":[`...)
	for k, c := range l.cells {
		if k > 0 {
			b = append(b, ',')
		}
		b = c.append(b)
	}
	for k, p := range l.parts {
		if k > 0 || len(l.cells) > 0 {
			b = append(b, ',')
		}
		b = p.append(b)
	}
	return append(b, "]}"...)
}

func (c cell) append(b []byte) []byte {
	b = append(b, `{"name":`...)
	b = tree.Quote(b, c.name)
	if c.state != shown {
		b = append(b, `,"_value`+c.typ+`":{"extension":[{"url":"`+dataAbsentReason+`","valueCode":"`+c.state.absentReason()+`"}]}}`...)
		return b
	}
	b = append(b, `,"value`+c.typ+`":`...)
	switch c.typ {
	case "Integer", "Decimal", "Boolean":
		b = append(b, c.text...)
	default:
		b = tree.Quote(b, c.text)
	}
	return append(b, '}')
}

// csv writes the answer as a table: the first column is the name of the line, then every cell that any line has. What is
// hidden is "masked", what there is not is empty.
func (a *answer) csv() []byte {
	header := []string{"part"}
	place := map[string]int{}
	lines := a.flat()
	for _, l := range lines {
		for _, c := range l.cells {
			if _, ok := place[c.name]; !ok {
				place[c.name] = len(header)
				header = append(header, c.name)
			}
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{header}
	for _, l := range lines {
		row := make([]string, len(header))
		row[0] = l.name
		for _, c := range l.cells {
			row[place[c.name]] = unformula(c)
			if c.state == masked {
				row[place[c.name]] = "masked"
			}
		}
		rows = append(rows, row)
	}
	// A bytes.Buffer takes everything, so that there is no error to find.
	_ = w.WriteAll(rows)
	return b.Bytes()
}

// flat returns the lines, each with those below it after it.
func (a *answer) flat() []line {
	var l []line
	for _, top := range a.lines {
		l = append(append(l, top), top.parts...)
	}
	return l
}

// unformula keeps a spreadsheet from taking a text for a formula.
func unformula(c cell) string {
	if c.typ == "String" && c.text != "" && bytes.IndexByte([]byte("=+-@\t\r"), c.text[0]) >= 0 {
		return "'" + c.text
	}
	return c.text
}
