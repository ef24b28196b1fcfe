package interaction

import (
	"github.com/go-json-experiment/json/jsontext"

	"firewolf/fhir"
)

// reasonSystem is the code system of OperationOutcome.issue.details.coding.
const reasonSystem = "https://firewolf.dev/fhir/CodeSystem/reason"

// Outcome returns an OperationOutcome of the issues as JSON. Causes stay out of it.
// https://hl7.org/fhir/R4/operationoutcome.html
func Outcome(is fhir.Issues) []byte {
	b := append(make([]byte, 0, 64+len(is)*160), `{"resourceType":"OperationOutcome","issue":[`...)
	if len(is) == 0 {
		b = appendIssue(b, &fhir.Issue{Severity: fhir.Information, Code: fhir.Informational, Text: "All OK"})
	}
	for k, i := range is {
		if k > 0 {
			b = append(b, ',')
		}
		b = appendIssue(b, i)
	}
	return append(b, `]}`...)
}

func appendIssue(b []byte, i *fhir.Issue) []byte {
	b = append(b, `{"severity":`...)
	b = appendString(b, string(i.Severity))
	b = append(b, `,"code":`...)
	b = appendString(b, string(i.Code))
	b = append(b, `,"details":{`...)
	if i.Reason != fhir.ReasonNone {
		b = append(b, `"coding":[{"system":"`+reasonSystem+`","code":`...)
		b = appendString(b, string(i.Reason))
		b = append(b, `}],`...)
	}
	b = append(b, `"text":`...)
	b = appendString(b, i.Text)
	b = append(b, `},"diagnostics":`...)
	b = appendString(b, i.Text)
	if len(i.Expression) > 0 {
		b = append(b, `,"expression":[`...)
		for k, e := range i.Expression {
			if k > 0 {
				b = append(b, ',')
			}
			b = appendString(b, e)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// appendString appends s as a JSON string. Bytes that are no UTF-8 become U+FFFD: text of a
// request may stand in an issue, and an answer is always valid JSON.
func appendString(b []byte, s string) []byte {
	out, err := jsontext.AppendQuote(b, s)
	if err != nil && len(out) == 0 {
		return append(b, `""`...)
	}
	return out
}
