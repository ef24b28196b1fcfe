package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstandard(t *testing.T, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(text), nil))
}

func TestBodiesAreReadDecompressed(t *testing.T) {
	const limit = 100_000
	small, large := `{"a":1}`, `"`+strings.Repeat("x", limit-2)+`"`
	s := &script{}
	ts := serve(t, s, func(o *Options) { o.Limits.Body = limit })
	tests := []struct{ name, encoding, sent, want string }{
		{"plain", "", small, small},
		{"identity", "identity", small, small},
		{"gzip", "gzip", gzipped(t, small), small},
		{"gzip by its old name, in capitals", "X-GZIP", gzipped(t, small), small},
		{"zstd", "zstd", zstandard(t, small), small},
		{"gzip of several members", "gzip", gzipped(t, `{"a":`) + gzipped(t, `1}`), small},
		{"zstd of several frames", "zstd", zstandard(t, `{"a":`) + zstandard(t, `1}`), small},
		{"as large as allowed", "", large, large},
		{"as large as allowed in gzip", "gzip", gzipped(t, large), large},
		{"as large as allowed in zstd", "zstd", zstandard(t, large), large},
		{"gzip of nothing", "gzip", gzipped(t, ""), ""},
	}
	for _, tt := range tests {
		for _, chunked := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				got := ts.post(tt.sent, tt.encoding, chunked)
				if got.status != 200 {
					t.Fatalf("status %d: %s", got.status, got.body)
				}
				if diff := cmp.Diff(tt.want, string(s.last().Body)); diff != "" {
					t.Errorf("body (-want +got):\n%s", diff)
				}
			})
		}
	}
	if held := ts.bodies.Load(); held != 0 {
		t.Errorf("%d bytes are still booked", held)
	}
}

// post sends a create with a body in an encoding, with or without its length.
func (ts *testServer) post(body, encoding string, chunked bool) reply {
	ts.t.Helper()
	var source io.Reader = strings.NewReader(body)
	if chunked {
		source = io.MultiReader(source) // hides the length
	}
	r, err := http.NewRequestWithContext(ts.t.Context(), http.MethodPost, ts.root+"/fhir/Patient", source)
	if err != nil {
		ts.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/fhir+json")
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	return ts.send(r)
}

func TestBodiesThatCannotBeReadAreRefused(t *testing.T) {
	const limit = 100_000
	tooLargeText := outcome(fhir.TooLong, "", "the request body is larger than 100000 bytes")
	brokenText := outcome(fhir.Invalid, "", "the request body cannot be read: its transfer coding or its compression is broken")
	endsText := outcome(fhir.Incomplete, "", "the request body ends early")
	bomb := strings.Repeat("\x00", 10<<20)
	s := &script{}
	ts := serve(t, s, func(o *Options) { o.Limits.Body = limit })
	whole := gzipped(t, strings.Repeat("abc", 100))
	wholeZstd := zstandard(t, strings.Repeat("abcdefghijklm", 100))
	tests := []struct {
		name, encoding, sent string
		status               int
		want                 string
	}{
		{"one byte too large", "", strings.Repeat("x", limit+1), 413, tooLargeText},
		{"far too large", "", strings.Repeat("x", 5*limit), 413, tooLargeText},
		{"one byte too large in gzip", "gzip", gzipped(t, strings.Repeat("x", limit+1)), 413, tooLargeText},
		{"one byte too large in zstd", "zstd", zstandard(t, strings.Repeat("x", limit+1)), 413, tooLargeText},
		{"a bomb in gzip", "gzip", gzipped(t, bomb), 413, tooLargeText},
		{"a bomb in zstd", "zstd", zstandard(t, bomb), 413, tooLargeText},
		{"a bomb in a bomb", "gzip, gzip", gzipped(t, gzipped(t, bomb)), 415, outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, "the Content-Encoding gzip, gzip is not read; gzip and zstd are", "http.Content-Encoding")},
		{"another encoding", "br", "x", 415, outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, "the Content-Encoding br is not read; gzip and zstd are", "http.Content-Encoding")},
		{"gzip that is none", "gzip", `{"resourceType":"Patient"}`, 400, brokenText},
		{"zstd that is none", "zstd", `{"a":1}`, 400, brokenText},
		{"gzip that ends early", "gzip", whole[:len(whole)-12], 400, endsText},
		{"gzip that ends in its header", "gzip", whole[:5], 400, endsText},
		{"gzip with a wrong sum", "gzip", whole[:len(whole)-8] + "12345678", 400, brokenText},
		{"gzip with something behind it", "gzip", whole + "more and more", 400, brokenText},
		{"zstd that ends early", "zstd", wholeZstd[:len(wholeZstd)-6], 400, endsText},
	}
	for _, tt := range tests {
		for _, chunked := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				got := ts.post(tt.sent, tt.encoding, chunked)
				if diff := cmp.Diff(tt.want, got.body); diff != "" || got.status != tt.status {
					t.Errorf("status %d, want %d; body (-want +got):\n%s", got.status, tt.status, diff)
				}
			})
		}
	}
	if s.count() != 0 {
		t.Error("the interactor was asked")
	}
	if held := ts.bodies.Load(); held != 0 {
		t.Errorf("%d bytes are still booked", held)
	}
	if got := ts.post(gzipped(t, "{}"), "gzip", false); got.status != 200 || string(s.last().Body) != "{}" {
		t.Errorf("after all that a good body gets %d", got.status)
	}
}

func TestBodyOfAZstdWindowBeyondTheLimitIsRefused(t *testing.T) {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(64<<20), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, strings.Repeat("abc", 10_000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ts := serve(t, &script{}, nil)
	if got := ts.post(b.String(), "zstd", false); got.status != 413 {
		t.Errorf("status %d: %s", got.status, got.body)
	}
}

func TestFormsHaveALimitOfTheirOwn(t *testing.T) {
	ts := serve(t, &script{}, nil)
	got := ts.do("POST", "/fhir/Patient/_search", "name="+strings.Repeat("a", 1<<20), "Content-Type: application/x-www-form-urlencoded")
	if diff := cmp.Diff(outcome(fhir.TooLong, "", "the request body is larger than 1048576 bytes"), got.body); diff != "" || got.status != 413 {
		t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
	}
}

func TestAllBodiesTogetherHaveALimit(t *testing.T) {
	s, began, letGo := slow()
	ts := serve(t, s, func(o *Options) { o.Limits.Body, o.Limits.Bodies = 100_000, 150_000 })
	body := `"` + strings.Repeat("x", 90_000) + `"`
	answer := make(chan reply, 1)
	go func() { answer <- ts.post(body, "", false) }()
	<-began
	got := ts.post(body, "", false)
	want := outcome(fhir.Throttled, fhir.ReasonUnavailable, "the server holds too many request bodies now; try again")
	if diff := cmp.Diff(want, got.body); diff != "" || got.status != 503 || got.header.Get("Retry-After") != "5" {
		t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
	}
	close(letGo)
	if first := <-answer; first.status != 200 {
		t.Errorf("the first body got %d", first.status)
	}
	eventually(t, "the first body is given back", func() bool { return ts.bodies.Load() == 0 })
	if again := ts.post(body, "", false); again.status != 200 {
		t.Errorf("afterwards a body gets %d", again.status)
	}
}

func TestTooManyRequestsAtATimeAreTurnedAway(t *testing.T) {
	s, began, letGo := slow()
	ts := serve(t, s, func(o *Options) { o.Limits.Concurrent = 2 })
	answers := make(chan reply, 2)
	for range 2 {
		go func() { answers <- ts.do("GET", "/fhir/Patient/1", "") }()
		<-began
	}
	got := ts.do("GET", "/fhir/Patient/1", "")
	want := outcome(fhir.Throttled, fhir.ReasonUnavailable, "the server works on too many requests now; try again")
	if diff := cmp.Diff(want, got.body); diff != "" || got.status != 503 || got.header.Get("Retry-After") != "5" {
		t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
	}
	if live := ts.do("GET", "/health/live", ""); live.status != 200 {
		t.Errorf("health: %d", live.status)
	}
	close(letGo)
	for range 2 {
		if a := <-answers; a.status != 200 {
			t.Errorf("a request within the limit got %d", a.status)
		}
	}
	eventually(t, "requests are done", func() bool { return ts.working.Load() == 0 })
	if again := ts.do("GET", "/fhir/Patient/1", ""); again.status != 200 {
		t.Errorf("afterwards a request gets %d", again.status)
	}
}

func TestBodiesOfManyClientsDoNotMix(t *testing.T) {
	s := &script{answer: func(_ context.Context, r interaction.Request) interaction.Response { return okWith(string(r.Body)) }}
	ts := serve(t, s, nil)
	problems := make(chan string)
	for k := range 8 {
		go func() {
			want := `"` + strings.Repeat(itoa(k), 2000) + `"`
			for n := range 40 {
				sent, encoding := want, ""
				switch n % 3 {
				case 1:
					sent, encoding = gzipped(t, want), "gzip"
				case 2:
					sent, encoding = zstandard(t, want), "zstd"
				}
				if got := ts.post(sent, encoding, n%2 == 0); got.body != want {
					problems <- got.body
					return
				}
			}
			problems <- ""
		}()
	}
	for range 8 {
		if p := <-problems; p != "" {
			t.Errorf("a client got %.100s", p)
		}
	}
}

func TestReadAllGrowsWithWhatArrives(t *testing.T) {
	tests := []struct {
		name                    string
		size                    int
		announced, limit, taken int64
	}{
		{"nothing", 0, -1, 1 << 20, 64 << 10},
		{"a small body takes what it announced", 1000, 1000, 1 << 20, 1001},
		{"a body of unknown length", 1000, -1, 1 << 20, 64 << 10},
		{"a body that announced much and sent little", 1000, 1 << 20, 1 << 20, 64 << 10},
		{"a large body takes what it announced", 300_000, 300_000, 1 << 20, 300_001},
		{"never more than the limit", 100_000, -1, 100_000, 100_001},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var taken int64
			got, err := readAll(strings.NewReader(strings.Repeat("x", tt.size)), tt.announced, tt.limit, func(n int64) bool {
				taken += n
				return true
			})
			if err != nil || len(got) != tt.size || taken != tt.taken {
				t.Errorf("%d bytes, %d taken, want %d; %v", len(got), taken, tt.taken, err)
			}
		})
	}
}
