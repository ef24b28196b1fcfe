package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
)

const fhirType = "Content-Type: application/fhir+json"

func TestRequestReachesTheInteractorAsItWasMeant(t *testing.T) {
	anonymous := fhir.Caller{Name: "anonymous", Role: fhir.RoleAdmin}
	tests := []struct {
		name, method, path, body string
		header                   []string
		want                     interaction.Request
	}{
		{"a read", "GET", "/fhir/Patient/1", "", nil, interaction.Request{Method: "GET", Path: "Patient/1"}},
		{"a HEAD is a GET whose body stays here", "HEAD", "/fhir/Patient/1", "", nil, interaction.Request{Method: "GET", Path: "Patient/1"}},
		{"a vread", "GET", "/fhir/Patient/1/_history/2", "", nil, interaction.Request{Method: "GET", Path: "Patient/1/_history/2"}},
		{"the base", "POST", "/fhir", "{}", []string{fhirType}, interaction.Request{Method: "POST", Body: []byte("{}"), ContentType: "application/fhir+json"}},
		{"the base with a slash", "POST", "/fhir/", "{}", []string{fhirType}, interaction.Request{Method: "POST", Body: []byte("{}"), ContentType: "application/fhir+json"}},
		{"a path with a slash at its end", "GET", "/fhir/Patient/", "", nil, interaction.Request{Method: "GET", Path: "Patient"}},
		{"escapes in the path", "GET", "/fhir/Patient/%31/%24everything", "", nil, interaction.Request{Method: "GET", Path: "Patient/1/$everything"}},
		{
			"parameters in their order, decoded", "GET", "/fhir/Patient?name=Anna+M%C3%BCller&_count=2&name=b%2Bc&&flag&=x&a=b=c", "", nil,
			interaction.Request{Method: "GET", Path: "Patient", Query: []search.Pair{
				{Name: "name", Value: "Anna Müller"},
				{Name: "_count", Value: "2"},
				{Name: "name", Value: "b+c"},
				{Name: "flag"},
				{Value: "x"},
				{Name: "a", Value: "b=c"},
			}},
		},
		{
			"a create", "POST", "/fhir/Patient", `{"resourceType":"Patient"}`,
			[]string{fhirType + "; charset=utf-8; fhirVersion=4.0", "If-None-Exist: identifier=1", "Idempotency-Key: k1"},
			interaction.Request{Method: "POST", Path: "Patient", Body: []byte(`{"resourceType":"Patient"}`), ContentType: "application/fhir+json", IfNoneExist: "identifier=1", IdempotencyKey: "k1"},
		},
		{
			"an update of a version", "PUT", "/fhir/Patient/1", "{}",
			[]string{"Content-Type: application/json", `If-Match: W/"3"`},
			interaction.Request{Method: "PUT", Path: "Patient/1", Body: []byte("{}"), ContentType: "application/json", IfMatch: `W/"3"`},
		},
		{
			"a conditional read", "GET", "/fhir/Patient/1", "",
			[]string{`If-None-Match: W/"3"`, `If-None-Match: W/"4"`, "If-Modified-Since: Sun, 01 Jun 2025 12:00:00 GMT"},
			interaction.Request{Method: "GET", Path: "Patient/1", IfNoneMatch: `W/"3", W/"4"`, IfModifiedSince: noon},
		},
		{
			"of two dates none counts", "GET", "/fhir/Patient/1", "",
			[]string{"If-Modified-Since: Sun, 01 Jun 2025 12:00:00 GMT", "If-Modified-Since: Sun, 01 Jun 2025 11:00:00 GMT"},
			interaction.Request{Method: "GET", Path: "Patient/1"},
		},
		{"a date that is none is not there", "GET", "/fhir/Patient/1", "", []string{"If-Modified-Since: yesterday"}, interaction.Request{Method: "GET", Path: "Patient/1"}},
		{
			"a JSON patch", "PATCH", "/fhir/Patient/1", "[]",
			[]string{"Content-Type: application/json-patch+json"},
			interaction.Request{Method: "PATCH", Path: "Patient/1", Body: []byte("[]"), ContentType: "application/json-patch+json"},
		},
		{
			"a patch by FHIRPath", "PATCH", "/fhir/Patient/1", "{}",
			[]string{fhirType},
			interaction.Request{Method: "PATCH", Path: "Patient/1", Body: []byte("{}"), ContentType: "application/fhir+json"},
		},
		{
			"content for a Binary", "POST", "/fhir/Binary", "\x89PNG",
			[]string{"Content-Type: image/png", "X-Security-Context: Patient/1", "Accept: image/png"},
			interaction.Request{Method: "POST", Path: "Binary", Body: []byte("\x89PNG"), ContentType: "image/png", SecurityContext: "Patient/1"},
		},
		{
			"new content for a Binary", "PUT", "/fhir/Binary/1", "hello",
			[]string{"Content-Type: Text/Plain; charset=utf-8"},
			interaction.Request{Method: "PUT", Path: "Binary/1", Body: []byte("hello"), ContentType: "text/plain"},
		},
		{
			"a search by form: first the parameters of the URL", "POST", "/fhir/Patient/_search?_count=2", "name=a&birthdate=ge2000",
			[]string{"Content-Type: application/x-www-form-urlencoded"},
			interaction.Request{Method: "POST", Path: "Patient/_search", Query: []search.Pair{
				{Name: "_count", Value: "2"},
				{Name: "name", Value: "a"},
				{Name: "birthdate", Value: "ge2000"},
			}},
		},
		{"a search by form without one", "POST", "/fhir/_search?_type=Patient", "", nil, interaction.Request{Method: "POST", Path: "_search", Query: []search.Pair{{Name: "_type", Value: "Patient"}}}},
		{"a post without a body", "POST", "/fhir/Patient/$op", "", []string{fhirType}, interaction.Request{Method: "POST", Path: "Patient/$op"}},
		{"the body of a GET is not read", "GET", "/fhir/Patient/1", "{}", []string{"Content-Type: text/plain"}, interaction.Request{Method: "GET", Path: "Patient/1"}},
		{
			"preferences", "POST", "/fhir/Patient", "{}",
			[]string{fhirType, "Prefer: return=minimal; a=b, handling=lenient", "Prefer: respond-async, wait=10"},
			interaction.Request{Method: "POST", Path: "Patient", Body: []byte("{}"), ContentType: "application/fhir+json", Return: "minimal", Lenient: true},
		},
		{
			"preferences in quotes and other letters; the first counts", "POST", "/fhir/Patient", "{}",
			[]string{fhirType, `Prefer: Return="operationoutcome", return=minimal, handling=STRICT, handling=lenient`},
			interaction.Request{Method: "POST", Path: "Patient", Body: []byte("{}"), ContentType: "application/fhir+json", Return: "OperationOutcome"},
		},
		{
			"preferences that do not exist", "POST", "/fhir/Patient", "{}",
			[]string{fhirType, "Prefer: return=everything, handling=kind, speed"},
			interaction.Request{Method: "POST", Path: "Patient", Body: []byte("{}"), ContentType: "application/fhir+json"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{}
			ts := serve(t, s, nil)
			if got := ts.do(tt.method, tt.path, tt.body, tt.header...); got.status != 200 {
				t.Fatalf("status %d: %s", got.status, got.body)
			}
			tt.want.Base, tt.want.Caller, tt.want.Now = ts.root+"/fhir", anonymous, noon
			got := s.last()
			if len(got.Query) == 0 {
				got.Query = nil
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(got)); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRequestsThatHTTPItselfRefuses(t *testing.T) {
	const tooLongText = "the URL is longer than 16384 bytes; POST to _search takes longer searches"
	const noSlash = "the path has an escaped slash, which no type and no id contains"
	tests := []struct {
		name, method, path, body string
		header                   []string
		status                   int
		want                     string
		with                     map[string]string
	}{
		{"a path that is not served", "GET", "/other", "", nil, 404, outcome(fhir.NotFound, "", "nothing is served here; FHIR is served below /fhir"), nil},
		{"a path that begins like FHIR", "GET", "/fhirs/Patient", "", nil, 404, outcome(fhir.NotFound, "", "nothing is served here; FHIR is served below /fhir"), nil},
		{"a method on another path", "POST", "/health/live", "", nil, 405, outcome(fhir.NotSupported, fhir.ReasonMethodNotAllowed, "the method POST is not allowed here; allowed: OPTIONS, GET, HEAD"), map[string]string{"Allow": "OPTIONS, GET, HEAD"}},
		{
			"a method that FHIR does not have", "PURGE", "/fhir/Patient/1", "", nil, 405,
			outcome(fhir.NotSupported, fhir.ReasonMethodNotAllowed, "the method PURGE is not allowed here; allowed: OPTIONS, DELETE, GET, HEAD, PATCH, POST, PUT"),
			map[string]string{"Allow": "OPTIONS, DELETE, GET, HEAD, PATCH, POST, PUT"},
		},
		{
			"a method of any length", strings.Repeat("A", 50), "/fhir/Patient/1", "", nil, 405,
			outcome(fhir.NotSupported, fhir.ReasonMethodNotAllowed, "the method AAAAAAAAAAAAAAAAAAAA... is not allowed here; allowed: OPTIONS, DELETE, GET, HEAD, PATCH, POST, PUT"), nil,
		},
		{"an escaped slash", "GET", "/fhir/Patient%2F1", "", nil, 400, outcome(fhir.Invalid, "", noSlash), nil},
		{"an escaped slash of OPTIONS", "OPTIONS", "/fhir/Patient%2f1", "", nil, 400, outcome(fhir.Invalid, "", noSlash), nil},
		{"a broken escape in a value", "GET", "/fhir/Patient?name=a&birthdate=%zz", "", nil, 400, outcome(fhir.Invalid, "", "the value of the parameter birthdate has a broken %-escape or is not UTF-8", "http.birthdate"), nil},
		{"a broken escape in a name", "GET", "/fhir/Patient?name=a&%=1", "", nil, 400, outcome(fhir.Invalid, "", "the name of parameter 2 has a broken %-escape or is not UTF-8"), nil},
		{"a value that is not UTF-8", "GET", "/fhir/Patient?name=%FF", "", nil, 400, outcome(fhir.Invalid, "", "the value of the parameter name has a broken %-escape or is not UTF-8", "http.name"), nil},
		{"a broken escape in a form", "POST", "/fhir/Patient/_search", "name=%4", []string{"Content-Type: application/x-www-form-urlencoded"}, 400, outcome(fhir.Invalid, "", "the value of the parameter name has a broken %-escape or is not UTF-8", "http.name"), nil},
		{"too many parameters", "GET", "/fhir/Patient?" + strings.Repeat("a&", 2001), "", nil, 400, outcome(fhir.TooCostly, "", "the request has more than 2000 parameters"), nil},
		{"a URL that is too long", "GET", "/fhir/Patient?name=" + strings.Repeat("a", 16<<10), "", nil, 414, outcome(fhir.TooLong, "", tooLongText), nil},
		{"a body without a type", "POST", "/fhir/Patient", "{}", nil, 415, outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, "the request has a body and no Content-Type", "http.Content-Type"), nil},
		{"a type that is none", "POST", "/fhir/Patient", "{}", []string{"Content-Type: json"}, 415, outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, "the Content-Type is no media type", "http.Content-Type"), nil},
		{
			"XML", "POST", "/fhir/Patient", "<Patient/>",
			[]string{"Content-Type: application/fhir+xml"},
			415,
			outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, "a body of type application/fhir+xml is not read; application/fhir+json is", "http.Content-Type"),
			map[string]string{"Accept": "application/fhir+json, application/json"},
		},
		{"Turtle", "PUT", "/fhir/Patient/1", "a", []string{"Content-Type: text/turtle"}, 415, outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, "a body of type text/turtle is not read; application/fhir+json is", "http.Content-Type"), nil},
		{"an XML patch", "PATCH", "/fhir/Patient/1", "<diff/>", []string{"Content-Type: application/xml-patch+xml"}, 415, outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, "a body of type application/xml-patch+xml is not read; application/fhir+json is", "http.Content-Type"), nil},
		{"a JSON patch that is no PATCH", "PUT", "/fhir/Patient/1", "[]", []string{"Content-Type: application/json-patch+json"}, 415, outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, "a body of type application/json-patch+json is not read; application/fhir+json is", "http.Content-Type"), nil},
		{"a form that is no search", "POST", "/fhir/Patient", "a=b", []string{"Content-Type: application/x-www-form-urlencoded"}, 415, outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, "a body of type application/x-www-form-urlencoded is not read; application/fhir+json is", "http.Content-Type"), nil},
		{"a search that is no form", "POST", "/fhir/Patient/_search", "{}", []string{fhirType}, 415, outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, "a search is posted as application/x-www-form-urlencoded, not as application/fhir+json", "http.Content-Type"), nil},
		{"another character set", "POST", "/fhir/Patient", "{}", []string{fhirType + "; charset=iso-8859-1"}, 415, outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, `the character set "iso-8859-1" is not read; utf-8 is`, "http.Content-Type"), nil},
		{"another version of FHIR", "POST", "/fhir/Patient", "{}", []string{fhirType + "; fhirVersion=5.0"}, 415, outcome(fhir.NotSupported, fhir.ReasonUnsupportedMedia, `the fhirVersion "5.0" is not read; 4.0 is`, "http.Content-Type"), nil},
		{"an idempotency key with a space", "POST", "/fhir/Patient", "{}", []string{fhirType, "Idempotency-Key: a b"}, 400, outcome(fhir.Invalid, "", "the Idempotency-Key must be 1 to 255 visible ASCII characters", "http.Idempotency-Key"), nil},
		{"a condition that is empty", "POST", "/fhir/Patient", "{}", []string{fhirType, "If-None-Exist: "}, 400, outcome(fhir.Invalid, "", "If-None-Exist is empty", "http.If-None-Exist"), nil},
		{"a condition of spaces", "POST", "/fhir/Patient", "{}", []string{fhirType, "If-None-Exist:   "}, 400, outcome(fhir.Invalid, "", "If-None-Exist is empty", "http.If-None-Exist"), nil},
		{"two conditions", "POST", "/fhir/Patient", "{}", []string{fhirType, "If-None-Exist: identifier=1", "If-None-Exist: identifier=2"}, 400, outcome(fhir.Invalid, "", "If-None-Exist may occur only once", "http.If-None-Exist"), nil},
		{"an If-Match that is empty", "PUT", "/fhir/Patient/1", "{}", []string{fhirType, "If-Match: "}, 400, outcome(fhir.Invalid, "", "If-Match is empty", "http.If-Match"), nil},
		{"two If-Match", "DELETE", "/fhir/Patient/1", "", []string{`If-Match: W/"1"`, `If-Match: W/"2"`}, 400, outcome(fhir.Invalid, "", "If-Match may occur only once", "http.If-Match"), nil},
		{"an If-Match that is empty on one of two lines", "DELETE", "/fhir/Patient/1", "", []string{`If-Match: W/"1"`, `If-Match: `}, 400, outcome(fhir.Invalid, "", "If-Match may occur only once", "http.If-Match"), nil},
		{"an If-None-Match that is empty", "PUT", "/fhir/Patient/1", "{}", []string{fhirType, "If-None-Match: "}, 400, outcome(fhir.Invalid, "", "If-None-Match is empty", "http.If-None-Match"), nil},
		{"an idempotency key that is empty", "POST", "/fhir/Patient", "{}", []string{fhirType, "Idempotency-Key: "}, 400, outcome(fhir.Invalid, "", "Idempotency-Key is empty", "http.Idempotency-Key"), nil},
		{"two idempotency keys", "POST", "/fhir/Patient", "{}", []string{fhirType, "Idempotency-Key: a", "Idempotency-Key: b"}, 400, outcome(fhir.Invalid, "", "Idempotency-Key may occur only once", "http.Idempotency-Key"), nil},
		{"a security context that is empty", "POST", "/fhir/Binary", "{}", []string{"Content-Type: text/plain", "X-Security-Context: "}, 400, outcome(fhir.Invalid, "", "X-Security-Context is empty", "http.X-Security-Context"), nil},
		{"an idempotency key that is too long", "POST", "/fhir/Patient", "{}", []string{fhirType, "Idempotency-Key: " + strings.Repeat("a", 256)}, 400, outcome(fhir.Invalid, "", "the Idempotency-Key must be 1 to 255 visible ASCII characters", "http.Idempotency-Key"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{}
			ts := serve(t, s, nil)
			got := ts.do(tt.method, tt.path, tt.body, tt.header...)
			if diff := cmp.Diff(tt.want, got.body); diff != "" || got.status != tt.status {
				t.Errorf("status %d, want %d; body (-want +got):\n%s", got.status, tt.status, diff)
			}
			for name, value := range tt.with {
				if got.header.Get(name) != value {
					t.Errorf("%s: %s, want %s", name, got.header.Get(name), value)
				}
			}
			if c := got.header.Get("Content-Type"); c != "application/fhir+json; charset=utf-8" {
				t.Errorf("Content-Type: %s", c)
			}
			if s.count() != 0 {
				t.Error("the interactor was asked")
			}
		})
	}
}

func TestOptionsTellsTheMethodsOfAPath(t *testing.T) {
	ts := serve(t, &script{}, nil)
	tests := []struct{ path, want string }{
		{"", "GET, HEAD, POST, OPTIONS"},
		{"/metadata", "GET, HEAD, OPTIONS"},
		{"/_history", "GET, HEAD, OPTIONS"},
		{"/_search", "POST, OPTIONS"},
		{"/$export", "GET, HEAD, POST, OPTIONS"},
		{"/Patient", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
		{"/Patient/_search", "POST, OPTIONS"},
		{"/Patient/_history", "GET, HEAD, OPTIONS"},
		{"/Patient/$match", "GET, HEAD, POST, OPTIONS"},
		{"/Patient/1", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"},
		{"/Patient/1/_history", "GET, HEAD, OPTIONS"},
		{"/Patient/1/_history/2", "GET, HEAD, OPTIONS"},
		{"/Patient/1/Observation", "GET, HEAD, OPTIONS"},
		{"/Patient/1/$everything", "GET, HEAD, POST, OPTIONS"},
		{"/Patient/1/Observation/_search", "POST, OPTIONS"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			got := ts.do("OPTIONS", "/fhir"+tt.path, "")
			if diff := cmp.Diff(tt.want, got.header.Get("Allow")); diff != "" || got.status != 204 || got.body != "" {
				t.Errorf("status %d, Allow (-want +got):\n%s", got.status, diff)
			}
		})
	}
}

func TestRequestIDIsTakenIfItIsSane(t *testing.T) {
	ts := serve(t, &script{}, nil)
	tests := []struct {
		name, given string
		taken       bool
	}{
		{"a UUID", "0b3f3c1e-5d55-4d6c-8a4d-3f4a3c0e1e11", true},
		{"letters, digits, dots", "Req_1.2", true},
		{"none", "", false},
		{"a space", "a b", false},
		{"what would break a line of a log", `a"b`, false},
		{"too long", strings.Repeat("a", 101), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var header []string
			if tt.given != "" {
				header = []string{"X-Request-Id: " + tt.given}
			}
			for _, path := range []string{"/fhir/Patient/1", "/nowhere", "/health/live"} {
				got := ts.do("GET", path, "", header...).header.Get("X-Request-Id")
				if tt.taken != (got == tt.given) || got == "" {
					t.Errorf("%s answers with %q", path, got)
				}
			}
		})
	}
	a, b := ts.do("GET", "/", "").header.Get("X-Request-Id"), ts.do("GET", "/", "").header.Get("X-Request-Id")
	if a == b {
		t.Errorf("two requests have the id %s", a)
	}
}

func TestAuditLinesTellWhoDidWhatAndNeverWhatWasSaid(t *testing.T) {
	s := answers(interaction.Response{Status: 200, Body: []byte(`{"name":"Anna"}`), Interaction: "read", Type: "Patient", Patient: "Patient/1"})
	ts := serve(t, s, nil)
	audit := func(name, value string) string { return `"` + name + `":"` + value + `"` }
	tests := []struct {
		name, method, path, body string
		header                   []string
		want, not                []string
	}{
		{
			"a read", "GET", "/fhir/Patient/1", "",
			[]string{"X-Request-Id: r1"},
			[]string{
				audit("time", "2025-06-01T12:00:00Z"), audit("request", "r1"), audit("caller", "anonymous"), audit("role", "admin"), audit("remote", "127.0.0.1"),
				audit("method", "GET"), audit("interaction", "read"), audit("type", "Patient"), audit("resource", "Patient/1"), audit("patient", "Patient/1"), `"status":200`, audit("outcome", "ok"),
			},
			[]string{"Anna", "parameters"},
		},
		{
			"a search by form", "POST", "/fhir/Patient/_search?_count=1", "name=Anna&Smith+Anna=1",
			[]string{"Content-Type: application/x-www-form-urlencoded"},
			[]string{audit("parameters", "_count name ?"), audit("resource", "")},
			[]string{"Anna", "Smith"},
		},
		{"a refusal", "GET", "/fhir/Patient/1", "", []string{"Accept: text/html"}, []string{`"status":406`, audit("outcome", "not-supported"), audit("resource", "Patient/1")}, nil},
		{"an unknown path", "GET", "/Anna", "", nil, []string{`"status":404`, audit("outcome", "not-found")}, []string{"Anna"}},
		{"a path below FHIR that is none of a resource", "GET", "/fhir/Patient/Anna%20Smith", "", nil, []string{audit("resource", "")}, []string{"Anna"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := len(ts.audit.String())
			ts.do(tt.method, tt.path, tt.body, tt.header...)
			var lines string
			eventually(t, "an audit line", func() bool { lines = ts.audit.String()[before:]; return lines != "" })
			if n := strings.Count(lines, "\n"); n != 1 {
				t.Errorf("%d lines: %s", n, lines)
			}
			for _, w := range tt.want {
				if !strings.Contains(lines, w) {
					t.Errorf("the line lacks %s: %s", w, lines)
				}
			}
			for _, n := range tt.not {
				if strings.Contains(lines+ts.log.String(), n) {
					t.Errorf("%s stands in the logs: %s", n, lines)
				}
			}
		})
	}
}

func TestProbesWriteNoAuditLine(t *testing.T) {
	ts := serve(t, &script{}, nil)
	ts.do("GET", "/health/live", "")
	ts.do("GET", "/health/ready", "")
	ts.do("GET", "/", "")
	ts.do("GET", "/fhir/Patient/1", "")
	eventually(t, "the line of the read", func() bool { return ts.audit.String() != "" })
	if n := strings.Count(ts.audit.String(), "\n"); n != 1 {
		t.Errorf("%d lines: %s", n, ts.audit.String())
	}
}

func TestParametersAreReadAsTheyCome(t *testing.T) {
	got, err := parseQuery(nil, "a=1+2&b+c=2&a=3;4")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("a=1 2 b c=2 a=3;4", pairs(got)); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
}

func TestClipCutsBetweenCharacters(t *testing.T) {
	if got := clip(strings.Repeat("ü", 60)); got != strings.Repeat("ü", 50)+"..." {
		t.Errorf("got %q", got)
	}
	if got := clip("a" + strings.Repeat("ü", 60)); got != "a"+strings.Repeat("ü", 49)+"..." {
		t.Errorf("got %q", got)
	}
}

func TestRequestsOnOneConnectionDoNotShareState(t *testing.T) {
	s := &script{}
	ts := serve(t, s, nil)
	ts.do("POST", "/fhir/Patient?_pretty=true", "{}", fhirType, `If-Match: W/"1"`, "Prefer: return=minimal")
	ts.do("GET", "/fhir/Patient/1", "")
	want := interaction.Request{Method: http.MethodGet, Path: "Patient/1", Base: ts.root + "/fhir", Caller: fhir.Caller{Name: "anonymous", Role: fhir.RoleAdmin}, Now: noon}
	if diff := cmp.Diff(want, s.last(), cmpopts.IgnoreUnexported(want)); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if got := ts.do("GET", "/fhir/Patient/1", ""); strings.Contains(got.body, "\n") {
		t.Error("the answer is pretty, as the one before was")
	}
}
