package fhir

import (
	"errors"
	"strings"
)

// Severity is OperationOutcome.issue.severity.
// https://hl7.org/fhir/R4/valueset-issue-severity.html
type Severity string

// The severities of R4.
const (
	Fatal       Severity = "fatal"
	Error       Severity = "error"
	Warning     Severity = "warning"
	Information Severity = "information"
)

// Code is OperationOutcome.issue.code.
// https://hl7.org/fhir/R4/valueset-issue-type.html
type Code string

// The issue types of R4.
const (
	Invalid         Code = "invalid"
	Structure       Code = "structure"
	Required        Code = "required"
	Value           Code = "value"
	Invariant       Code = "invariant"
	Security        Code = "security"
	Login           Code = "login"
	Unknown         Code = "unknown"
	Expired         Code = "expired"
	Forbidden       Code = "forbidden"
	Suppressed      Code = "suppressed"
	Processing      Code = "processing"
	NotSupported    Code = "not-supported"
	Duplicate       Code = "duplicate"
	MultipleMatches Code = "multiple-matches"
	NotFound        Code = "not-found"
	Deleted         Code = "deleted"
	TooLong         Code = "too-long"
	CodeInvalid     Code = "code-invalid"
	Extension       Code = "extension"
	TooCostly       Code = "too-costly"
	BusinessRule    Code = "business-rule"
	Conflict        Code = "conflict"
	Transient       Code = "transient"
	LockError       Code = "lock-error"
	NoStore         Code = "no-store"
	Exception       Code = "exception"
	Timeout         Code = "timeout"
	Incomplete      Code = "incomplete"
	Throttled       Code = "throttled"
	Informational   Code = "informational"
)

// Reason refines a Code where the answer of a server depends on more than the
// R4 issue type. It is the code of OperationOutcome.issue.details.
type Reason string

// The reasons that Firewolf gives.
const (
	ReasonNone               Reason = ""
	ReasonVersionMismatch    Reason = "version-mismatch"    // If-Match names another version
	ReasonReferenced         Reason = "referenced"          // a delete would dangle a reference
	ReasonDanglingReference  Reason = "dangling-reference"  // a reference to what is not there
	ReasonNotAcceptable      Reason = "not-acceptable"      // no format that the client accepts
	ReasonUnsupportedMedia   Reason = "unsupported-media"   // a body of a type that is not read
	ReasonMethodNotAllowed   Reason = "method-not-allowed"  // the route exists, the method does not
	ReasonUnknownType        Reason = "unknown-type"        // not an R4 resource type
	ReasonNotImplemented     Reason = "not-implemented"     // known, and not built
	ReasonUnprocessable      Reason = "unprocessable"       // well-formed, against a business rule
	ReasonQueueFull          Reason = "queue-full"          // too many writes wait
	ReasonStorageFull        Reason = "storage-full"        // no space left
	ReasonUnavailable        Reason = "unavailable"         // the store cannot be reached now
	ReasonOutcomeUnknown     Reason = "outcome-unknown"     // a write that may have landed
	ReasonIdempotencyReused  Reason = "idempotency-reused"  // the same key with another request
	ReasonPreconditionFailed Reason = "precondition-failed" // a condition that does not hold
	ReasonUnknownParameter   Reason = "unknown-parameter"   // a search parameter that does not exist
	ReasonLaterParameter     Reason = "later-parameter"     // a search parameter of R4 that is not answered
)

// Issue is one problem, and an error with two faces: Text and Expression are
// safe to show, the cause is for the log.
type Issue struct {
	Severity   Severity
	Code       Code
	Reason     Reason
	Text       string   // one sentence, without secrets and without resource contents
	Expression []string // FHIRPath locations, or "http.<parameter or header>"
	Cause      error    // never shown
}

// Error returns the text and the cause.
func (i *Issue) Error() string {
	var b strings.Builder
	b.WriteString(string(i.Code) + ": " + i.Text)
	if len(i.Expression) > 0 {
		b.WriteString(" (" + strings.Join(i.Expression, ", ") + ")")
	}
	if i.Cause != nil {
		b.WriteString(": " + i.Cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (i *Issue) Unwrap() error { return i.Cause }

// Issues is a list of problems that stand together, as an error.
type Issues []*Issue

// Error joins the texts of the issues.
func (is Issues) Error() string {
	texts := make([]string, len(is))
	for k, i := range is {
		texts[k] = i.Error()
	}
	return strings.Join(texts, "; ")
}

// Failed reports whether any issue is an error or fatal.
func (is Issues) Failed() bool {
	for _, i := range is {
		if i.Severity == Fatal || i.Severity == Error {
			return true
		}
	}
	return false
}

// Err returns the issues as an error, or nil if none of them is an error or fatal.
func (is Issues) Err() error {
	if is.Failed() {
		return is
	}
	return nil
}

// NewIssue returns an issue of severity error.
func NewIssue(code Code, text string, expression ...string) *Issue {
	return &Issue{Severity: Error, Code: code, Text: text, Expression: expression}
}

// Because returns a copy of the issue with the reason set.
func (i *Issue) Because(r Reason) *Issue {
	c := *i
	c.Reason = r
	return &c
}

// CausedBy returns a copy of the issue with the cause set.
func (i *Issue) CausedBy(err error) *Issue {
	c := *i
	c.Cause = err
	return &c
}

// IssuesOf returns the issues inside err. It reports false if err carries none:
// such an error is an internal one.
func IssuesOf(err error) (Issues, bool) {
	var many Issues
	if errors.As(err, &many) {
		return many, true
	}
	var one *Issue
	if errors.As(err, &one) {
		return Issues{one}, true
	}
	return nil, false
}

// HasCode reports whether err carries an issue with the code.
func HasCode(err error, code Code) bool {
	is, _ := IssuesOf(err)
	for _, i := range is {
		if i.Code == code {
			return true
		}
	}
	return false
}

// HasReason reports whether err carries an issue with the reason.
func HasReason(err error, r Reason) bool {
	is, _ := IssuesOf(err)
	for _, i := range is {
		if i.Reason == r {
			return true
		}
	}
	return false
}
