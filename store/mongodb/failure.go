package mongodb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"runtime/debug"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"firewolf/fhir"
	"firewolf/store"
)

// failed turns an error of the database into what a client may see. undone says what is known of what was asked for:
// "nothing was written". It leaves alone what is an issue already.
func failed(err error, undone string) error {
	if err == nil || ofTransaction(err) {
		return err
	}
	switch {
	case errors.Is(err, errNewerFormat):
		return fhir.NewIssue(fhir.Transient, "a newer version of the server writes to the database: "+undone).
			Because(fhir.ReasonUnavailable).CausedBy(err)
	case errors.Is(err, context.Canceled), errors.Is(err, errCorrupt), errors.Is(err, errPanic):
		return redacted(err)
	case full(err):
		return fhir.NewIssue(fhir.NoStore, "the disk of the database is full: "+undone).Because(fhir.ReasonStorageFull).CausedBy(redacted(err))
	case disturbed(err):
		return fhir.NewIssue(fhir.Transient, "the database cannot be reached: "+undone).Because(fhir.ReasonUnavailable).CausedBy(redacted(err))
	default:
		return redacted(err)
	}
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
	codeOutOfDiskSpace = 14031
	codeMaxTimeExpired = 50
)

// passing are the codes of what heals by itself: a server that starts, stops, or is not the primary (any more).
var passing = map[int]bool{
	// InternalError is how FerretDB answers while its PostgreSQL is away.
	1: true,
	6: true, 7: true, 64: true, 89: true, 91: true, 133: true, 189: true, 262: true, 9001: true, 10107: true, 11600: true, 11602: true,
	13435: true, 13436: true, codeMaxTimeExpired: true,
}

func full(err error) bool {
	var s mongo.ServerError
	return errors.As(err, &s) && s.HasErrorCode(codeOutOfDiskSpace)
}

// disturbed reports what may pass: no server, a connection that broke, a time limit.
func disturbed(err error) bool {
	var network net.Error
	if notSent(err) || mongo.IsNetworkError(err) || mongo.IsTimeout(err) || errors.As(err, &network) || errors.Is(err, mongo.ErrClientDisconnected) {
		return true
	}
	var s mongo.ServerError
	if errors.As(err, &s) {
		for _, code := range s.ErrorCodes() {
			if passing[code] {
				return true
			}
		}
		return false
	}
	return errors.Is(err, context.DeadlineExceeded)
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
