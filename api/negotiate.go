package api

import (
	"strconv"
	"strings"

	"firewolf/fhir"
)

// jsonType is a media type that FHIR JSON is served as.
type jsonType int

// The media types, in the order of preference among those that a client likes alike.
// https://hl7.org/fhir/R4/http.html#mime-type
const (
	fhirJSON jsonType = iota
	appJSON
	textJSON
)

// served are the headers of a media type, plain and with the version of FHIR that the client asked for. They are
// slices since that is what http.Header holds: no answer allocates its own.
type served struct {
	name      string
	plain     []string
	versioned []string
}

var jsonTypes = [...]served{
	fhirJSON: {"application/fhir+json", []string{"application/fhir+json; charset=utf-8"}, []string{"application/fhir+json; fhirVersion=4.0; charset=utf-8"}},
	appJSON:  {"application/json", []string{"application/json; charset=utf-8"}, []string{"application/json; fhirVersion=4.0; charset=utf-8"}},
	textJSON: {"text/json", []string{"text/json; charset=utf-8"}, []string{"text/json; fhirVersion=4.0; charset=utf-8"}},
}

// fhirVersion is the value of the media type parameter that R4 has. https://hl7.org/fhir/R4/http.html#version-parameter
const fhirVersion = "4.0"

// mediaRange is one element of an Accept header. https://www.rfc-editor.org/rfc/rfc9110#name-accept
type mediaRange struct {
	name        string // "application/fhir+json", "application/*", "*/*"; in lower case
	quality     float64
	charset     string
	fhirVersion string
}

// negotiate chooses the media type of an answer by the Accept headers. What a client likes alike is FHIR's own type
// first; who asks for a generic JSON type gets what it asked for.
func negotiate(accept []string) ([]string, error) {
	header := ""
	if len(accept) == 1 {
		header = accept[0]
	} else if len(accept) > 1 {
		header = strings.Join(accept, ",")
	}
	switch header { // what almost every client sends
	case "", "*/*", "application/fhir+json":
		return jsonTypes[fhirJSON].plain, nil
	case "application/json":
		return jsonTypes[appJSON].plain, nil
	}
	if t := choose(parseAccept(header)); t != nil {
		return t, nil
	}
	return nil, notAcceptable("the Accept header allows no format that is served", "http.Accept")
}

// negotiateFormat chooses by the parameter _format, which overrides Accept.
// https://hl7.org/fhir/R4/http.html#parameters
func negotiateFormat(format string) ([]string, error) {
	format = strings.TrimSpace(format)
	if format == "json" {
		return jsonTypes[fhirJSON].plain, nil
	}
	// A client that forgets to escape the plus of application/fhir+json sends a space.
	r, ok := parseRange(strings.Replace(format, "fhir json", "fhir+json", 1))
	if ok && !strings.Contains(r.name, "*") {
		if t := choose([]mediaRange{r}); t != nil {
			return t, nil
		}
	}
	return nil, notAcceptable("the _format "+strconv.Quote(clip(format))+" is not served", "http._format")
}

func notAcceptable(text, expression string) *failure {
	return refuse(fhir.NotSupported, fhir.ReasonNotAcceptable,
		text+"; served is application/fhir+json with charset utf-8 and fhirVersion 4.0 (XML and Turtle are not)", expression)
}

// choose returns the header of the best media type, nil if none is acceptable.
func choose(ranges []mediaRange) []string {
	var best []string
	bestQuality := 0.0
	for t := range jsonTypes {
		r, ok := mostSpecific(ranges, jsonTypes[t].name)
		if !ok || r.quality <= bestQuality {
			continue
		}
		bestQuality, best = r.quality, jsonTypes[t].plain
		if r.fhirVersion != "" {
			best = jsonTypes[t].versioned
		}
	}
	return best
}

// mostSpecific returns the range that decides about a media type: type/subtype before type/* before */*. Ranges that ask
// for another character set or another version of FHIR match nothing that is served.
func mostSpecific(ranges []mediaRange, name string) (mediaRange, bool) {
	var best mediaRange
	bestRank := 0
	for _, r := range ranges {
		rank := r.rank(name)
		if rank == 0 || !r.servable() {
			continue
		}
		if rank > bestRank || rank == bestRank && r.quality > best.quality {
			best, bestRank = r, rank
		}
	}
	return best, bestRank > 0
}

func (r mediaRange) rank(name string) int {
	major, _, _ := strings.Cut(name, "/")
	switch r.name {
	case name:
		return 3
	case major + "/*":
		return 2
	case "*/*":
		return 1
	default:
		return 0
	}
}

func (r mediaRange) servable() bool {
	return (r.charset == "" || isUTF8(r.charset)) && (r.fhirVersion == "" || r.fhirVersion == fhirVersion)
}

func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

// parseAccept reads the elements of an Accept header. What cannot be read matches nothing.
func parseAccept(header string) []mediaRange {
	var ranges []mediaRange
	for _, element := range splitOutsideQuotes(header, ',') {
		if r, ok := parseRange(element); ok {
			ranges = append(ranges, r)
		}
	}
	return ranges
}

// parseRange reads a media type or a range with its parameters.
func parseRange(s string) (mediaRange, bool) {
	r := mediaRange{quality: 1}
	for k, part := range splitOutsideQuotes(s, ';') {
		part = strings.TrimSpace(part)
		if k == 0 {
			r.name = canonicalType(part)
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "q":
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || q < 0 || q > 1 {
				return mediaRange{}, false
			}
			r.quality = q
		case "charset":
			r.charset = value
		case "fhirversion":
			r.fhirVersion = value
		}
	}
	major, minor, ok := strings.Cut(r.name, "/")
	return r, ok && major != "" && minor != ""
}

// canonicalType returns a media type in lower case, and the types of the draft versions of FHIR as those of R4.
// "Servers MAY also support the older mime types, and are encouraged to do so".
// https://hl7.org/fhir/R4/http.html#mime-type
func canonicalType(s string) string {
	s = strings.ToLower(s)
	switch s {
	case "application/json+fhir":
		return "application/fhir+json"
	case "application/xml+fhir":
		return "application/fhir+xml"
	default:
		return s
	}
}

// splitOutsideQuotes splits a header value; separators inside a quoted string do not count.
func splitOutsideQuotes(s string, separator byte) []string {
	if !strings.Contains(s, `"`) {
		return strings.Split(s, string(separator))
	}
	var parts []string
	quoted, start := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}
