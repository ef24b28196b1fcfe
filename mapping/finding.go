package mapping

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Severity says what a finding means.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the row is rejected
	Warning Severity = "warning" // the row is taken, somebody should look at it
)

// Rule is a rule that rows are held to. Its ID is stable.
type Rule struct {
	ID       string
	Severity Severity
	About    string // one sentence for the documentation
}

// RuleRefused is what a Sink reports of each row whose transaction the target refused.
var RuleRefused = Rule{ID: "refused", Severity: Error, About: "The server refused the transaction that the row is part of."}

// RuleStands is what a Sink reports of a row that does not tell again what must not be untold by silence.
var RuleStands = Rule{ID: "told-before", Severity: Warning, About: "A death or a withdrawal that was told before, and that this delivery does not tell: it stands."}

// Finding is one thing that is wrong, or worth a look.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"row,omitempty"` // of the file, from 1; 0 for the whole file
	Column   string   `json:"column,omitempty"`
	Text     string   `json:"text"`
}

// String is the finding in one line.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(f.Line))
	}
	if f.Column != "" {
		b.WriteString(" " + f.Column)
	}
	fmt.Fprintf(&b, ": %s: %s [%s]", f.Severity, f.Text, f.Rule)
	return b.String()
}

// maxQuoted is how much of a cell a finding shows.
const maxQuoted = 40

// Quote shows a cell in a finding: in quotes, without control characters, cut where it is long.
func Quote(s string) string {
	if len(s) > maxQuoted {
		cut := maxQuoted
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		return strconv.Quote(s[:cut]) + "…"
	}
	return strconv.Quote(s)
}
