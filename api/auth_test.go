package api

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/api/auth"
	"firewolf/fhir"
)

// tokenFile writes a token file with one token for each role, named as the role, and returns the tokens.
func tokenFile(t *testing.T, expires time.Time) (path string, tokens map[fhir.Role]string) {
	t.Helper()
	tokens = map[fhir.Role]string{}
	var lines strings.Builder
	for _, role := range []fhir.Role{fhir.RoleReader, fhir.RoleWriter, fhir.RoleAdmin, fhir.RoleAggregator} {
		token, line, err := auth.NewToken(string(role), role, expires)
		if err != nil {
			t.Fatal(err)
		}
		tokens[role] = token
		lines.WriteString(line + "\n")
	}
	path = filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, tokens
}

func TestTokensMakeCallers(t *testing.T) {
	path, tokens := tokenFile(t, time.Time{})
	s := &script{}
	ts := serve(t, s, func(o *Options) { o.TokenFile = path })
	for role, token := range tokens {
		if got := ts.do("GET", "/fhir/Patient/1", "", "Authorization: Bearer "+token); got.status != 200 {
			t.Errorf("%s: status %d", role, got.status)
		}
		if diff := cmp.Diff(fhir.Caller{Name: string(role), Role: role}, s.last().Caller); diff != "" {
			t.Errorf("caller (-want +got):\n%s", diff)
		}
		eventually(t, "the audit line", func() bool {
			return strings.Contains(ts.audit.String(), `"caller":"`+string(role)+`","role":"`+string(role)+`"`)
		})
		if strings.Contains(ts.audit.String()+ts.log.String(), token) {
			t.Error("the token stands in a log")
		}
	}
}

func TestRequestsWithoutAGoodTokenAre401(t *testing.T) {
	path, tokens := tokenFile(t, time.Time{})
	expired, expiredTokens := tokenFile(t, noon)
	tests := []struct {
		name, file, method, path string
		header                   []string
		text, challenge          string
	}{
		{"no token", path, "GET", "/fhir/Patient/1", nil, "a bearer token is needed", `Bearer realm="firewolf"`},
		{"no token for the base", path, "POST", "/fhir", nil, "a bearer token is needed", `Bearer realm="firewolf"`},
		{"no token for what lies below metadata", path, "GET", "/fhir/metadata/x", nil, "a bearer token is needed", `Bearer realm="firewolf"`},
		{"metadata is open to reads only", path, "POST", "/fhir/metadata", nil, "a bearer token is needed", `Bearer realm="firewolf"`},
		{"two tokens", path, "GET", "/fhir/Patient/1", []string{"Authorization: Bearer " + tokens[fhir.RoleReader], "Authorization: Bearer x"}, "a bearer token is needed", `Bearer realm="firewolf"`},
		{"another scheme", path, "GET", "/fhir/Patient/1", []string{"Authorization: Basic YTpi"}, "the Authorization header holds no bearer token", `Bearer realm="firewolf"`},
		{"an unknown token", path, "GET", "/fhir/Patient/1", []string{"Authorization: Bearer fwt_x"}, "the bearer token is unknown or has expired", `Bearer realm="firewolf", error="invalid_token"`},
		{"an expired token", expired, "GET", "/fhir/Patient/1", []string{"Authorization: Bearer " + expiredTokens[fhir.RoleAdmin]}, "the bearer token is unknown or has expired", `Bearer realm="firewolf", error="invalid_token"`},
		{"an unknown token for metadata", path, "GET", "/fhir/metadata", []string{"Authorization: Bearer fwt_x"}, "the bearer token is unknown or has expired", `Bearer realm="firewolf", error="invalid_token"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{}
			ts := serve(t, s, func(o *Options) { o.TokenFile = tt.file })
			got := ts.do(tt.method, tt.path, "", tt.header...)
			if diff := cmp.Diff(outcome(fhir.Login, "", tt.text, "http.Authorization"), got.body); diff != "" || got.status != 401 {
				t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
			}
			if c := got.header.Get("WWW-Authenticate"); c != tt.challenge {
				t.Errorf("WWW-Authenticate: %s", c)
			}
			if s.count() != 0 {
				t.Error("the interactor was asked")
			}
		})
	}
}

func TestMetadataAndHealthNeedNoToken(t *testing.T) {
	path, _ := tokenFile(t, time.Time{})
	s := &script{}
	ts := serve(t, s, func(o *Options) { o.TokenFile = path })
	for _, path := range []string{"/fhir/metadata", "/health/live", "/health/ready", "/"} {
		if got := ts.do("GET", path, ""); got.status != 200 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	if got := s.last().Caller; got != (fhir.Caller{Name: "anonymous"}) || got.CanRead() {
		t.Errorf("who reads metadata without a token is %+v", got)
	}
}

func TestOptionsNeedsNoToken(t *testing.T) {
	path, _ := tokenFile(t, time.Time{})
	s := &script{}
	ts := serve(t, s, func(o *Options) { o.TokenFile = path })
	for _, target := range []string{"/fhir", "/fhir/Patient", "/fhir/Patient/1"} {
		got := ts.do("OPTIONS", target, "")
		if got.status != 204 || got.header.Get("Allow") == "" {
			t.Errorf("%s: %d, Allow %q", target, got.status, got.header.Get("Allow"))
		}
	}
	if s.count() != 0 {
		t.Error("the interactor was asked")
	}
}

func TestServerWithTokensAnswersToAnyName(t *testing.T) {
	path, tokens := tokenFile(t, time.Time{})
	ts := serve(t, &script{}, func(o *Options) { o.TokenFile = path })
	if got := ts.do("GET", "/fhir/Patient/1", "", "Host: fhir.example.org", "Authorization: Bearer "+tokens[fhir.RoleReader]); got.status != 200 {
		t.Errorf("status %d", got.status)
	}
	if got := ts.do("DELETE", "/fhir/Patient/1", "", "Origin: https://other.example", "Authorization: Bearer "+tokens[fhir.RoleWriter]); got.status != 200 {
		t.Errorf("a write of a page that has a token: status %d", got.status)
	}
}

func TestTokenFileIsReadAgainWhenItChanges(t *testing.T) {
	path, tokens := tokenFile(t, time.Time{})
	ts := serve(t, &script{}, func(o *Options) { o.TokenFile, o.Limits.Reload = path, 5*time.Millisecond })
	get := func(token string) int {
		return ts.do("GET", "/fhir/Patient/1", "", "Authorization: Bearer "+token).status
	}
	token, line, err := auth.NewToken("late", fhir.RoleReader, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if status := get(token); status != 401 {
		t.Fatalf("before: %d", status)
	}
	write := func(text string) {
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	write(line)
	eventually(t, "the new token is let in", func() bool { return get(token) == 200 })
	if status := get(tokens[fhir.RoleReader]); status != 401 {
		t.Errorf("the removed token: %d", status)
	}
	write("broken")
	eventually(t, "the mistake is logged", func() bool { return strings.Contains(ts.log.String(), path+":1: 1 fields where there must be") })
	if status := get(token); status != 200 {
		t.Errorf("after the mistake: %d", status)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the loss is logged", func() bool { return strings.Contains(ts.log.String(), "no such file") })
	if status := get(token); status != 200 {
		t.Errorf("after the loss: %d", status)
	}
	write("# nobody")
	eventually(t, "an empty file lets nobody in", func() bool { return get(token) == 401 })
}

func TestAdminAddressBeyondLoopbackAsksForAToken(t *testing.T) {
	path, tokens := tokenFile(t, time.Time{})
	ts := serve(t, &script{}, func(o *Options) { o.AdminAddr, o.InsecureOpen, o.TokenFile = "0.0.0.0:0", true, path })
	ts.root = strings.TrimSuffix(ts.AdminURL(), "/metrics")
	if got := ts.do("GET", "/metrics", ""); got.status != 401 || strings.Contains(got.body, "go_goroutines") {
		t.Errorf("without a token: %d", got.status)
	}
	eventually(t, "the attempt is audited", func() bool { return strings.Contains(ts.audit.String(), `"interaction":"metrics"`) })
	if got := ts.do("GET", "/metrics", "", "Authorization: Bearer "+tokens[fhir.RoleAggregator]); got.status != 200 || !strings.Contains(got.body, "go_goroutines") {
		t.Errorf("with a token: %d", got.status)
	}
}
