package sqlite

import (
	"encoding/binary"
	"errors"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// vals is what a version row keeps of its entries beside the postings: what
// sorting, the exact check of ranges and the following of references need.
type vals struct {
	ranges []rangeVal
	texts  []textVal
	refs   []search.RefEntry
}

type rangeVal struct {
	name   [nameSize]byte
	kind   search.RangeKind
	lo, hi string
}

type textVal struct {
	name  [nameSize]byte
	value string
}

var errVals = errors.New("the values of a version row are damaged")

// encodeVals writes counts and then the values, every text with its length before it.
func encodeVals(e search.Entries) []byte {
	b := make([]byte, 0, 64+40*(len(e.Ranges)+len(e.Texts)+len(e.Refs)))
	b = binary.AppendUvarint(b, uint64(len(e.Ranges)))
	for _, r := range e.Ranges {
		h := nameHash(r.Name)
		b = append(append(b, h[:]...), byte(r.Kind))
		b = appendText(appendText(b, r.Lo), r.Hi)
	}
	b = binary.AppendUvarint(b, uint64(len(e.Texts)))
	for _, t := range e.Texts {
		h := nameHash(t.Name)
		b = appendText(append(b, h[:]...), t.Value)
	}
	b = binary.AppendUvarint(b, uint64(len(e.Refs)))
	for _, r := range e.Refs {
		b = appendText(appendText(b, r.Param), r.Key.Type)
		b = appendText(appendText(b, r.Key.ID), r.VID)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func decodeVals(b []byte) (vals, error) {
	d := valsDecoder{rest: string(b)}
	var v vals
	for range d.count() {
		r := rangeVal{name: d.name(), kind: search.RangeKind(d.byte())}
		r.lo, r.hi = d.text(), d.text()
		v.ranges = append(v.ranges, r)
	}
	for range d.count() {
		v.texts = append(v.texts, textVal{name: d.name(), value: d.text()})
	}
	for range d.count() {
		r := search.RefEntry{Param: d.text()}
		r.Key = fhir.Key{Type: d.text(), ID: d.text()}
		r.VID = d.text()
		v.refs = append(v.refs, r)
	}
	if d.bad || d.rest != "" {
		return vals{}, errVals
	}
	return v, nil
}

// valsDecoder reads from the front; once it is bad it gives empty values.
type valsDecoder struct {
	rest string
	bad  bool
}

func (d *valsDecoder) uvarint() uint64 {
	var x uint64
	for i := 0; i < len(d.rest) && i < binary.MaxVarintLen64; i++ {
		c := d.rest[i]
		x |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.rest = d.rest[i+1:]
			return x
		}
	}
	d.bad, d.rest = true, ""
	return 0
}

func (d *valsDecoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, ""
		return 0
	}
	return int(n)
}

func (d *valsDecoder) take(n int) string {
	if n > len(d.rest) {
		d.bad, d.rest = true, ""
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

func (d *valsDecoder) text() string { return d.take(d.count()) }

func (d *valsDecoder) byte() byte {
	if s := d.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (d *valsDecoder) name() (h [nameSize]byte) {
	copy(h[:], d.take(nameSize))
	return h
}
