package sqlite

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// The families of posting keys. A key is a directory (the family, the resource
// type and, in ordered families, the hash of a name), a suffix inside it, and the
// number of the container.
const (
	familyAll      = 'A' // versions of a type that are no tombstones
	familyBackref  = 'B' // versions that refer to a resource, by any parameter
	familyID       = 'I' // versions of one resource, tombstones included; never dropped
	familyKey      = 'K' // search.Entries.Keys, hashed
	familyRange    = 'R' // search.Entries.Ranges
	familyText     = 'T' // search.Entries.Texts
	familyVersions = 'V' // all versions of a type, tombstones included; never dropped
)

// hashSize is how much of a SHA-256 stands for a key: with 112 bits no two of
// 10^10 distinct keys meet with a probability above 10^-14.
const hashSize = 14

// nameSize is how much of a SHA-256 stands for the name of a range or text.
const nameSize = 8

// place is a posting key without its container number.
type place struct {
	dir string
	suf string
}

func (p place) bytes() []byte {
	b := make([]byte, 0, len(p.dir)+len(p.suf)+2)
	return append(append(b, p.dir...), p.suf...)
}

// compare orders places as their keys are ordered in the file, but for those of which one begins with the other.
func (p place) compare(o place) int {
	return cmp.Or(strings.Compare(p.dir, o.dir), strings.Compare(p.suf, o.suf))
}

func dirOf(family byte, typ uint16) string {
	return string([]byte{family, byte(typ >> 8), byte(typ)})
}

func namedDir(family byte, typ uint16, name string) string {
	h := nameHash(name)
	return dirOf(family, typ) + string(h[:])
}

func nameHash(name string) [nameSize]byte {
	sum := sha256.Sum256([]byte(name))
	return [nameSize]byte(sum[:nameSize])
}

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return string(sum[:hashSize])
}

func keyPlace(typ uint16, key string) place {
	return place{dirOf(familyKey, typ), hashed(key)}
}

// idPlace ends the id with a zero, so that the containers of "a" and "ab" stay apart.
func idPlace(typ uint16, id string) place {
	return place{dirOf(familyID, typ), id + "\x00"}
}

func backrefPlace(k fhir.Key) place {
	return place{dirOf(familyBackref, 0), hashed(k.String())}
}

func textPlace(typ uint16, name, value string) place {
	return place{namedDir(familyText, typ, name), textSuffix(value)}
}

// maxText is how many bytes of an escaped text order the index; of a longer one a
// hash of the whole follows them, so that different texts keep different keys.
const maxText = 200

// cutText is the length of the suffix of a text that was cut; all others are shorter.
const cutText = maxText + 9

func textSuffix(value string) string {
	b := escape(nil, value)
	if len(b) <= maxText {
		return string(append(b, 0))
	}
	b = append(b[:maxText], hashed(value)[:8]...)
	for i := maxText; i < len(b); i++ {
		if b[i] == 0 {
			b[i] = 2
		}
	}
	return string(append(b, 0))
}

// escape keeps byte order and makes room for a terminating zero: 00 becomes 01 01, 01 becomes 01 02.
func escape(dst []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case 0, 1:
			dst = append(dst, 1, c+1)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == 1 && i+1 < len(s) {
			i++
			b = append(b, s[i]-1)
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

// placesOf lists every posting key of a version that is no tombstone, but those
// of its identity (see identityPlaces).
func placesOf(typ uint16, e search.Entries) []place {
	out := make([]place, 0, len(e.Keys)+len(e.Texts)+4*len(e.Ranges)+len(e.Refs)+1)
	out = append(out, place{dirOf(familyAll, typ), ""})
	dir := dirOf(familyKey, typ)
	for _, k := range e.Keys {
		out = append(out, place{dir, hashed(k)})
	}
	for _, t := range e.Texts {
		out = append(out, textPlace(typ, t.Name, t.Value))
	}
	out = append(out, rangePlaces(typ, e.Ranges)...)
	return append(out, backrefPlaces(e.Refs)...)
}

func backrefPlaces(refs []search.RefEntry) []place {
	var out []place
	for i, r := range refs {
		seen := false
		for _, before := range refs[:i] {
			seen = seen || before.Key == r.Key
		}
		if !seen {
			out = append(out, backrefPlace(r.Key))
		}
	}
	return out
}

// identityPlaces lists the posting keys that every version has and keeps.
func identityPlaces(typ uint16, id string) []place {
	return []place{idPlace(typ, id), {dirOf(familyVersions, typ), ""}}
}

func withChunk(key []byte, chunk uint16) []byte {
	return binary.BigEndian.AppendUint16(key, chunk)
}
