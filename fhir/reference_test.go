package fhir

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseRefReadsEveryFormOfALiteralReference(t *testing.T) {
	key := Key{Type: "Patient", ID: "1"}
	for text, want := range map[string]Ref{
		"Patient/1":                                      {Key: key},
		"Patient/1/_history/3":                           {Key: key, VersionID: "3"},
		"http://example.org/fhir/Patient/1":              {Base: "http://example.org/fhir", Key: key},
		"https://example.org/a/b/Patient/1/_history/x.1": {Base: "https://example.org/a/b", Key: key, VersionID: "x.1"},
		"Patient/1#part":                                 {Key: key},
		"#p":                                             {IsFragment: true, Fragment: "p"},
		"#":                                              {IsFragment: true},
		"urn:uuid:3fdc72f4-a11d-4a9d-9260-a9f745779e1d": {},
		"Patient?identifier=x|1":                        {},
		"http://example.org/other":                      {},
		"fhir/Patient/1":                                {},
		"patient/1":                                     {},
		"Patient/":                                      {},
		"Patient/" + strings.Repeat("1", 65):            {},
		"Patient/1/_history/a b":                        {},
		"":                                              {},
	} {
		want.Text = text
		if d := cmp.Diff(want, ParseRef(text)); d != "" {
			t.Errorf("ParseRef(%q) (-want +got):\n%s", text, d)
		}
		if got := ParseRef(text).Literal(); got != (want.Key.ID != "") {
			t.Errorf("ParseRef(%q).Literal() = %v", text, got)
		}
	}
}

func TestParseKeyTakesOneTypeAndOneID(t *testing.T) {
	for text, ok := range map[string]bool{
		"Patient/1": true, "Patient/a-b.C": true, "Patient": false, "Patient/1/2": false, "Pat1ent/1": false, "/1": false, "Patient/ä": false,
	} {
		k, got := ParseKey(text)
		if got != ok || ok && k.String() != text {
			t.Errorf("ParseKey(%q) = %v, %v", text, k, got)
		}
	}
}

func TestAVersionNamesItself(t *testing.T) {
	v := Version{Key: Key{Type: "Patient", ID: "1"}, VID: 3, At: time.UnixMilli(0).UTC()}
	got := []string{v.ETag(), v.VersionID(), v.Location(), v.At.Format(InstantLayout)}
	if d := cmp.Diff([]string{`W/"3"`, "3", "Patient/1/_history/3", "1970-01-01T00:00:00.000Z"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestIssuesAreFoundInsideOtherErrorsAndKeepTheirCauseApart(t *testing.T) {
	cause := errors.New("secret")
	one := NewIssue(Conflict, "no", "Patient.name").Because(ReasonVersionMismatch).CausedBy(cause)
	wrapped := fmt.Errorf("writing: %w", one)
	is, ok := IssuesOf(wrapped)
	if !ok || len(is) != 1 || is[0] != one || !errors.Is(wrapped, cause) {
		t.Errorf("IssuesOf gives %v, %v", is, ok)
	}
	if !HasCode(wrapped, Conflict) || HasCode(wrapped, Deleted) || !HasReason(wrapped, ReasonVersionMismatch) || HasReason(wrapped, ReasonReferenced) {
		t.Error("code and reason are not found")
	}
	if one.Text != "no" || one.Error() != "conflict: no (Patient.name): secret" {
		t.Errorf("text %q, error %q", one.Text, one.Error())
	}
	if _, ok := IssuesOf(cause); ok {
		t.Error("a plain error carries no issues")
	}
}

func TestIssuesFailByTheWorstOfThem(t *testing.T) {
	warning := &Issue{Severity: Warning, Code: Informational, Text: "hm"}
	if err := (Issues{warning}).Err(); err != nil {
		t.Errorf("a warning is no error: %v", err)
	}
	both := Issues{warning, NewIssue(Invalid, "bad")}
	if err := both.Err(); err == nil || err.Error() != "informational: hm; invalid: bad" {
		t.Errorf("got %v", err)
	}
}

func TestRolesMayWhatTheirNamesSay(t *testing.T) {
	for role, want := range map[Role][2]bool{
		RoleReader: {true, false}, RoleWriter: {true, true}, RoleAdmin: {true, true}, RoleAggregator: {false, false}, "": {false, false},
	} {
		c := Caller{Role: role}
		if got := [2]bool{c.CanRead(), c.CanWrite()}; got != want {
			t.Errorf("%q: read and write are %v, want %v", role, got, want)
		}
	}
}
