package load

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// head is what decides how a document is sent. Everything else in it is for the server to judge.
type head struct {
	resourceType string
	id           string
	bundleType   string
	entries      []entry // of a Bundle
}

// entry is the request of one Bundle entry.
type entry struct {
	method, url, ifNoneExist string
	resourceType             string
}

// key names what the entry writes, "" if nothing that is known before it is sent.
func (e entry) key() string {
	if e.method == http.MethodPut || e.method == http.MethodDelete || e.method == http.MethodPatch {
		return e.url
	}
	return ""
}

// maxEntries bounds what is kept of the entries of a Bundle. A collection may have any number, and none of its entries' requests matter;
// a transaction as large as this is refused by any server.
const maxEntries = 100_000

// newDecoder lets duplicate names and bad text pass: the server finds them and can say where they are.
func newDecoder(r io.Reader) *jsontext.Decoder {
	return jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// readHead reads one JSON document to its end and picks the members that a head has.
func readHead(r io.Reader) (head, error) {
	var h head
	d := newDecoder(r)
	if d.PeekKind() != '{' {
		if err := skip(d); err != nil {
			return h, err
		}
		return h, errors.New("a resource is a JSON object, this is something else")
	}
	err := members(d, func(name string) error {
		switch name {
		case "resourceType":
			return text(d, &h.resourceType)
		case "id":
			return text(d, &h.id)
		case "type":
			return text(d, &h.bundleType)
		case "entry":
			return items(d, func() error {
				var e entry
				err := readEntry(d, &e)
				if len(h.entries) < maxEntries {
					h.entries = append(h.entries, e)
				}
				return err
			})
		}
		return d.SkipValue()
	})
	if err != nil {
		return h, err
	}
	return h, atEnd(d)
}

// atEnd wants nothing more than white space.
func atEnd(d *jsontext.Decoder) error {
	_, err := d.ReadToken()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return errors.New("a second JSON value follows the first: a file of one resource a line is named .ndjson")
}

func readEntry(d *jsontext.Decoder, e *entry) error {
	return members(d, func(name string) error {
		switch name {
		case "request":
			return members(d, func(name string) error {
				switch name {
				case "method":
					return text(d, &e.method)
				case "url":
					return text(d, &e.url)
				case "ifNoneExist":
					return text(d, &e.ifNoneExist)
				}
				return d.SkipValue()
			})
		case "resource":
			return members(d, func(name string) error {
				if name == "resourceType" {
					return text(d, &e.resourceType)
				}
				return d.SkipValue()
			})
		}
		return d.SkipValue()
	})
}

// members calls visit at each member's value of an object; visit must read the value. Other kinds are skipped whole.
func members(d *jsontext.Decoder, visit func(name string) error) error {
	if d.PeekKind() != '{' {
		return skip(d)
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		if err := visit(name.String()); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return whole(err)
}

// items calls visit at each item of an array; visit must read the item. Other kinds are skipped whole.
func items(d *jsontext.Decoder, visit func() error) error {
	if d.PeekKind() != '[' {
		return skip(d)
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != ']' && d.PeekKind() != 0 {
		if err := visit(); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return whole(err)
}

// text reads a string into s and leaves s alone where the value is something else.
func text(d *jsontext.Decoder, s *string) error {
	if d.PeekKind() != '"' {
		return skip(d)
	}
	token, err := d.ReadToken()
	if err != nil {
		return err
	}
	*s = token.String()
	return nil
}

func skip(d *jsontext.Decoder) error { return whole(d.SkipValue()) }

func quoted(s string) string { return fmt.Sprintf("%.80q", s) }

// whole says that an input which ends early ends early: for a document that is no good end.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
