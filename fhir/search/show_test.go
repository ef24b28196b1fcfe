package search_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/fhir/decimal"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
)

// own is the base URL of the server in all tests.
const own = "http://localhost:8080/fhir"

// now is the moment of all tests.
var now = time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)

var openSpec = sync.OnceValues(spec.Open)

var openEngine = sync.OnceValues(func() (*search.Engine, error) {
	s, err := openSpec()
	if err != nil {
		return nil, err
	}
	return search.NewEngine(s, own)
})

func engine(t testing.TB) *search.Engine {
	t.Helper()
	e, err := openEngine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// pairs reads a query string, in order.
func pairs(t testing.TB, query string) []search.Pair {
	t.Helper()
	var list []search.Pair
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err := url.PathUnescape(name)
		if err != nil {
			t.Fatal(err)
		}
		if value, err = url.PathUnescape(value); err != nil {
			t.Fatal(err)
		}
		list = append(list, search.Pair{Name: name, Value: value})
	}
	return list
}

// plan compiles "Patient?name=x".
func plan(t testing.TB, typeAndQuery string) (search.Plan, error) {
	t.Helper()
	typ, query, _ := strings.Cut(typeAndQuery, "?")
	q, err := engine(t).Parse(typ, pairs(t, query), search.Options{Now: now})
	if err != nil {
		return search.Plan{}, err
	}
	return engine(t).Compile(q)
}

// outside leaves out of a condition what a chain asks of contained resources, which contained_test.go tests.
func outside(x search.Expr) search.Expr {
	switch x := x.(type) {
	case search.And:
		out := search.And{}
		for _, y := range x {
			out = append(out, outside(y))
		}
		return out
	case search.Or:
		if chain, ok := slices.Concat(x, search.Or{nil})[0].(search.RefersTo); ok {
			return outside(chain)
		}
		out := search.Or{}
		for _, y := range x {
			out = append(out, outside(y))
		}
		return out
	case search.Not:
		return search.Not{Expr: outside(x.Expr)}
	case search.RefersTo:
		targets := make([]search.Target, len(x.Targets))
		for i, t := range x.Targets {
			targets[i] = search.Target{Type: t.Type, Where: outside(t.Where)}
		}
		return search.RefersTo{Param: x.Param, Targets: targets}
	case search.ReferredBy:
		x.Source.Where = outside(x.Source.Where)
		return x
	}
	return x
}

// show writes a condition in one line.
func show(x search.Expr) string {
	switch x := x.(type) {
	case search.And:
		return "and(" + showAll(x) + ")"
	case search.Or:
		return "or(" + showAll(x) + ")"
	case search.Not:
		return "not(" + show(x.Expr) + ")"
	case search.HasKey:
		return x.Key
	case search.TextIs:
		return fmt.Sprintf("text(%s %s %q)", x.Name, [...]string{"?", "is", "starts", "contains"}[x.Test], x.Value)
	case search.InRange:
		return showRange(x)
	case search.IDIn:
		return "id(" + strings.Join(x.IDs, " ") + ")"
	case search.UpdatedIn:
		return "updated(" + showTime(x.From) + ".." + showTime(x.Before) + ")"
	case search.RefersTo:
		var targets []string
		for _, t := range x.Targets {
			targets = append(targets, t.Type+": "+show(t.Where))
		}
		return "refers(" + x.Param + " to " + strings.Join(targets, "; ") + ")"
	case search.ReferredBy:
		return "referred(by " + x.Source.Type + "." + x.Param + ": " + show(x.Source.Where) + ")"
	}
	return fmt.Sprintf("%#v", x)
}

func showAll(xs []search.Expr) string {
	texts := make([]string, len(xs))
	for i, x := range xs {
		texts[i] = show(x)
	}
	return strings.Join(texts, " ")
}

func showRange(x search.InRange) string {
	bounds := []string{x.Name}
	for _, b := range []struct{ sign, value string }{
		{"lo>=", x.LoMin},
		{"lo<=", x.LoMax},
		{"lo>", x.LoOver},
		{"lo<", x.LoUnder},
		{"hi>=", x.HiMin},
		{"hi<=", x.HiMax},
		{"hi>", x.HiOver},
		{"hi<", x.HiUnder},
	} {
		if b.value != "" {
			bounds = append(bounds, b.sign+showBound(x.Kind, b.value))
		}
	}
	return "range(" + strings.Join(bounds, " ") + ")"
}

// showBound writes a bound of a range as people read it.
func showBound(kind search.RangeKind, b string) string {
	switch {
	case b == "\x00" || b == "\xff":
		return "open"
	case kind == search.DateRange:
		return showTime(datetime.Unordered(b))
	}
	return showNumber(b)
}

// showNumber writes a bound of numbers; below and above stand for a number that is just not reached.
func showNumber(b string) string {
	if d, err := decimal.Unordered(b); err == nil {
		return d.Plain()
	}
	if d, err := decimal.Unordered(strings.TrimSuffix(b, "\x00")); err == nil {
		return "above " + d.Plain()
	}
	if d, err := decimal.Unordered(b + "\x00"); err == nil {
		return "below " + d.Plain()
	}
	return fmt.Sprintf("%x", b)
}

func showTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSuffix(t.Format("2006-01-02T15:04:05.999999999Z"), "T00:00:00Z"), ":00Z")
}

// showPlan writes a plan in one line.
func showPlan(p search.Plan) string {
	text := show(p.Where)
	for _, k := range p.Sort {
		text += fmt.Sprintf(" sort(%s %s", k.Param, [...]string{"?", "id", "updated", "range", "text"}[k.Kind])
		if k.Descending {
			text += " down"
		}
		text += ")"
	}
	return text
}

// showEntries writes entries, one a line.
func showEntries(e search.Entries) []string {
	var lines []string
	for _, k := range e.Keys {
		lines = append(lines, "key "+k)
	}
	for _, t := range e.Texts {
		lines = append(lines, fmt.Sprintf("text %s %q", t.Name, t.Value))
	}
	for _, r := range e.Ranges {
		lines = append(lines, "range "+r.Name+" "+showBound(r.Kind, r.Lo)+" .. "+showBound(r.Kind, r.Hi))
	}
	for _, r := range e.Refs {
		line := "ref " + r.Param + " " + r.Key.String()
		if r.VID != "" {
			line += " version " + r.VID
		}
		lines = append(lines, line)
	}
	return lines
}

// showIssues writes the issues of an error, one a line.
func showIssues(err error) []string {
	issues, ok := fhir.IssuesOf(err)
	if !ok {
		return []string{fmt.Sprint("no issue: ", err)}
	}
	var lines []string
	for _, i := range issues {
		line := string(i.Severity) + " " + string(i.Code)
		if i.Reason != fhir.ReasonNone {
			line += "/" + string(i.Reason)
		}
		lines = append(lines, line+" "+strings.Join(slices.Clone(i.Expression), ",")+": "+i.Text)
	}
	return lines
}

// planCase is a query and the plan that it makes, in one line.
type planCase struct{ name, query, want string }

func testPlans(t *testing.T, tests []planCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := plan(t, tt.query)
			if err != nil {
				t.Fatal(showIssues(err))
			}
			p.Where = outside(p.Where)
			if diff := cmp.Diff(tt.want, showPlan(p)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// indexCase is a resource without its braces, and the entries that it has for a parameter.
type indexCase struct {
	name, code, json string
	want             []string
}

func testIndex(t *testing.T, typ string, tests []indexCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ofParam(entries(t, `{"resourceType":"`+typ+`","id":"1",`+tt.json+`}`), tt.code)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// refusal is a query and the issues that refuse it.
type refusal struct {
	name, query string
	want        []string
}

func testRefusals(t *testing.T, tests []refusal) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := plan(t, tt.query)
			if err == nil {
				t.Fatalf("want a refusal, got the plan %s", showPlan(p))
			}
			if diff := cmp.Diff(tt.want, showIssues(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// matchCase is a resource without its braces, a query, and whether the query finds it.
type matchCase struct {
	name, json, query string
	want              bool
}

func testMatches(t *testing.T, typ string, tests []matchCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := plan(t, typ+"?"+tt.query)
			if err != nil {
				t.Fatal(showIssues(err))
			}
			w := world{index: map[string]search.Entries{"1": entries(t, `{"resourceType":"`+typ+`","id":"1",`+tt.json+`}`)}}
			if got := w.holds(t, p.Where, "1"); got != tt.want {
				t.Errorf("%s finds %s: want %t, got %t by %s", tt.query, tt.json, tt.want, got, showPlan(p))
			}
		})
	}
}
