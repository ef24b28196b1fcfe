package api

import (
	"context"
	"html"
	"net/http"
	"strings"
	"time"

	"firewolf/fhir"
)

// readyTimeout is how long the store may take to say that it is ready.
const readyTimeout = 2 * time.Second

func isHealth(path string) bool { return strings.HasPrefix(path, "/health/") }

// note names a request that touches no data of patients: an audit line would only hide the others.
func (s *Server) note(x *exchange, name string) {
	x.record.Interaction, x.record.Remote, x.quiet = name, s.originOf(x.request).remote, true
}

var plainJSON = []string{"application/json; charset=utf-8"}

// serveLive says that the process runs and answers.
func (s *Server) serveLive(x *exchange) error {
	s.note(x, "health")
	s.writeBody(x, http.StatusOK, []byte(`{"status":"live"}`+"\n"), plainJSON)
	return nil
}

// serveReady says whether requests can be served now: 503 while shutting down and while the store cannot be used.
func (s *Server) serveReady(x *exchange) error {
	s.note(x, "health")
	if s.draining.Load() {
		return refuse(fhir.Transient, fhir.ReasonUnavailable, "the server is shutting down")
	}
	ctx, cancel := context.WithTimeout(x.request.Context(), readyTimeout)
	defer cancel()
	if err := s.o.Ready(ctx); err != nil {
		s.o.Log.Warn("not ready", "request", x.record.ID, "err", err)
		return refuse(fhir.Transient, fhir.ReasonUnavailable, "the store cannot be used now")
	}
	s.writeBody(x, http.StatusOK, []byte(`{"status":"ready"}`+"\n"), plainJSON)
	return nil
}

// serveMetrics answers on the admin address. Beyond loopback it asks for a token, of whatever role.
func (s *Server) serveMetrics(x *exchange) error {
	s.note(x, "metrics")
	if s.adminAsks {
		if err := s.authenticate(x); err != nil {
			x.quiet = false
			return err
		}
	}
	s.scrape.ServeHTTP(x, x.request)
	return nil
}

const welcomeHTML = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Firewolf</title>
<body><h1>Firewolf VERSION</h1><p>This is a FHIR R4 (4.0.1) server. Its base is <code>fhir</code>.</p>
<ul><li><a href="fhir/metadata">fhir/metadata</a> says what it can do.</li>
<li><a href="health/ready">health/ready</a> says whether it is ready.</li></ul></body></html>
`

const welcomeText = `Firewolf VERSION is a FHIR R4 (4.0.1) server.

/fhir           the base of the FHIR API
/fhir/metadata  what the server can do
/health/ready   whether it is ready
`

// serveWelcome tells people who came to the root where FHIR is.
func (s *Server) serveWelcome(x *exchange) error {
	s.note(x, "welcome")
	body, contentType := welcomeText, "text/plain; charset=utf-8"
	if strings.Contains(x.request.Header.Get("Accept"), "text/html") {
		body, contentType = welcomeHTML, "text/html; charset=utf-8"
		x.Header()["Content-Security-Policy"] = []string{"default-src 'none'"}
	}
	version := " " + s.o.Version
	if s.o.Version == "" {
		version = ""
	}
	body = strings.Replace(body, " VERSION", html.EscapeString(version), 1)
	s.writeBody(x, http.StatusOK, []byte(body), []string{contentType})
	return nil
}
