package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/store/mongodb/mongotest"
)

// example is a pipeline of docs/mongodb.md and what it says that the pipeline yields over the sample patients.
var example = regexp.MustCompile("(?s)```js\ndb\\.(\\w+)\\.aggregate\\((\\[.*?\n\\])\\)\n```\n+```json\n(.*?)```")

// TestTheExamplesForAnalystsYieldWhatTheyShow runs the examples of docs/mongodb.md; FIREWOLF_UPDATE_README=1 writes what they yield.
func TestTheExamplesForAnalystsYieldWhatTheyShow(t *testing.T) {
	uri, database := sampleDatabase(t)
	text, err := os.ReadFile("docs/mongodb.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	now := example.ReplaceAllStringFunc(string(text), func(block string) string {
		n++
		m := example.FindStringSubmatch(block)
		pipeline := strings.ReplaceAll(m[2], "Infinity", `{"$numberDouble": "Infinity"}`)
		rows := mongotest.Aggregate(t, uri, database, m[1], pipeline)
		if len(rows) == 0 {
			t.Errorf("nothing is yielded by %s", m[2])
		}
		return strings.TrimSuffix(block, m[3]+"```") + strings.Join(rows, "\n") + "\n```"
	})
	if n < 3 {
		t.Errorf("%d examples are found", n)
	}
	if updateReadme() {
		if err := os.WriteFile("docs/mongodb.md", []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(text), now); d != "" {
		t.Errorf("docs/mongodb.md shows what is not yielded (-shown +yielded):\n%s", d)
	}
}

// sampleDatabase is a MongoDB with the sample patients.
func sampleDatabase(t *testing.T) (uri, database string) {
	t.Helper()
	uri, database = mongotest.Database(t)
	var at location
	if err := at.UnmarshalText([]byte(uri)); err != nil {
		t.Fatal(err)
	}
	h, err := newHouse(context.Background(), plan{store: at, rules: usualRules})
	if err != nil {
		t.Fatal(err)
	}
	names, texts := sampleBundles(t)
	for k, text := range texts {
		got := h.service.Interact(context.Background(), interaction.Request{
			Method: http.MethodPost, Body: text, ContentType: "application/fhir+json", Base: "http://localhost/fhir",
			Caller: fhir.Caller{Name: "test", Role: fhir.RoleAdmin},
		})
		if got.Status != http.StatusOK {
			t.Fatal(fmt.Sprintf("%s: %d", names[k], got.Status), got.Issues, got.Err)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return uri, database
}
