package observe

import (
	"context"
	"io"
	"log/slog"
	"strings"
)

// Audit writes one JSON line a request.
type Audit struct {
	handler slog.Handler
}

// NewAudit returns an Audit that writes to w, one Write a line, one at a time.
func NewAudit(w io.Writer) *Audit {
	return &Audit{handler: slog.NewJSONHandler(w, nil)}
}

// Write writes the line of a request. An error means that there is no line.
func (a *Audit) Write(r *Record) error {
	line := slog.NewRecord(r.Time.UTC(), slog.LevelInfo, "request", 0)
	line.AddAttrs(
		slog.String("request", r.ID),
		slog.String("caller", r.Caller.Name),
		slog.String("role", string(r.Caller.Role)),
		slog.String("remote", r.Remote),
		slog.String("method", r.Method),
		slog.String("interaction", r.Interaction),
		slog.String("type", r.Type),
		slog.String("resource", r.Resource),
		slog.String("patient", r.Patient),
	)
	if r.PatientsTotal > 0 {
		line.AddAttrs(slog.Any("patients", r.Patients), slog.Int("patients_total", r.PatientsTotal))
	}
	if r.EntriesTotal > 0 {
		line.AddAttrs(slog.Any("entries", r.Entries), slog.Int("entries_total", r.EntriesTotal))
	}
	if len(r.Parameters) > 0 {
		line.AddAttrs(slog.String("parameters", strings.Join(r.Parameters, " ")))
	}
	line.AddAttrs(
		slog.Int("status", r.Status),
		slog.String("outcome", outcome(r)),
		slog.Int64("duration_us", r.Duration.Microseconds()),
	)
	return a.handler.Handle(context.Background(), line)
}

func outcome(r *Record) string {
	if r.Outcome == "" {
		return "ok"
	}
	return r.Outcome
}

// maxParameters is how many parameter names a line holds.
const maxParameters = 30

// ParameterName returns what may be told of the name of a search parameter: the name if it has the shape of one, such
// as "subject:Patient.identifier", and "?" if it does not, since a value may have slipped into its place.
// https://hl7.org/fhir/R4/search.html#chaining
func ParameterName(name string) string {
	if name == "" || len(name) > 100 {
		return "?"
	}
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') && c != '_' && c != '-' && c != ':' && c != '.' {
			return "?"
		}
	}
	return name
}

// AddParameter notes the name of a search parameter.
func (r *Record) AddParameter(name string) {
	if len(r.Parameters) < maxParameters {
		r.Parameters = append(r.Parameters, ParameterName(name))
	}
}
