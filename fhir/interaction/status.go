package interaction

import (
	"net/http"

	"firewolf/fhir"
)

// statusOfReason is asked first: a reason is finer than an issue type.
// https://hl7.org/fhir/R4/http.html#Status-Codes
var statusOfReason = map[fhir.Reason]int{
	fhir.ReasonVersionMismatch:    http.StatusPreconditionFailed, // https://hl7.org/fhir/R4/http.html#concurrency
	fhir.ReasonReferenced:         http.StatusConflict,           // https://hl7.org/fhir/R4/http.html#delete
	fhir.ReasonDanglingReference:  http.StatusUnprocessableEntity,
	fhir.ReasonNotAcceptable:      http.StatusNotAcceptable,
	fhir.ReasonUnsupportedMedia:   http.StatusUnsupportedMediaType,
	fhir.ReasonMethodNotAllowed:   http.StatusMethodNotAllowed,
	fhir.ReasonUnknownType:        http.StatusNotFound,
	fhir.ReasonNotImplemented:     http.StatusNotImplemented,
	fhir.ReasonUnprocessable:      http.StatusUnprocessableEntity,
	fhir.ReasonQueueFull:          http.StatusTooManyRequests,
	fhir.ReasonStorageFull:        http.StatusInsufficientStorage,
	fhir.ReasonUnavailable:        http.StatusServiceUnavailable,
	fhir.ReasonOutcomeUnknown:     http.StatusServiceUnavailable, // not 500: the client may ask again
	fhir.ReasonIdempotencyReused:  http.StatusUnprocessableEntity,
	fhir.ReasonPreconditionFailed: http.StatusPreconditionFailed,
	fhir.ReasonUnknownParameter:   http.StatusBadRequest,
	fhir.ReasonLaterParameter:     http.StatusBadRequest,
}

// statusOfCode maps the issue types of R4.
// https://hl7.org/fhir/R4/valueset-issue-type.html
var statusOfCode = map[fhir.Code]int{
	fhir.Invalid:         http.StatusBadRequest,
	fhir.Structure:       http.StatusBadRequest, // "failed basic FHIR validation rules": https://hl7.org/fhir/R4/http.html#create
	fhir.Required:        http.StatusBadRequest,
	fhir.Value:           http.StatusBadRequest,
	fhir.CodeInvalid:     http.StatusBadRequest,          // of a required binding, so a basic rule
	fhir.Invariant:       http.StatusUnprocessableEntity, // "violated applicable FHIR profiles or server business rules"
	fhir.Extension:       http.StatusUnprocessableEntity,
	fhir.BusinessRule:    http.StatusUnprocessableEntity,
	fhir.Processing:      http.StatusUnprocessableEntity,
	fhir.NotSupported:    http.StatusBadRequest,
	fhir.Security:        http.StatusForbidden,
	fhir.Login:           http.StatusUnauthorized,
	fhir.Unknown:         http.StatusUnauthorized, // "the user was not able to be authenticated"
	fhir.Forbidden:       http.StatusForbidden,
	fhir.Suppressed:      http.StatusForbidden,
	fhir.Expired:         http.StatusGone, // a page whose moment the store no longer keeps
	fhir.NotFound:        http.StatusNotFound,
	fhir.Deleted:         http.StatusGone,
	fhir.Duplicate:       http.StatusConflict,
	fhir.Conflict:        http.StatusConflict,
	fhir.LockError:       http.StatusConflict,
	fhir.MultipleMatches: http.StatusPreconditionFailed, // https://hl7.org/fhir/R4/http.html#cond-update
	fhir.TooLong:         http.StatusRequestEntityTooLarge,
	fhir.TooCostly:       http.StatusForbidden, // https://hl7.org/fhir/R4/search.html#sort names 403 for a search that a server will not perform
	fhir.Throttled:       http.StatusTooManyRequests,
	fhir.Transient:       http.StatusServiceUnavailable,
	fhir.Timeout:         http.StatusServiceUnavailable,
	fhir.NoStore:         http.StatusInsufficientStorage,
	fhir.Incomplete:      http.StatusInternalServerError,
	fhir.Exception:       http.StatusInternalServerError,
	fhir.Informational:   http.StatusOK,
}

// Status returns the HTTP status that one issue makes.
func Status(i *fhir.Issue) int {
	if n, ok := statusOfReason[i.Reason]; ok {
		return n
	}
	if n, ok := statusOfCode[i.Code]; ok {
		return n
	}
	return http.StatusInternalServerError
}

// StatusOf returns the status of a refused request: that of its first error, and 500 where
// there is none, since a refusal without an error is a mistake of the server.
func StatusOf(is fhir.Issues) int {
	for _, i := range is {
		if i.Severity == fhir.Error || i.Severity == fhir.Fatal {
			return Status(i)
		}
	}
	return http.StatusInternalServerError
}
