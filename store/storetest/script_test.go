package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

func TestAScriptIsReadIntoItsSteps(t *testing.T) {
	const src = `# Tokens.

load
  {"resourceType": "Patient",
   "id": "p1"}  {"resourceType": "Patient", "id": "p2"}
  # between
  {"resourceType": "Patient", "id": "# no comment"}
delete Patient/p2

search Patient?gender=male
  p1 p2
	p3
search Patient?name=a b
  none
broken search Patient?x=y
  issue not-supported http.x
search Patient/p1/Observation
  issue invalid
`
	want := &Script{Name: "token.fhirtest", Steps: []Step{
		{Line: 3, Load: [][]byte{
			[]byte("{\"resourceType\": \"Patient\",\n\"id\": \"p1\"}"),
			[]byte(`{"resourceType": "Patient", "id": "p2"}`),
			[]byte(`{"resourceType": "Patient", "id": "# no comment"}`),
		}},
		{Line: 8, Delete: "Patient/p2"},
		{Line: 10, Search: "Patient?gender=male", Want: []string{"p1", "p2", "p3"}},
		{Line: 13, Search: "Patient?name=a b"},
		{Line: 15, Search: "Patient?x=y", Broken: true, Issue: []string{"not-supported", "http.x"}},
		{Line: 17, Search: "Patient/p1/Observation", Issue: []string{"invalid"}},
	}}
	got, err := ParseScript("token.fhirtest", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAScriptThatIsNotUnderstoodIsRefusedWithItsLine(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"an unknown directive", "# x\nfind Patient", `s:2: "find Patient" is no directive: load, delete TYPE/ID, search QUERY or broken search QUERY`},
		{"a search without a query", "search", `s:1: "search" is no directive: load, delete TYPE/ID, search QUERY or broken search QUERY`},
		{"a search without an answer", "\nsearch Patient\nsearch Group\n  none", "s:2: a search needs its answer: ids, none, or issue CODE"},
		{"none beside ids", "search Patient\n  none p1", "s:1: none stands alone"},
		{"an issue without a code", "search Patient\n  issue", "s:1: an issue has a code and at most one expression"},
		{"an issue of too many words", "search Patient\n  issue invalid a b", "s:1: an issue has a code and at most one expression"},
		{"an indented beginning", "  p1\nsearch Patient", "s:1: an indented line without a directive above it"},
		{"a load of nothing", "load\nsearch Patient\n none", "s:1: load needs at least one resource"},
		{"a delete of no key", "delete Patient", `s:1: "Patient" is no type and id`},
		{"a delete with a block", "delete Patient/1\n  p1", "s:1: delete takes nothing indented"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseScript("s", []byte(c.src))
			if err == nil || err.Error() != c.want {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}

func TestAScriptWithBadJSONIsRefused(t *testing.T) {
	if _, err := ParseScript("s", []byte("load\n  {\"a\": }")); err == nil {
		t.Error("want an error")
	}
}

func TestAnAnswerIsJudged(t *testing.T) {
	refused := fhir.Issues{fhir.NewIssue(fhir.Value, "bad", "http.date"), fhir.NewIssue(fhir.NotSupported, "no", "http.x")}
	for _, c := range []struct {
		name string
		step Step
		got  []string
		err  error
		want string
	}{
		{"the ids wanted, in another order", Step{Search: "Patient", Want: []string{"a", "b"}}, []string{"b", "a"}, nil, ""},
		{"sorted ids, in another order", Step{Search: "Patient?_sort=_id", Want: []string{"a", "b"}}, []string{"b", "a"}, nil, "want a b, got b a"},
		{"an id too few", Step{Search: "Patient", Want: []string{"a", "b"}}, []string{"a"}, nil, "want a b, got a"},
		{"an id twice", Step{Search: "Patient", Want: []string{"a"}}, []string{"a", "a"}, nil, "want a, got a a"},
		{"nothing, as wanted", Step{Search: "Patient"}, nil, nil, ""},
		{"nothing wanted", Step{Search: "Patient"}, []string{"a"}, nil, "want none, got a"},
		{"an error", Step{Search: "Patient", Want: []string{"a"}}, nil, errors.New("oops"), "oops"},
		{"the issue wanted", Step{Issue: []string{"not-supported"}}, nil, refused, ""},
		{"the issue wanted, with its expression", Step{Issue: []string{"not-supported", "http.x"}}, nil, refused, ""},
		{
			"the issue wanted, elsewhere",
			Step{Issue: []string{"not-supported", "http.date"}},
			nil, refused,
			"want issue not-supported http.date, got none and error value: bad (http.date); not-supported: no (http.x)",
		},
		{"no issue", Step{Issue: []string{"value"}}, []string{"a"}, nil, "want issue value, got a and error <nil>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.step.judge(c.got, c.err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
