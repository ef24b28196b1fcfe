package api

import (
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"
)

// tell writes the audit line, the log line and the metrics of a finished request.
func (s *Server) tell(x *exchange) {
	r := &x.record
	r.Duration = time.Since(x.started)
	if r.Status == 0 {
		r.Status, r.Outcome = statusGone, "incomplete"
	}
	s.metrics.Count(r)
	if s.audit != nil && !x.quiet {
		if err := s.audit.Write(r); err != nil {
			s.metrics.Unlogged()
			s.o.Log.Error("writing the audit line", "request", r.ID, "err", err)
		}
	}
	ctx := x.request.Context()
	if !s.o.Log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	s.o.Log.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("request", r.ID), slog.String("method", r.Method),
		slog.String("interaction", r.Interaction), slog.String("type", r.Type), slog.Int("status", r.Status),
		slog.Int64("in", r.In), slog.Int64("out", r.Out), slog.Duration("duration", r.Duration))
}

// statusGone stands in the logs for a request whose client went away before it was answered, as in those of nginx.
const statusGone = 499

// requestID takes the id that a client gave its request, if it is one that may stand in a log and in a header, and
// makes one else. https://hl7.org/fhir/R4/http.html#custom
func requestID(given string) string {
	if given == "" || len(given) > 100 {
		return newID()
	}
	for i := range len(given) {
		c := given[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && c != '-' && c != '_' && c != '.' {
			return newID()
		}
	}
	return given
}

// newID returns an id of 64 random bits. It guards nothing: it tells requests apart.
func newID() string {
	return strconv.FormatUint(rand.Uint64()|1<<63, 36)
}
