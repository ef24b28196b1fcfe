package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"firewolf/api/observe"
	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// respond writes the outcome of an interaction. https://hl7.org/fhir/R4/http.html#summary
func (s *Server) respond(x *exchange, q *interaction.Request, a *interaction.Response) {
	noteAnswer(x, a)
	setVersion(x.Header(), a)
	switch {
	case a.Err != nil && (len(a.Issues) == 0 || a.Status == http.StatusInternalServerError || isTimeout(a.Err) || isGone(x, a.Err)):
		s.failInside(x, a.Err)
	case a.Body == nil && len(a.Issues) > 0:
		s.refused(x, q, a)
	case a.Body == nil || a.Status == http.StatusNoContent || a.Status == http.StatusNotModified:
		s.writeNothing(x, a.Status)
	case a.ContentType != "":
		s.writeRaw(x, a)
	default:
		s.writeBody(x, a.Status, a.Body, x.contentType)
	}
}

// noteAnswer notes what the audit line tells of an answer: of a create which resource it made, and of a refusal which
// patient was asked for.
func noteAnswer(x *exchange, a *interaction.Response) {
	r := &x.record
	r.Interaction, r.Type, r.Patient = a.Interaction, a.Type, a.Patient
	if made, ok := strings.CutPrefix(a.Location, x.base+"/"); ok && r.Resource == "" && isResource(made) {
		r.Resource = made
	}
	if r.Resource == "" {
		r.Resource = a.Trace.Resource
	}
	r.Patients, r.PatientsTotal, r.EntriesTotal = a.Trace.Patients, a.Trace.PatientsTotal, a.Trace.EntriesTotal
	for _, e := range a.Trace.Entries {
		r.Entries = append(r.Entries, observe.Entry(e))
	}
	if r.Patient == "" && strings.HasPrefix(r.Resource, "Patient/") {
		r.Patient, _, _ = strings.Cut(r.Resource, "/_history/")
	}
}

// setVersion sets the headers that say which version is meant. A Location belongs to what was made; of what was there
// before, the same URL says which version the body is. https://hl7.org/fhir/R4/http.html#versioning
func setVersion(h http.Header, a *interaction.Response) {
	if a.ETag != "" {
		h["Etag"] = []string{a.ETag}
	}
	if !a.LastModified.IsZero() {
		h["Last-Modified"] = []string{a.LastModified.UTC().Format(http.TimeFormat)}
	}
	switch {
	case a.Location == "":
	case a.Status == http.StatusCreated:
		h["Location"] = []string{a.Location}
	default:
		h["Content-Location"] = []string{a.Location}
	}
}

// refused answers with the issues of a refused request.
func (s *Server) refused(x *exchange, q *interaction.Request, a *interaction.Response) {
	status := a.Status
	if status == 0 {
		status = interaction.StatusOf(a.Issues)
	}
	switch status {
	case http.StatusMethodNotAllowed:
		x.Header()["Allow"] = []string{allow(q.Path, a.Allow)}
	case http.StatusUnauthorized:
		x.Header()["Www-Authenticate"] = []string{challenge}
	}
	if a.Err != nil {
		s.o.Log.Log(x.request.Context(), levelOf(status), "refused", "request", x.record.ID, "status", status, "err", a.Err)
	}
	s.writeOutcome(x, status, a.Issues)
}

// levelOf says how loud the log tells of a refusal: what somebody must see to, what passes, and what any client can cause.
func levelOf(status int) slog.Level {
	switch status {
	case http.StatusNotImplemented:
		return slog.LevelDebug
	case http.StatusServiceUnavailable:
		return slog.LevelWarn
	default:
		return slog.LevelError
	}
}

// writeNothing answers without a body.
func (s *Server) writeNothing(x *exchange, status int) {
	if status != http.StatusNoContent && status != http.StatusNotModified {
		x.Header()["Content-Length"] = zeroLength
	}
	x.WriteHeader(status)
}

var (
	zeroLength = []string{"0"}
	sandbox    = []string{"default-src 'none'; sandbox"}
)

// writeRaw answers with the content of a Binary, in the type that it was stored with. A browser must neither guess
// another type nor run what is in it: whoever may write a Binary is not thereby an author of this origin's pages.
func (s *Server) writeRaw(x *exchange, a *interaction.Response) {
	x.Header()["Content-Security-Policy"] = sandbox
	if a.SecurityContext != "" {
		x.Header()["X-Security-Context"] = []string{a.SecurityContext}
	}
	x.pretty = false
	s.writeBody(x, a.Status, a.Body, []string{a.ContentType})
}

// writeBody answers with a body, compressed if that pays.
func (s *Server) writeBody(x *exchange, status int, body []byte, contentType []string) {
	scratch := scratches.Get().(*bytes.Buffer)
	defer func() {
		if scratch.Cap() <= maxScratch {
			scratch.Reset()
			scratches.Put(scratch)
		}
	}()
	if x.pretty {
		body = indent(scratch, body)
	}
	h := x.Header()
	if len(body) >= s.o.Limits.Compress && compressible(contentType[0]) {
		var encoded compressed
		encoded, body = s.compress(x.request.Header["Accept-Encoding"], body)
		if encoded.name != nil {
			h["Content-Encoding"] = encoded.name
			defer encoded.release()
		}
	}
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(time.Now().Add(s.o.Limits.Write))
	x.WriteHeader(status)
	if x.request.Method == http.MethodHead {
		return
	}
	if _, err := x.Write(body); err != nil {
		s.o.Log.Debug("writing the answer", "request", x.record.ID, "err", err)
	}
}

// maxScratch is the largest buffer that waits for the next request.
const maxScratch = 256 << 10

var scratches = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// indent lays out JSON for people, with the text of numbers as it is.
func indent(to *bytes.Buffer, body []byte) []byte {
	if json.Indent(to, body, "", "  ") != nil {
		return body
	}
	to.WriteByte('\n')
	return to.Bytes()
}

// compressible reports whether content of a type gets smaller.
func compressible(contentType string) bool {
	name, _, _ := strings.Cut(contentType, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	return strings.HasPrefix(name, "text/") || strings.HasSuffix(name, "json") || strings.HasSuffix(name, "xml")
}

// isTimeout reports whether err says that the time of a request was up.
func isTimeout(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// isGone reports whether err says no more than that the client of a request went away.
func isGone(x *exchange, err error) bool {
	return errors.Is(err, context.Canceled) && x.request.Context().Err() != nil
}

// allow returns the header Allow of a path: the methods that the interactor named, and OPTIONS, which the server answers
// by itself.
func allow(path string, methods []string) string {
	if len(methods) == 0 {
		return allowed(path)
	}
	return strings.Join(methods, ", ") + ", OPTIONS"
}

// allowed returns the methods that a path can take by its shape. https://hl7.org/fhir/R4/http.html#summary
func allowed(path string) string {
	segments := strings.Split(path, "/")
	last := segments[len(segments)-1]
	switch {
	case path == "":
		return "GET, HEAD, POST, OPTIONS"
	case strings.HasPrefix(last, "$"):
		return "GET, HEAD, POST, OPTIONS"
	case last == "_search":
		return "POST, OPTIONS"
	case len(segments) == 1 && fhir.ValidTypeName(last):
		return "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	case len(segments) == 2 && fhir.ValidTypeName(segments[0]) && last != "_history":
		return "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"
	default: // metadata, histories, versions, compartments
		return "GET, HEAD, OPTIONS"
	}
}
