package search

import (
	"strings"
	"unicode/utf8"

	"firewolf/fhir"
)

// maxValues bounds how many values one parameter may list.
const maxValues = 1000

// Parse reads the query of a search in one resource type. Every problem is an Issue that names its parameter.
func (e *Engine) Parse(resourceType string, query []Pair, o Options) (*Query, error) {
	if !e.spec.IsResource(resourceType) {
		return nil, fhir.NewIssue(fhir.NotSupported, "there is no resource type "+clip(resourceType)).Because(fhir.ReasonUnknownType)
	}
	o = o.withDefaults()
	p := parser{e: e, o: o, q: &Query{Type: resourceType, Count: o.DefaultCount, Summary: SummaryFalse, Now: o.Now}}
	for _, pair := range query {
		p.pair(pair)
	}
	p.whole()
	if len(p.issues) > 0 {
		return nil, p.issues
	}
	return p.q, nil
}

// parser reads one query.
type parser struct {
	e      *Engine
	o      Options
	q      *Query
	seen   []string // the result parameters so far
	issues fhir.Issues
}

// pair reads one name=value.
func (p *parser) pair(pair Pair) {
	if pair.Name == "_format" || pair.Name == "_pretty" {
		return // how the answer is written, not what it is: https://hl7.org/fhir/R4/http.html#parameters
	}
	read, known := resultParameter(pair.Name)
	issue := p.ready(pair, known)
	if issue == nil {
		if !known {
			read = (*parser).criterion
		}
		issue = read(p, pair)
	}
	switch {
	case issue == nil:
		p.q.Self = append(p.q.Self, pair)
	case p.o.Lenient && ignorable(issue):
		issue.Severity = fhir.Warning
		p.q.Ignored = append(p.q.Ignored, issue)
	default:
		p.issues = append(p.issues, issue)
	}
}

// ready checks what holds for every parameter.
func (p *parser) ready(pair Pair, result bool) *fhir.Issue {
	switch {
	case pair.Name == "":
		return fhir.NewIssue(fhir.Invalid, "a parameter has no name", "http.query")
	case !utf8.ValidString(pair.Name) || !utf8.ValidString(pair.Value):
		return fhir.NewIssue(fhir.Invalid, "a parameter is no UTF-8", "http.query")
	case p.o.Conditional && result:
		return refuse(fhir.Invalid, pair.Name, "%s cannot stand in conditional criteria", clip(pair.Name))
	case strings.ContainsRune(pair.Value, 0):
		return badValue(pair.Name, "", "not text: it contains a NUL character")
	case pair.Value == "":
		return refuse(fhir.Invalid, pair.Name, "%s has no value", clip(pair.Name))
	}
	return nil
}

// ignorable reports whether lenient handling may leave a parameter out: one that is not known, or not
// supported. A modifier or value that is not understood is always refused.
// https://hl7.org/fhir/R4/search.html#errors https://hl7.org/fhir/R4/search.html#modifiers
func ignorable(i *fhir.Issue) bool {
	return i.Reason == fhir.ReasonUnknownParameter || i.Reason == fhir.ReasonLaterParameter
}

// whole checks what holds between parameters.
func (p *parser) whole() {
	if p.o.Conditional && len(p.q.Clauses) == 0 && len(p.issues) == 0 {
		p.issues = append(p.issues, fhir.NewIssue(fhir.Required, "conditional criteria need at least one search parameter", "http.query"))
	}
	// "the _include and _revinclude parameters cannot be mixed with _summary=text"
	// https://hl7.org/fhir/R4/search.html#summary
	if p.q.Summary == SummaryText && len(p.q.Includes)+len(p.q.RevIncludes) > 0 {
		p.issues = append(p.issues, refuse(fhir.Invalid, "_summary", "_summary=text cannot be combined with _include or _revinclude"))
	}
}

// criterion reads a parameter that the resources must meet.
func (p *parser) criterion(pair Pair) *fhir.Issue {
	if !wellEscaped(pair.Value) {
		return badValue(pair.Name, pair.Value, `wrongly escaped: a backslash stands before one of $ , | \ only`)
	}
	r := clauseReader{e: p.e, name: pair.Name, values: splitEscaped(pair.Value, ',')}
	if len(r.values) > maxValues {
		return refuse(fhir.TooCostly, pair.Name, "%s lists %d values; at most %d are answered", clip(pair.Name), len(r.values), maxValues)
	}
	for _, v := range r.values {
		if v == "" {
			return refuse(fhir.Invalid, pair.Name, "%s has an empty value", clip(pair.Name))
		}
	}
	clause, issue := r.read(p.q.Type, pair.Name, 0)
	if issue != nil {
		return issue
	}
	clause = p.e.relative(p.q.Type, clause, p.o.Base)
	// Whether the values fit is known once they are compiled.
	c := compiler{e: p.e, now: p.q.Now, name: pair.Name}
	if _, issue = c.clause(p.q.Type, &clause); issue != nil {
		return issue
	}
	p.q.Clauses = append(p.q.Clauses, clause)
	return nil
}
