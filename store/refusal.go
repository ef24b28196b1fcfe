package store

import (
	"fmt"

	"firewolf/fhir"
)

// Every store refuses in the same words, so that a client cannot tell them apart.

// NotFound is the issue of a resource that was never there, or not yet.
func NotFound(k fhir.Key) *fhir.Issue {
	return fhir.NewIssue(fhir.NotFound, k.String()+" is not known")
}

// NoVersion is the issue of a version that was never there.
func NoVersion(k fhir.Key, vid int64) *fhir.Issue {
	return fhir.NewIssue(fhir.NotFound, fmt.Sprintf("%s has no version %d", k, vid))
}

// Gone is the issue of a read that finds a deletion.
func Gone(tombstone fhir.Version) *fhir.Issue {
	return fhir.NewIssue(fhir.Deleted, fmt.Sprintf("%s was deleted with version %d", tombstone.Key, tombstone.VID))
}

// WrittenTwice is the issue of a transaction that has two Ops of one resource.
func (op Op) WrittenTwice() *fhir.Issue {
	return at(op.Location, fhir.NewIssue(fhir.Duplicate, op.Key.String()+" is written twice in one transaction"))
}

// Unmet is the issue of an Op whose precondition does not hold, nil if it does. there says whether the resource is there
// and not deleted, current which version it has then.
func (op Op) Unmet(there bool, current int64) *fhir.Issue {
	switch {
	case op.If.Absent && there:
		return at(op.Location, fhir.NewIssue(fhir.Conflict, op.Key.String()+" exists already").Because(fhir.ReasonPreconditionFailed))
	case op.If.Version != 0 && !there:
		text := fmt.Sprintf("If-Match asks for version %d of %s, which is not there", op.If.Version, op.Key)
		return at(op.Location, fhir.NewIssue(fhir.Conflict, text).Because(fhir.ReasonVersionMismatch))
	case op.If.Version != 0 && current != op.If.Version:
		text := fmt.Sprintf("If-Match asks for version %d of %s, the current version is %d", op.If.Version, op.Key, current)
		return at(op.Location, fhir.NewIssue(fhir.Conflict, text).Because(fhir.ReasonVersionMismatch))
	default:
		return nil
	}
}

// ReferredTo is the issue of a Delete that would let a reference dangle.
func (op Op) ReferredTo(by fhir.Key) *fhir.Issue {
	text := fmt.Sprintf("%s cannot be deleted: %s refers to it", op.Key, by)
	return at(op.Location, fhir.NewIssue(fhir.Conflict, text).Because(fhir.ReasonReferenced))
}

// Unmet is the issue of a Requirement that does not hold.
func (r Requirement) Unmet() *fhir.Issue {
	text := "the reference to " + r.Key.String() + " points to nothing"
	return at(r.Location, fhir.NewIssue(fhir.NotFound, text).Because(fhir.ReasonDanglingReference))
}

// Unknown is the issue of an idempotency key that no transaction had.
func (i Idempotency) Unknown() *fhir.Issue {
	return fhir.NewIssue(fhir.NotFound, "no transaction of this idempotency key is known")
}

// Reused is the issue of an idempotency key that came with another request before.
func (i Idempotency) Reused() *fhir.Issue {
	return fhir.NewIssue(fhir.Conflict, "the idempotency key was used with another request").Because(fhir.ReasonIdempotencyReused)
}

func at(location string, i *fhir.Issue) *fhir.Issue {
	if location != "" {
		i.Expression = []string{location}
	}
	return i
}

// TooLarge is the issue of a resource of more bytes than the store takes.
func (op Op) TooLarge(limit int) *fhir.Issue {
	return at(op.Location, fhir.NewIssue(fhir.TooLong, fmt.Sprintf("%s is larger than %d bytes, the most that the store takes", op.Key, limit)))
}

// Closing is the issue of what comes while a store closes.
func Closing() *fhir.Issue {
	return fhir.NewIssue(fhir.Transient, "the store is closing").Because(fhir.ReasonUnavailable)
}

// QueueFull is the issue of a write that too many wait before.
func QueueFull() *fhir.Issue {
	return fhir.NewIssue(fhir.Throttled, "too many writes wait: try again in a moment").Because(fhir.ReasonQueueFull)
}
