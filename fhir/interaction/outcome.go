package interaction

import (
	"strings"

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
	b = appendPlaces(b, `,"location":[`, i.Expression, isHTTP)
	b = appendPlaces(b, `,"expression":[`, i.Expression, func(e string) bool { return !isHTTP(e) })
	return append(b, '}')
}

// isHTTP reports whether an expression names a header or parameter: that is no FHIRPath, and told in the older element "location".
// https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.location
func isHTTP(expression string) bool { return strings.HasPrefix(expression, "http.") }

// appendPlaces appends the expressions that are wanted as the items of a member; nothing where there are none.
func appendPlaces(b []byte, member string, expressions []string, wanted func(string) bool) []byte {
	start := member
	for _, e := range expressions {
		if wanted(e) {
			b = tree.Quote(append(b, start...), e)
			start = ","
		}
	}
	if start == member {
		return b
	}
	return append(b, ']')
}
