package load

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

// answering is a server that gives one answer and notes what it was asked.
func answering(t *testing.T, status int, header map[string]string, body string) (*HTTP, *[]string) {
	t.Helper()
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		line := r.Method + " " + r.URL.Path
		for _, h := range []string{"Content-Type", "Accept", "Prefer", "Idempotency-Key", "Authorization"} {
			if v := r.Header.Get(h); v != "" {
				line += "\n" + h + ": " + v
			}
		}
		asked = append(asked, line+"\n"+string(b))
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return NewHTTP(s.URL+"/fhir/", "secret", 2), &asked
}

func TestHTTPSends(t *testing.T) {
	const outcome = `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid","details":{"text":"no"}}]}`
	tests := []struct {
		name      string
		unit      Unit
		status    int
		header    map[string]string
		body      string
		want      Answer
		wantAsked string
	}{
		{
			name: "a resource with an id is put, without an idempotency key", unit: Unit{Method: "PUT", Path: "Patient/1", Body: []byte("{}"), Key: "k"},
			status: 201, want: Answer{Status: 201, Body: []byte{}},
			wantAsked: "PUT /fhir/Patient/1\nContent-Type: application/fhir+json\nAccept: application/fhir+json\nPrefer: return=minimal\nAuthorization: Bearer secret\n{}",
		},
		{
			name: "a Bundle is posted to the base with its key", unit: Unit{Method: "POST", Body: []byte("{}"), Key: "k"},
			status: 200, body: "answers", want: Answer{Status: 200, Body: []byte("answers")},
			wantAsked: "POST /fhir\nContent-Type: application/fhir+json\nAccept: application/fhir+json\nPrefer: return=minimal\nIdempotency-Key: k\nAuthorization: Bearer secret\n{}",
		},
		{
			name: "a refusal brings its issues and when to come back", unit: Unit{Method: "POST", Path: "Patient", Body: []byte("{}"), Key: "k"},
			status: 429, header: map[string]string{"Retry-After": "3"}, body: outcome,
			want:      Answer{Status: 429, Issues: fhir.Issues{fhir.NewIssue("invalid", "no")}, RetryAfter: 3 * time.Second},
			wantAsked: "POST /fhir/Patient\nContent-Type: application/fhir+json\nAccept: application/fhir+json\nPrefer: return=minimal\nIdempotency-Key: k\nAuthorization: Bearer secret\n{}",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sink, asked := answering(t, test.status, test.header, test.body)
			got, err := sink.Send(t.Context(), test.unit)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("answer (-want +got):\n%s", d)
			}
			if d := cmp.Diff([]string{test.wantAsked}, *asked); d != "" {
				t.Errorf("request (-want +got):\n%s", d)
			}
		})
	}
}

func TestHTTPKeepsItsConnections(t *testing.T) {
	var opened atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	sink := NewHTTP(s.URL, "", 1)
	for range 20 {
		if _, err := sink.Send(t.Context(), put("Patient/1")); err != nil {
			t.Fatal(err)
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections for 20 requests one after the other, want 1", n)
	}
}

func TestHTTPCheck(t *testing.T) {
	const outcome = `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"login","details":{"text":"the token is unknown"}}]}`
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"a server of R4 is well", 200, `{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1"}`, ""},
		{"a server of another version is not", 200, `{"resourceType":"CapabilityStatement","fhirVersion":"5.0.0"}`, "serves FHIR 5.0.0, not R4 (4.0.1)"},
		{"a web page is no FHIR server", 200, `<html>`, "is not the base of a FHIR server"},
		{"what is not found is no FHIR server", 404, `{"resourceType":"OperationOutcome"}`, "answers 404 without a CapabilityStatement"},
		{"a token that is refused is told as that", 401, outcome, "refuses the token: the token is unknown"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sink, asked := answering(t, test.status, nil, test.body)
			err := sink.Check(t.Context())
			if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.Contains(got, test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if want := "GET /fhir/metadata\nAccept: application/fhir+json\nAuthorization: Bearer secret\n"; (*asked)[0] != want {
				t.Errorf("asked %q, want %q", (*asked)[0], want)
			}
		})
	}
	t.Run("a port where nobody listens is an error", func(t *testing.T) {
		if err := NewHTTP("http://127.0.0.1:1/fhir", "", 1).Check(t.Context()); err == nil {
			t.Error("no error")
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"":                              0,
		"3":                             3 * time.Second,
		"-3":                            0,
		"soon":                          0,
		"999999999":                     time.Hour,
		"Sun, 01 Mar 2026 12:00:09 GMT": 9 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("Retry-After: %s is %v, want %v", header, got, want)
		}
	}
}
