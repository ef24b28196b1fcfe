package interaction

import (
	"firewolf/fhir"
)

// The values of Prefer: return=. https://hl7.org/fhir/R4/http.html#prefer
const (
	returnMinimal        = "minimal"
	returnRepresentation = "representation"
	returnOutcome        = "OperationOutcome"
)

// checkReturn refuses a preference that is none of the three: RFC 7240 lets a server ignore it, but then a
// client that mistyped it would wait for a body that never comes.
func checkReturn(r *Request) error {
	switch r.Return {
	case "", returnMinimal, returnRepresentation, returnOutcome:
		return nil
	default:
		return fhir.NewIssue(fhir.Value, "Prefer: return is minimal, representation or OperationOutcome, not "+quote(r.Return), "http.Prefer")
	}
}

// represent sets what the client prefers to see of a write: by default the resource, since most clients want to see the
// id and the version that it was given; inside a Bundle the response alone. https://hl7.org/fhir/R4/http.html#return
func (resp *Response) represent(r *Request, v fhir.Version, said string, warnings fhir.Issues) {
	switch r.Return {
	case returnMinimal:
	case returnOutcome:
		resp.outcome = Outcome(append(fhir.Issues{information(said)}, warnings...))
	case returnRepresentation:
		resp.Body = v.JSON
	default:
		if !r.sub {
			resp.Body = v.JSON
		}
	}
}

func information(text string) *fhir.Issue {
	return &fhir.Issue{Severity: fhir.Information, Code: fhir.Informational, Text: text}
}
