package interaction

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"firewolf/fhir"
)

// constants lists the string constants of a type in the words of fhir.
func constants(t *testing.T, typ string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../issue.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, sp := range g.Specs {
			v := sp.(*ast.ValueSpec)
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == typ {
				out[v.Names[0].Name] = strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`)
			}
		}
	}
	return out
}

func TestEveryCodeAndReasonHasAStatus(t *testing.T) {
	codes, reasons := constants(t, "Code"), constants(t, "Reason")
	if len(codes) < 31 || len(reasons) < 16 {
		t.Fatalf("%d codes and %d reasons: the test sees too little", len(codes), len(reasons))
	}
	for name, code := range codes {
		if _, ok := statusOfCode[fhir.Code(code)]; !ok {
			t.Errorf("the code %s has no status", name)
		}
	}
	for name, reason := range reasons {
		if _, ok := statusOfReason[fhir.Reason(reason)]; !ok && reason != "" {
			t.Errorf("the reason %s has no status", name)
		}
	}
}

func TestStatusOf(t *testing.T) {
	warning := &fhir.Issue{Severity: fhir.Warning, Code: fhir.NotFound}
	for _, c := range []struct {
		name string
		is   fhir.Issues
		want int
	}{
		{"an error", fhir.Issues{fhir.NewIssue(fhir.NotFound, "x")}, 404},
		{"a reason goes before a code", fhir.Issues{fhir.NewIssue(fhir.Conflict, "x").Because(fhir.ReasonVersionMismatch)}, 412},
		{"a reason without a status leaves it to the code", fhir.Issues{fhir.NewIssue(fhir.Conflict, "x").Because("new")}, 409},
		{"a warning before an error", fhir.Issues{warning, fhir.NewIssue(fhir.Invalid, "x")}, 400},
		{"the first of two errors", fhir.Issues{fhir.NewIssue(fhir.Deleted, "x"), fhir.NewIssue(fhir.Invalid, "x")}, 410},
		{"a fatal one", fhir.Issues{{Severity: fhir.Fatal, Code: fhir.Throttled}}, 429},
		{"a code that R4 does not have", fhir.Issues{fhir.NewIssue("wolf", "x")}, 500},
		{"only a warning", fhir.Issues{warning}, 500},
		{"nothing", nil, 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := StatusOf(c.is); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

func TestRefuse(t *testing.T) {
	for _, c := range []struct {
		name     string
		err      error
		status   int
		internal bool
		issue    string
	}{
		{"an issue", fhir.NewIssue(fhir.NotFound, "no wolf"), 404, false, "no wolf"},
		{"a wrapped issue", fmt.Errorf("reading: %w", fhir.NewIssue(fhir.NotFound, "no wolf")), 404, false, "no wolf"},
		{"any other error", errors.New("disk on fire, password hunter2"), 500, true, "internal error"},
		{"a timeout", fmt.Errorf("reading: %w", context.DeadlineExceeded), 503, true, "the request took too long, or was given up"},
		{"a client that left", context.Canceled, 503, true, "the request took too long, or was given up"},
		{"an issue of the store", fhir.NewIssue(fhir.NoStore, "disk full"), 507, true, "disk full"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := refuse(Response{Body: []byte("x"), ETag: "y"}, c.err)
			if got.Status != c.status || (got.Err != nil) != c.internal || len(got.Issues) != 1 || got.Issues[0].Text != c.issue || got.Body != nil || got.ETag != "y" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestOutcome(t *testing.T) {
	for _, c := range []struct {
		name string
		is   fhir.Issues
		want string
	}{
		{
			"nothing to say", nil,
			`{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational","details":{"text":"All OK"},"diagnostics":"All OK"}]}`,
		},
		{
			"all that can be said, but for the cause",
			fhir.Issues{fhir.NewIssue(fhir.Conflict, "a \"wolf\"\n\xff", "Patient.name[0]", "http.name").Because(fhir.ReasonReferenced).CausedBy(errors.New("secret"))},
			`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"conflict","details":{"coding":[{"system":"http://example.org/fhir/firewolf/CodeSystem/reason","code":"referenced"}],"text":"a \"wolf\"\u000a�"},"diagnostics":"a \"wolf\"\u000a�","location":["http.name"],"expression":["Patient.name[0]"]}]}`,
		},
		{
			"two issues",
			fhir.Issues{fhir.NewIssue(fhir.Invalid, "a"), {Severity: fhir.Warning, Code: fhir.Value, Text: "b"}},
			`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid","details":{"text":"a"},"diagnostics":"a"},{"severity":"warning","code":"value","details":{"text":"b"},"diagnostics":"b"}]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(Outcome(c.is)); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}
