package api

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is an Interactor that answers as a test says and keeps what it was asked.
type script struct {
	mu     sync.Mutex
	asked  []interaction.Request
	answer func(context.Context, interaction.Request) interaction.Response
}

func (s *script) Names(method, path string) (interaction, typ string) {
	if path == "Patient/1" {
		return "read", "Patient"
	}
	return "", ""
}

func (s *script) Interact(ctx context.Context, r interaction.Request) interaction.Response {
	s.mu.Lock()
	s.asked = append(s.asked, r)
	answer := s.answer
	s.mu.Unlock()
	if answer == nil {
		return interaction.Response{Status: 200, Body: []byte(`{"resourceType":"Patient","id":"1"}`), Interaction: "read", Type: "Patient"}
	}
	return answer(ctx, r)
}

// last returns the request that was asked last; the zero Request if there was none.
func (s *script) last() interaction.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) == 0 {
		return interaction.Request{}
	}
	return s.asked[len(s.asked)-1]
}

// count returns how many requests were asked.
func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// answers returns a script that always answers the same.
func answers(r interaction.Response) *script {
	return &script{answer: func(context.Context, interaction.Request) interaction.Response { return r }}
}

// testServer is a server on a real listener of loopback.
type testServer struct {
	*Server
	t      *testing.T
	root   string // "http://127.0.0.1:43210"
	client *http.Client
	log    *lockedBuffer
	audit  *lockedBuffer
	stop   func() error // ends Serve and returns its error
}

var noon = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

// serve starts a server with the options that change sets, and ends it with the test.
func serve(t *testing.T, i interaction.Interactor, change func(*Options)) *testServer {
	t.Helper()
	ts := &testServer{t: t, log: &lockedBuffer{}, audit: &lockedBuffer{}}
	o := Options{
		Interactor: i,
		Addr:       "127.0.0.1:0",
		Log:        slog.New(slog.NewTextHandler(ts.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Audit:      ts.audit,
		Clock:      func() time.Time { return noon },
	}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ts.Server = s
	ts.root = s.scheme() + "://" + reachable(s.listener.Addr())
	ts.client = &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: time.Minute}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	ts.stop = sync.OnceValue(func() error {
		ts.client.CloseIdleConnections()
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		if err := ts.stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return ts
}

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request with header lines such as "Accept: text/html".
func (ts *testServer) do(method, path, body string, header ...string) reply {
	ts.t.Helper()
	var source io.Reader
	if body != "" {
		source = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ts.t.Context(), method, ts.root+path, source)
	if err != nil {
		ts.t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	return ts.send(r)
}

func (ts *testServer) send(r *http.Request) reply {
	ts.t.Helper()
	a, err := ts.client.Do(r)
	if err != nil {
		ts.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		ts.t.Fatalf("reading the answer: %v", err)
	}
	return reply{status: a.StatusCode, header: a.Header, body: string(b)}
}

// outcome is the OperationOutcome of one error.
func outcome(code fhir.Code, reason fhir.Reason, text string, expression ...string) string {
	return string(interaction.Outcome(fhir.Issues{fhir.NewIssue(code, text, expression...).Because(reason)}))
}

// lockedBuffer is a buffer that several goroutines write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("waited in vain: %s", what)
}

func itoa(n int) string { return strconv.Itoa(n) }

// pairs writes parameters as name=value, with a space between them.
func pairs(query []search.Pair) string {
	var parts []string
	for _, p := range query {
		parts = append(parts, p.Name+"="+p.Value)
	}
	return strings.Join(parts, " ")
}

var portPattern = regexp.MustCompile(`(0\.0\.0\.0|\[::\]):\d+`)
