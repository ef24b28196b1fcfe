package api

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/labstack/echo/v4"

	"firewolf/api/auth"
	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// challenge says how to authenticate. https://www.rfc-editor.org/rfc/rfc6750#section-3
const (
	challenge        = `Bearer realm="firewolf"`
	challengeInvalid = `Bearer realm="firewolf", error="invalid_token"`
)

// methods are those that FHIR uses, and OPTIONS.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// routes lays out the paths. Echo only routes here: what each request needs is called by name in its handler, since a
// chain of middleware costs a closure for each of its links and request.
func (s *Server) routes() *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) { s.fail(exchangeOf(c), err) }
	for _, m := range methods {
		e.Add(m, fhirPath, s.handler(s.serveFHIR))
		e.Add(m, fhirPath+"/*", s.handler(s.serveFHIR))
	}
	for _, m := range []string{http.MethodGet, http.MethodHead} {
		e.Add(m, "/", s.handler(s.serveWelcome))
		e.Add(m, "/health/live", s.handler(s.serveLive))
		e.Add(m, "/health/ready", s.handler(s.serveReady))
	}
	return e
}

// adminRoutes lays out the paths of the admin address.
func (s *Server) adminRoutes() *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) { s.fail(exchangeOf(c), err) }
	for _, m := range []string{http.MethodGet, http.MethodHead} {
		e.Add(m, "/metrics", s.handler(s.serveMetrics))
		e.Add(m, "/health/live", s.handler(s.serveLive))
		e.Add(m, "/health/ready", s.handler(s.serveReady))
	}
	return e
}

func (s *Server) handler(h func(*exchange) error) echo.HandlerFunc {
	return func(c echo.Context) error { return h(exchangeOf(c)) }
}

// front is what every request passes: it gives it an id, keeps the count, and tells of it afterwards. While there are too
// many it turns requests away, unless always is set.
func (s *Server) front(routes http.Handler, always bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := connOf(r.Context()); c != nil {
			c.handling.Store(true)
		}
		x := newExchange(w, r)
		x.record.Time = s.o.Clock()
		x.record.Method = r.Method
		x.record.ID = requestID(first(r.Header["X-Request-Id"]))
		h := w.Header()
		h["X-Request-Id"] = []string{x.record.ID}
		h["X-Content-Type-Options"] = noSniff
		h["Cache-Control"] = noStore
		h["Vary"] = s.vary
		if r.ContentLength != 0 {
			// Also for a body that nobody asks for: net/http reads it after the answer.
			_ = http.NewResponseController(w).SetReadDeadline(x.started.Add(s.o.Limits.Read))
		}
		admitted := s.enter()
		defer s.finish(x)
		if !admitted && !always && !isHealth(r.URL.Path) {
			s.fail(x, tooBusy())
			return
		}
		routes.ServeHTTP(x, r)
	})
}

// What is sent holds data of patients: no cache on the way or in a browser may keep it.
var (
	noSniff = []string{"nosniff"}
	noStore = []string{"no-store"}
)

// finish ends every request, those that panicked too.
func (s *Server) finish(x *exchange) {
	v := recover()
	if v != nil && v != http.ErrAbortHandler { //nolint:errorlint // http compares this value itself
		v = s.panicked(x, v)
	}
	s.tell(x)
	s.leave(x)
	x.release()
	if v != nil {
		panic(v)
	}
}

// panicked answers a request whose handler panicked. The value and the stack are for the log; of the value only what
// the runtime says, since any other may quote a resource. It returns what is to be panicked with again, nil for nothing.
func (s *Server) panicked(x *exchange, v any) any {
	s.metrics.Panicked()
	id := newID()
	text := "a value of another type"
	var fault runtime.Error
	if err, ok := v.(error); ok && errors.As(err, &fault) {
		text = fault.Error()
	}
	s.o.Log.Error("panic", "error", id, "request", x.record.ID, "panic", text, "stack", string(debug.Stack()))
	if x.wrote {
		return http.ErrAbortHandler
	}
	clear(x.Header())
	x.Header()["X-Request-Id"] = []string{x.record.ID}
	s.writeOutcome(x, http.StatusInternalServerError, fhir.Issues{internal(id)})
	return nil
}

// serveFHIR answers everything below /fhir.
func (s *Server) serveFHIR(x *exchange) error {
	r := x.request
	if err := s.checkURL(r); err != nil {
		return err
	}
	if err := s.locate(x); err != nil {
		return err
	}
	if done, err := s.cors.admit(x); done || err != nil {
		return err
	}
	if r.Method == http.MethodOptions {
		return s.serveOptions(x)
	}
	q, err := s.letIn(x)
	if err != nil {
		s.name(x)
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.o.Limits.Request)
	defer cancel()
	answer := s.o.Interactor.Interact(ctx, q)
	s.respond(x, &q, &answer)
	return nil
}

// letIn reads the request of a caller who is known.
func (s *Server) letIn(x *exchange) (interaction.Request, error) {
	if err := s.authenticate(x); err != nil {
		return interaction.Request{}, err
	}
	return s.readRequest(x)
}

// name notes of a request that was not let in what it would have been: no id and no text of a client that nobody knows.
func (s *Server) name(x *exchange) {
	if path, err := fhirPathOf(x.request); err == nil {
		x.record.Interaction, x.record.Type = s.o.Interactor.Names(x.request.Method, path)
	}
}

// serveOptions tells which methods a path knows. That is the same for everybody and tells nothing of what is stored, and who asks for it mostly
// cannot send a token: https://fetch.spec.whatwg.org/#cors-preflight-fetch
func (s *Server) serveOptions(x *exchange) error {
	x.record.Caller = fhir.Caller{Name: "anonymous"}
	path, err := fhirPathOf(x.request)
	if err != nil {
		return err
	}
	x.Header()["Allow"] = []string{allowed(path)}
	s.writeNothing(x, http.StatusNoContent)
	return nil
}

// authenticate notes who asks. What the server can do is told to everybody. https://hl7.org/fhir/R4/security.html
func (s *Server) authenticate(x *exchange) error {
	if s.tokens == nil {
		x.record.Caller = fhir.Caller{Name: "anonymous", Role: fhir.RoleAdmin}
		return nil
	}
	x.record.Caller = fhir.Caller{Name: "anonymous"}
	header := x.request.Header["Authorization"]
	if len(header) == 0 && isMetadata(x.request) {
		return nil
	}
	if len(header) != 1 {
		return unauthorized("a bearer token is needed", challenge)
	}
	token, ok := auth.Bearer(header[0])
	if !ok {
		return unauthorized("the Authorization header holds no bearer token", challenge)
	}
	caller, ok := s.tokens.Caller(token, x.record.Time)
	if !ok {
		return unauthorized("the bearer token is unknown or has expired", challengeInvalid)
	}
	x.record.Caller = caller
	return nil
}

func isMetadata(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.URL.Path == fhirPath+"/metadata"
}

func unauthorized(text, challenge string) *failure {
	return refuse(fhir.Login, fhir.ReasonNone, text, "http.Authorization").withHeader("Www-Authenticate", challenge)
}
