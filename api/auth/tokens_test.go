package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

var noon = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

func hashOf(token string) string {
	d := sha256.Sum256([]byte(token))
	return hex.EncodeToString(d[:])
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if path == "" {
		path = filepath.Join(t.TempDir(), "tokens")
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTokenFileLetsInWhomItNames(t *testing.T) {
	tokens, err := Open(write(t, "", `
# who       role        hash
ward-7      writer      `+hashOf("one")+`   # the ward
ward-7      writer      `+strings.ToUpper(hashOf("two"))+` 2025-06-02
dashboard	reader	`+hashOf("three")+`	2025-06-01T12:00:01Z
registry    aggregator  `+hashOf("four")+`
root        admin       `+hashOf("five")+` 2025-06-01
late        reader      `+hashOf("six")+` 2025-06-01T12:00:00Z
`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, token string
		want        fhir.Caller
		ok          bool
	}{
		{"a token is its caller", "one", fhir.Caller{Name: "ward-7", Role: fhir.RoleWriter}, true},
		{"a name has a second token, whose hash may be in capitals", "two", fhir.Caller{Name: "ward-7", Role: fhir.RoleWriter}, true},
		{"a token lives until its last second", "three", fhir.Caller{Name: "dashboard", Role: fhir.RoleReader}, true},
		{"an aggregator", "four", fhir.Caller{Name: "registry", Role: fhir.RoleAggregator}, true},
		{"the day of expiry is not included", "five", fhir.Caller{}, false},
		{"the second of expiry is not included", "six", fhir.Caller{}, false},
		{"an unknown token", "seven", fhir.Caller{}, false},
		{"the hash of a token is no token", hashOf("one"), fhir.Caller{}, false},
		{"the empty token", "", fhir.Caller{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := tokens.Caller(tt.token, noon)
			if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
				t.Errorf("ok %v, caller (-want +got):\n%s", ok, diff)
			}
		})
	}
	if tokens.Len() != 6 {
		t.Errorf("Len() = %d, want 6", tokens.Len())
	}
}

func TestMistakesOfATokenFileAreReportedTogetherWithTheirLines(t *testing.T) {
	path := write(t, "", `ok reader `+hashOf("one")+`
short reader
long reader `+hashOf("two")+` 2025-06-01 more
boss owner `+hashOf("three")+`
plain reader fwt_this-is-the-secret-itself
cut reader abcdef
soon reader `+hashOf("four")+` tomorrow
twin writer `+hashOf("one")+`
`+strings.Repeat("n", 101)+` reader `+hashOf("five")+`
`)
	_, err := Open(path)
	if err == nil {
		t.Fatal("no error")
	}
	want := strings.Join([]string{
		path + ":2: 2 fields where there must be name, role, SHA-256 and perhaps an expiry",
		path + ":3: 5 fields where there must be name, role, SHA-256 and perhaps an expiry",
		path + `:4: there is no role "owner"; the roles are reader, writer, admin and aggregator`,
		path + ":5: the third field is no SHA-256 of 64 hexadecimal digits (it is the hash of the token, not the token)",
		path + ":6: the third field is no SHA-256 of 64 hexadecimal digits (it is the hash of the token, not the token)",
		path + ":7: the expiry is neither a day (2027-01-31) nor a time (2027-01-31T12:00:00Z)",
		path + ":8: the same token stands in line 1",
		path + ":9: the name must have 1 to 100 characters",
	}, "\n")
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Error("the error repeats the token")
	}
}

func TestTokenFileThatEverybodyMayWriteIsRefused(t *testing.T) {
	path := write(t, "", "ok reader "+hashOf("one"))
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path)
	want := path + ": every user of this machine may write the token file; chmod o-w it"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTokenFileThatIsNotThereOrTooLargeIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	if _, err := Open(path); err == nil || !strings.HasPrefix(err.Error(), "opening the token file: ") {
		t.Errorf("not there: %v", err)
	}
	write(t, path, strings.Repeat("#", maxFile+1))
	if _, err := Open(path); err == nil || err.Error() != path+": the token file is larger than 8388608 bytes" {
		t.Errorf("too large: %v", err)
	}
	write(t, path, strings.Repeat("#", maxFile))
	if tokens, err := Open(path); err != nil || tokens.Len() != 0 {
		t.Errorf("one comment of the largest size: %v", err)
	}
}

func TestReloadTakesNewTokensAndForgetsRemovedOnes(t *testing.T) {
	path := write(t, "", "a reader "+hashOf("one"))
	tokens, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "b writer "+hashOf("two"))
	if err := tokens.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, ok := tokens.Caller("one", noon); ok {
		t.Error("the removed token is still let in")
	}
	if c, ok := tokens.Caller("two", noon); !ok || c.Name != "b" {
		t.Errorf("the new token gives %v, %v", c, ok)
	}
	write(t, path, "")
	if err := tokens.Reload(); err != nil || tokens.Len() != 0 {
		t.Errorf("an emptied file leaves %d tokens, %v", tokens.Len(), err)
	}
}

func TestReloadOfABrokenFileKeepsTheTokens(t *testing.T) {
	path := write(t, "", "a reader "+hashOf("one"))
	tokens, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "a reader")
	if err := tokens.Reload(); err == nil {
		t.Error("no error")
	}
	if _, ok := tokens.Caller("one", noon); !ok {
		t.Error("the token is not let in any more")
	}
}

func TestNewTokenIsLetInByItsLine(t *testing.T) {
	token, line, err := NewToken("ward-7", fhir.RoleWriter, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if want := "ward-7 writer " + hashOf(token) + " 2026-01-01T00:00:00Z"; line != want {
		t.Errorf("line %q, want %q", line, want)
	}
	if len(token) != len("fwt_")+43 || !strings.HasPrefix(token, "fwt_") {
		t.Errorf("token %q", token)
	}
	tokens, err := Open(write(t, "", line+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := tokens.Caller(token, noon); !ok || c != (fhir.Caller{Name: "ward-7", Role: fhir.RoleWriter}) {
		t.Errorf("caller %v, %v", c, ok)
	}
	again, _, err := NewToken("ward-7", fhir.RoleWriter, time.Time{})
	if err != nil || again == token {
		t.Errorf("a second token is %q, %v", again, err)
	}
}

func TestNewTokenRefusesNamesAndRolesThatTheFileCannotHold(t *testing.T) {
	tests := []struct {
		name, caller string
		role         fhir.Role
		want         string
	}{
		{"no name", "", fhir.RoleReader, "the name must have 1 to 100 characters"},
		{"a space", "ward 7", fhir.RoleReader, "the name must have no spaces, control characters and #"},
		{"a comment", "ward#7", fhir.RoleReader, "the name must have no spaces, control characters and #"},
		{"a line", "ward\n7", fhir.RoleReader, "the name must have no spaces, control characters and #"},
		{"a role that is none", "ward", "owner", `there is no role "owner"; the roles are reader, writer, admin and aggregator`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := NewToken(tt.caller, tt.role, time.Time{}); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestBearerReadsTheAuthorizationHeader(t *testing.T) {
	tests := []struct {
		name, header, want string
		ok                 bool
	}{
		{"a bearer token", "Bearer abc", "abc", true},
		{"the scheme in other letters, more spaces", "bearer   abc ", "abc", true},
		{"another scheme", "Basic dXNlcjpwYXNz", "", false},
		{"a scheme alone", "Bearer", "", false},
		{"a scheme and spaces", "Bearer  ", "", false},
		{"nothing", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := Bearer(tt.header); got != tt.want || ok != tt.ok {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}

func BenchmarkCallerAmong100Tokens(b *testing.B) {
	var file strings.Builder
	for range 100 {
		_, line, err := NewToken("n", fhir.RoleReader, time.Time{})
		if err != nil {
			b.Fatal(err)
		}
		file.WriteString(line + "\n")
	}
	path := filepath.Join(b.TempDir(), "tokens")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	tokens, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		tokens.Caller("fwt_no-such-token-no-such-token-no-such-token", noon)
	}
}
