package mongodb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/auth"
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
		{"a pool that was cleared meanwhile", mongo.CommandError{Labels: []string{driver.TransientTransactionError}, Message: secret}, fhir.Transient, fhir.ReasonUnavailable},
		{"a wait for a pool that was cleared", fmt.Errorf("waiting: %w", clearedPool(secret)), fhir.Transient, fhir.ReasonUnavailable},
		{"a pool that was closed", topology.ErrPoolClosed, fhir.Transient, fhir.ReasonUnavailable},
		{"a connection that was closed under a request", mongo.CommandError{Labels: []string{"NetworkError"}, Message: secret, Wrapped: topology.ConnectionError{Wrapped: context.Canceled}}, fhir.Transient, fhir.ReasonUnavailable},
		{"a request that nobody gave up", context.Canceled, fhir.Transient, fhir.ReasonUnavailable},
		{"a right that was revoked", mongo.CommandError{Code: 13, Message: secret}, fhir.Transient, fhir.ReasonUnavailable},
		{"a password that was changed", mongo.CommandError{Code: 18, Message: secret}, fhir.Transient, fhir.ReasonUnavailable},
		{"a login that has run out", mongo.CommandError{Code: 391, Message: secret}, fhir.Transient, fhir.ReasonUnavailable},
		{"a login that was broken off", fmt.Errorf("x: %w", &auth.Error{}), fhir.Transient, fhir.ReasonUnavailable},
		{"a cursor that a failover took", mongo.CommandError{Code: 43, Message: secret}, fhir.Transient, fhir.ReasonUnavailable},
		{"a server that has too much to do", mongo.CommandError{Code: 462, Message: secret}, fhir.Transient, fhir.ReasonUnavailable},
		{"what was refused", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 121, Message: secret}}}, "", ""},
		{"a newer format", errNewerFormat, fhir.Transient, fhir.ReasonUnavailable},
		{"what must not be", errCorrupt, "", ""},
		{"an issue", expired(), fhir.Expired, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := failed(context.Background(), c.err, "nothing was written")
			issues, ok := fhir.IssuesOf(got)
			if ok != (c.code != "") || ok && (issues[0].Code != c.code || issues[0].Reason != c.reason) {
				t.Errorf("got %v", got)
			}
			if text := got.Error(); len(text) == 0 || strings.Contains(text, secret) {
				t.Errorf("it says %q", text)
			}
		})
	}
	if failed(context.Background(), nil, "") != nil {
		t.Error("nothing is an error")
	}
	if err := unknown(errors.New("x")); !fhir.HasReason(err, fhir.ReasonOutcomeUnknown) || !fhir.HasCode(err, fhir.Transient) {
		t.Errorf("got %v", err)
	}
}

// clearedPool is an error like that of the driver for who waits for a connection while the pool is cleared.
type clearedPool string

func (p clearedPool) Error() string { return string(p) }
func (clearedPool) Retryable() bool { return true }

func TestACallerThatLeftHearsOfThatAndOneThatDidNotHearsOfTheDatabase(t *testing.T) {
	broke := mongo.CommandError{Labels: []string{"NetworkError"}, Wrapped: topology.ConnectionError{Wrapped: context.Canceled}}
	left, leave := context.WithCancel(context.Background())
	if got := failed(left, broke, ""); !fhir.HasReason(got, fhir.ReasonUnavailable) || errors.Is(got, context.Canceled) {
		t.Errorf("who waits hears %v", got)
	}
	leave()
	if got := failed(left, broke, ""); !errors.Is(got, context.Canceled) {
		t.Errorf("who left hears %v", got)
	}
	if got := failed(left, expired(), ""); !fhir.HasCode(got, fhir.Expired) {
		t.Errorf("who left hears %v instead of the issue", got)
	}
}

func TestOnlyAServerThatSaysNoBeforeItWritesHasRefusedACommit(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"no server", topology.ServerSelectionError{Wrapped: context.DeadlineExceeded}, true},
		{"a right that was revoked", mongo.CommandError{Code: 13}, true},
		{"a right that was revoked, said of the document", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 13}}}, true},
		{"a login that has run out", mongo.CommandError{Code: 391}, true},
		{"a validator of the database", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 121}}}, true},
		{"a validator, and a majority that was not reached", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 121}}, WriteConcernError: &mongo.WriteConcernError{Code: 64}}, false},
		{"a majority that was not reached", mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64}}, false},
		{"a server that stops", mongo.CommandError{Code: 11600}, false},
		{"a shard that its router lost", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 6}}}, false},
		{"FerretDB without its PostgreSQL", mongo.CommandError{Code: 1}, false},
		{"FerretDB without its PostgreSQL, said of the document", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 1}}}, false},
		{"a connection that broke", mongo.CommandError{Labels: []string{"NetworkError"}}, false},
		{"no answer", context.DeadlineExceeded, false},
	} {
		if got := neverSent(c.err); got != c.want {
			t.Errorf("%s: refused %t", c.name, got)
		}
	}
}
