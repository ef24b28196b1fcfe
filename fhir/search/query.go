package search

import (
	"time"

	"firewolf/fhir"
	"firewolf/fhir/spec"
)

// Pair is one name=value of a query string, decoded, in the order sent.
type Pair struct{ Name, Value string }

// Options say how a query is read.
type Options struct {
	Lenient      bool      // Prefer: handling=lenient: unknown and unsupported parameters are left out and listed in Query.Ignored
	Conditional  bool      // criteria of a conditional interaction: always strict, result parameters refused, at least one criterion
	MaxCount     int       // the largest page; a larger _count is lowered to it. 0 means 1000
	DefaultCount int       // 0 means 20
	Types        []string  // the types that are searched together, this one among them; nil where it is alone
	Now          time.Time // what the prefix ap measures dates from; zero means the time of the call
	Base         string    // a base URL by which the request names this server: a reference below it is a relative one. "" for none
}

func (o Options) withDefaults() Options {
	if o.MaxCount <= 0 {
		o.MaxCount = 1000
	}
	if o.DefaultCount <= 0 {
		o.DefaultCount = 20
	}
	o.DefaultCount = min(o.DefaultCount, o.MaxCount)
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	o.Lenient = o.Lenient && !o.Conditional
	return o
}

// Query is a query that was read and understood: every parameter exists, every modifier and every value fits. It says
// everything that a store needs to know that answers it by looking into the resources.
type Query struct {
	Type        string
	Clauses     []Clause // all must hold
	Sort        []SortParam
	Count       int       // page size; 0 where _count=0 was sent (then only the total is asked for)
	Total       Total     // "" where _total was not sent
	Summary     Summary   // SummaryFalse where _summary was not sent
	Elements    []string  // of _elements, "name", in a search of several types also "Patient.name"; nil where it was not sent
	Includes    []Include // of _include
	RevIncludes []Include // of _revinclude
	Owner       fhir.Key  // of a compartment search; zero elsewhere
	Now         time.Time // what the prefix ap measures dates from
	Ignored     fhir.Issues
	Self        []Pair // the parameters that were used, for the self link
}

// Clause is one parameter with its values: any value suffices (with :not: none may match).
//
// A clause is one of three: a condition on the resource (Param, Modifier, Values), a chain (Param, Modifier, Chain), or a
// reverse chain (Has). _id and _lastUpdated are conditions like any other, by their parameters of type Resource.
type Clause struct {
	Name     string      // as sent, "subject:Patient.identifier"; inside a chain what is left of it there, "identifier"
	Param    *spec.Param // the first parameter of the name; nil of a reverse chain
	Modifier string      // "exact", "contains", "missing", "not", "identifier", a type name, or ""
	Values   []string    // of a condition; split at the commas, with \, and \| and \$ and \\ inside a value still there; of :missing "true" or "false"
	Chain    *Chain      // subject:Patient.name=...
	Has      *Has        // _has:Observation:patient:code=...
}

// Chain is the rest of a chained parameter: the clause holds of a current resource that the reference points to.
type Chain struct {
	Targets []string          // the types that the reference may point to and that know the next parameter, in alphabetical order
	Clause  map[string]Clause // per target type
}

// Has is a reverse chain: the clause holds of a current resource of Type that refers to this one by Param.
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
