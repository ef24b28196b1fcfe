package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// fhirPath is where the FHIR API begins.
const fhirPath = "/fhir"

// readRequest reads what a FHIR interaction needs to know of a request. The parameters _format and _pretty end here:
// they are about bytes, and what they say has been understood; of _format the links of the answer tell. https://hl7.org/fhir/R4/http.html#parameters
func (s *Server) readRequest(x *exchange) (interaction.Request, error) {
	r := x.request
	path, err := fhirPathOf(r)
	if err != nil {
		return interaction.Request{}, err
	}
	if isResource(path) {
		x.record.Resource = path
	}
	q := interaction.Request{Method: r.Method, Path: path, Base: x.base, Caller: x.record.Caller, Now: x.record.Time}
	if q.Method == http.MethodHead {
		q.Method = http.MethodGet // its answer says how long a body it would have
	}
	if q.Query, err = parseQuery(nil, r.URL.RawQuery); err != nil {
		return q, err
	}
	if err := s.readContent(x, &q); err != nil {
		return q, err
	}
	for k := range q.Query {
		x.record.AddParameter(q.Query[k].Name)
	}
	if err := readFormat(x, &q); err != nil {
		return q, err
	}
	return q, readHeaders(r.Header, &q)
}

// fhirPathOf returns the decoded path below /fhir, without slashes around it.
func fhirPathOf(r *http.Request) (string, error) {
	// An escaped slash would turn into a border between segments when it is decoded.
	if raw := r.URL.RawPath; raw != "" && (strings.Contains(raw, "%2f") || strings.Contains(raw, "%2F")) {
		return "", refuse(fhir.Invalid, fhir.ReasonNone, "the path has an escaped slash, which no type and no id contains")
	}
	path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, fhirPath), "/")
	return strings.TrimSuffix(path, "/"), nil
}

// isResource reports whether a path has the shape Type/id or Type/id/_history/vid.
func isResource(path string) bool {
	typ, rest, ok := strings.Cut(path, "/")
	if !ok || !fhir.ValidTypeName(typ) {
		return false
	}
	id, vid, versioned := strings.Cut(rest, "/_history/")
	return fhir.ValidID(id) && (!versioned || fhir.ValidID(vid))
}

// readFormat negotiates the format of the answer.
func readFormat(x *exchange, q *interaction.Request) (err error) {
	var format, pretty string
	var given bool
	if len(q.Query) > 0 {
		q.Query, format, given = takePair(q.Query, "_format")
		q.Query, pretty, _ = takePair(q.Query, "_pretty")
	}
	q.Format, x.pretty = format, pretty == "true"
	accept := x.request.Header["Accept"]
	switch {
	case asksTable(q.Path, format, given, accept):
		q.RawAccept, x.contentType = csvType, jsonTypes[fhirJSON].plain
	case given:
		x.contentType, err = negotiateFormat(format)
	case readsBinary(q.Method, q.Path):
		if q.RawAccept = rawAccept(accept); q.RawAccept == "" {
			x.contentType, err = negotiate(accept)
		}
	case writesBinary(q.Method, q.Path):
		// What is accepted may be the type of the content: the answer is a resource all the same.
		if t, err := negotiate(accept); err == nil {
			x.contentType = t
		}
	default:
		x.contentType, err = negotiate(accept)
	}
	return err
}

// readHeaders reads the headers of conditional interactions and preferences.
func readHeaders(h http.Header, q *interaction.Request) error {
	for _, c := range [...]struct {
		name string
		to   *string
	}{
		{"If-Match", &q.IfMatch},
		{"If-None-Match", &q.IfNoneMatch},
		{"If-None-Exist", &q.IfNoneExist},
		{"Idempotency-Key", &q.IdempotencyKey},
		{"X-Security-Context", &q.SecurityContext},
	} {
		if lines := h[c.name]; lines != nil {
			var err error
			if *c.to, err = condition(c.name, lines); err != nil {
				return err
			}
		}
	}
	q.IfModifiedSince = httpDate(h["If-Modified-Since"])
	q.IfUnmodifiedSince = httpDate(h["If-Unmodified-Since"])
	readPrefer(h["Prefer"], q)
	if key := q.IdempotencyKey; len(key) > 255 || !visible(key) {
		return refuse(fhir.Invalid, fhir.ReasonNone, "the Idempotency-Key must be 1 to 255 visible ASCII characters", "http.Idempotency-Key")
	}
	return nil
}

// condition reads a header without which a request would do more than its client means. So one that is empty is not taken for absent, and
// of several lines, but those of a list, not the first.
func condition(name string, lines []string) (string, error) {
	if len(lines) > 1 && name != "If-None-Match" {
		return "", refuse(fhir.Invalid, fhir.ReasonNone, name+" may occur only once", "http."+name)
	}
	value := strings.Join(lines, ", ")
	if strings.Trim(value, ", \t") == "" {
		return "", refuse(fhir.Invalid, fhir.ReasonNone, name+" is empty", "http."+name)
	}
	return value, nil
}

// httpDate reads a header that holds a date; the zero time where it does not: "A recipient MUST ignore the If-Modified-Since header field if
// the received field value is not a valid HTTP-date, the field value has more than one member [...]". The same goes for If-Unmodified-Since.
// https://www.rfc-editor.org/rfc/rfc9110#name-if-modified-since https://www.rfc-editor.org/rfc/rfc9110#name-if-unmodified-since
func httpDate(lines []string) time.Time {
	if len(lines) != 1 {
		return time.Time{}
	}
	t, err := http.ParseTime(lines[0])
	if err != nil {
		return time.Time{}
	}
	return t
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func visible(s string) bool {
	for i := range len(s) {
		if s[i] < '!' || s[i] > '~' {
			return false
		}
	}
	return true
}

// returns are the values of the preference "return". https://hl7.org/fhir/R4/http.html#ops
var returns = []string{"minimal", "representation", "OperationOutcome"}

// readPrefer reads the preferences that are understood. All others, respond-async among them, are left aside: "If a
// server does not recognize or is unable to comply with particular preference tokens [...] then the server MUST ignore
// those tokens". Of a preference that is given twice the first counts. https://www.rfc-editor.org/rfc/rfc7240#section-2
func readPrefer(lines []string, q *interaction.Request) {
	if len(lines) == 0 {
		return
	}
	handling := ""
	for _, element := range splitOutsideQuotes(strings.Join(lines, ","), ',') {
		preference, _, _ := strings.Cut(element, ";")
		name, value, _ := strings.Cut(preference, "=")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "return":
			if q.Return == "" {
				q.Return = canonicalReturn(value)
			}
		case "handling":
			if handling == "" {
				handling = strings.ToLower(value)
			}
		}
	}
	q.Lenient = handling == "lenient"
}

func canonicalReturn(value string) string {
	for _, r := range returns {
		if strings.EqualFold(r, value) {
			return r
		}
	}
	return ""
}

// readContent reads the body: a resource, a patch, the content of a Binary, or the form of POST _search, whose
// parameters go to those of the URL. https://hl7.org/fhir/R4/http.html#search
func (s *Server) readContent(x *exchange, q *interaction.Request) error {
	switch q.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		return nil
	}
	limit, isSearch := s.o.Limits.Body, isSearchPath(q.Path)
	if isSearch {
		limit = min(limit, maxForm)
	}
	content := writesBinary(q.Method, q.Path) && first(x.request.Header["Content-Type"]) != "" // which may be empty
	if x.request.ContentLength != 0 || content {
		var err error
		if q.ContentType, err = contentType(x.request.Header["Content-Type"]); err != nil {
			return err
		}
		if err := checkContentType(q, isSearch); err != nil {
			return err
		}
	}
	body, err := s.readBody(x, limit)
	switch {
	case err != nil:
		return err
	case len(body) == 0:
		if !content {
			q.ContentType = ""
		}
		return nil
	case !isSearch:
		q.Body = body
		return nil
	}
	q.ContentType = ""
	q.Query, err = parseQuery(q.Query, string(body))
	return err
}

func isSearchPath(path string) bool { return path == "_search" || strings.HasSuffix(path, "/_search") }

// contentType reads a Content-Type header: the media type alone, if character set and version are those that are read.
func contentType(lines []string) (string, error) {
	if len(lines) == 0 || strings.TrimSpace(lines[0]) == "" {
		return "", unsupported("the request has a body and no Content-Type")
	}
	switch lines[0] { // what almost every client sends
	case "application/fhir+json", "application/json":
		return lines[0], nil
	}
	r, ok := parseRange(lines[0])
	switch {
	case !ok || strings.Contains(r.name, "*"):
		return "", unsupported("the Content-Type is no media type")
	case r.charset != "" && !isUTF8(r.charset):
		return "", unsupported("the character set " + strconv.Quote(clip(r.charset)) + " is not read; utf-8 is")
	case r.fhirVersion != "" && r.fhirVersion != fhirVersion:
		return "", unsupported("the fhirVersion " + strconv.Quote(clip(r.fhirVersion)) + " is not read; 4.0 is")
	}
	return r.name, nil
}

// checkContentType refuses bodies of a type that the request cannot bring.
func checkContentType(q *interaction.Request, isSearch bool) error {
	switch {
	case isSearch:
		if q.ContentType != "application/x-www-form-urlencoded" {
			return unsupported("a search is posted as application/x-www-form-urlencoded, not as " + clip(q.ContentType))
		}
	case writesBinary(q.Method, q.Path):
	case q.Method == http.MethodPatch && q.ContentType == "application/json-patch+json":
	default:
		switch q.ContentType {
		case "application/fhir+json", "application/json", "text/json":
		default:
			return unsupported("a body of type "+clip(q.ContentType)+" is not read; application/fhir+json is").
				withHeader("Accept", "application/fhir+json, application/json")
		}
	}
	return nil
}

func unsupported(text string) *failure {
	return refuse(fhir.NotSupported, fhir.ReasonUnsupportedMedia, text, "http.Content-Type")
}
