package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// okWith is a read of the body.
func okWith(body string) interaction.Response {
	return interaction.Response{Status: 200, Body: []byte(body), Interaction: "read", Type: "Patient"}
}

// refusal is a refused request.
func refusal(issues ...*fhir.Issue) interaction.Response {
	return interaction.Response{Status: interaction.StatusOf(issues), Issues: issues, Interaction: "read", Type: "Patient"}
}

// some returns the headers that are named.
func some(got reply, names ...string) map[string]string {
	headers := map[string]string{}
	for _, n := range names {
		if v, ok := got.header[n]; ok {
			headers[n] = strings.Join(v, " | ")
		}
	}
	return headers
}

func TestOutcomesOfInteractionsBecomeStatusHeadersAndBody(t *testing.T) {
	at := time.Date(2025, 5, 1, 10, 30, 15, 999e6, time.FixedZone("CEST", 7200))
	const patient = `{"resourceType":"Patient","id":"1"}`
	const location = "http://localhost/fhir/Patient/1/_history/2"
	watched := []string{"Content-Type", "Content-Length", "Etag", "Last-Modified", "Location", "Content-Location", "Content-Security-Policy", "X-Security-Context", "Retry-After", "Allow", "Www-Authenticate", "Cache-Control", "X-Content-Type-Options"}
	tests := []struct {
		name, method, path string
		answer             interaction.Response
		status             int
		header             map[string]string
		body               string
	}{
		{
			"a read has the version in its headers", "GET", "/fhir/Patient/1",
			interaction.Response{Status: 200, Body: []byte(patient), ETag: `W/"2"`, LastModified: at},
			200,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8", "Content-Length": "35", "Etag": `W/"2"`, "Last-Modified": "Thu, 01 May 2025 08:30:15 GMT"},
			patient,
		},
		{
			"a HEAD has the headers of the read and no body", "HEAD", "/fhir/Patient/1",
			interaction.Response{Status: 200, Body: []byte(patient), ETag: `W/"2"`, LastModified: at},
			200,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8", "Content-Length": "35", "Etag": `W/"2"`, "Last-Modified": "Thu, 01 May 2025 08:30:15 GMT"},
			"",
		},
		{
			"a create tells the location", "POST", "/fhir/Patient",
			interaction.Response{Status: 201, Body: []byte(patient), ETag: `W/"1"`, Location: location},
			201,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8", "Content-Length": "35", "Etag": `W/"1"`, "Location": location},
			patient,
		},
		{
			"a create with nothing to show", "POST", "/fhir/Patient",
			interaction.Response{Status: 201, Location: location},
			201,
			map[string]string{"Content-Length": "0", "Location": location},
			"",
		},
		{
			"an update tells which version the body is", "PUT", "/fhir/Patient/1",
			interaction.Response{Status: 200, Body: []byte(patient), Location: location},
			200,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8", "Content-Length": "35", "Content-Location": location},
			patient,
		},
		{
			"what was not modified has no body", "GET", "/fhir/Patient/1",
			interaction.Response{Status: 304, Body: []byte(patient), ETag: `W/"2"`, LastModified: at},
			304,
			map[string]string{"Etag": `W/"2"`, "Last-Modified": "Thu, 01 May 2025 08:30:15 GMT"},
			"",
		},
		{"a delete without content", "DELETE", "/fhir/Patient/1", interaction.Response{Status: 204, ETag: `W/"3"`}, 204, map[string]string{"Etag": `W/"3"`}, ""},
		{
			"the content of a Binary is served as stored, in a sandbox", "GET", "/fhir/Binary/1",
			interaction.Response{Status: 200, Body: []byte("<script>alert(1)</script>"), ContentType: "text/html", SecurityContext: "Patient/1"},
			200,
			map[string]string{"Content-Type": "text/html", "Content-Length": "25", "Content-Security-Policy": "default-src 'none'; sandbox", "X-Security-Context": "Patient/1"},
			"<script>alert(1)</script>",
		},
		{
			"what is not there", "GET", "/fhir/Patient/2", refusal(fhir.NewIssue(fhir.NotFound, "Patient/2 is not there")), 404,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8"},
			outcome(fhir.NotFound, "", "Patient/2 is not there"),
		},
		{
			"a deletion keeps its version", "GET", "/fhir/Patient/2",
			interaction.Response{Status: 410, ETag: `W/"2"`, LastModified: at, Issues: fhir.Issues{fhir.NewIssue(fhir.Deleted, "Patient/2 was deleted")}},
			410,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8", "Etag": `W/"2"`, "Last-Modified": "Thu, 01 May 2025 08:30:15 GMT"},
			outcome(fhir.Deleted, "", "Patient/2 was deleted"),
		},
		{
			"a refusal without a status gets that of its issue", "GET", "/fhir/Nothing/2",
			interaction.Response{Issues: fhir.Issues{fhir.NewIssue(fhir.NotFound, "no such type").Because(fhir.ReasonUnknownType)}},
			404,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8"},
			outcome(fhir.NotFound, fhir.ReasonUnknownType, "no such type"),
		},
		{
			"a method that a path does not take", "PUT", "/fhir/metadata", refusal(fhir.NewIssue(fhir.NotSupported, "not so").Because(fhir.ReasonMethodNotAllowed)), 405,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8", "Allow": "GET, HEAD, OPTIONS"},
			outcome(fhir.NotSupported, fhir.ReasonMethodNotAllowed, "not so"),
		},
		{
			"a method that a path does not take, where the interactor knows better", "PUT", "/fhir/metadata",
			interaction.Response{Status: 405, Allow: []string{"GET", "HEAD"}, Issues: fhir.Issues{fhir.NewIssue(fhir.NotSupported, "not so").Because(fhir.ReasonMethodNotAllowed)}},
			405,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8", "Allow": "GET, HEAD, OPTIONS"},
			outcome(fhir.NotSupported, fhir.ReasonMethodNotAllowed, "not so"),
		},
		{
			"a full queue asks to come again", "POST", "/fhir/Patient", refusal(fhir.NewIssue(fhir.Throttled, "the queue is full").Because(fhir.ReasonQueueFull)), 429,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8", "Retry-After": "1"},
			outcome(fhir.Throttled, fhir.ReasonQueueFull, "the queue is full"),
		},
		{
			"a store that is away asks to come again", "GET", "/fhir/Patient/1", refusal(fhir.NewIssue(fhir.Transient, "the store is away").Because(fhir.ReasonUnavailable)), 503,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8", "Retry-After": "5"},
			outcome(fhir.Transient, fhir.ReasonUnavailable, "the store is away"),
		},
		{
			"a full disk", "POST", "/fhir/Patient", refusal(fhir.NewIssue(fhir.NoStore, "the disk is full").Because(fhir.ReasonStorageFull)), 507,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8"},
			outcome(fhir.NoStore, fhir.ReasonStorageFull, "the disk is full"),
		},
		{
			"a caller that must say who it is", "GET", "/fhir/Patient/1", refusal(fhir.NewIssue(fhir.Login, "who are you")), 401,
			map[string]string{"Content-Type": "application/fhir+json; charset=utf-8", "Www-Authenticate": `Bearer realm="firewolf"`},
			outcome(fhir.Login, "", "who are you"),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ts := serve(t, answers(tt.answer), nil)
			body := ""
			if tt.method == "POST" || tt.method == "PUT" {
				body = "{}"
			}
			got := ts.do(tt.method, tt.path, body, "Content-Type: application/fhir+json")
			if _, given := tt.header["Content-Length"]; !given && tt.body != "" {
				tt.header["Content-Length"] = itoa(len(tt.body))
			}
			tt.header["Cache-Control"], tt.header["X-Content-Type-Options"] = "no-store", "nosniff"
			if diff := cmp.Diff(tt.header, some(got, watched...)); diff != "" || got.status != tt.status {
				t.Errorf("status %d, want %d; headers (-want +got):\n%s", got.status, tt.status, diff)
			}
			if diff := cmp.Diff(tt.body, got.body); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInternalErrorShowsItsNumberAndLogsItsCause(t *testing.T) {
	ts := serve(t, answers(interaction.Response{Status: 500, Err: errors.New("secret of the disk")}), nil)
	got := ts.do("GET", "/fhir/Patient/1", "")
	_, rest, _ := strings.Cut(got.body, "internal error ")
	id, _, _ := strings.Cut(rest, ";")
	want := outcome(fhir.Exception, "", "internal error "+id+"; the log of the server says more under this number")
	if diff := cmp.Diff(want, got.body); diff != "" || got.status != 500 || len(id) < 10 {
		t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
	}
	if log := ts.log.String(); !strings.Contains(log, "secret of the disk") || !strings.Contains(log, "error="+id) {
		t.Errorf("the log does not tell of %s: %s", id, log)
	}
}

func TestRefusalThatIsNoInternalErrorKeepsItsStatusAndLogsItsCause(t *testing.T) {
	full := fhir.NewIssue(fhir.NoStore, "the disk is full").Because(fhir.ReasonStorageFull)
	ts := serve(t, answers(interaction.Response{Status: 507, Issues: fhir.Issues{full}, Err: full.CausedBy(errors.New("ENOSPC of /var"))}), nil)
	got := ts.do("GET", "/fhir/Patient/1", "")
	if diff := cmp.Diff(outcome(fhir.NoStore, fhir.ReasonStorageFull, "the disk is full"), got.body); diff != "" || got.status != 507 {
		t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
	}
	if log := ts.log.String(); !strings.Contains(log, "ENOSPC of /var") {
		t.Errorf("the log lacks the cause: %s", log)
	}
}

func TestInternalErrorOfTheInteractorGetsANumberToo(t *testing.T) {
	issue := fhir.NewIssue(fhir.Exception, "internal error")
	ts := serve(t, answers(interaction.Response{Status: 500, Issues: fhir.Issues{issue}, Err: errors.New("secret of the disk")}), nil)
	if got := ts.do("GET", "/fhir/Patient/1", ""); got.status != 500 || !strings.Contains(got.body, "the log of the server says more under this number") {
		t.Errorf("status %d: %s", got.status, got.body)
	}
}

func TestPanicShowsANumberAndLogsTheStack(t *testing.T) {
	tests := []struct {
		name, logged string
		panicWith    func()
	}{
		{"an error of the runtime", "index out of range", func() { _ = []int{}[len("a")] }},
		{"a value that may quote a resource", "a value of another type", func() { panic("Anna Smith") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ts := serve(t, &script{answer: func(context.Context, interaction.Request) interaction.Response {
				tt.panicWith()
				return interaction.Response{}
			}}, nil)
			got := ts.do("GET", "/fhir/Patient/1?_pretty=false", "")
			_, rest, _ := strings.Cut(got.body, "internal error ")
			id, _, _ := strings.Cut(rest, ";")
			want := outcome(fhir.Exception, "", "internal error "+id+"; the log of the server says more under this number")
			if diff := cmp.Diff(want, got.body); diff != "" || got.status != 500 || len(id) < 10 {
				t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
			}
			log := ts.log.String()
			for _, part := range []string{"error=" + id, tt.logged, "stack="} {
				if !strings.Contains(log, part) {
					t.Errorf("the log lacks %q: %s", part, log)
				}
			}
			if strings.Contains(log, "Anna") {
				t.Error("the log quotes the value")
			}
			if again := ts.do("GET", "/health/live", ""); again.status != 200 {
				t.Errorf("after the panic the server answers %d", again.status)
			}
		})
	}
}

func TestRequestThatTakesTooLongIs503(t *testing.T) {
	ts := serve(t, &script{answer: func(ctx context.Context, _ interaction.Request) interaction.Response {
		<-ctx.Done()
		return interaction.Response{Status: 503, Err: ctx.Err(), Issues: fhir.Issues{fhir.NewIssue(fhir.Timeout, "too long")}}
	}}, func(o *Options) { o.Limits.Request = 20 * time.Millisecond })
	got := ts.do("GET", "/fhir/Patient", "")
	if diff := cmp.Diff(outcome(fhir.Timeout, "", "the request took longer than 20ms and was stopped"), got.body); diff != "" || got.status != 503 {
		t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
	}
	if after := got.header.Get("Retry-After"); after != "5" {
		t.Errorf("Retry-After %q", after)
	}
}

func TestLargeAnswersAreCompressedAsTheClientAllows(t *testing.T) {
	large := `{"resourceType":"Patient","text":"` + strings.Repeat("abc", 500) + `"}`
	small := `{"resourceType":"Patient"}`
	random := `"` + strings.Repeat("x", 1400) + `"`
	ts := serve(t, &script{answer: func(_ context.Context, r interaction.Request) interaction.Response {
		switch r.Path {
		case "Patient/small":
			return okWith(small)
		case "Binary/image":
			return interaction.Response{Status: 200, Body: []byte(random), ContentType: "image/png"}
		case "Patient/none":
			return refusal(fhir.NewIssue(fhir.NotFound, strings.Repeat("not there ", 200)))
		}
		return okWith(large)
	}}, nil)
	tests := []struct{ name, path, accept, want string }{
		{"gzip", "Patient/1", "gzip", "gzip"},
		{"zstd", "Patient/1", "zstd", "zstd"},
		{"zstd where both are liked alike", "Patient/1", "gzip, deflate, br, zstd", "zstd"},
		{"the better liked one", "Patient/1", "gzip;q=1.0, zstd;q=0.5", "gzip"},
		{"anything", "Patient/1", "*", "gzip"},
		{"zero means no", "Patient/1", "gzip;q=0, *;q=0", ""},
		{"none that is known", "Patient/1", "br, deflate", ""},
		{"identity", "Patient/1", "identity", ""},
		{"a quality that is none", "Patient/1", "gzip;q=high", ""},
		{"a small answer", "Patient/small", "gzip", ""},
		{"an image", "Binary/image", "gzip", ""},
		{"a refusal", "Patient/none", "gzip", "gzip"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ts.do("GET", "/fhir/"+tt.path, "", "Accept-Encoding: "+tt.accept)
			if e := got.header.Get("Content-Encoding"); e != tt.want {
				t.Fatalf("Content-Encoding %q, want %q", e, tt.want)
			}
			if v := got.header.Get("Vary"); v != "Accept, Accept-Encoding" {
				t.Errorf("Vary: %s", v)
			}
			plain := ts.do("GET", "/fhir/"+tt.path, "", "Accept-Encoding: identity").body
			if diff := cmp.Diff(plain, decoded(t, tt.want, got.body)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if n := got.header.Get("Content-Length"); n != itoa(len(got.body)) {
				t.Errorf("Content-Length %s of %d bytes", n, len(got.body))
			}
			if head := ts.do("HEAD", "/fhir/"+tt.path, "", "Accept-Encoding: "+tt.accept); head.header.Get("Content-Length") != itoa(len(got.body)) {
				t.Errorf("HEAD says %s bytes", head.header.Get("Content-Length"))
			}
		})
	}
}

func decoded(t *testing.T, encoding, body string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	switch encoding {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCompressedAnswersOfManyClientsDoNotMix(t *testing.T) {
	ts := serve(t, &script{answer: func(_ context.Context, r interaction.Request) interaction.Response {
		return okWith(`"` + strings.Repeat(r.Path, 300) + `"`)
	}}, nil)
	done := make(chan string)
	for k := range 8 {
		go func() {
			path := "Patient/" + itoa(k)
			for n := range 50 {
				encoding := []string{"gzip", "zstd"}[n%2]
				got := ts.do("GET", "/fhir/"+path, "", "Accept-Encoding: "+encoding)
				if decoded(t, encoding, got.body) != `"`+strings.Repeat(path, 300)+`"` {
					done <- path + " got another body"
					return
				}
			}
			done <- ""
		}()
	}
	for range 8 {
		if problem := <-done; problem != "" {
			t.Error(problem)
		}
	}
}
