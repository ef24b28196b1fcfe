package interaction

import (
	"context"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// Request is one FHIR interaction.
type Request struct {
	Method      string        // GET, HEAD, POST, PUT, PATCH, DELETE
	Path        string        // below the base, without leading slash, decoded: "Patient/1/_history/2"; "" for the base
	Query       []search.Pair // of the URL and, for POST _search, of the form
	Body        []byte        // JSON; of a Binary possibly anything, see ContentType
	ContentType string        // media type without parameters; "" where there is no body

	IfMatch           string // W/"3"
	IfNoneMatch       string
	IfModifiedSince   time.Time
	IfUnmodifiedSince time.Time // of an update or delete
	IfNoneExist       string    // a query
	Return            string    // Prefer: return= minimal | representation | OperationOutcome; "" for the default
	Lenient           bool      // Prefer: handling=lenient
	IdempotencyKey    string
	SecurityContext   string // X-Security-Context of a Binary
	RawAccept         string // of a Binary read: the media type that is wanted raw; of an operation: text/csv for a table; "" for FHIR
	Format            string // _format as sent, for links that lead on in that format; "" where there was none

	Base   string // the base URL to build absolute URLs with, "http://localhost:8080/fhir"
	Caller fhir.Caller
	Now    time.Time

	at   fhir.Moment // the moment that a read inside a transaction sees; store.Now elsewhere
	tree *tree.Tree  // Body, where a Bundle entry was parsed with its Bundle; nil elsewhere
	sub  bool        // an entry of a Bundle
}

// Response is its outcome. Body is finished JSON (or raw bytes of a Binary), nil where there is none.
type Response struct {
	Status       int // as http.html and Bundle.entry.response.status say it
	Body         []byte
	ContentType  string // "" for FHIR JSON
	Location     string // absolute, with _history
	ETag         string
	LastModified time.Time
	Issues       fhir.Issues // the errors of a refused request: Body is nil then, and the caller renders an OperationOutcome
	Err          error       // an internal error, for the log; Status is 500 then
	Allow        []string    // the methods that the path knows, of a 405
	Interaction  string      // "read", "vread", "search-type", ... as CapabilityStatement names them, for metrics and audit
	Type         string      // the resource type, for metrics and audit
	Patient      string      // "Patient/1" where the interaction was about one patient, for the audit line
	Trace        Trace       // what else the audit line tells

	SecurityContext string // X-Security-Context of a Binary that is served raw

	self    fhir.Key // whose representation Body is; zero where it is none of this server's
	outcome []byte   // an OperationOutcome, for Bundle.entry.response.outcome
}

// Interactor answers requests.
type Interactor interface {
	Interact(ctx context.Context, r Request) Response
	// Names says what a request that is not let in would have been: the interaction, and its type, "" as far as there is none. They are words of FHIR,
	// never of the client.
	Names(method, path string) (interaction, typ string)
}
