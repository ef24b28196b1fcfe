package main

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// bomb is a Patient behind so many spaces, compressed.
func bomb(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	spaces := bytes.Repeat([]byte{' '}, 1<<20)
	for range size >> 20 {
		if _, err := w.Write(spaces); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write([]byte(`{"resourceType":"Patient"}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// These requests are too large to be files. They must be refused like the others.
func TestLargeHostileRequestsAreRefusedAndWriteNothing(t *testing.T) {
	zip := bomb(t, 128<<20)
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	large := []byte(`{"resourceType":"Patient","name":[{"text":"` + strings.Repeat("x", 9<<20) + `"}]}`)
	const get = `{"request":{"method":"GET","url":"Patient/SYN-H1"}}`
	many := `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Repeat(get+",", 10_000) + get + `]}`
	deep := strings.Repeat(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":`, 5000) + `{"resourceType":"Patient"}` + strings.Repeat(`}]}`, 5000)
	tests := []struct {
		name   string
		method string
		path   string
		body   []byte
		header http.Header
		status int
		want   hostileIssue
	}{
		{"a gzip bomb", "POST", "Patient", zip, http.Header{"Content-Encoding": {"gzip"}}, 413, hostileIssue{"too-long", "", "the request body is larger than 8388608 bytes"}},
		{"a gzip bomb in a gzip bomb", "POST", "Patient", zip, http.Header{"Content-Encoding": {"gzip, gzip"}}, 415, hostileIssue{"not-supported", "http.Content-Encoding", "is not read"}},
		{"half a gzip stream", "POST", "Patient", zip[:len(zip)/2], http.Header{"Content-Encoding": {"gzip"}}, 413, hostileIssue{"too-long", "", "larger than"}},
		{"a zstd frame that grows", "POST", "Patient", encoder.EncodeAll(bytes.Repeat([]byte{' '}, 64<<20), nil), http.Header{"Content-Encoding": {"zstd"}}, 413, hostileIssue{"too-long", "", "larger than"}},
		{"a body above the limit", "POST", "Patient", large, nil, 413, hostileIssue{"too-long", "", "larger than"}},
		{"a string of more than 1 MB", "POST", "Patient", []byte(`{"resourceType":"Patient","name":[{"text":"` + strings.Repeat("x", 1<<20+1) + `"}]}`), nil, 400, hostileIssue{"value", "Patient.name[0].text", "longer"}},
		{"an entry too many", "POST", "", []byte(many), nil, 413, hostileIssue{"too-long", "Bundle", "10001 entries"}},
		{"Bundles in Bundles", "POST", "Bundle", []byte(deep), nil, 400, hostileIssue{"structure", "Bundle.entry[0]...", "nested too deep"}},
		{"a URL above the limit", "GET", "Patient?name=" + strings.Repeat("x", 20<<10), nil, nil, 414, hostileIssue{"too-long", "", "longer than"}},
		{"a chain without end", "GET", "Patient?" + strings.Repeat("link.", 200) + "name=x", nil, nil, 403, hostileIssue{"too-costly", "http.link.link...", "follows more than"}},
	}
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		s.setUp(t)
		before := s.head(t)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				got := s.send(t, tt.method, tt.path, tt.body, tt.header)
				if got.status != tt.status {
					t.Errorf("status %d, want %d: %.300s", got.status, tt.status, got.body)
				}
				issues := issuesOf(t, got.body)
				for k := range min(len(issues), 1) {
					issues[k] = issues[k].as(tt.want)
				}
				if diff := cmp.Diff([]hostileIssue{tt.want}, issues); diff != "" {
					t.Errorf("issues (-want +got):\n%.2000s", diff)
				}
			})
		}
		if after := s.head(t); after != before {
			t.Errorf("something was written: the store moved from %d to %d", before, after)
		}
		if got := s.count(t, "Patient?_summary=count"); got != 3 {
			t.Errorf("%d patients, want 3", got)
		}
	})
}

func TestABombCostsNoMoreMemoryThanTheLimitOfBodies(t *testing.T) {
	s := newStack(t, memoryStore, strictRules)
	zip := bomb(t, 128<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 4 {
		s.send(t, http.MethodPost, "Patient", zip, http.Header{"Content-Encoding": {"gzip"}})
	}
	runtime.ReadMemStats(&after)
	// Each may fill a buffer that doubles up to the limit of 8 MB.
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 4*40 {
		t.Errorf("four bombs took %d MB", took)
	}
}

// What a specification allows is not hostile, however it looks.
func TestWhatLooksHostileAndIsAllowedIsStored(t *testing.T) {
	tests := []struct {
		name   string
		path   string
		body   string
		header http.Header
		want   int
	}{
		{"a byte order mark", "Patient", "\ufeff" + `{"resourceType":"Patient"}`, nil, 201},
		{"white space around", "Patient", " \r\n\t" + `{"resourceType":"Patient"}` + "\n\n", nil, 201},
		{"an id, which a create ignores", "Patient", `{"resourceType":"Patient","id":"not an id"}`, nil, 201},
		{"a preference that nobody knows", "Patient", `{"resourceType":"Patient"}`, http.Header{"Prefer": {"return=everything, cookies"}}, 201},
		{"a Bundle of type history, to be kept", "Bundle", `{"resourceType":"Bundle","type":"history"}`, nil, 201},
		{"34 digits", "Observation", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":3.141592653589793238462643383279502}}`, nil, 201},
		{"a transaction without entries", "", `{"resourceType":"Bundle","type":"transaction"}`, nil, 200},
		{"a reference to another server", "Observation", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"https://elsewhere.example.org/fhir/Patient/1"}}`, nil, 201},
		{"every language", "Patient", `{"resourceType":"Patient","name":[{"text":"狼 волк λύκος 🐺 \ud83d\udc3a"}]}`, nil, 201},
	}
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if got := s.send(t, http.MethodPost, tt.path, []byte(tt.body), tt.header); got.status != tt.want {
					t.Errorf("status %d, want %d: %s", got.status, tt.want, got.body)
				}
			})
		}
	})
}
