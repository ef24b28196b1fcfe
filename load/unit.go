package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"firewolf/fhir"
)

// Unit is what is sent, accepted or rejected, and remembered as one.
type Unit struct {
	Method string // POST or PUT
	Path   string // below the base: "" for a Bundle that the server takes apart, "Patient", "Patient/1"
	Body   []byte // JSON
	Key    string // of idempotency: the same for the same content sent to the same target

	place   int     // the line or entry in its file, from 1; 0 for a whole file
	typ     string  // its resource type
	batch   bool    // a batch Bundle
	entries []entry // of a transaction or batch
}

// processed are the Bundle types that a server takes apart, cut those whose entries are loaded one by one. A Bundle of another
// type means something as a whole, so it is a resource.
// https://hl7.org/fhir/R4/valueset-bundle-type.html
var (
	processed = map[string]bool{"transaction": true, "batch": true}
	cut       = map[string]bool{"collection": true, "searchset": true, "document": true}
)

// Repeatable reports whether the unit can be sent again where it is not known if it arrived. An idempotency key makes a
// create or a transaction repeatable; a batch that creates has no such protection.
func (u Unit) Repeatable() bool {
	for _, e := range u.entries {
		if u.batch && e.method == http.MethodPost && e.ifNoneExist == "" {
			return false
		}
	}
	return true
}

// keys names the resources that the unit writes, as far as that is known before it is sent.
func (u Unit) keys() []string {
	if u.Method == http.MethodPut {
		return []string{u.Path}
	}
	var keys []string
	for _, e := range u.entries {
		if k := e.key(); k != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

// fault is why a part of a file cannot become a unit.
type fault struct {
	place  int
	reason string
}

func (f *fault) Error() string { return f.reason }

func tooLarge(what string, limit int) string {
	return fmt.Sprintf("%s is longer than %d bytes, the limit of what is sent as one", what, limit)
}

// unitOf makes the unit of a document or line: a transaction or batch is sent as it is, a history Bundle is refused, anything else is a resource.
func unitOf(h head, body []byte, place int) (Unit, error) {
	switch {
	case h.resourceType == "Bundle" && processed[h.bundleType]:
		return Unit{Method: http.MethodPost, Body: body, place: place, typ: "Bundle", batch: h.bundleType == "batch", entries: h.entries}, nil
	case h.resourceType == "Bundle" && h.bundleType == "history":
		return Unit{}, &fault{place, "a history Bundle is not loaded: its entries are versions of the past"}
	}
	return resourceOf(h, body, place)
}

// resourceOf makes the unit of one resource: put where it has an id, posted where not.
func resourceOf(h head, body []byte, place int) (Unit, error) {
	switch {
	case h.resourceType == "":
		return Unit{}, &fault{place, "no resourceType: this is not a FHIR resource"}
	case !fhir.ValidTypeName(h.resourceType):
		return Unit{}, &fault{place, quoted(h.resourceType) + " is not the name of a resource type"}
	case h.id == "":
		return Unit{Method: http.MethodPost, Path: h.resourceType, Body: body, place: place, typ: h.resourceType}, nil
	case !fhir.ValidID(h.id):
		return Unit{}, &fault{place, quoted(h.id) + " is not an id: 1 to 64 letters, digits, - and ."}
	}
	return Unit{Method: http.MethodPut, Path: h.resourceType + "/" + h.id, Body: body, place: place, typ: h.resourceType}, nil
}

// describe says why a text is not JSON, with line and column where the text is at hand.
func describe(err error, body []byte) string {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		if errors.Is(err, io.ErrUnexpectedEOF) && len(body) == 0 {
			return "the document is empty"
		}
		return err.Error()
	}
	reason := syntax.Unwrap()
	if reason == nil {
		reason = err
	}
	if body == nil || syntax.ByteOffset > int64(len(body)) {
		return fmt.Sprintf("not JSON: %v at byte %d", reason, syntax.ByteOffset)
	}
	before := body[:syntax.ByteOffset]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("not JSON: %v at line %d, column %d", reason, line, column)
}
