package api

import (
	"net/http"
	"strconv"
	"time"

	"firewolf/fhir"
)

// withDefaults fills in the fields that are zero.
func (l Limits) withDefaults() Limits {
	or(&l.Body, 64<<20)
	or(&l.Bodies, 512<<20)
	or(&l.Header, 64<<10)
	or(&l.URL, 16<<10)
	or(&l.Concurrent, 1024)
	or(&l.Connections, 8192)
	or(&l.ReadHeader, 10*time.Second)
	or(&l.Read, time.Minute)
	or(&l.Request, time.Minute)
	or(&l.Write, time.Minute)
	or(&l.Idle, 2*time.Minute)
	or(&l.Drain, 30*time.Second)
	or(&l.Reload, 2*time.Second)
	or(&l.Compress, 1400)
	l.Bodies = max(l.Bodies, l.Body) // a body that is allowed fits if it is alone
	return l
}

func or[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// enter counts a request as being worked on. It reports false if there are too many; leave is due either way.
func (s *Server) enter() bool {
	s.metrics.Begin()
	return s.working.Add(1) <= int64(s.o.Limits.Concurrent)
}

func (s *Server) leave(x *exchange) {
	s.working.Add(-1)
	if x.held > 0 {
		s.bodies.Add(-x.held)
	}
	s.metrics.End()
}

// book reserves bytes of a body. It reports false if all bodies together would be too large.
func (s *Server) book(x *exchange, n int64) bool {
	if s.bodies.Add(n) > s.o.Limits.Bodies {
		s.bodies.Add(-n)
		return false
	}
	x.held += n
	return true
}

func tooBusy() *failure {
	return refuse(fhir.Throttled, fhir.ReasonUnavailable, "the server works on too many requests now; try again")
}

// checkURL refuses a request target that is too long. https://www.rfc-editor.org/rfc/rfc9110#name-414-uri-too-long
func (s *Server) checkURL(r *http.Request) error {
	if len(r.RequestURI) <= s.o.Limits.URL {
		return nil
	}
	return refuse(fhir.TooLong, fhir.ReasonNone,
		"the URL is longer than "+strconv.Itoa(s.o.Limits.URL)+" bytes; POST to _search takes longer searches").
		withStatus(http.StatusRequestURITooLong)
}
