package mongodb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"runtime/debug"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/auth"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"firewolf/fhir"
	"firewolf/store"
)

// failed turns an error of the database into what a client may see. ctx is what was asked under, undone says what is known of what was asked
// for: "nothing was written". It leaves alone what is an issue already.
func failed(ctx context.Context, err error, undone string) error {
	if err == nil || ofTransaction(err) {
		return err
	}
	switch err = because(ctx, err); {
	case errors.Is(err, errNewerFormat):
		return fhir.NewIssue(fhir.Transient, "a newer version of the server writes to the database: "+undone).
			Because(fhir.ReasonUnavailable).CausedBy(err)
	case errors.Is(err, errCorrupt), errors.Is(err, errPanic):
		return redacted(err)
	case left(ctx) && passes(err):
		return ctx.Err()
	case full(err):
		return fhir.NewIssue(fhir.NoStore, "the disk of the database is full: "+undone).Because(fhir.ReasonStorageFull).CausedBy(redacted(err))
	case barred(err):
		return fhir.NewIssue(fhir.Transient, "the database refuses the login: "+undone).Because(fhir.ReasonUnavailable).CausedBy(redacted(err))
	case passes(err):
		return unreachable(err, undone)
	default:
		return redacted(err)
	}
}

// left reports that the caller waits no longer. The driver also cancels requests of callers who do, when it closes the connections of a
// server that is gone.
func left(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.Canceled) && !errors.Is(context.Cause(ctx), errSilent)
}

// passes reports what says nothing against asking again.
func passes(err error) bool { return disturbed(err) || errors.Is(err, context.Canceled) }

// unreachable is the issue of a database that cannot be reached.
func unreachable(err error, undone string) error {
	return fhir.NewIssue(fhir.Transient, "the database cannot be reached: "+undone).Because(fhir.ReasonUnavailable).CausedBy(redacted(err))
}

// unknown is the issue of a write that may have landed.
func unknown(err error) error {
	return fhir.NewIssue(fhir.Transient, "the database did not confirm what was written: it may be there, or come").
		Because(fhir.ReasonOutcomeUnknown).CausedBy(redacted(err))
}

// ofTransaction reports whether an error says something about one transaction, and not about the database.
func ofTransaction(err error) bool {
	_, refused := fhir.IssuesOf(err)
	return refused || errors.Is(err, store.ErrStale)
}

// notSent reports that the driver found no server to send the command to.
func notSent(err error) bool {
	var selection topology.ServerSelectionError
	return errors.As(err, &selection)
}

// Codes of server errors. https://www.mongodb.com/docs/manual/reference/error-codes/
const (
	codeOutOfDiskSpace            = 14031
	codeMaxTimeExpired            = 50
	codeDocumentValidationFailure = 121
	codeDocumentTooLarge          = 10334
)

// passing are the codes of what heals by itself: a server that starts, stops, has too much to do, or is not the primary (any more), and what a
// failover takes with it, cursors or the knowledge of a router. Their names: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
var passing = map[int]bool{
	// InternalError is how FerretDB answers while its PostgreSQL is away.
	1: true,
	6: true, 7: true, 43: true, 63: true, 64: true, 89: true, 91: true, 133: true, 134: true, 175: true, 189: true, 202: true, 262: true, 317: true,
	365: true, 462: true, 9001: true, 10058: true, 10107: true, 11600: true, 11601: true, 11602: true, 13388: true, 13435: true, 13436: true,
	codeMaxTimeExpired: true,
}

// barring are the codes of a login that ended while the server ran: a right revoked, a password changed, a token that has run out. Who set
// it up mends that, so that it passes too.
var barring = []int{codeUnauthorized, codeAuthenticationFailed, codeReauthenticationRequired}

func barred(err error) bool {
	var s mongo.ServerError
	var login *auth.Error
	return errors.As(err, &login) || errors.As(err, &s) && slices.ContainsFunc(barring, s.HasErrorCode)
}

// declining are the codes of a write that was looked at and not begun, whatever the engine.
var declining = append([]int{codeDocumentValidationFailure, codeDocumentTooLarge}, barring...)

// neverSent reports that the one document of a write is not there, and never will be: no server got it, or it said no before it wrote. All
// other codes prove nothing. A router makes them of answers that it did not get, and FerretDB of a PostgreSQL that it lost.
func neverSent(err error) bool {
	var w mongo.WriteException
	var s mongo.ServerError
	switch {
	case notSent(err):
		return true
	case errors.As(err, &w) && w.WriteConcernError != nil, !errors.As(err, &s) || len(s.ErrorCodes()) == 0:
		return false
	}
	return !slices.ContainsFunc(s.ErrorCodes(), func(code int) bool { return !slices.Contains(declining, code) })
}

func full(err error) bool {
	var s mongo.ServerError
	return errors.As(err, &s) && s.HasErrorCode(codeOutOfDiskSpace)
}

// disturbed reports what may pass: no server, a connection that broke, a time limit.
func disturbed(err error) bool {
	var network net.Error
	switch {
	case notSent(err), mongo.IsNetworkError(err), mongo.IsTimeout(err), errors.As(err, &network), errors.Is(err, mongo.ErrClientDisconnected),
		errors.Is(err, errSilent), cleared(err):
		return true
	}
	var s mongo.ServerError
	if errors.As(err, &s) {
		return slices.ContainsFunc(s.ErrorCodes(), func(code int) bool { return passing[code] })
	}
	return errors.Is(err, context.DeadlineExceeded)
}

// cleared reports that the driver closed its connections while this one was waited for, because another request found the server gone. It says
// so in its own words: an error without a code.
func cleared(err error) bool {
	var pool driver.RetryablePoolError
	var command mongo.CommandError
	return errors.Is(err, topology.ErrPoolClosed) || errors.As(err, &pool) && pool.Retryable() ||
		errors.As(err, &command) && command.Code == 0 && command.HasErrorLabel(driver.TransientTransactionError)
}

// errPanic marks the error of a call that panicked.
var errPanic = errors.New("panic")

// guard runs f and turns a panic into an error. The value of a panic may quote a resource, so that only
// what the runtime says is kept, and the stack.
func guard(f func() error) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		text := fmt.Sprintf("a value of type %T", p)
		if fault, ok := p.(runtime.Error); ok {
			text = fault.Error()
		}
		err = fmt.Errorf("%w: %s\n%s", errPanic, text, debug.Stack())
	}()
	return f()
}
