package cart

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"firewolf/fhir/datetime"
	"firewolf/fhir/decimal"
	"firewolf/mapping"
)

// The bounds of texts.
const (
	maxName = 200
	maxText = 4000
)

// check judges the cells of a row by the kinds of their columns.
func (s *Step) check(c *mapping.Case, r *mapping.Row) {
	for k := range r.Columns {
		col := &r.Columns[k]
		text := r.Cells[k]
		if text == "" {
			if col.Required {
				c.Report(r, col.Name, ruleRequired, "the cell is empty")
			}
			continue
		}
		if rule, why := s.judge(col, text); why != "" {
			c.Report(r, col.Name, rule, why)
		}
	}
}

// judge says what is wrong with a cell, "" for nothing.
func (s *Step) judge(col *mapping.Column, text string) (mapping.Rule, string) {
	if isFormula(text) && col.Kind != mapping.Code {
		return ruleFormula, mapping.Quote(text) + " starts like a formula"
	}
	switch col.Kind {
	case mapping.Text:
		if len(text) > maxText || hasControl(text) {
			return ruleText, mapping.Quote(text) + " is too long or has control characters"
		}
	case mapping.Name:
		if len(text) > maxName || hasControl(text) || strings.TrimSpace(text) != text {
			return ruleText, mapping.Quote(text) + " is no name: control characters, blanks at its ends, or too long"
		}
	case mapping.Code:
		if len(col.Codes) > 0 && !slices.Contains(col.Codes, text) {
			return ruleCode, mapping.Quote(text) + " is none of " + strings.Join(col.Codes, ", ")
		}
		if len(text) > maxName || hasControl(text) {
			return ruleText, mapping.Quote(text) + " is no code"
		}
	case mapping.Date:
		return s.judgeDate(text)
	case mapping.Number:
		if d, err := decimal.Parse(text); err != nil {
			return ruleNumber, notNumber(text)
		} else if !measurable(d) {
			return ruleNumber, tooWide(text)
		}
	case mapping.Integer:
		n, ok := integerOf(text)
		if !ok {
			return ruleNumber, mapping.Quote(text) + " is no whole number"
		}
		if counted := col.Name == "line" || col.Name == "course_no"; counted && n < 1 {
			return ruleSign, text + " is not 1 or more"
		}
	case mapping.Flag:
		if text != "0" && text != "1" {
			return ruleFlag, mapping.Quote(text) + " is neither 1 nor 0"
		}
	case mapping.Days:
		if _, ok := daysOf(text); !ok {
			return ruleDays, mapping.Quote(text) + " is neither a count of days (3) nor offsets (-5..-3)"
		}
	}
	return mapping.Rule{}, ""
}

func notNumber(text string) string {
	why := mapping.Quote(text) + " is no number"
	if strings.Count(text, ",") == 1 {
		if _, err := decimal.Parse(strings.Replace(text, ",", ".", 1)); err == nil {
			why += `; of a file with decimal commas the mapping says decimal: ","`
		}
	}
	return why
}

// The bounds of a number that is told. Whatever is computed of such numbers has room in the digits of a stored one.
const (
	mostDigits = 20
	mostWhole  = 15 // digits before the point
	mostPlaces = 30
)

// measurable reports whether a number can be one that somebody measured. One digit too many must not cost the rows beside it, since a store
// refuses the transaction with a number that it cannot keep.
func measurable(d decimal.Decimal) bool {
	return d.Digits() <= mostDigits && d.Digits()+d.Exponent() <= mostWhole && d.Exponent() >= -mostPlaces
}

// storable reports whether every store keeps a number as it is written here, without an exponent.
func storable(d decimal.Decimal) bool { return d.Digits()+max(d.Exponent(), 0) <= decimal.Precision }

func tooWide(text string) string {
	return mapping.Quote(text) + " has more digits than anybody measures"
}

// earliest is the first year that something of a patient can be of.
const earliest = 1900

func (s *Step) judgeDate(text string) (mapping.Rule, string) {
	d, err := datetime.ParseDate(text)
	if err != nil {
		return ruleDate, mapping.Quote(text) + " is no date: " + err.Error()
	}
	switch first, _ := d.Range(); {
	case first.After(s.today):
		return ruleFuture, mapping.Quote(text) + " is after today"
	case first.Year() < earliest:
		return ruleDate, mapping.Quote(text) + " is before " + strconv.Itoa(earliest)
	}
	return mapping.Rule{}, ""
}

// isFormula reports whether a spreadsheet would compute the text. A number is none.
// https://owasp.org/www-community/attacks/CSV_Injection
func isFormula(text string) bool {
	switch text[0] {
	case '=', '@', '\t', '\r':
		return true
	case '+', '-':
		return len(text) == 1 || !strings.ContainsRune("0123456789.,", rune(text[1]))
	}
	return false
}

func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func integerOf(text string) (int, bool) {
	d, err := decimal.Parse(text)
	if err != nil || !d.IsInteger() {
		return 0, false
	}
	n, ok := d.Int64()
	return int(n), ok && n >= -1e9 && n <= 1e9
}

// dayPlan is what a cell of Days says: how many days, or which.
type dayPlan struct {
	count   int
	offsets []int
}

// The bounds of a plan of days.
const (
	maxDays  = 60 // before the infusion
	mostDays = 14 // of one drug
)

// daysOf reads "3", "-5..-3" and "-5 -4 -3". Offsets are of days before the infusion: its own day, 0, would be no lymphodepletion.
func daysOf(text string) (dayPlan, bool) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && text[0] != '+' {
		return dayPlan{count: n}, n <= mostDays
	}
	if from, to, ok := strings.Cut(text, ".."); ok {
		a, errA := strconv.Atoi(from)
		b, errB := strconv.Atoi(to)
		if errA != nil || errB != nil || a > b || a < -maxDays || b >= 0 {
			return dayPlan{}, false
		}
		var p dayPlan
		for d := a; d <= b; d++ {
			p.offsets = append(p.offsets, d)
		}
		return p, len(p.offsets) <= mostDays
	}
	var p dayPlan
	for _, f := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
		d, err := strconv.Atoi(f)
		if err != nil || d >= 0 || d < -maxDays {
			return dayPlan{}, false
		}
		p.offsets = append(p.offsets, d)
	}
	slices.Sort(p.offsets)
	p.offsets = slices.Compact(p.offsets)
	return p, len(p.offsets) > 0 && len(p.offsets) <= mostDays
}

// entry is a row whose cells were judged: what does not parse here was reported, and counts as missing.
type entry struct{ *mapping.Row }

func (e entry) date(column string) datetime.DateTime {
	d, err := datetime.ParseDate(e.Cell(column))
	if err != nil {
		return datetime.DateTime{}
	}
	return d
}

// number returns a number, and whether there is one.
func (e entry) number(column string) (decimal.Decimal, bool) {
	text := e.Cell(column)
	if text == "" {
		return decimal.Decimal{}, false
	}
	d, err := decimal.Parse(text)
	return d, err == nil
}

func (e entry) integer(column string) (int, bool) {
	text := e.Cell(column)
	if text == "" {
		return 0, false
	}
	return integerOf(text)
}

// flag returns yes or no, and whether it is known.
func (e entry) flag(column string) (yes, known bool) {
	text := e.Cell(column)
	return text == "1", text == "1" || text == "0"
}

// courseNo is the number of the course that the row belongs to.
func (e entry) courseNo() int {
	if n, ok := e.integer("course_no"); ok {
		return n
	}
	return 1
}

// stated reports whether there is a date.
func stated(d datetime.DateTime) bool { return d.Precision() > 0 }

// isDay reports whether a date is stated to the day.
func isDay(d datetime.DateTime) bool { return d.Precision() == datetime.Day }

// before reports whether a is before b for sure: partial dates that overlap are not.
func before(a, b datetime.DateTime) bool {
	if !stated(a) || !stated(b) {
		return false
	}
	_, last := a.Range()
	first, _ := b.Range()
	return last.Before(first)
}

// endOf is the last instant that a date may mean; it must be stated.
func endOf(d datetime.DateTime) time.Time {
	_, last := d.Range()
	return last
}

// daysBetween returns how many days b is after a; ok is false unless both are stated to the day.
func daysBetween(a, b datetime.DateTime) (days int, ok bool) {
	if !isDay(a) || !isDay(b) {
		return 0, false
	}
	from, _ := a.Range()
	to, _ := b.Range()
	return int(to.Sub(from) / (24 * time.Hour)), true
}

// plus returns the day so many days later.
func plus(d datetime.DateTime, days int) datetime.DateTime {
	later, ok := d.Add(0, days, 0)
	if !ok {
		return d
	}
	return later
}

// startOf orders dates: an unknown one comes first.
func startOf(d datetime.DateTime) time.Time {
	if !stated(d) {
		return time.Time{}
	}
	first, _ := d.Range()
	return first
}
