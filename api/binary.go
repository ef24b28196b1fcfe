package api

import (
	"net/http"
	"strings"
)

// isBinary reports whether a path is that of one Binary or, if all is set, of the type as well.
func isBinary(path string, all bool) bool {
	rest, ok := strings.CutPrefix(path, "Binary")
	if !ok || rest == "" {
		return ok && all
	}
	id := strings.TrimPrefix(rest, "/")
	if len(id) == len(rest) || strings.HasPrefix(id, "_") || strings.HasPrefix(id, "$") {
		return false
	}
	_, tail, more := strings.Cut(id, "/")
	return !more || strings.HasPrefix(tail, "_history/")
}

// readsBinary reports whether a request asks for one Binary, which may be served raw.
func readsBinary(method, path string) bool {
	return (method == http.MethodGet || method == http.MethodHead) && isBinary(path, false)
}

// writesBinary reports whether a request may bring the content of a Binary as its body.
func writesBinary(method, path string) bool {
	switch method {
	case http.MethodPost:
		return path == "Binary"
	case http.MethodPut:
		return isBinary(path, true)
	default:
		return false
	}
}

// rawAccept returns the media type that a read of a Binary wants raw, "" if it wants the resource as FHIR: that has
// to be asked for by FHIR's own media types, and liked at least as much as anything else.
// https://hl7.org/fhir/R4/binary.html#rest
func rawAccept(accept []string) string {
	raw := mediaRange{}
	resource := -1.0
	for _, r := range parseAccept(strings.Join(accept, ",")) {
		if r.name == "application/fhir+json" || r.name == "application/fhir+xml" {
			resource = max(resource, r.quality)
		} else if r.quality > raw.quality {
			raw = r
		}
	}
	switch {
	case resource > 0 && resource >= raw.quality:
		return ""
	case raw.name == "":
		return "*/*"
	default:
		return raw.name
	}
}
