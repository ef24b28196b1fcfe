package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// failure is a request that is refused before or beside FHIR. Which status an issue makes is decided by
// interaction.StatusOf; only what HTTP alone knows (a URL that is too long) brings a status of its own.
type failure struct {
	issue  *fhir.Issue
	status int // 0: that of the issue
	header map[string]string
	close  bool // the connection cannot be used again
}

// Error returns the text and the cause.
func (f *failure) Error() string { return f.issue.Error() }

// Unwrap returns the issue.
func (f *failure) Unwrap() error { return f.issue }

func refuse(code fhir.Code, reason fhir.Reason, text string, expression ...string) *failure {
	return &failure{issue: fhir.NewIssue(code, text, expression...).Because(reason)}
}

func (f *failure) withStatus(n int) *failure {
	f.status = n
	return f
}

func (f *failure) withHeader(name, value string) *failure {
	if f.header == nil {
		f.header = map[string]string{}
	}
	f.header[name] = value
	return f
}

func (f *failure) closing() *failure {
	f.close = true
	return f
}

func (f *failure) causedBy(err error) *failure {
	f.issue = f.issue.CausedBy(err)
	return f
}

// fail answers with an OperationOutcome, whatever went wrong. https://hl7.org/fhir/R4/http.html#Status-Codes
func (s *Server) fail(x *exchange, err error) {
	if x.wrote {
		// The status line is out: all that is left is to end the connection, so that the client sees a cut.
		s.o.Log.Error("answering", "request", x.record.ID, "err", err)
		panic(http.ErrAbortHandler)
	}
	var f *failure
	var unknown *echo.HTTPError
	switch {
	case errors.As(err, &f):
	case errors.As(err, &unknown):
		f = s.unrouted(x, unknown)
	default:
		s.failInside(x, err)
		return
	}
	header := x.Header()
	for name, value := range f.header {
		header[name] = []string{value}
	}
	if f.close {
		header["Connection"] = []string{"close"}
	}
	if f.issue.Cause != nil {
		s.o.Log.Debug("refused", "request", x.record.ID, "err", f.issue)
	}
	status := f.status
	if status == 0 {
		status = interaction.Status(f.issue)
	}
	s.writeOutcome(x, status, fhir.Issues{f.issue})
}

// unrouted is the failure of a request that no route takes.
func (s *Server) unrouted(x *exchange, e *echo.HTTPError) *failure {
	if e.Code == http.StatusMethodNotAllowed {
		return methodNotAllowed(x.request.Method, x.Header().Get("Allow"))
	}
	return refuse(fhir.NotFound, fhir.ReasonNone, "nothing is served here; FHIR is served below "+fhirPath)
}

func methodNotAllowed(method, allow string) *failure {
	return refuse(fhir.NotSupported, fhir.ReasonMethodNotAllowed, "the method "+quoteToken(method)+" is not allowed here; allowed: "+allow).
		withHeader("Allow", allow)
}

// failInside answers an error that no client caused, or that of a request that ran out of time. Its text stays in the log.
func (s *Server) failInside(x *exchange, err error) {
	switch {
	case isTimeout(err):
		s.o.Log.Warn("timeout", "request", x.record.ID, "err", err)
		s.writeOutcome(x, http.StatusServiceUnavailable, fhir.Issues{timedOut(s.o.Limits.Request)})
		return
	case isGone(x, err):
		s.o.Log.Debug("the client is gone", "request", x.record.ID)
		s.writeOutcome(x, statusGone, fhir.Issues{fhir.NewIssue(fhir.Incomplete, "the request was given up")})
		return
	}
	id := newID()
	s.o.Log.Error("internal error", "error", id, "request", x.record.ID, "err", err)
	s.writeOutcome(x, http.StatusInternalServerError, fhir.Issues{internal(id)})
}

// internal is what a client sees of an internal error.
func internal(id string) *fhir.Issue {
	return fhir.NewIssue(fhir.Exception, "internal error "+id+"; the log of the server says more under this number")
}

func timedOut(limit time.Duration) *fhir.Issue {
	return fhir.NewIssue(fhir.Timeout, "the request took longer than "+limit.String()+" and was stopped")
}

// writeOutcome answers with the issues and notes their first code for the audit line.
func (s *Server) writeOutcome(x *exchange, status int, issues fhir.Issues) {
	x.record.Outcome = outcomeCode(issues)
	if after := retryAfter(status); after > 0 {
		x.Header()["Retry-After"] = []string{strconv.Itoa(after)}
	}
	contentType := x.contentType
	if contentType == nil {
		contentType = jsonTypes[fhirJSON].plain
	}
	s.writeBody(x, status, interaction.Outcome(issues), contentType)
}

// outcomeCode is the code of the first error.
func outcomeCode(issues fhir.Issues) string {
	for _, i := range issues {
		if i.Severity == fhir.Error || i.Severity == fhir.Fatal {
			return string(i.Code)
		}
	}
	return ""
}

// retryAfter is how many seconds a client that was turned away for the moment should wait; 0 says nothing.
// https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func retryAfter(status int) int {
	switch status {
	case http.StatusTooManyRequests:
		return 1 // a queue drains in the time of a few commits
	case http.StatusServiceUnavailable:
		return 5
	default:
		return 0
	}
}

// quoteToken makes a method fit for a text: whatever a client sends there is a token of HTTP, yet of any length.
func quoteToken(s string) string {
	if len(s) > 20 {
		s = s[:20] + "..."
	}
	return s
}
