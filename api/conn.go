package api

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// conn is a connection of HTTP/1. net/http answers requests that it cannot read by itself, as plain text; conn turns
// those answers into OperationOutcomes.
type conn struct {
	net.Conn
	server *Server
	// handling is set while a handler answers: what is written then is passed on as it is, whatever it looks like.
	handling atomic.Bool
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	if own, ok := c.(*conn); ok {
		return context.WithValue(ctx, connKey{}, own)
	}
	return ctx
}

func connOf(ctx context.Context) *conn {
	c, _ := ctx.Value(connKey{}).(*conn)
	return c
}

// idle hears of the states of connections: between two requests no handler is at work.
func idle(c net.Conn, state http.ConnState) {
	if own, ok := c.(*conn); ok && state == http.StateIdle {
		own.handling.Store(false)
	}
}

// cannedHeader is what net/http writes after the status line of such an answer, and nothing else writes.
var cannedHeader = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// expectationFailed begins the answer to an Expect that is not 100-continue, which has other header fields.
var expectationFailed = []byte("HTTP/1.1 417 Expectation Failed")

// Write passes b on, or an OperationOutcome in its place.
func (c *conn) Write(b []byte) (int, error) {
	if c.handling.Load() {
		return c.Conn.Write(b)
	}
	line, _, ok := bytes.Cut(b, cannedHeader)
	if !ok && bytes.HasPrefix(b, expectationFailed) {
		line, ok = expectationFailed, true
	}
	if !ok || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return c.Conn.Write(b)
	}
	status, err := strconv.Atoi(string(line[9:min(len(line), 12)]))
	if err != nil {
		return c.Conn.Write(b)
	}
	_ = c.SetWriteDeadline(time.Now().Add(c.server.o.Limits.Write))
	_, detail, _ := strings.Cut(string(line), ": ")
	if _, err := c.Conn.Write(c.server.unreadable(c.RemoteAddr(), status, detail)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// CloseWrite lets net/http end its side first, so that a client reads the answer before it sees the end.
func (c *conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// unreadable returns the whole answer to a request that could not be read, and tells of it.
func (s *Server) unreadable(remote net.Addr, status int, detail string) []byte {
	issue := fhir.NewIssue(fhir.Invalid, "the request line or a header field is malformed (a broken %-escape in the path is such a case)")
	switch {
	case status == http.StatusRequestHeaderFieldsTooLarge:
		issue = fhir.NewIssue(fhir.TooLong, "the request line and the header fields are larger than "+strconv.Itoa(s.o.Limits.Header)+" bytes")
	case status == http.StatusExpectationFailed:
		issue = fhir.NewIssue(fhir.NotSupported, "the only expectation that is met is 100-continue", "http.Expect")
	case status == http.StatusNotImplemented:
		issue = fhir.NewIssue(fhir.NotSupported, "the Transfer-Encoding is not supported; chunked is")
	case detail != "":
		issue = fhir.NewIssue(fhir.Invalid, "the request cannot be read: "+detail)
	}
	x := &exchange{request: &http.Request{}, started: time.Now()}
	x.record.Time, x.record.ID, x.record.Remote = s.o.Clock(), newID(), hostOnly(remote.String())
	x.record.Status, x.record.Outcome = status, string(issue.Code)
	s.tell(x)
	body := interaction.Outcome(fhir.Issues{issue})
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) +
		"\r\nContent-Type: " + jsonTypes[fhirJSON].plain[0] + "\r\nContent-Length: " + strconv.Itoa(len(body)) +
		"\r\nX-Request-Id: " + x.record.ID + "\r\nConnection: close\r\n\r\n")
	b.Write(body)
	return b.Bytes()
}
