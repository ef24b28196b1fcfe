package search_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
)

func TestAResourceSaysBelowWhichBasesItRefers(t *testing.T) {
	for _, c := range []struct{ name, json, want string }{
		{"no reference", `"status":"final"`, ""},
		{"a relative reference", `"subject":{"reference":"Patient/1"}`, ""},
		{"an own absolute one", `"subject":{"reference":"http://localhost:8080/fhir/Patient/1"}`, "http://localhost:8080/fhir"},
		{"one of another server, of one version", `"subject":{"reference":"http://a.org/fhir/Patient/1/_history/2"}`, "http://a.org/fhir"},
		{"https is http", `"subject":{"reference":"https://a.org/fhir/Patient/1"}`, "http://a.org/fhir"},
		{"one that several parameters reach: once", `"subject":{"reference":"http://a.org/Patient/1"},"focus":[{"reference":"http://b.org/Patient/1"}]`, "http://a.org http://b.org"},
		{"an URL of no resource", `"subject":{"reference":"http://a.org/fhir/Foo/1"}`, ""},
		{"an URN", `"subject":{"reference":"urn:uuid:1"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var bases []string
			for _, k := range entries(t, `{"resourceType":"Observation","id":"1",`+c.json+`}`).Keys {
				if base, ok := strings.CutPrefix(k, "@|"); ok {
					bases = append(bases, base)
					if search.BaseKey(base) != k {
						t.Errorf("BaseKey(%s) is %s, not %s", base, search.BaseKey(base), k)
					}
				}
			}
			if got := strings.Join(bases, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestOwnBasesAreOneListHoweverTheyAreWritten(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	e, err := search.NewEngine(s, "https://b.org/fhir/", "http://a.org", "http://b.org/fhir")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"http://a.org", "http://b.org/fhir"}, e.Own()); d != "" {
		t.Error(d)
	}
	if _, err := search.NewEngine(s, "b.org/fhir"); err == nil {
		t.Error("a base that is no URL is taken")
	}
}

func TestAnOwnBaseIsOwnWithAndWithoutTLS(t *testing.T) {
	testMatches(t, "Observation", []matchCase{
		{"indexed", `"subject":{"reference":"https://localhost:8080/fhir/Patient/1"}`, "subject=Patient/1", true},
		{"asked for", `"subject":{"reference":"Patient/1"}`, "subject=https://localhost:8080/fhir/Patient/1", true},
		{"of another port", `"subject":{"reference":"https://localhost:8443/fhir/Patient/1"}`, "subject=Patient/1", false},
	})
}
