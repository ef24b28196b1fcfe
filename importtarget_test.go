package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// turning is a proxy before a server: from the nth transaction on it answers itself.
func turning(t *testing.T, server string, n int32, status int, contentType, body string) string {
	t.Helper()
	base, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	through := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: base.Scheme, Host: base.Host})
	var seen atomic.Int32
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if bytes.Contains(text, []byte(`"type":"transaction"`)) && seen.Add(1) >= n {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(text))
		through.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
	}))
	t.Cleanup(p.Close)
	return p.URL + base.Path
}

func TestAnImportWhoseServerTurnsAwayInTheMiddleSaysSoAndGoesOnLater(t *testing.T) {
	const outcome = `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"login","details":{"text":"the token has expired"}}]}`
	tests := []struct {
		name       string
		status     int
		media      string
		body, want string
	}{
		{"a token that expires", 401, "application/fhir+json", outcome, `firewolf: writing record "SYN-A01": the server answers 401 Unauthorized: the token has expired`},
		{"a token that expires, and no reason", 401, "text/plain", "", `firewolf: writing record "SYN-A01": the server answers 401 Unauthorized`},
		{"a disk that is full, and no reason", 507, "text/plain", "", `firewolf: writing record "SYN-A01": the server answers 507 Insufficient Storage`},
		{"the page of a proxy", 200, "text/html", "<html>Please log in</html>", `firewolf: writing record "SYN-A01": the server answers 200 without a Bundle of answers to a transaction: what was stored is not known`},
		{"another Bundle", 200, "application/fhir+json", `{"resourceType":"Bundle","type":"searchset"}`, `firewolf: writing record "SYN-A01": the server answers 200 without a Bundle of answers to a transaction: what was stored is not known`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStack(t, memoryStore, strictRules)
			dir := delivered(t)
			// The first transaction has what the patients share.
			code, out, complaint := runCommand(t, "import", "csv", dir, "--server", turning(t, s.url, 2, tt.status, tt.media, tt.body), "--parallel", "1")
			if code != exitFailed || strings.TrimSpace(complaint[strings.LastIndex(complaint, "firewolf:"):]) != tt.want || !strings.HasPrefix(out, "created 0,") {
				t.Errorf("%d %q\n%s", code, out, complaint)
			}
			if got := s.count(t, "Patient?_summary=count"); got != 0 {
				t.Errorf("%d patients", got)
			}
			if code, _, complaint = runCommand(t, "import", "csv", dir, "--server", s.url); code != exitOK || s.count(t, "Patient?_summary=count") != 2 {
				t.Errorf("again: %d %s", code, complaint)
			}
		})
	}
}
