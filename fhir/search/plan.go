package search

import (
	"time"

	"firewolf/fhir"
)

// Plan is a compiled query over ONE resource type, free of any store's words. A store answers it from index
// entries alone. Query stays beside it for stores that evaluate resources directly (store/memory, the oracle).
type Plan struct {
	Type  string // the resource type that is searched
	Where Expr   // And{} matches everything
	Sort  []SortKey
	Query *Query // what the plan was compiled from
}

// SortKey is one key of _sort. Ties are ordered by (t, id).
type SortKey struct {
	Param      string // "_id", "_lastUpdated", or a parameter code of the type
	Kind       SortKind
	Descending bool
}

// SortKind says where the sort value of a resource comes from: the lowest (ascending) or the highest (descending)
// of the resource's values of that parameter. Resources without a value come last in both directions.
type SortKind uint8

// The kinds of sort keys.
const (
	SortID SortKind = iota + 1
	SortLastUpdated
	SortRange // Range.Lo of ranges named Param (dates, numbers; quantities by "param" without unit scope)
	SortText  // Text.Value of texts named Param (strings folded, token codes, uris, references as Type/id)
)

// Expr is a condition on one resource version. It is one of And, Or, Not, HasKey,
// TextIs, InRange, IDIn, UpdatedIn, RefersTo, ReferredBy.
type Expr interface{ expr() }

// And holds if all hold; an empty And always holds.
type And []Expr

// Or holds if any holds; an empty Or never holds.
type Or []Expr

// Not holds if the condition does not.
type Not struct{ Expr Expr }

// HasKey holds if Entries.Keys contains the key.
type HasKey struct{ Key string }

// TextIs holds if a Text of that name satisfies the test.
type TextIs struct {
	Name  string
	Test  TextTest
	Value string // folded as the index folds
}

// TextTest is a test on Text.Value.
type TextTest uint8

// The tests on texts.
const (
	TextEquals TextTest = iota + 1
	TextStartsWith
	TextContains
)

// InRange holds if ONE Range of that name satisfies every bound that is set. Bounds are
// compared byte by byte (Range). An empty string is no bound.
type InRange struct {
	Kind         RangeKind
	Name         string
	LoMin, LoMax string // LoMin <= Range.Lo <= LoMax
	HiMin, HiMax string // HiMin <= Range.Hi <= HiMax
	LoOver       string // Range.Lo >  LoOver
	LoUnder      string // Range.Lo <  LoUnder
	HiOver       string // Range.Hi >  HiOver
	HiUnder      string // Range.Hi <  HiUnder
}

// IDIn holds if the resource's id is one of these.
type IDIn struct{ IDs []string }

// UpdatedIn holds if From <= lastUpdated < Before; a zero time is no bound. (Whole milliseconds.)
type UpdatedIn struct{ From, Before time.Time }

// RefersTo holds if one of the resource's references of that parameter points to a current resource of a target type
// for which the target's condition holds (chaining).
type RefersTo struct {
	Param   string
	Targets []Target
}

// Target is a type and a condition on its resources.
type Target struct {
	Type  string
	Where Expr
}

// ReferredBy holds if a current resource of Source.Type, for which Source.Where holds, refers to this resource by Param (_has).
type ReferredBy struct {
	Param  string
	Source Target
}

func (And) expr()        {}
func (Or) expr()         {}
func (Not) expr()        {}
func (HasKey) expr()     {}
func (TextIs) expr()     {}
func (InRange) expr()    {}
func (IDIn) expr()       {}
func (UpdatedIn) expr()  {}
func (RefersTo) expr()   {}
func (ReferredBy) expr() {}

// Entries is what the index keeps of one resource version.
type Entries struct {
	Keys   []string // exact keys, such as "code|http://loinc.org|5130-0"; sorted, each once
	Texts  []Text   // ordered texts for prefix and substring search and for sorting; each once
	Ranges []Range  // closed ranges lo..hi
	Refs   []RefEntry
}

// Text is one ordered text of a resource.
type Text struct{ Name, Value string }

// RangeKind says what a Range's bounds are.
type RangeKind uint8

// The kinds of ranges.
const (
	DateRange   RangeKind = iota + 1 // bounds are datetime.Ordered
	NumberRange                      // bounds are decimal.Ordered
)

// Range is one closed range of a resource. Lo and Hi are byte strings whose byte order is the order of the values.
type Range struct {
	Kind   RangeKind
	Name   string
	Lo, Hi string
}

// RefEntry is one literal reference to a resource of this server, by parameter: what _include and chains follow. A resource that
// no parameter reaches, and that is referred to all the same (Patient.contact.organization), has one entry without a parameter,
// which nothing follows: it says that a delete would dangle.
type RefEntry struct {
	Param string // "" where no parameter reaches the reference
	Key   fhir.Key
	VID   string // of a versioned reference
}

// baseHead starts the keys of BaseKey. No search parameter has such a name.
const baseHead = "@"

// BaseKey is the key in Entries.Keys of every resource that has an absolute reference below a base URL (in the form of
// fhir.PlainBase). Its entries are others where the base is one of this server's own (Engine.Own) and where it is not. So a store
// that was indexed with other own bases can still be used as long as no resource has the key of a base that has become own or no longer is.
func BaseKey(base string) string { return joinKey(baseHead, base) }

// RefKey is the key in Entries.Keys of a reference to a resource of this server; for each of Entries.Refs with a
// parameter it is there.
func RefKey(param string, k fhir.Key) string { return param + "|" + k.String() }
