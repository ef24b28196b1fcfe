package interaction

import (
	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// reasonSystem is the code system of OperationOutcome.issue.details.coding.
const reasonSystem = "http://example.org/fhir/firewolf/CodeSystem/reason"

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
	b = tree.Quote(b, string(i.Severity))
	b = append(b, `,"code":`...)
	b = tree.Quote(b, string(i.Code))
	b = append(b, `,"details":{`...)
	if i.Reason != fhir.ReasonNone {
		b = append(b, `"coding":[{"system":"`+reasonSystem+`","code":`...)
		b = tree.Quote(b, string(i.Reason))
		b = append(b, `}],`...)
	}
	b = append(b, `"text":`...)
	b = tree.Quote(b, i.Text)
	b = append(b, `},"diagnostics":`...)
	b = tree.Quote(b, i.Text)
	if len(i.Expression) > 0 {
		b = append(b, `,"expression":[`...)
		for k, e := range i.Expression {
			if k > 0 {
				b = append(b, ',')
			}
			b = tree.Quote(b, e)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}
