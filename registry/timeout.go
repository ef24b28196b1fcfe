package registry

import (
	"context"
	"errors"

	"firewolf/fhir"
)

// timeout turns a caller that gave up into an issue.
func timeout(err error) (fhir.Issues, bool) {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fhir.Issues{fhir.NewIssue(fhir.Timeout, "the request took too long, or was given up; what was begun goes on, so ask again").CausedBy(err)}, true
	}
	return nil, false
}
