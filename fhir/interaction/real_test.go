package interaction_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firewolf/fhir/interaction"
	"firewolf/fhir/tree"
)

// data reads a file of real input, below a folder that is fetched and may be absent.
func data(tb testing.TB, parts ...string) string {
	tb.Helper()
	path := filepath.Join(append([]string{"..", ".."}, parts...)...)
	f, err := os.Open(path)
	if err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatal(err)
		}
		tb.Skipf("%s is not here: scripts/testdata brings the official examples", path)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			tb.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// synthea returns one of the Synthea transactions.
func synthea(tb testing.TB, name string) string {
	return data(tb, "..", "shared", "data", "synthea", name+".json.gz")
}

// responses reads a transaction-response or batch-response.
type responses struct {
	Type  string
	Entry []struct {
		Resource json.RawMessage
		Response struct {
			Status, Location string
			Outcome          json.RawMessage
		}
	}
}

func (w *world) bundle(r interaction.Request) responses {
	w.t.Helper()
	got := w.do(r)
	if got.Status != 200 {
		w.t.Fatalf("%d %v", got.Status, got.Issues)
	}
	var out responses
	if err := json.Unmarshal([]byte(got.Body), &out); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestOfficialTransactions(t *testing.T) {
	for _, c := range []struct {
		file    string
		entries int
		change  func(*interaction.Options)
	}{
		{"Bundle-xds.json", 5, nil},
		{"Bundle-hla-1.json", 22, func(o *interaction.Options) { o.References = interaction.ReferencesAllow }},
	} {
		t.Run(c.file, func(t *testing.T) {
			w := newWorld(t, c.change)
			got := w.bundle(call("POST ", data(t, ".cache", "r4", c.file)))
			if len(got.Entry) != c.entries {
				t.Errorf("%d entries", len(got.Entry))
			}
			for k, e := range got.Entry {
				if e.Response.Status != "201 Created" {
					t.Errorf("entry %d: %s", k, e.Response.Status)
				}
			}
		})
	}
}

// A Synthea transaction is all POST with urn:uuid links: every link must lead to what was created.
func TestASyntheaTransaction(t *testing.T) {
	w := newWorld(t, nil)
	text := synthea(t, "patient-37")
	got := w.bundle(call("POST ", text))
	if len(got.Entry) != 61 {
		t.Fatalf("%d entries", len(got.Entry))
	}
	locations := map[string]bool{}
	for _, e := range got.Entry {
		locations[strings.TrimSuffix(e.Response.Location, "/_history/1")] = true
	}
	links := 0
	for location := range locations {
		body := w.do(call("GET "+location, "")).Body
		if strings.Contains(body, "urn:uuid:") {
			t.Errorf("%s keeps a placeholder", location)
		}
		for part := range strings.SplitSeq(body, `"reference":"`) {
			ref, _, found := strings.Cut(part, `"`)
			if !found || !strings.Contains(ref, "/new-") {
				continue
			}
			links++
			if !locations[ref] {
				t.Errorf("%s refers to %s, which was not created", location, ref)
			}
		}
	}
	if links < 100 {
		t.Errorf("%d links: the test sees too little", links)
	}
	var sent struct{ Entry []json.RawMessage }
	if err := json.Unmarshal([]byte(text), &sent); err != nil {
		t.Fatal(err)
	}
	if n := w.written(); n != len(sent.Entry) {
		t.Errorf("%d versions of %d entries", n, len(sent.Entry))
	}
}

func TestTheResourcesOfATransactionKeepTheirTokens(t *testing.T) {
	w := newWorld(t, nil)
	w.do(transaction(
		post("urn:uuid:p", namedWolf),
		put("Observation/o", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"\u0078"},"subject":{"reference":"urn:uuid:p"},"valueQuantity":{"value":1.50e0,"unit":"mg"}}`),
	))
	got := w.do(call("GET Observation/o", "")).Body
	want := fmt.Sprintf(`{"resourceType":"Observation","id":"o","meta":{"versionId":"1","lastUpdated":%q},"status":"final","code":{"text":"\u0078"},"subject":{"reference":"Patient/new-1"},"valueQuantity":{"value":1.50e0,"unit":"mg"}}`, "2026-01-02T03:04:01.000Z")
	if *kind == "mongodb" { // it keeps what a string says, not how that was escaped
		want = strings.Replace(want, `\u0078`, "x", 1)
	}
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Every official example that the checker passes is served as it was sent, found by its id, and unchanged by sending it again.
func TestOfficialExamplesAreServedAsTheyWereSent(t *testing.T) {
	data(t, ".cache", "r4", "package.json") // it is there, or the test skips
	files, err := filepath.Glob(filepath.Join("..", "..", ".cache", "r4", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	step := 25
	if testing.Short() {
		step = 100
	}
	w := newWorld(t, nil)
	served := 0
	for k := 0; k < len(files); k += step {
		text, err := os.ReadFile(files[k])
		if err != nil {
			t.Fatal(err)
		}
		doc, err := tree.Parse(text, tree.Limits{})
		if err != nil || doc.ID() == "" || doc.ResourceType() == "Parameters" || checker().Structure(doc).Failed() {
			continue
		}
		path := doc.ResourceType() + "/" + doc.ID()
		if got := w.do(call("PUT "+path, string(text))); got.Status != 201 {
			t.Errorf("%s: %d %v", files[k], got.Status, got.Issues)
			continue
		}
		back, err := tree.Parse([]byte(w.do(call("GET "+path, "")).Body), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if back.Digest() != doc.Digest() {
			t.Errorf("%s came back changed", files[k])
		}
		if again := w.do(call("PUT "+path, string(text))); again.Status != 200 || again.ETag != `W/"1"` {
			t.Errorf("%s sent again: %d %s", files[k], again.Status, again.ETag)
		}
		if _, err := tree.Parse([]byte(w.do(call("GET "+path+"?_summary=true", "")).Body), tree.Limits{}); err != nil {
			t.Errorf("%s in summary: %v", files[k], err)
		}
		if n := len(w.search(call("GET "+doc.ResourceType()+"?_id="+doc.ID(), "")).Entry); n != 1 {
			t.Errorf("%s is found %d times", files[k], n)
		}
		served++
	}
	if served < 4000/step {
		t.Errorf("%d examples: the test sees too little", served)
	}
}
