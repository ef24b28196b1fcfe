package load

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

func TestReadOutcomeReadsWhatInteractionWrites(t *testing.T) {
	want := fhir.Issues{
		fhir.NewIssue(fhir.Structure, "an unknown element", "Patient.wings", "Patient.x"),
		fhir.NewIssue(fhir.Processing, "it refers to nothing").Because(fhir.ReasonDanglingReference),
		{Severity: fhir.Information, Code: fhir.Informational, Text: "all else is well"},
	}
	got := readOutcome(interaction.Outcome(want))
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("issues (-want +got):\n%s", d)
	}
}

func TestReadOutcome(t *testing.T) {
	tests := []struct {
		name, body string
		want       fhir.Issues
	}{
		{
			"diagnostics stand in for a text", `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid","diagnostics":"long story"}]}`,
			fhir.Issues{{Severity: "error", Code: "invalid", Text: "long story"}},
		},
		{
			"diagnostics that say more than the text are taken", `{"issue":[{"severity":"error","code":"invalid","details":{"text":"bad"},"diagnostics":"bad at line 3"}]}`,
			fhir.Issues{{Severity: "error", Code: "invalid", Text: "bad at line 3"}},
		},
		{"the first coding is the reason", `{"issue":[{"details":{"coding":[{"system":"x","code":"a"},{"code":"b"}]}}]}`, fhir.Issues{{Reason: "a"}}},
		{"another resource has no issues", `{"resourceType":"Patient"}`, nil},
		{"HTML has no issues", `<html>`, nil},
		{"an outcome that breaks off has the issues before that", `{"issue":[{"severity":"error"}`, fhir.Issues{{Severity: "error"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if d := cmp.Diff(test.want, readOutcome([]byte(test.body))); d != "" {
				t.Errorf("issues (-want +got):\n%s", d)
			}
		})
	}
}

func TestReason(t *testing.T) {
	tests := []struct {
		name string
		a    Answer
		want string
	}{
		{"the errors are joined with their places, warnings left out", Answer{Status: 422, Issues: fhir.Issues{
			fhir.NewIssue(fhir.Structure, "an unknown element", "Patient.wings"),
			{Severity: fhir.Warning, Text: "mind the gap"},
			fhir.NewIssue(fhir.Required, "is\n missing", "Patient.a", "Patient.b"),
			fhir.NewIssue(fhir.Conflict, ""),
		}}, "an unknown element (Patient.wings); is missing (Patient.a, Patient.b); conflict"},
		{"without issues the status is all there is", Answer{Status: 413}, "status 413 Request Entity Too Large"},
		{"a status that nobody knows has no name", Answer{Status: 499}, "status 499"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.a.reason(); got != test.want {
				t.Errorf("reason %q, want %q", got, test.want)
			}
		})
	}
}

func TestStored(t *testing.T) {
	bundle := Unit{Method: "POST", typ: "Bundle", entries: []entry{
		{method: "POST", url: "Patient", resourceType: "Patient"},
		{method: "PUT", url: "Patient/1", resourceType: "Patient"},
		{method: "DELETE", url: "Patient/2"},
		{method: "GET", url: "Patient?x=y"},
	}}
	tests := []struct {
		name      string
		unit      Unit
		body      string
		want      map[string]int
		wantFault string
	}{
		{"a resource counts once", Unit{Path: "Group", typ: "Group"}, "", map[string]int{"Group": 1}, ""},
		{
			"a transaction counts what it creates and updates", bundle,
			`{"resourceType":"Bundle","entry":[{"response":{"status":"201 Created"}},{"response":{"status":"200"}},{"response":{"status":"204"}},{"response":{"status":"200"}}]}`,
			map[string]int{"Patient": 2},
			"",
		},
		{
			"an entry that a batch rejects is a fault with its place, unless it is a question", bundle,
			`{"resourceType":"Bundle","entry":[{"response":{"status":"201"}},
			{"response":{"status":"400 Bad Request","outcome":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"value","diagnostics":"no date","expression":["Patient.birthDate"]}]}}},
			{"response":{"status":"204"}},{"response":{"status":"404"}}]}`,
			map[string]int{"Patient": 1},
			"entry 2 (PUT Patient/1): no date (Patient.birthDate)",
		},
		{
			"an answer with other entries is a fault", bundle, `{"resourceType":"Bundle","entry":[]}`,
			map[string]int{},
			"the answer has 0 entries for 4: what was stored is not known",
		},
		{
			"an answer that breaks off is a fault", bundle, `{"entry":[{"response":{"status":"201"}}`,
			map[string]int{},
			"the answer has 1 entries for 4: what was stored is not known",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			count := map[string]int{}
			var reasons []string
			for _, f := range stored(test.unit, Answer{Status: 200, Body: []byte(test.body)}, count) {
				reasons = append(reasons, f.reason)
			}
			if d := cmp.Diff(test.want, count); d != "" {
				t.Errorf("stored (-want +got):\n%s", d)
			}
			if d := cmp.Diff(test.wantFault, strings.Join(reasons, "\n")); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
		})
	}
}
