package search_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/tree"
)

func TestAReferenceThatNoParameterReachesIsAnEntryWithoutOne(t *testing.T) {
	for _, c := range []struct{ name, json, want string }{
		{"of an element without a parameter", `{"resourceType":"Patient","id":"1","contact":[{"organization":{"reference":"Organization/o"}}]}`, "Organization/o"},
		{
			"twice, and below this server's base", `{"resourceType":"Patient","id":"1","contact":[{"organization":{"reference":"http://localhost:8080/fhir/Organization/o"}},` +
				`{"organization":{"reference":"Organization/o/_history/2"}}]}`, "Organization/o",
		},
		{
			"to what a parameter reaches too: that is known", `{"resourceType":"Patient","id":"1","managingOrganization":{"reference":"Organization/o"},` +
				`"contact":[{"organization":{"reference":"Organization/o"}},{"organization":{"reference":"Organization/p"}}]}`, "Organization/p",
		},
		{"in an extension", `{"resourceType":"Patient","id":"1","extension":[{"url":"x","valueReference":{"reference":"Device/d"}}]}`, "Device/d"},
		{
			"in a contained resource", `{"resourceType":"Patient","id":"1","contained":[{"resourceType":"Encounter","id":"e","subject":{"reference":"Group/g"}}],` +
				`"extension":[{"url":"x","valueReference":{"reference":"#e"}}]}`, "Group/g",
		},
		{"a uri that is called so", `{"resourceType":"DetectedIssue","id":"1","reference":"Patient/p"}`, ""},
		{"to another server", `{"resourceType":"Patient","id":"1","contact":[{"organization":{"reference":"http://a.org/Organization/o"}}]}`, ""},
		{
			"in an entry of a Bundle", `{"resourceType":"Bundle","id":"1","type":"collection","signature":{"who":{"reference":"Practitioner/p"}},` +
				`"entry":[{"resource":{"resourceType":"Patient","contact":[{"organization":{"reference":"Organization/o"}}]}}]}`, "Practitioner/p",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, r := range entries(t, c.json).Refs {
				if r.Param == "" {
					got = append(got, r.Key.String()+r.VID)
				}
			}
			if d := cmp.Diff(c.want, strings.Join(got, " ")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestABaseIsNotedWhateverRefersBelowIt(t *testing.T) {
	e := entries(t, `{"resourceType":"Patient","id":"1","contact":[{"organization":{"reference":"https://a.org/fhir/Organization/o"}}]}`)
	if got := ofParam(e, "@"); !cmp.Equal([]string{"key @|http://a.org/fhir"}, got) {
		t.Errorf("got %v", got)
	}
}

func TestThousandsOfReferencesAreIndexedInNoTime(t *testing.T) {
	var b strings.Builder
	for k := range 20_000 {
		fmt.Fprintf(&b, `,{"fhir_comments":[],"flag":{"extension":[{"url":"x","valueReference":{"reference":"Patient/e%d"}}]},"item":{"reference":"Patient/p%d"}}`, k, k)
	}
	doc, err := tree.Parse([]byte(`{"resourceType":"List","id":"1","entry":[`+b.String()[1:]+`]}`), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	e, err := engine(t).Entries(doc)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, r := range e.Refs {
		counts[r.Param]++
	}
	if d := cmp.Diff(map[string]int{"": 20_000, "item": 20_000}, counts); d != "" {
		t.Error(d)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
