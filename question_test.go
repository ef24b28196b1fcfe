package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// question is a search, and how the documents that it must find are told without the server.
type question struct {
	query string
	want  func(d document) bool
}

// ask compares the count of every question with the documents. A question without any answer would show little.
func (c *corpus) ask(t *testing.T, questions []question) {
	t.Helper()
	for _, q := range questions {
		typ, query, _ := strings.Cut(q.query, "?")
		want := 0
		for _, d := range c.docs {
			if text(d["resourceType"]) == typ && q.want(d) {
				want++
			}
		}
		if got := c.total(t, typ, query); got != want {
			t.Errorf("%s counts %d, the files have %d", q.query, got, want)
		}
		if want == 0 && !testing.Short() {
			t.Errorf("%s finds nothing: it shows nothing", q.query)
		}
	}
}

// total asks for the count of a search.
func (c *corpus) total(t *testing.T, typ, query string) int {
	t.Helper()
	resp := c.interact(http.MethodGet, typ, query+"&_summary=count", nil)
	var b struct{ Total *int }
	if resp.Status != http.StatusOK || json.Unmarshal(resp.Body, &b) != nil || b.Total == nil {
		t.Fatalf("%s?%s: %d %v %v", typ, query, resp.Status, resp.Issues, resp.Err)
	}
	return *b.Total
}

// askTypes compares the count of every type.
func (c *corpus) askTypes(t *testing.T) (types int) {
	t.Helper()
	want := map[string]int{}
	for _, d := range c.docs {
		want[text(d["resourceType"])]++
	}
	for _, typ := range c.spec.ResourceTypes() {
		if typ == "Parameters" { // it has no endpoint: https://hl7.org/fhir/R4/parameters.html
			continue
		}
		if got := c.total(t, typ, ""); got != want[typ] {
			t.Errorf("%d of %s, the files have %d", got, typ, want[typ])
		}
	}
	return len(want)
}

// each returns what stands under a path of names; lists are entered.
func each(v any, path ...string) []any {
	if l, ok := v.([]any); ok {
		var found []any
		for _, x := range l {
			found = append(found, each(x, path...)...)
		}
		return found
	}
	if len(path) == 0 {
		return []any{v}
	}
	switch o := v.(type) {
	case map[string]any:
		if x, ok := o[path[0]]; ok {
			return each(x, path[1:]...)
		}
	case document:
		return each(map[string]any(o), path...)
	}
	return nil
}

// has says that one of the strings under a path is one of these.
func has(path string, values ...string) func(document) bool {
	names := strings.Split(path, ".")
	return func(d document) bool {
		return slices.ContainsFunc(each(d, names...), func(v any) bool { return slices.Contains(values, text(v)) })
	}
}

// coded says that a CodeableConcept under a path has a code; system may be "" for any.
func coded(path, system, code string) func(document) bool {
	return tokened(path+".coding", system, "code", code)
}

// identified says that an Identifier under a path has a value.
func identified(path, system, value string) func(document) bool {
	return tokened(path, system, "value", value)
}

func tokened(path, system, member, value string) func(document) bool {
	names := strings.Split(path, ".")
	return func(d document) bool {
		return slices.ContainsFunc(each(d, names...), func(v any) bool {
			o, _ := v.(map[string]any)
			return text(o[member]) == value && (system == "" || text(o["system"]) == system)
		})
	}
}

// starts says that a string under a path starts with a text, whatever the case.
func starts(path, with string) func(document) bool {
	names := strings.Split(path, ".")
	return func(d document) bool {
		return slices.ContainsFunc(each(d, names...), func(v any) bool { return strings.HasPrefix(strings.ToLower(text(v)), with) })
	}
}

// both joins conditions.
func both(a, b func(document) bool) func(document) bool {
	return func(d document) bool { return a(d) && b(d) }
}

// span is the time that a date means: from its first instant until just before end.
type span struct{ from, end time.Time }

// spanOf reads a date of any precision. Dates without a time zone are of UTC.
func spanOf(s string) (span, bool) {
	for _, l := range []struct {
		layout  string
		y, m, d int
		second  time.Duration
	}{
		{"2006", 1, 0, 0, 0},
		{"2006-01", 0, 1, 0, 0},
		{"2006-01-02", 0, 0, 1, 0},
		{"2006-01-02T15:04:05Z07:00", 0, 0, 0, time.Second},
	} {
		if at, err := time.Parse(l.layout, s); err == nil {
			if strings.Contains(s, ".") {
				l.second = time.Millisecond
			}
			return span{at, at.AddDate(l.y, l.m, l.d).Add(l.second)}, true
		}
	}
	return span{}, false
}

// during says that one of the dates or periods under some paths stands to a date as a prefix says.
// https://hl7.org/fhir/R4/search.html#prefix
func during(prefix, date string, paths ...string) func(document) bool {
	is, _ := spanOf(date)
	compare := map[string]func(span) bool{
		"eq": func(s span) bool { return !s.from.Before(is.from) && !s.end.After(is.end) },
		"ge": func(s span) bool { return s.end.After(is.from) },
		"gt": func(s span) bool { return s.end.After(is.end) },
		"lt": func(s span) bool { return s.from.Before(is.from) },
		"le": func(s span) bool { return s.from.Before(is.end) },
		"sa": func(s span) bool { return !s.from.Before(is.end) },
		"eb": func(s span) bool { return !s.end.After(is.from) },
	}[prefix]
	return func(d document) bool {
		for _, path := range paths {
			for _, v := range each(d, strings.Split(path, ".")...) {
				if s, ok := spanUnder(v); ok && compare(s) {
					return true
				}
			}
		}
		return false
	}
}

// spanUnder is the span of a date or of a Period, which may be open.
func spanUnder(v any) (span, bool) {
	o, isPeriod := v.(map[string]any)
	if !isPeriod {
		return spanOf(text(v))
	}
	from, hasStart := spanOf(text(o["start"]))
	end, hasEnd := spanOf(text(o["end"]))
	if !hasEnd {
		end.end = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return span{from.from, end.end}, hasStart || hasEnd
}

// measured says that valueQuantity has a unit and a value that a condition holds for.
func measured(unit string, holds func(float64) bool) func(document) bool {
	return func(d document) bool {
		q, _ := d["valueQuantity"].(map[string]any)
		n, _ := q["value"].(json.Number)
		x, err := n.Float64()
		return err == nil && text(q["code"]) == unit && holds(x)
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
