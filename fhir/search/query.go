// Package search turns query text into plans, and resources into index entries.
//
// There is one file per parameter type, which holds both its index side and its query side, so that what is
// written and what is asked cannot drift apart. https://hl7.org/fhir/R4/search.html
package search

import (
	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// Engine knows the search parameters of every type, compiled. It is immutable and safe for concurrent use.
type Engine struct {
	spec *spec.Spec
}

// NewEngine compiles what it needs on first use. own are this server's base URLs ("http://localhost:8080/fhir"):
// a reference to Type/id below one of them is the same as the relative reference.
func NewEngine(s *spec.Spec, own ...string) (*Engine, error) { panic("unwritten") }

// Entries returns the index entries of a resource (whose id is set).
func (e *Engine) Entries(t *tree.Tree) (Entries, error) { panic("unwritten") }

// Pair is one name=value of a query string, decoded, in the order sent.
type Pair struct{ Name, Value string }

// Options say how a query is read.
type Options struct {
	Lenient      bool // Prefer: handling=lenient: what is not understood is left out and listed in Query.Ignored
	Conditional  bool // criteria of a conditional interaction: always strict, result parameters refused, at least one criterion
	MaxCount     int  // the largest page; a larger _count is lowered to it. 0 means 1000
	DefaultCount int  // 0 means 20
}

// Parse reads the query of a search in one resource type.
func (e *Engine) Parse(resourceType string, query []Pair, o Options) (*Query, error) {
	panic("unwritten")
}

// Compile makes the plan of a query.
func (e *Engine) Compile(q *Query) (Plan, error) { panic("unwritten") }

// Compartment narrows a plan to the compartment of an owner (Patient/x), as GET Patient/x/Observation asks.
func (e *Engine) Compartment(p Plan, owner fhir.Key) (Plan, error) { panic("unwritten") }

// Query is a query that was read and understood, with the values still typed by parameter.
type Query struct {
	Type        string
	Clauses     []Clause // all must hold
	Sort        []SortParam
	Count       int // page size; 0 where _count=0 was sent (then only the total is asked for)
	Total       Total
	Summary     Summary
	Elements    []string
	Includes    []Include
	RevIncludes []Include
	Owner       fhir.Key    // of a compartment search; zero elsewhere
	Ignored     fhir.Issues // what lenient handling left out (warnings)
	Self        []Pair      // the parameters that were used, for the self link
}

// Clause is one parameter with its values: any value suffices.
type Clause struct {
	Name     string      // as sent, "subject:Patient.identifier"
	Param    *spec.Param // the parameter at the END of a chain stays in Chain.Clause; here the first one
	Modifier string      // "exact", "contains", "missing", "not", "identifier", a type name, or ""
	Values   []string    // unescaped at the commas only: \, and \| and \$ inside a value are still there
	Chain    *Chain      // subject:Patient.name=...
	Has      *Has        // _has:Observation:patient:code=...
}

// Chain is the rest of a chained parameter: the clause holds of the resource that the reference points to.
type Chain struct {
	Targets []string          // the types that the reference may point to and that know the next parameter
	Clause  map[string]Clause // per target type
}

// Has is a reverse chain.
type Has struct {
	Type   string // the referring type
	Param  *spec.Param
	Clause Clause
}

// SortParam is one key of _sort.
type SortParam struct {
	Param      string
	Descending bool
}

// Total is _total.
type Total string

// The values of _total.
const (
	TotalNone     Total = "none"
	TotalEstimate Total = "estimate"
	TotalAccurate Total = "accurate"
)

// Summary is _summary.
type Summary string

// The values of _summary.
const (
	SummaryFalse Summary = "false"
	SummaryTrue  Summary = "true"
	SummaryText  Summary = "text"
	SummaryData  Summary = "data"
	SummaryCount Summary = "count"
)

// Include is one _include or _revinclude. https://hl7.org/fhir/R4/search.html#revinclude
type Include struct {
	Source  string // the type that refers
	Param   string // its reference parameter; "*" for all of them
	Target  string // only targets of this type; "" for all
	Iterate bool
}
