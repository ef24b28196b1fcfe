package mongodb

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir/tree"
)

// appendJSON appends the compact JSON of a resource that appendResource wrote.
func appendJSON(dst []byte, doc bsoncore.Document) ([]byte, error) {
	r := resourceReader{out: slices.Grow(dst, len(doc))}
	rest, err := r.document(doc, 0)
	if err == nil && (len(rest) > 0 || len(r.texts) > 0) {
		err = errNoResource
	}
	if err != nil {
		return dst, err
	}
	return r.out, nil
}

type resourceReader struct {
	out   []byte
	count int          // of the numbers so far
	texts []numberText // those still to come
}

// numberText is the text of a number that its value does not give.
type numberText struct {
	before int32 // how many numbers stand before it
	text   string
}

// body returns the elements of the document at the start of b, and what follows the document.
func body(b []byte) (elements, rest []byte, err error) {
	if len(b) < 5 {
		return nil, nil, errNoResource
	}
	n := binary.LittleEndian.Uint32(b)
	if n < 5 || uint64(n) > uint64(len(b)) || b[n-1] != 0 {
		return nil, nil, errNoResource
	}
	return b[4 : n-1], b[n:], nil
}

func (r *resourceReader) document(b []byte, depth int) (rest []byte, err error) {
	b, rest, err = body(b)
	if err != nil {
		return nil, err
	}
	if depth >= maxNesting {
		return nil, errNesting
	}
	if depth == 0 {
		if b, err = r.numberTexts(b); err != nil {
			return nil, err
		}
	}
	r.out = append(r.out, '{')
	for first := true; len(b) > 0; first = false {
		if !first {
			r.out = append(r.out, ',')
		}
		kind := b[0]
		if b, err = r.name(b[1:]); err != nil {
			return nil, err
		}
		if b, err = r.value(kind, b, depth); err != nil {
			return nil, err
		}
	}
	r.out = append(r.out, '}')
	return rest, nil
}

func (r *resourceReader) array(b []byte, depth int) (rest []byte, err error) {
	b, rest, err = body(b)
	if err != nil {
		return nil, err
	}
	if depth >= maxNesting {
		return nil, errNesting
	}
	r.out = append(r.out, '[')
	for first := true; len(b) > 0; first = false {
		if !first {
			r.out = append(r.out, ',')
		}
		kind := b[0]
		end := bytes.IndexByte(b, 0) // its name is its place
		if end < 1 {
			return nil, errNoResource
		}
		if b, err = r.value(kind, b[end+1:], depth); err != nil {
			return nil, err
		}
	}
	r.out = append(r.out, ']')
	return rest, nil
}

// name writes a member name and its colon.
func (r *resourceReader) name(b []byte) (rest []byte, err error) {
	i := 0
	for i < len(b) && plainName[b[i]] {
		i++
	}
	if i > 0 && i < len(b) && b[i] == 0 {
		r.out = append(append(append(r.out, '"'), b[:i]...), '"', ':')
		return b[i+1:], nil
	}
	end := bytes.IndexByte(b, 0)
	if end < 0 {
		return nil, errNoResource
	}
	name, ok := memberName(string(b[:end]))
	if !ok {
		return nil, errNoResource
	}
	r.out = append(tree.Quote(r.out, name), ':')
	return b[end+1:], nil
}

// valueSizes holds, by the type of a value, its length; that of the others is written in them.
var valueSizes = [256]int{
	bsoncore.TypeBoolean: 1, bsoncore.TypeInt32: 4, bsoncore.TypeInt64: 8, bsoncore.TypeDecimal128: 16,
	bsoncore.TypeString: 5,
}

// value writes a value and returns what follows it.
func (r *resourceReader) value(kind byte, b []byte, depth int) (rest []byte, err error) {
	size := valueSizes[kind]
	if size > len(b) {
		return nil, errNoResource
	}
	switch bsoncore.Type(kind) {
	case bsoncore.TypeString:
		return r.str(b)
	case bsoncore.TypeEmbeddedDocument:
		return r.document(b, depth+1)
	case bsoncore.TypeArray:
		return r.array(b, depth+1)
	case bsoncore.TypeNull:
		r.out = append(r.out, "null"...)
	case bsoncore.TypeBoolean:
		if b[0] > 1 {
			return nil, errNoResource
		}
		r.out = strconv.AppendBool(r.out, b[0] == 1)
	case bsoncore.TypeInt32:
		r.count++
		r.out = strconv.AppendInt(r.out, int64(int32(binary.LittleEndian.Uint32(b))), 10)
	case bsoncore.TypeInt64:
		r.count++
		r.out = strconv.AppendInt(r.out, int64(binary.LittleEndian.Uint64(b)), 10)
	case bsoncore.TypeDecimal128:
		err = r.decimal(b)
	default:
		err = errNoResource
	}
	return b[size:], err
}

func (r *resourceReader) str(b []byte) (rest []byte, err error) {
	n := binary.LittleEndian.Uint32(b)
	if n == 0 || uint64(n)+4 > uint64(len(b)) || b[n+3] != 0 {
		return nil, errNoResource
	}
	s := b[4 : n+3]
	if !utf8.Valid(s) {
		return nil, errNoResource
	}
	r.out = append(r.out, '"')
	for {
		i := mustEscape(s)
		r.out = append(r.out, s[:i]...)
		if i == len(s) {
			break
		}
		r.out = appendEscape(r.out, s[i])
		s = s[i+1:]
	}
	r.out = append(r.out, '"')
	return b[n+4:], nil
}

// appendEscape escapes a byte as tree.Quote does.
func appendEscape(dst []byte, c byte) []byte {
	if c >= ' ' {
		return append(dst, '\\', c)
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// mustEscape returns the place of the first byte that JSON has no other way to write. It looks at eight bytes at a time.
func mustEscape(b []byte) int {
	const lows, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		v := binary.LittleEndian.Uint64(b[i:])
		quote, slash := v^(lows*'"'), v^(lows*'\\')
		// A borrow can only mark bytes above the first true hit, so the lowest mark is right.
		if hit := ((v-lows*0x20)&^v | (quote-lows)&^quote | (slash-lows)&^slash) & highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

func (r *resourceReader) decimal(b []byte) error {
	d, ok := decodeDecimal(b)
	if !ok {
		return errNoResource
	}
	if len(r.texts) > 0 && int(r.texts[0].before) == r.count {
		kept, n, ok := readDecimal([]byte(r.texts[0].text))
		if !ok || n != len(r.texts[0].text) || kept != d {
			return errNoResource
		}
		r.out = append(r.out, r.texts[0].text...)
		r.texts = r.texts[1:]
	} else {
		r.out = d.text(r.out)
	}
	r.count++
	return nil
}

// numberTexts takes the texts of numbers from the elements of a resource, if any are there, and returns the others.
func (r *resourceReader) numberTexts(b []byte) ([]byte, error) {
	head := string(rune(bsoncore.TypeArray)) + numbersName + "\x00"
	if len(b) < len(head) || string(b[:len(head)]) != head {
		return b, nil
	}
	list, rest, err := body(b[len(head):])
	if err != nil {
		return nil, err
	}
	for len(list) > 0 {
		before, ok := nextElement(&list, bsoncore.TypeInt32)
		text, ok2 := nextElement(&list, bsoncore.TypeString)
		if !ok || !ok2 {
			return nil, errNoResource
		}
		r.texts = append(r.texts, numberText{before.Int32(), strings.Clone(text.StringValue())})
	}
	return rest, nil
}

// nextElement takes the value of the next element, of that type, from elements.
func nextElement(elements *[]byte, kind bsoncore.Type) (bsoncore.Value, bool) {
	e, rest, ok := bsoncore.ReadElement(*elements)
	if !ok || e.Validate() != nil || e.Value().Type != kind {
		return bsoncore.Value{}, false
	}
	*elements = rest
	return e.Value(), true
}
