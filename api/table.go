package api

import (
	"strings"
)

// csvType is the media type of a table, which operations that count also answer in.
const csvType = "text/csv"

// asksTable reports whether a request asks an operation for a table: by _format, or by an Accept header that likes it better
// than JSON. https://www.rfc-editor.org/rfc/rfc4180
func asksTable(path, format string, given bool, accept []string) bool {
	if !strings.Contains(path, "$") {
		return false
	}
	if given {
		format = strings.TrimSpace(format)
		return format == "csv" || format == csvType
	}
	table, other := 0.0, 0.0
	for _, r := range parseAccept(strings.Join(accept, ",")) {
		switch r.name {
		case csvType:
			table = max(table, r.quality)
		case "*/*", "text/*":
		default:
			other = max(other, r.quality)
		}
	}
	return table > other
}
