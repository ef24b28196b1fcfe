package load

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"firewolf/fhir"
)

// Sink takes units. It is safe for concurrent use.
type Sink interface {
	// Send delivers a unit and returns what was said to it. An error means that there is no answer: the unit may have arrived or not.
	Send(ctx context.Context, u Unit) (Answer, error)
}

// Answer is what was said to a unit.
type Answer struct {
	Status     int           // of HTTP
	Body       []byte        // of an accepted transaction or batch: the Bundle of its answers
	Issues     fhir.Issues   // why it was refused
	RetryAfter time.Duration // when it can be sent again, where the answer says so
}

func (a Answer) accepted() bool { return a.Status >= 200 && a.Status < 300 }

// busy reports whether the unit was turned away for the moment only.
func (a Answer) busy() bool {
	switch a.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// hopeless reports whether every other unit would be refused as well.
func (a Answer) hopeless() bool {
	switch a.Status {
	case http.StatusUnauthorized, http.StatusInsufficientStorage:
		return true
	case http.StatusForbidden:
		// What costs too much is forbidden too, and that is a matter of one unit.
		return len(a.Issues) == 0 || a.Issues[0].Code == fhir.Forbidden || a.Issues[0].Code == fhir.Security
	}
	return false
}

// reason is one line that says why the unit was refused.
func (a Answer) reason() string {
	if len(a.Issues) == 0 {
		return strings.TrimSpace(fmt.Sprintf("status %d %s", a.Status, http.StatusText(a.Status)))
	}
	return reasons(a.Issues)
}

// reasons joins the texts and places of the errors among the issues in one line.
func reasons(is fhir.Issues) string {
	var b strings.Builder
	for _, i := range is {
		if i.Severity != fhir.Error && i.Severity != fhir.Fatal {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		text := i.Text
		if text == "" {
			text = string(i.Code)
		}
		b.WriteString(strings.Join(strings.Fields(text), " "))
		if len(i.Expression) > 0 {
			b.WriteString(" (" + strings.Join(i.Expression, ", ") + ")")
		}
	}
	return b.String()
}

// wantsOthers reports whether the refusal may end once more is loaded: a reference of a transaction, literal or by criteria, found nothing.
func (a Answer) wantsOthers() bool {
	for _, i := range a.Issues {
		if i.Reason == fhir.ReasonDanglingReference || i.Code == fhir.NotFound {
			return true
		}
	}
	return false
}
