package fhir

import (
	"strconv"
	"time"
)

// Method is the interaction that made a version, as Bundle.entry.request.method
// of a history Bundle names it.
type Method string

// The methods that make versions.
const (
	MethodCreate Method = "POST"
	MethodUpdate Method = "PUT"
	MethodPatch  Method = "PATCH"
	MethodDelete Method = "DELETE"
)

// Moment is a place in the one total order of everything that a store ever wrote. A
// reader that holds moment t sees exactly what was committed up to t.
type Moment int64

// Version is one version of one resource. It is immutable; JSON must not be changed.
type Version struct {
	Key
	VID     int64     // 1, 2, 3, ...: meta.versionId without gaps
	T       Moment    // its place in the order of all versions, its own; a commit's moment is that of its last version
	At      time.Time // meta.lastUpdated, UTC, whole milliseconds: later than that of any version that could be read before this one
	Method  Method
	Deleted bool   // a deletion; JSON is nil
	JSON    []byte // compact JSON with id, meta.versionId and meta.lastUpdated set
}

// ETag returns the weak entity tag of the version, W/"3".
// https://hl7.org/fhir/R4/http.html#versioning
func (v Version) ETag() string { return `W/"` + strconv.FormatInt(v.VID, 10) + `"` }

// VersionID returns meta.versionId as text.
func (v Version) VersionID() string { return strconv.FormatInt(v.VID, 10) }

// Location returns "Patient/1/_history/3".
func (v Version) Location() string { return v.String() + "/_history/" + v.VersionID() }

// InstantLayout is the layout of meta.lastUpdated as Firewolf writes it: UTC with milliseconds.
const InstantLayout = "2006-01-02T15:04:05.000Z"

// Clock tells the time. It is handed in, so that tests can set it.
type Clock func() time.Time
