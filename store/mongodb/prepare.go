package mongodb

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/store"
)

// prepared is what can be made of a Put before its version and time are known. It is made by the caller of Write, so that many work at
// it at once, and the one goroutine that evaluates only copies.
type prepared struct {
	entries  []byte // elements of the version document
	resource []byte // the resource as BSON, with a version and a time that are put in later
}

// prepare makes the index entries and the BSON of each Put.
func prepare(ops []store.Op) ([]prepared, error) {
	all := make([]prepared, len(ops))
	var issues fhir.Issues
	for k, op := range ops {
		if op.Action != store.Put {
			continue
		}
		b, err := appendResource(nil, op.Stamp.With(1, time.UnixMilli(0)))
		if list, refused := fhir.IssuesOf(err); refused {
			issues = append(issues, located(op.Location, list)...)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", op.Key, err)
		}
		all[k] = prepared{entries: appendEntries(nil, op.Entries), resource: b}
	}
	return all, issues.Err()
}

// located says in which entry of a Bundle the problems of a resource are.
func located(location string, list fhir.Issues) fhir.Issues {
	if location == "" {
		return list
	}
	out := make(fhir.Issues, len(list))
	for k, i := range list {
		c := *i
		c.Expression = []string{location}
		out[k] = &c
	}
	return out
}

// stampResource appends a prepared resource with its version and time: the first two members of meta, where tree.Stamp has put them.
func stampResource(dst, resource []byte, vid int64, at time.Time) ([]byte, error) {
	meta, from, err := findMeta(resource)
	if err != nil {
		return nil, fmt.Errorf("stamping a resource: %w: %w", errCorrupt, err)
	}
	id, rest, _ := bsoncore.ReadElement(meta[4:])
	updated, others, ok := bsoncore.ReadElement(rest)
	if !ok || id.Key() != metaVersion || updated.Key() != metaUpdated {
		return nil, fmt.Errorf("stamping a resource: %w: meta does not begin with its version", errCorrupt)
	}
	start := int32(len(dst))
	dst = append(dst, resource[:from]...)
	inner := int32(len(dst))
	dst = append(dst, meta[:4]...)
	dst = bsoncore.AppendStringElement(dst, metaVersion, strconv.FormatInt(vid, 10))
	dst = bsoncore.AppendStringElement(dst, metaUpdated, at.UTC().Format(fhir.InstantLayout))
	dst = append(dst, others...)
	dst = bsoncore.UpdateLength(dst, inner, int32(len(dst))-inner)
	dst = append(dst, resource[from+len(meta):]...)
	return bsoncore.UpdateLength(dst, start, int32(len(dst))-start), nil
}

// The members of meta that the server sets. https://hl7.org/fhir/R4/resource.html#Meta
const (
	metaVersion = "versionId"
	metaUpdated = "lastUpdated"
)

var errNoMeta = errors.New("the resource has no meta")

// findMeta returns the document of meta and where in the resource it begins.
func findMeta(resource []byte) (bsoncore.Document, int, error) {
	const name = "meta"
	for rest := resource[4:]; len(rest) > 1; {
		e, after, ok := bsoncore.ReadElement(rest)
		if !ok {
			break
		}
		if e.Key() == name {
			d, ok := e.Value().DocumentOK()
			if !ok {
				break
			}
			return d, len(resource) - len(after) - len(d), nil
		}
		rest = after
	}
	return nil, 0, errNoMeta
}
