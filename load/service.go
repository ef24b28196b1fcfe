package load

import (
	"context"
	"net/http"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// Service is a Sink that hands units to the interactions of this process.
type Service struct {
	Interactor interaction.Interactor
	Base       string // the base URL of the server that will serve what is loaded
	Caller     fhir.Caller
	Clock      fhir.Clock // nil means time.Now
}

var _ Sink = Service{}

// Send interacts.
func (s Service) Send(ctx context.Context, u Unit) (Answer, error) {
	now := time.Now
	if s.Clock != nil {
		now = s.Clock
	}
	r := interaction.Request{
		Method:      u.Method,
		Path:        u.Path,
		Body:        u.Body,
		ContentType: "application/fhir+json",
		Return:      "minimal",
		Base:        s.Base,
		Caller:      s.Caller,
		Now:         now(),
	}
	if u.Method == http.MethodPost {
		r.IdempotencyKey = u.Key
	}
	response := s.Interactor.Interact(ctx, r)
	if response.Err != nil && len(response.Issues) == 0 {
		// Over HTTP its text would stay in the server's log, but here the log is the terminal.
		return Answer{Status: http.StatusInternalServerError, Issues: fhir.Issues{fhir.NewIssue(fhir.Exception, "internal error: "+response.Err.Error())}}, nil
	}
	return Answer{Status: response.Status, Body: response.Body, Issues: response.Issues}, nil
}
