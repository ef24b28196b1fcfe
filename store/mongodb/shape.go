package mongodb

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
)

// The fields of a version document. What the index keeps of it stands beside them (entries.go).
const (
	fieldDoc      = "_id"      // "p1/3"
	fieldID       = "id"       // of the resource: the shard key
	fieldVID      = "vid"      // meta.versionId
	fieldT        = "t"        // its place in the order of all versions
	fieldX        = "x"        // the t of the version that replaced it; Infinity while none has
	fieldUntil    = "until"    // the time of the version that replaced it
	fieldAt       = "at"       // meta.lastUpdated
	fieldMethod   = "m"        // "PUT"
	fieldDeleted  = "d"        // true in a tombstone
	fieldDigest   = "g"        // of the content, to tell whether an update changes anything
	fieldParts    = "parts"    // the resource lies in so many documents of collection part
	fieldResource = "resource" // as native BSON
)

// entryFields are what the index keeps of a version (entries.go).
var entryFields = []string{fieldKeys, fieldRefs, fieldLongs}

// header is what evaluating needs to know of the version of a resource that is current.
type header struct {
	vid     int64
	t       fhir.Moment
	deleted bool
	digest  [32]byte
}

// there reports whether the resource exists and is not deleted.
func (h header) there() bool { return h.vid > 0 && !h.deleted }

// versionDoc is the _id of a version document.
func versionDoc(id string, vid int64) string { return id + "/" + strconv.FormatInt(vid, 10) }

// open is the x of a version that nothing replaced.
var open = math.Inf(1)

// appendVersion appends the document of a version. entries and resource are elements and a document, as the files of the index
// and of the transcoder make them; resource is nil in a tombstone, and in a version whose JSON lies in parts. x is 0 for open.
func appendVersion(dst []byte, v fhir.Version, digest [32]byte, x fhir.Moment, entries, resource []byte, parts int) ([]byte, error) {
	start, dst := bsoncore.AppendDocumentStart(dst)
	dst = bsoncore.AppendStringElement(dst, fieldDoc, versionDoc(v.ID, v.VID))
	dst = bsoncore.AppendStringElement(dst, fieldID, v.ID)
	dst = bsoncore.AppendInt64Element(dst, fieldVID, v.VID)
	dst = bsoncore.AppendInt64Element(dst, fieldT, int64(v.T))
	if x == 0 {
		dst = bsoncore.AppendDoubleElement(dst, fieldX, open)
	} else {
		dst = bsoncore.AppendInt64Element(dst, fieldX, int64(x))
		dst = bsoncore.AppendDateTimeElement(dst, fieldUntil, v.At.UnixMilli())
	}
	dst = bsoncore.AppendDateTimeElement(dst, fieldAt, v.At.UnixMilli())
	dst = bsoncore.AppendStringElement(dst, fieldMethod, string(v.Method))
	if v.Deleted {
		dst = bsoncore.AppendBooleanElement(dst, fieldDeleted, true)
		return bsoncore.AppendDocumentEnd(dst, start)
	}
	dst = bsoncore.AppendBinaryElement(dst, fieldDigest, bson.TypeBinaryGeneric, digest[:])
	dst = append(dst, entries...)
	if parts > 0 {
		dst = bsoncore.AppendInt32Element(dst, fieldParts, int32(parts))
	} else {
		dst = bsoncore.AppendDocumentElement(dst, fieldResource, resource)
	}
	return bsoncore.AppendDocumentEnd(dst, start)
}

// stored is a version document as it is read.
type stored struct {
	fhir.Version
	header
	x        fhir.Moment // 0 for open
	parts    int
	resource bsoncore.Document
}

// decodeStored reads a version document, and not its resource.
func decodeStored(typ string, doc bson.Raw) (stored, error) {
	s := stored{Version: fhir.Version{Key: fhir.Key{Type: typ}}}
	elements, err := bsoncore.Document(doc).Elements()
	if err != nil {
		return s, fmt.Errorf("reading a version of %s: %w: %w", typ, errCorrupt, err)
	}
	for _, e := range elements {
		s.field(e.Key(), e.Value())
	}
	if s.ID == "" || s.VID < 1 {
		return s, fmt.Errorf("reading a version of %s: %w: it has no id or version", typ, errCorrupt)
	}
	s.vid, s.t, s.deleted = s.VID, s.T, s.Deleted
	return s, nil
}

func (s *stored) field(key string, v bsoncore.Value) {
	switch key {
	case fieldID:
		s.ID, _ = v.StringValueOK()
	case fieldVID:
		s.VID = wholeOf(v)
	case fieldT:
		s.T = fhir.Moment(wholeOf(v))
	case fieldX:
		s.x = fhir.Moment(wholeOf(v))
	case fieldAt:
		s.At = timeOf(v)
	case fieldMethod:
		m, _ := v.StringValueOK()
		s.Method = fhir.Method(m)
	case fieldDeleted:
		s.Deleted, _ = v.BooleanOK()
	case fieldDigest:
		_, b, _ := v.BinaryOK()
		copy(s.digest[:], b)
	case fieldParts:
		s.parts = int(wholeOf(v))
	case fieldResource:
		s.resource, _ = v.DocumentOK()
	}
}

// wholeOf reads a whole number of any BSON type; 0 where it is none (Infinity).
func wholeOf(v bsoncore.Value) int64 {
	n, ok := v.AsInt64OK()
	if !ok || v.Type == bsoncore.TypeDouble && math.IsInf(v.Double(), 0) {
		return 0
	}
	return n
}

// timeOf reads a date; the zero time where there is none.
func timeOf(v bsoncore.Value) time.Time {
	ms, ok := v.DateTimeOK()
	if !ok {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// cutVersion splits the _id of a version document.
func cutVersion(doc string) (id string, vid int64) {
	id, digits, _ := strings.Cut(doc, "/")
	vid, _ = strconv.ParseInt(digits, 10, 64)
	return id, vid
}
