package sqlite

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/ncruces/go-sqlite3"

	"firewolf/fhir"
	"firewolf/store"
)

// failed turns an error of the file into what a client may see. undone says what is known of what was
// asked for: "nothing was written". It leaves alone what is an issue already.
func failed(err error, undone string) error {
	if err == nil {
		return nil
	}
	if _, ok := fhir.IssuesOf(err); ok {
		return err
	}
	switch {
	case unsure(err):
		return fhir.NewIssue(fhir.NoStore, "the disk did not confirm what was written: it may be there after a restart").
			Because(fhir.ReasonOutcomeUnknown).CausedBy(err)
	case full(err):
		return fhir.NewIssue(fhir.NoStore, "the disk is full: "+undone).Because(fhir.ReasonStorageFull).CausedBy(err)
	case disturbed(err):
		return fhir.NewIssue(fhir.NoStore, "the store cannot be written now: "+undone).Because(fhir.ReasonUnavailable).CausedBy(err)
	default:
		return err
	}
}

// errUnsure marks an error of the disk at a commit: the frames of the commit may be in the log, and a crash before others
// overwrite them would bring them to life. https://sqlite.org/rescode.html#ioerr_fsync
var errUnsure = errors.New("the end of a commit is not known")

func unsure(err error) bool { return errors.Is(err, errUnsure) }

// full reports that there is no space left.
func full(err error) bool { return errors.Is(err, sqlite3.FULL) || noSpace(err) }

// disturbed reports what may pass: errors of the disk, another process that holds the file's lock.
func disturbed(err error) bool {
	for _, code := range []sqlite3.ErrorCode{
		sqlite3.IOERR, sqlite3.READONLY, sqlite3.BUSY, sqlite3.LOCKED, sqlite3.CANTOPEN, sqlite3.PERM, sqlite3.PROTOCOL,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// ofTransaction reports whether an error refuses one transaction only: it says something about it, and not about the file.
func ofTransaction(err error) bool {
	_, refused := fhir.IssuesOf(err)
	return refused || errors.Is(err, store.ErrStale) || errors.Is(err, errCanceled)
}

// errCanceled marks the error of a transaction whose caller gave up while it was looked at.
var errCanceled = errors.New("the caller gave up")

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
