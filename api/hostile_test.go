package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// dial opens a connection that a test speaks raw.
func (ts *testServer) dial() net.Conn {
	ts.t.Helper()
	var d net.Dialer
	c, err := d.DialContext(ts.t.Context(), "tcp", ts.listener.Addr().String())
	if err != nil {
		ts.t.Fatal(err)
	}
	ts.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		ts.t.Fatal(err)
	}
	return c
}

// raw sends bytes and returns the answer.
func (ts *testServer) raw(text string) (reply, error) {
	ts.t.Helper()
	c := ts.dial()
	go func() { _, _ = io.WriteString(c, text) }() // the server may answer before it read all
	return readReply(c)
}

func readReply(c io.Reader) (reply, error) {
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return reply{}, err
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	return reply{status: a.StatusCode, header: a.Header, body: string(b)}, err
}

func TestWhatHTTPCannotReadIsAnsweredWithAnOutcome(t *testing.T) {
	malformed := outcome(fhir.Invalid, "", "the request line or a header field is malformed (a broken %-escape in the path is such a case)")
	headers := outcome(fhir.TooLong, "", "the request line and the header fields are larger than 65536 bytes")
	unreadable := func(detail string) string {
		return outcome(fhir.Invalid, "", "the request cannot be read: "+detail)
	}
	s := &script{}
	ts := serve(t, s, nil)
	tests := []struct {
		name, sent string
		status     int
		want       string
	}{
		{"no HTTP at all", "hello\r\n\r\n", 400, malformed},
		{"a broken escape in the path", "GET /fhir/Patient/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, malformed},
		{"a control character in the path", "GET /fhir/Patient/\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, malformed},
		{"a header that is none", "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400, malformed},
		{"no host", "GET /fhir/Patient/1 HTTP/1.1\r\n\r\n", 400, unreadable("missing required Host header")},
		{"two hosts", "GET /fhir/Patient/1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, malformed},
		{"a host with a space", "GET /fhir/Patient/1 HTTP/1.1\r\nHost: a b\r\n\r\n", 400, unreadable("malformed Host header")},
		{"a host that is none", "GET /fhir/Patient/1 HTTP/1.1\r\nHost: [::1]'\r\n\r\n", 421, outcome(fhir.Security, "", "this server answers to localhost and to the host of its base URL only, since it asks for no token", "http.Host")},
		{"another version of HTTP", "GET /fhir/Patient/1 HTTP/3.0\r\nHost: localhost\r\n\r\n", 505, unreadable("unsupported protocol version")},
		{"headers without end", "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\nX-Long: " + strings.Repeat("a", 80<<10) + "\r\n\r\n", 431, headers},
		{"a request line without end", "GET /fhir/" + strings.Repeat("a", 80<<10) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 431, headers},
		{"many headers", "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("X: y\r\n", 20<<10) + "\r\n", 431, headers},
		{"a transfer coding that does not exist", "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: steam\r\n\r\n", 501, outcome(fhir.NotSupported, "", "the Transfer-Encoding is not supported; chunked is")},
		{
			"an expectation that nobody meets", "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nExpect: a miracle\r\nContent-Length: 2\r\n\r\n{}", 417,
			outcome(fhir.NotSupported, "", "the only expectation that is met is 100-continue", "http.Expect"),
		},
		{"two lengths", "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, malformed},
		{"a negative length", "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400, malformed},
		{
			"a chunk that is none", "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
			outcome(fhir.Invalid, "", "the request body cannot be read: its transfer coding or its compression is broken"),
		},
		{
			"all methods of the server", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 404,
			outcome(fhir.NotFound, "", "nothing is served here; FHIR is served below /fhir"),
		},
		{
			"a length that would fill the memory", "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 999999999999\r\n\r\n", 413,
			outcome(fhir.TooLong, "", "the request body is larger than 67108864 bytes"),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ts.raw(tt.sent)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.body); diff != "" || got.status != tt.status {
				t.Errorf("status %d, want %d; body (-want +got):\n%s", got.status, tt.status, diff)
			}
			if c := got.header.Get("Content-Type"); c != "application/fhir+json; charset=utf-8" {
				t.Errorf("Content-Type: %s", c)
			}
			if got.header.Get("X-Request-Id") == "" {
				t.Error("no X-Request-Id")
			}
			id := got.header.Get("X-Request-Id")
			eventually(t, "the audit line", func() bool { return strings.Contains(ts.audit.String(), id) })
		})
	}
	if s.count() != 0 {
		t.Error("the interactor was asked")
	}
}

func TestABadRequestAfterAGoodOneIsAnsweredWithAnOutcome(t *testing.T) {
	ts := serve(t, &script{}, nil)
	c := ts.dial()
	r := bufio.NewReader(c)
	for _, tt := range []struct {
		sent   string
		status int
	}{
		{"GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
		{"GET /fhir/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
	} {
		if _, err := io.WriteString(c, tt.sent); err != nil {
			t.Fatal(err)
		}
		a, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(a.Body)
		a.Body.Close()
		if err != nil || a.StatusCode != tt.status || a.Header.Get("Content-Type") != "application/fhir+json; charset=utf-8" {
			t.Errorf("%q: %d %s %s, %v", tt.sent, a.StatusCode, a.Header.Get("Content-Type"), b, err)
		}
	}
}

func TestContentThatLooksLikeAnAnswerOfNetHTTPIsSentAsItIs(t *testing.T) {
	canned := "HTTP/1.1 400 Bad Request" + string(cannedHeader) + "400 Bad Request"
	for _, size := range []int{0, 2 << 10, 4 << 10, 16 << 10} {
		content := strings.Repeat(canned, 1+size/len(canned)*4)
		ts := serve(t, &script{answer: func(context.Context, interaction.Request) interaction.Response {
			return interaction.Response{Status: 200, Body: []byte(content), ContentType: "application/octet-stream"}
		}}, nil)
		for range 3 { // on one connection
			if got := ts.do("GET", "/fhir/Binary/1", ""); got.body != content {
				t.Errorf("%d bytes came as %d: %.300s", len(content), len(got.body), got.body)
			}
		}
	}
}

// The time of one phase is short, that of the other as long as by default: however slow the machine is, what is late is late.
func TestSlowClientsAreSentAway(t *testing.T) {
	const post = "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	header := func(l *Limits) { l.ReadHeader, l.Idle = 100*time.Millisecond, 100*time.Millisecond }
	body := func(l *Limits) { l.Read, l.Idle = 150*time.Millisecond, 100*time.Millisecond }
	late := outcome(fhir.Timeout, "", "the request body did not arrive within 150ms")
	tests := []struct {
		name, sent string
		limit      func(*Limits)
		status     int
		want       string
	}{
		{"a connection that says nothing is closed", "", header, 0, ""},
		{"a header that never ends is closed", "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\nX: ", header, 0, ""},
		{"a body that does not come", post + "Content-Length: 100\r\n\r\n{", body, 408, late},
		{"a chunk that does not come", post + "Transfer-Encoding: chunked\r\n\r\n5\r\n{", body, 408, late},
		{"a body in gzip that does not come", post + "Content-Encoding: gzip\r\nContent-Length: 100\r\n\r\n\x1f\x8b", body, 408, late},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{}
			ts := serve(t, s, func(o *Options) { tt.limit(&o.Limits) })
			c := ts.dial()
			// A server that has closed the connection already refuses the bytes: that is what is asked for.
			if _, err := io.WriteString(c, tt.sent); err != nil && tt.status != 0 {
				t.Fatal(err)
			}
			got, err := readReply(c)
			if tt.status == 0 {
				if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%v, and an answer: %d %s", err, got.status, got.body)
				}
			} else if diff := cmp.Diff(tt.want, got.body); diff != "" || got.status != tt.status {
				t.Errorf("status %d, want %d, %v; body (-want +got):\n%s", got.status, tt.status, err, diff)
			}
			if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("the connection stays open: %v", err)
			}
			eventually(t, "the connection is closed", func() bool { return ts.listener.open.Load() == 0 })
			if s.count() != 0 {
				t.Error("the interactor was asked")
			}
		})
	}
}

func TestABodyThatNobodyAsksForMustComeTooOrTheConnectionEnds(t *testing.T) {
	ts := serve(t, &script{}, func(o *Options) { o.Limits.Read = 100 * time.Millisecond })
	c := ts.dial()
	if _, err := io.WriteString(c, "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := readReply(c); err != nil || got.status != 200 {
		t.Errorf("status %d, %v", got.status, err)
	}
	eventually(t, "the connection is closed", func() bool { return ts.listener.open.Load() == 0 })
}

func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	large := strings.Repeat("x", 64<<20)
	ts := serve(t, answers(okWith(large)), func(o *Options) { o.Limits.Write = 200 * time.Millisecond })
	c := ts.dial()
	if _, err := io.WriteString(c, "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the connection is closed", func() bool { return ts.listener.open.Load() == 0 && ts.working.Load() == 0 })
}

func TestAClientThatLeavesFreesItsRequest(t *testing.T) {
	s, began, _ := slow()
	ts := serve(t, s, nil)
	c := ts.dial()
	if _, err := io.WriteString(c, "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-began
	c.Close()
	eventually(t, "the request ends", func() bool { return ts.working.Load() == 0 })
	eventually(t, "its audit line says so", func() bool { return strings.Contains(ts.audit.String(), `"status":499,"outcome":"incomplete"`) })
}

func TestConnectionsBeyondTheLimitAreClosed(t *testing.T) {
	ts := serve(t, &script{}, func(o *Options) { o.Limits.Connections = 2 })
	held := []net.Conn{ts.dial(), ts.dial()}
	eventually(t, "two connections are open", func() bool { return ts.listener.open.Load() == 2 })
	if got, err := readReply(ts.dial()); err == nil {
		t.Errorf("a third connection got %d", got.status)
	}
	held[0].Close()
	eventually(t, "one is closed", func() bool { return ts.listener.open.Load() == 1 })
	if got, err := ts.raw("GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil || got.status != 200 {
		t.Errorf("afterwards a connection gets %d, %v", got.status, err)
	}
}

func TestExpectContinueIsAnsweredBeforeTheBody(t *testing.T) {
	s := &script{}
	ts := serve(t, s, nil)
	c := ts.dial()
	r := bufio.NewReader(c)
	head := "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
	if _, err := io.WriteString(c, head+"\r\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := r.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	if _, err := io.WriteString(c, "{}"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if got, err := readReply(r); err != nil || got.status != 200 || string(s.last().Body) != "{}" {
		t.Errorf("status %d, %v", got.status, err)
	}
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	ts := serve(t, &script{answer: func(_ context.Context, r interaction.Request) interaction.Response { return okWith(`"` + r.Path + `"`) }}, nil)
	c := ts.dial()
	if _, err := io.WriteString(c, "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /fhir/Patient/2 HTTP/1.1\r\nHost: localhost\r\n\r\nbad\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	for _, want := range []string{`"Patient/1"`, `"Patient/2"`, outcome(fhir.Invalid, "", "the request line or a header field is malformed (a broken %-escape in the path is such a case)")} {
		a, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(a.Body)
		a.Body.Close()
		if err != nil || string(b) != want {
			t.Errorf("got %s, %v, want %s", b, err, want)
		}
	}
}

func TestTheTimeToReadABodyDoesNotLimitTheWorkOnIt(t *testing.T) {
	s := &script{answer: func(ctx context.Context, _ interaction.Request) interaction.Response {
		select {
		case <-ctx.Done():
			return interaction.Response{Err: ctx.Err()}
		case <-time.After(300 * time.Millisecond):
			return okWith("{}")
		}
	}}
	ts := serve(t, s, func(o *Options) { o.Limits.Read = 50 * time.Millisecond })
	for range 2 { // on one connection
		if got := ts.do("POST", "/fhir/Patient", "{}", jsonBody); got.status != 200 {
			t.Errorf("status %d: %s", got.status, got.body)
		}
	}
}
