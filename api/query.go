package api

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// maxPairs bounds the parameters of one request.
const maxPairs = 2000

// parseQuery reads name=value pairs in the order sent, decoded by the rules of HTML forms (+ is a space), and appends
// them to pairs. A broken escape is an error that names the parameter.
// https://url.spec.whatwg.org/#application/x-www-form-urlencoded
func parseQuery(pairs []search.Pair, raw string) ([]search.Pair, error) {
	if raw == "" {
		return pairs, nil
	}
	if pairs == nil {
		pairs = make([]search.Pair, 0, min(strings.Count(raw, "&")+1, 32))
	}
	for raw != "" {
		var part string
		part, raw, _ = strings.Cut(raw, "&")
		if part == "" {
			continue
		}
		if len(pairs) == maxPairs {
			return nil, refuse(fhir.TooCostly, fhir.ReasonNone, "the request has more than "+strconv.Itoa(maxPairs)+" parameters").withStatus(400)
		}
		pair, err := parsePair(part, len(pairs)+1)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair)
	}
	return pairs, nil
}

// parsePair decodes the n-th name=value.
func parsePair(part string, n int) (search.Pair, error) {
	name, value, _ := strings.Cut(part, "=")
	decodedName, ok := unescape(name)
	if !ok {
		return search.Pair{}, refuse(fhir.Invalid, fhir.ReasonNone,
			"the name of parameter "+strconv.Itoa(n)+" has a broken %-escape or is not UTF-8")
	}
	decodedValue, ok := unescape(value)
	if !ok {
		return search.Pair{}, refuse(fhir.Invalid, fhir.ReasonNone,
			"the value of the parameter "+clip(decodedName)+" has a broken %-escape or is not UTF-8", "http."+clip(decodedName))
	}
	return search.Pair{Name: decodedName, Value: decodedValue}, nil
}

func unescape(s string) (string, bool) {
	if strings.ContainsAny(s, "%+") {
		u, err := url.QueryUnescape(s)
		if err != nil {
			return "", false
		}
		s = u
	}
	return s, utf8.ValidString(s)
}

// clip shortens what a client sent for a text that repeats it.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

// takePair removes all pairs of a name and returns the value of the first.
func takePair(pairs []search.Pair, name string) (rest []search.Pair, value string, found bool) {
	kept := pairs[:0]
	for _, p := range pairs {
		if p.Name != name {
			kept = append(kept, p)
			continue
		}
		if !found {
			value, found = p.Value, true
		}
	}
	return kept, value, found
}
