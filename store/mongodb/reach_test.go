package mongodb

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"firewolf/fhir"
)

func TestADatabaseThatIsGoneIsLookedForShortlyUntilItIsBack(t *testing.T) {
	var r reach
	bounded := func() bool {
		ctx, cancel := r.within(context.Background())
		defer cancel()
		end, ok := ctx.Deadline()
		return ok && time.Until(end) <= shortly
	}
	gone := topology.ServerSelectionError{Wrapped: context.DeadlineExceeded}
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"an answer", nil, false},
		{"no server", gone, true},
		{"still no server", gone, true},
		{"an answer that says no", mongo.CommandError{Code: 13}, false},
		{"a server that is not the primary", mongo.CommandError{Code: 10107}, true},
		{"an answer again", nil, false},
	} {
		if err := r.heard(c.err); (err == nil) != (c.err == nil) {
			t.Errorf("%s: the error is %v", c.name, err)
		}
		if got := bounded(); got != c.want {
			t.Errorf("after %s: bounded %t", c.name, got)
		}
	}
}

func TestErrorsOfTheDatabaseBecomeIssuesWithoutSecrets(t *testing.T) {
	const secret = "hunter2"
	for _, c := range []struct {
		name   string
		err    error
		code   fhir.Code
		reason fhir.Reason
	}{
		{"no server", topology.ServerSelectionError{Wrapped: errors.New(secret)}, fhir.Transient, fhir.ReasonUnavailable},
		{"a connection that broke", mongo.CommandError{Labels: []string{"NetworkError"}, Message: secret, Wrapped: errors.New(secret)}, fhir.Transient, fhir.ReasonUnavailable},
		{"a server that stops", mongo.CommandError{Code: 11600, Message: secret}, fhir.Transient, fhir.ReasonUnavailable},
		{"a full disk", mongo.CommandError{Code: 14031, Message: secret}, fhir.NoStore, fhir.ReasonStorageFull},
		{"a request that took too long", context.DeadlineExceeded, fhir.Transient, fhir.ReasonUnavailable},
		{"what was refused", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 121, Message: secret}}}, "", ""},
		{"a newer format", errNewerFormat, fhir.Transient, fhir.ReasonUnavailable},
		{"what must not be", errCorrupt, "", ""},
		{"an issue", expired(), fhir.Expired, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := failed(c.err, "nothing was written")
			issues, ok := fhir.IssuesOf(got)
			if ok != (c.code != "") || ok && (issues[0].Code != c.code || issues[0].Reason != c.reason) {
				t.Errorf("got %v", got)
			}
			if text := got.Error(); len(text) == 0 || strings.Contains(text, secret) {
				t.Errorf("it says %q", text)
			}
		})
	}
	if failed(nil, "") != nil {
		t.Error("nothing is an error")
	}
	if err := unknown(errors.New("x")); !fhir.HasReason(err, fhir.ReasonOutcomeUnknown) || !fhir.HasCode(err, fhir.Transient) {
		t.Errorf("got %v", err)
	}
}
