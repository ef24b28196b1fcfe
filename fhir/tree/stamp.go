package tree

import (
	"strconv"
	"time"

	"firewolf/fhir"
)

// Stamp is a document with a gap where meta.versionId and meta.lastUpdated go, so
// that the store can fill them in at commit without parsing again.
type Stamp struct {
	Before, After []byte
}

// Stamp splits the document around the place of meta.versionId and
// meta.lastUpdated, dropping those that the client sent. They come first in meta; where there is
// no meta (or one that is no object), meta comes after id, or else after resourceType. Everything else stays as it is.
func (t *Tree) Stamp() Stamp {
	r := t.nodes[t.root]
	b := make([]byte, 0, t.Len()+32)
	meta := t.Root().Member("meta")
	if meta.Kind() == Object {
		found, others := t.server(meta)
		cuts, gap := t.removals(found), t.nodes[meta.i].start+1
		b = append(append(b, t.src[r.start:gap]...), `"versionId":"`...)
		split := len(b)
		b = append(b, '"')
		if others > 0 {
			b = append(b, ',')
		}
		return newStamp(t.cut(b, gap, r.stop, cuts), split)
	}
	lo, hi, before, after := t.metaPlace(meta)
	b = append(append(b, t.src[r.start:lo]...), before...)
	split := len(b)
	b = append(append(b, after...), t.src[hi:r.stop]...)
	return newStamp(b, split)
}

// metaPlace returns what of the source a new meta replaces, and the text before and after its gap.
func (t *Tree) metaPlace(meta Node) (lo, hi int32, before, after string) {
	if meta.Exists() {
		d := t.nodes[meta.i]
		return d.start, d.stop, `{"versionId":"`, `"}`
	}
	for _, name := range [...]string{"id", "resourceType"} {
		if n := t.Root().Member(name); n.Exists() {
			at := t.nodes[n.i].stop
			return at, at, `,"meta":{"versionId":"`, `"}`
		}
	}
	at := t.nodes[t.root].start + 1
	if t.Root().Len() == 0 {
		return at, at, `"meta":{"versionId":"`, `"}`
	}
	return at, at, `"meta":{"versionId":"`, `"},`
}

func newStamp(b []byte, split int) Stamp {
	return Stamp{Before: b[:split:split], After: b[split:]}
}

// With returns the finished document. It is new memory.
func (s Stamp) With(vid int64, at time.Time) []byte {
	const between = `","lastUpdated":"`
	b := make([]byte, 0, len(s.Before)+len(s.After)+len(between)+len(fhir.InstantLayout)+20)
	b = append(b, s.Before...)
	b = strconv.AppendInt(b, vid, 10)
	b = append(b, between...)
	b = at.UTC().AppendFormat(b, fhir.InstantLayout)
	return append(b, s.After...)
}
