package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const hostileDir = "fixtures/hostile"

// hostileCase is a request and the error that it must get.
type hostileCase struct {
	line   int
	method string
	path   string
	file   string // its body; "" for none
	header http.Header
	status int
	issues []hostileIssue
}

// hostileIssue is one issue of the OperationOutcome. Of the text a part is enough.
type hostileIssue struct{ Code, Expression, Text string }

// as returns the issue as it is expected, in what agrees with that.
func (i hostileIssue) as(want hostileIssue) hostileIssue {
	if strings.Contains(i.Text, want.Text) {
		i.Text = want.Text
	}
	if start, more := strings.CutSuffix(want.Expression, "..."); more && strings.HasPrefix(i.Expression, start) {
		i.Expression = want.Expression
	}
	return i
}

var (
	requestLine = regexp.MustCompile(`^([A-Z]+) /(\S*)(?: < (\S+))?$`)
	headerLine  = regexp.MustCompile(`^([A-Za-z-]+): (.*)$`)
	statusLine  = regexp.MustCompile(`^\d{3}$`)
)

// hostileContent are the media types of the files, by extension.
var hostileContent = map[string]string{
	".json": "application/fhir+json", ".xml": "application/fhir+xml", ".form": "application/x-www-form-urlencoded",
}

// readHostile reads expected.txt: blocks of a request line, headers, the status and a line for each issue, between empty lines.
func readHostile(t *testing.T) []hostileCase {
	t.Helper()
	text, err := os.ReadFile(path.Join(hostileDir, "expected.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []hostileCase
	var c *hostileCase
	for k, line := range strings.Split(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			c = nil
		case c == nil:
			m := requestLine.FindStringSubmatch(line)
			if m == nil {
				t.Fatalf("expected.txt:%d: %q is no request", k+1, line)
			}
			cases = append(cases, hostileCase{line: k + 1, method: m[1], path: m[2], file: m[3], header: http.Header{}})
			c = &cases[len(cases)-1]
			if content := hostileContent[path.Ext(c.file)]; content != "" {
				c.header.Set("Content-Type", content)
			}
		case c.status == 0 && statusLine.MatchString(line):
			c.status, _ = strconv.Atoi(line)
		case c.status == 0 && headerLine.MatchString(line):
			m := headerLine.FindStringSubmatch(line)
			c.header.Set(m[1], m[2])
		default:
			parts := strings.SplitN(line, " | ", 3)
			if c.status == 0 || len(parts) != 3 {
				t.Fatalf("expected.txt:%d: %q is neither a header nor a status nor an issue", k+1, line)
			}
			c.issues = append(c.issues, hostileIssue{parts[0], strings.TrimPrefix(parts[1], "-"), parts[2]})
		}
	}
	return cases
}

// body returns what a case sends.
func (c hostileCase) body(t *testing.T) []byte {
	t.Helper()
	if c.file == "" {
		return nil
	}
	text, err := os.ReadFile(path.Join(hostileDir, c.file))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (c hostileCase) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s /%s %s", c.method, c.path, c.file))
}

// setUp stores what the hostile requests refer to.
func (s *stack) setUp(t *testing.T) {
	t.Helper()
	setup := hostileCase{file: "setup.json"}.body(t)
	if got := s.send(t, http.MethodPost, "", setup, nil); got.status != http.StatusOK {
		t.Fatalf("setup: %d %s", got.status, got.body)
	}
}

// issuesOf reads an OperationOutcome.
func issuesOf(t *testing.T, body []byte) []hostileIssue {
	t.Helper()
	var o struct {
		ResourceType string
		Issue        []struct {
			Severity, Code, Diagnostics string
			Expression, Location        []string
		}
	}
	if err := json.Unmarshal(body, &o); err != nil || o.ResourceType != "OperationOutcome" {
		t.Fatalf("no OperationOutcome: %v %.300s", err, body)
	}
	var l []hostileIssue
	for _, i := range o.Issue {
		if i.Severity != "error" && i.Severity != "fatal" {
			continue
		}
		// What is no FHIRPath, a header or parameter, has an element of its own.
		isHTTP := func(at string) bool { return strings.HasPrefix(at, "http.") }
		if slices.ContainsFunc(i.Expression, isHTTP) || slices.ContainsFunc(i.Location, func(at string) bool { return !isHTTP(at) }) {
			t.Errorf("expression %q, location %q", i.Expression, i.Location)
		}
		l = append(l, hostileIssue{i.Code, strings.Join(append(i.Location, i.Expression...), ", "), i.Diagnostics})
	}
	return l
}

func TestHostileRequestsGetTheErrorThatIsExpectedAndWriteNothing(t *testing.T) {
	cases := readHostile(t)
	if len(cases) < 40 {
		t.Errorf("%d cases, want 40 at least", len(cases))
	}
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		s.setUp(t)
		before := s.head(t)
		for _, c := range cases {
			t.Run(c.String(), func(t *testing.T) {
				got := s.send(t, c.method, c.path, c.body(t), c.header)
				if got.status != c.status {
					t.Errorf("expected.txt:%d: status %d, want %d", c.line, got.status, c.status)
				}
				issues := issuesOf(t, got.body)
				for k := range min(len(issues), len(c.issues)) {
					issues[k] = issues[k].as(c.issues[k])
				}
				if diff := cmp.Diff(c.issues, issues); diff != "" {
					t.Errorf("expected.txt:%d: issues (-want +got):\n%s", c.line, diff)
				}
				if after := s.head(t); after != before {
					t.Errorf("expected.txt:%d: something was written: the store moved from %d to %d", c.line, before, after)
					before = after
				}
			})
		}
	})
}

func TestEveryHostileFileIsSentAndSaidOnce(t *testing.T) {
	sent := map[string]bool{"setup.json": true, "expected.txt": true}
	lines := map[string]int{}
	for _, c := range readHostile(t) {
		sent[c.file] = true
		key := fmt.Sprint(c, c.header)
		if before := lines[key]; before > 0 {
			t.Errorf("expected.txt:%d says what line %d says", c.line, before)
		}
		lines[key] = c.line
	}
	files, err := os.ReadDir(hostileDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !sent[f.Name()] {
			t.Errorf("%s is sent by no case", f.Name())
		}
	}
}
