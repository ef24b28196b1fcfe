package mongodb

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/fhir/search"
)

// What the index keeps of a version stands in three fields of its document. Searches ask for k and never look into the
// resource; what k cannot say exactly is looked at in k, r and l of the candidates.
//
//	k  strings, the one array that is indexed (with t, so that an equality gives versions in their order):
//	   code|http://loinc.org|5130-0   each of search.Entries.Keys, as package search writes them
//	   ~Patient/p1                    a reference to the resource by any parameter: what a deletion asks for
//	   =family^lovelace               a text: a search for its start is a range of keys, and so is a walk in order of _sort
//	   <date^LO HI                    a short range (a point, a day): one key, because what is less than a day long
//	                                  and reaches to a bound lies within a day of it
//	   (date^LO HI and )date^HI LO    a longer range, by either of its ends
//	r  strings "param|Patient/p1|vid", the literal references: what _include and chains follow; not indexed
//	l  strings "family^text", texts that are cut in k because an index takes no long keys; hardly ever there
//
// LO and HI are the bounds of search.Range in base32 with an alphabet that keeps their order. A ^ ends the name of a text or
// a range; a name that has one itself, or is long, is there by its hash. "^" is followed by "_" in the order of bytes: all
// texts of a name lie between "=name^" and "=name_".
//
// An Observation of a laboratory value has about 35 keys, most of them tokens; docs/mongodb.md has measured numbers.
const (
	fieldKeys  = "k"
	fieldRefs  = "r"
	fieldLongs = "l"
)

// The first bytes of keys that are not of search.Entries.Keys: those begin with a letter, with "_" or with "!".
const (
	familyRef   = "~"
	familyText  = "="
	familyShort = "<"
	familyLong  = "("
	familyEnd   = ")"
)

const (
	nameEnd  = "^" // behind a name
	afterEnd = "_" // the byte that follows it
	boundEnd = " " // behind the first bound of a range: below every digit of a bound
	overEnd  = "!" // above boundEnd, and below every digit
)

const (
	maxText = 180 // bytes of a text in k
	maxName = 200 // bytes of a name
)

// cutMark ends a text that is cut. It lies above all that could follow there.
const cutMark = "\U0010ffff"

// digits32 writes bytes so that texts have the order of the bytes.
var digits32 = base32.HexEncoding.WithPadding(base32.NoPadding)

// orderedTime is the length of datetime.Ordered; bounds of dates of another length are open.
const orderedTime = 12

// shortest is how long a range of dates may be to have one key alone.
const shortest = 24 * time.Hour

// keyName is the name of a text or a range as it stands in keys.
func keyName(name string) string {
	if len(name) <= maxName && !strings.Contains(name, nameEnd) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "#" + hex.EncodeToString(sum[:])
}

// cutText is a text as it stands in keys. Its order is that of the texts, apart from those that are cut at the same place.
func cutText(s string) (key string, cut bool) {
	if len(s) <= maxText {
		return s, strings.HasSuffix(s, cutMark)
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + cutMark, true
}

// refAny is the key of all references to a resource, by any parameter.
func refAny(k fhir.Key) string { return familyRef + k.String() }

// textKey is the key of a text.
func textKey(name, value string) string {
	value, _ = cutText(value)
	return familyText + keyName(name) + nameEnd + value
}

// rangeKeys are the keys of a range.
func rangeKeys(r search.Range) []string {
	name, lo, hi := keyName(r.Name), digits32.EncodeToString([]byte(r.Lo)), digits32.EncodeToString([]byte(r.Hi))
	if isShort(r) {
		return []string{familyShort + name + nameEnd + lo + boundEnd + hi}
	}
	return []string{familyLong + name + nameEnd + lo + boundEnd + hi, familyEnd + name + nameEnd + hi + boundEnd + lo}
}

// isShort reports whether a range is a number, or a time of less than a day.
func isShort(r search.Range) bool {
	if r.Kind == search.NumberRange {
		return r.Lo == r.Hi
	}
	if len(r.Lo) != orderedTime || len(r.Hi) != orderedTime || r.Hi < r.Lo {
		return false
	}
	return datetime.Unordered(r.Hi).Sub(datetime.Unordered(r.Lo)) < shortest
}

// indexed is what the index keeps of one version.
type indexed struct {
	keys  []string // k
	refs  []string // r
	longs []string // l
}

func indexedOf(e search.Entries) indexed {
	x := indexed{keys: make([]string, 0, len(e.Keys)+len(e.Texts)+len(e.Ranges)+len(e.Refs))}
	x.keys = append(x.keys, e.Keys...)
	for _, t := range e.Texts {
		x.keys = append(x.keys, textKey(t.Name, t.Value))
		if _, cut := cutText(t.Value); cut {
			x.longs = append(x.longs, keyName(t.Name)+nameEnd+t.Value)
		}
	}
	for _, r := range e.Ranges {
		x.keys = append(x.keys, rangeKeys(r)...)
	}
	seen := map[fhir.Key]bool{}
	for _, r := range e.Refs {
		x.refs = append(x.refs, r.Param+"|"+r.Key.String()+"|"+r.VID)
		if !seen[r.Key] {
			seen[r.Key] = true
			x.keys = append(x.keys, refAny(r.Key))
		}
	}
	return x
}

// appendEntries appends the elements of a version document that the index needs.
func appendEntries(dst []byte, e search.Entries) []byte {
	x := indexedOf(e)
	dst = appendTexts(dst, fieldKeys, x.keys)
	if len(x.refs) > 0 {
		dst = appendTexts(dst, fieldRefs, x.refs)
	}
	if len(x.longs) > 0 {
		dst = appendTexts(dst, fieldLongs, x.longs)
	}
	return dst
}

func appendTexts(dst []byte, name string, texts []string) []byte {
	start, dst := bsoncore.AppendArrayElementStart(dst, name)
	for i, s := range texts {
		dst = append(dst, byte(bsoncore.TypeString))
		dst = append(strconv.AppendInt(dst, int64(i), 10), 0)
		dst = bsoncore.AppendString(dst, s)
	}
	dst = append(dst, 0)
	return bsoncore.UpdateLength(dst, start, int32(len(dst))-start)
}

// readTexts reads what appendTexts wrote; what is there otherwise is not seen.
func readTexts(v bsoncore.Value) []string {
	list, ok := v.ArrayOK()
	if !ok {
		return nil
	}
	values, err := list.Values()
	if err != nil {
		return nil
	}
	out := make([]string, 0, len(values))
	for _, v := range values {
		if s, ok := v.StringValueOK(); ok {
			out = append(out, s)
		}
	}
	return out
}

// references returns the references that a version holds.
func (x indexed) references() []search.RefEntry {
	out := make([]search.RefEntry, 0, len(x.refs))
	for _, r := range x.refs {
		param, rest, _ := strings.Cut(r, "|")
		typ, rest, _ := strings.Cut(rest, "/")
		id, vid, _ := strings.Cut(rest, "|")
		out = append(out, search.RefEntry{Param: param, Key: fhir.Key{Type: typ, ID: id}, VID: vid})
	}
	return out
}

// texts yields the texts of a name.
func (x indexed) texts(name string, yield func(string) bool) {
	name = keyName(name) + nameEnd
	for _, k := range x.keys {
		value, ok := cutFamily(k, familyText, name)
		if ok && !strings.HasSuffix(value, cutMark) && !yield(value) {
			return
		}
	}
	for _, l := range x.longs {
		if value, ok := strings.CutPrefix(l, name); ok && !yield(value) {
			return
		}
	}
}

// ranges yields the ranges of a name: their bounds as digits.
func (x indexed) ranges(name string, yield func(lo, hi string) bool) {
	name = keyName(name) + nameEnd
	for _, k := range x.keys {
		both, ok := cutFamily(k, familyShort, name)
		if !ok {
			both, ok = cutFamily(k, familyLong, name)
		}
		if lo, hi, two := strings.Cut(both, boundEnd); ok && two && !yield(lo, hi) {
			return
		}
	}
}

// cutFamily returns what follows a family and a name in a key.
func cutFamily(key, family, name string) (value string, ok bool) {
	if key == "" || key[0] != family[0] {
		return "", false
	}
	return strings.CutPrefix(key[1:], name)
}
