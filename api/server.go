package api

import (
	"context"
)

// Server serves FHIR over HTTP.
type Server struct {
	o Options
}

// New checks the options, reads the certificate and the token file, and starts to listen, so that every reason
// not to serve is an error here. A Server that New returned is to be ended by Serve or Close.
func New(o Options) (*Server, error) {
	return &Server{o: o}, nil
}

// Serve answers requests until ctx is done. Then it stops to accept, waits up to Limits.Drain for the requests
// under way, closes, and returns nil if none of them was cut off.
func (s *Server) Serve(ctx context.Context) error { panic("unwritten") }

// Close ends a Server that never served.
func (s *Server) Close() error { panic("unwritten") }

// URL returns the base URL for clients on this machine or, if Options.BaseURL is set, that one:
// "http://127.0.0.1:8080/fhir".
func (s *Server) URL() string { panic("unwritten") }

// AdminURL returns where the metrics are, "http://127.0.0.1:9090/metrics"; "" without Options.AdminAddr.
func (s *Server) AdminURL() string { panic("unwritten") }
