// Package store is the port between Firewolf and what keeps its resources.
//
// Everything is written through one door (Write: all or none) and read at a moment:
// a reader that holds moment t sees exactly what was committed up to t, however much is written meanwhile.
//
// Versions stand in one total order: Version.T rises with every version that is written, and no two versions share
// one. The moment of a commit is the T of its last version, so that a moment shows a transaction whole or not at all:
// only what Head and Commit.T gave is a moment.
package store

import (
	"context"
	"iter"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// Now asks for the newest moment.
const Now fhir.Moment = 0

// Store keeps versions of resources. Every method is safe for concurrent use.
// A moment that is older than what the store still keeps index entries for gives an Issue with code expired.
type Store interface {
	// Head returns the newest moment and its time. A store that was never written to has moment 0 and the zero time.
	Head(ctx context.Context) (fhir.Moment, time.Time, error)
	// Read returns the version of a resource that was current at t. Not there yet, or never: Issue not-found.
	// A deletion: Issue deleted, and the Version beside the error is the tombstone.
	Read(ctx context.Context, t fhir.Moment, k fhir.Key) (fhir.Version, error)
	// ReadVersion returns one version, current or not. Not there: Issue not-found. A tombstone: Issue deleted, and
	// the Version beside the error is the tombstone.
	ReadVersion(ctx context.Context, k fhir.Key, vid int64) (fhir.Version, error)
	// Search yields the matches of a plan among the resources that are current at page.T, each once, in the order of
	// Plan.Sort and then of Version.T, from page.After on, at most page.Limit. An error ends it.
	Search(ctx context.Context, p search.Plan, page Page) iter.Seq2[Match, error]
	// Find answers several searches at one moment t: each as Search would, at most Query.Limit matches of it, which have no Cursor.
	// A transaction with thousands of conditions is looked up by it at once.
	Find(ctx context.Context, t fhir.Moment, qs []Query) ([][]Match, error)
	// Hold keeps a moment searchable (Now: the newest, which it returns), however long a reader takes: until release is called, or for some time after the
	// process died. Of a store whose readers cannot come too late it does nothing.
	Hold(ctx context.Context, t fhir.Moment) (held fhir.Moment, release func(), err error)
	// Count returns how many resources match at t: as many as Search would yield without a limit.
	Count(ctx context.Context, p search.Plan, t fhir.Moment) (int64, error)
	// Refs returns, for each match in order, the literal references that it holds by the named parameters ("*" means
	// all), each once, in no order. Only those that are search.RefEntry.Direct.
	Refs(ctx context.Context, m []Match, params []string) ([][]search.RefEntry, error)
	// History yields versions, newest first (by Version.T), tombstones included. Of what was never there it yields nothing.
	History(ctx context.Context, s Scope, page HistoryPage) iter.Seq2[fhir.Version, error]
	// HistoryCount returns how many versions History would yield without a limit.
	HistoryCount(ctx context.Context, s Scope, page HistoryPage) (int64, error)
	// Write commits a transaction: all of it or nothing, durable before it returns.
	//
	// It is checked in this order. A key that Idempotency knows is answered as before, whatever is there now. An
	// Assumption that fell is ErrStale. Then every Op's If and NoReferrers, in order of Ops, and every Require:
	// what does not hold is refused with fhir.Issues that name all of it, with the Locations of the Ops and Requirements.
	Write(ctx context.Context, tx Tx) (Commit, error)
	// Replay returns what Write would answer a transaction of this Idempotency, if it knows its key: the first one's Commit,
	// with Replayed set, or code conflict, ReasonIdempotencyReused. A key that it does not know: Issue not-found.
	// The author of a transaction asks before anything else, because what it would look up now has changed by the first one.
	Replay(ctx context.Context, i Idempotency) (Commit, error)
	// Secret returns 32 random bytes that belong to the store: the key that signs cursors.
	Secret() []byte
	// Close waits for writes under way and closes the store.
	Close() error
}

// Page is a part of a result list.
type Page struct {
	T     fhir.Moment // Now, or the moment of the first page
	After []byte      // Match.Cursor of the last match of the page before; nil for the first page
	Limit int         // at most this many; 0 means none
}

// Query is one of several searches.
type Query struct {
	Plan  search.Plan
	Limit int // at most this many matches; 0 means all
}

// Match is one result of a search.
type Match struct {
	fhir.Version
	Cursor []byte // where the next page starts; valid for the same plan and moment
	Row    int64  // the store's own handle of the version, for Refs
}

// Scope is what a history is of: one resource, one type (ID ""), or everything (zero).
type Scope struct{ Type, ID string }

// HistoryPage is a part of a history.
type HistoryPage struct {
	T     fhir.Moment // Now, or the moment of the first page
	After fhir.Moment // 0, or Version.T of the last version of the page before: only older ones follow
	Since time.Time   // only versions with At >= Since; zero for all
	// AtTime and AtUntil, both or neither: only versions that were current at some instant of [AtTime, AtUntil]. A
	// version is current from its At until just before the At of the next version of its resource (that page.T shows).
	AtTime, AtUntil time.Time
	Limit           int // at most this many; 0 means none
}

// Tx is one transaction: data, not calls.
type Tx struct {
	Ops []Op
	// Assume are conditions on the state before the transaction that its author relied on. If one no longer
	// holds the transaction is refused with ErrStale and the author, having looked again, may try again.
	Assume []Assumption
	// Require are resources that must exist, and not be deleted, once the transaction is done (referential integrity).
	Require []Requirement
	// Idempotency, if set, makes a repeated transaction answer with the first one's Commit (Replayed set). The same key with another
	// Request digest is refused with code conflict, ReasonIdempotencyReused. Kept at least 24 h. A refused transaction
	// leaves no trace of its key.
	Idempotency *Idempotency
}

// Requirement is a resource that must be there after the transaction. Else: Issue not-found, ReasonDanglingReference.
type Requirement struct {
	Key      fhir.Key
	Location string // FHIRPath of the reference, the Issue's Expression
}

// Idempotency names a request.
type Idempotency struct {
	Key     string   // the client's, scoped by the caller's name
	Request [32]byte // digest of the request
	// Note is kept with the commit and comes back with it as Commit.Note: what the author of the transaction needs, beside
	// Results, to give the first answer again. A transaction with a Note and without Ops is kept too.
	Note []byte
}

// Action is what an Op does.
type Action uint8

// The actions.
const (
	Put    Action = iota + 1 // create the resource, or make a new version of it
	Delete                   // make a tombstone; of what is not there: nothing
)

// Op is one write. A key occurs once in a transaction; a second time is refused with code duplicate.
type Op struct {
	Action  Action
	Key     fhir.Key
	Method  fhir.Method // recorded in the version
	If      Precondition
	Stamp   tree.Stamp // of a Put
	Digest  [32]byte   // of a Put: tree.Digest; equal to that of the current version: no new version
	Entries search.Entries
	// NoReferrers refuses a Delete (code conflict, ReasonReferenced) if a resource that is current once the transaction
	// is done refers to the key by one of its Entries.Refs. (A Delete of what is not there is not refused.)
	NoReferrers bool
	Location    string // FHIRPath of the entry, the Expression of Issues: "Bundle.entry[3]"; "" outside a Bundle
}

// Precondition is a condition on the current version of the Op's resource.
type Precondition struct {
	Absent bool // it does not exist, or is deleted. Else: code conflict, ReasonPreconditionFailed
	// Version is that of If-Match: the resource is there, not deleted, and this is its current version; 0 for none.
	// Else: code conflict, ReasonVersionMismatch.
	Version int64
}

// Assumption is a search that must match exactly these keys, in any order, before the transaction.
type Assumption struct {
	Plan  search.Plan
	Match []fhir.Key
	Limit int // more than len(Match): how many matches need to be looked at to know (2 for "one" or "none"); 0 means all
}

// Effect is what an Op did.
type Effect uint8

// The effects.
const (
	Created   Effect = iota + 1
	Updated          // a new version of a resource that was there
	Unchanged        // the same content: the current version stays
	Deleted
	Absent  // a Delete of what was not there
	Revived // a new version of a resource that was deleted: an answer of 201, https://hl7.org/fhir/R4/http.html#update
)

// Result is the outcome of one Op, in the order of Tx.Ops.
type Result struct {
	Effect  Effect
	Version fhir.Version // the version now current; zero if Absent
}

// Commit is the outcome of a transaction.
type Commit struct {
	T        fhir.Moment // of its last version; of one that wrote no version: the moment that it saw
	At       time.Time   // of its versions; of one that wrote none: the time of T
	Results  []Result
	Replayed bool   // an earlier transaction's outcome, by its idempotency key
	Note     []byte // of the first transaction's Idempotency, where Replayed
}
