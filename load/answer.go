package load

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"firewolf/fhir"
)

// readOutcome reads the issues of an OperationOutcome. Anything else gives none.
// https://hl7.org/fhir/R4/operationoutcome.html
func readOutcome(body []byte) fhir.Issues {
	var is fhir.Issues
	d := newDecoder(bytes.NewReader(body))
	// Of an outcome that breaks off, what can be read is told.
	_ = members(d, func(name string) error {
		if name != "issue" {
			return d.SkipValue()
		}
		return items(d, func() error {
			i := &fhir.Issue{}
			err := readIssue(d, i)
			is = append(is, i)
			return err
		})
	})
	return is
}

func readIssue(d *jsontext.Decoder, i *fhir.Issue) error {
	var diagnostics string
	err := members(d, func(name string) error {
		switch name {
		case "severity":
			return text(d, (*string)(&i.Severity))
		case "code":
			return text(d, (*string)(&i.Code))
		case "diagnostics":
			return text(d, &diagnostics)
		case "details":
			return readDetails(d, i)
		case "expression", "location":
			return items(d, func() error {
				var e string
				err := text(d, &e)
				i.Expression = append(i.Expression, e)
				return err
			})
		}
		return d.SkipValue()
	})
	if i.Text == "" || len(diagnostics) > len(i.Text) {
		i.Text = diagnostics
	}
	return err
}

func readDetails(d *jsontext.Decoder, i *fhir.Issue) error {
	return members(d, func(name string) error {
		switch name {
		case "text":
			return text(d, &i.Text)
		case "coding":
			return items(d, func() error {
				return members(d, func(name string) error {
					if name == "code" && i.Reason == "" {
						return text(d, (*string)(&i.Reason))
					}
					return d.SkipValue()
				})
			})
		}
		return d.SkipValue()
	})
}

// part is the answer to one entry of a transaction or batch.
type part struct {
	status int
	issues fhir.Issues
}

// readParts reads the answers to the entries of a Bundle. https://hl7.org/fhir/R4/http.html#transaction-response
func readParts(body []byte) ([]part, error) {
	var parts []part
	d := newDecoder(bytes.NewReader(body))
	err := members(d, func(name string) error {
		if name != "entry" {
			return d.SkipValue()
		}
		return items(d, func() error {
			var p part
			err := members(d, func(name string) error {
				if name != "response" {
					return d.SkipValue()
				}
				return readPart(d, &p)
			})
			parts = append(parts, p)
			return err
		})
	})
	return parts, err
}

func readPart(d *jsontext.Decoder, p *part) error {
	return members(d, func(name string) error {
		switch name {
		case "status":
			var status string
			err := text(d, &status)
			// The text starts with the three digits: "201 Created".
			if len(status) >= 3 {
				p.status, _ = strconv.Atoi(status[:3])
			}
			return err
		case "outcome":
			outcome, err := d.ReadValue()
			p.issues = readOutcome(outcome)
			return err
		}
		return d.SkipValue()
	})
}

// stored counts the resources of a unit that was accepted, by type, and returns what is wrong with single entries of a batch.
func stored(u Unit, a Answer, count map[string]int) []*fault {
	if u.Path != "" {
		count[u.typ]++
		return nil
	}
	parts, err := readParts(a.Body)
	if err != nil || len(parts) != len(u.entries) {
		return []*fault{{u.place, fmt.Sprintf("the answer has %d entries for %d: what was stored is not known", len(parts), len(u.entries))}}
	}
	var faults []*fault
	for n, p := range parts {
		e := u.entries[n]
		switch {
		case e.method == http.MethodGet || e.method == http.MethodHead:
			// What is asked on the way loads nothing.
		case p.status < 200 || p.status > 299:
			why := Answer{Status: p.status, Issues: p.issues}.reason()
			faults = append(faults, &fault{u.place, fmt.Sprintf("entry %d (%s %.80s): %s", n+1, e.method, e.url, why)})
		case e.resourceType != "" && (e.method == http.MethodPost || e.method == http.MethodPut):
			count[e.resourceType]++
		}
	}
	return faults
}
