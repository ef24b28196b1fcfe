package mongodb

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// appendResource appends the document of a resource. The JSON is compact text that tree.Parse has accepted.
func appendResource(dst, json []byte) ([]byte, error) {
	w := resourceWriter{in: json, out: slices.Grow(dst, len(json)+len(json)/4+64)}
	start := len(w.out)
	if len(json) == 0 || json[0] != '{' {
		return dst, errNoJSON
	}
	if err := w.object(0); err != nil {
		return dst, err
	}
	if w.pos != len(json) {
		return dst, errNoJSON
	}
	if w.texts != nil {
		w.keepTexts(start)
	}
	return w.out, nil
}

type resourceWriter struct {
	in    []byte
	pos   int
	out   []byte
	count int    // of the numbers so far
	texts []byte // the elements of the array of the texts of numbers
	kept  int    // how many elements these are
}

// keepTexts inserts the texts of numbers before the first element of the document that starts at start.
func (w *resourceWriter) keepTexts(start int) {
	i, b := bsoncore.AppendArrayElementStart(nil, numbersName)
	b = append(b, w.texts...)
	b, _ = bsoncore.AppendArrayEnd(b, i)
	w.out = slices.Insert(w.out, start+4, b...)
	w.close(start)
}

// close sets the length of the document that starts at start and ends here.
func (w *resourceWriter) close(start int) {
	binary.LittleEndian.PutUint32(w.out[start:], uint32(len(w.out)-start))
}

// open starts a document or an array. It reports whether there is anything in it.
func (w *resourceWriter) open(depth int, end byte) (filled bool, err error) {
	if depth >= maxNesting {
		return false, errNesting
	}
	w.out = append(w.out, 0, 0, 0, 0)
	w.pos++
	if w.pos >= len(w.in) {
		return false, errNoJSON
	}
	if w.in[w.pos] == end {
		w.pos++
		return false, nil
	}
	return true, nil
}

// more moves behind a comma, or behind the end of a container.
func (w *resourceWriter) more(end byte) (bool, error) {
	if w.pos >= len(w.in) || w.in[w.pos] != ',' && w.in[w.pos] != end {
		return false, errNoJSON
	}
	w.pos++
	return w.in[w.pos-1] == ',', nil
}

func (w *resourceWriter) object(depth int) error {
	start := len(w.out)
	more, err := w.open(depth, '}')
	for more && err == nil {
		at := len(w.out)
		w.out = append(w.out, 0)
		if err = w.name(); err != nil {
			return err
		}
		if err = w.value(at, depth); err != nil {
			return err
		}
		more, err = w.more('}')
	}
	if err != nil {
		return err
	}
	w.out = append(w.out, 0)
	w.close(start)
	return nil
}

func (w *resourceWriter) array(depth int) error {
	start := len(w.out)
	more, err := w.open(depth, ']')
	for i := 0; more && err == nil; i++ {
		at := len(w.out)
		w.out = append(strconv.AppendInt(append(w.out, 0), int64(i), 10), 0)
		if err = w.value(at, depth); err != nil {
			return err
		}
		more, err = w.more(']')
	}
	if err != nil {
		return err
	}
	w.out = append(w.out, 0)
	w.close(start)
	return nil
}

// name reads a member name and its colon.
func (w *resourceWriter) name() error {
	if w.pos >= len(w.in) || w.in[w.pos] != '"' {
		return errNoJSON
	}
	from := w.pos + 1
	i := from
	for i < len(w.in) && plainName[w.in[i]] {
		i++
	}
	if i > from && i+1 < len(w.in) && w.in[i] == '"' && w.in[i+1] == ':' {
		w.out = append(append(w.out, w.in[from:i]...), 0)
		w.pos = i + 2
		return nil
	}
	name, err := w.text(nil)
	if err != nil || slices.Contains(name, 0) || w.pos >= len(w.in) || w.in[w.pos] != ':' {
		return errNoJSON
	}
	w.pos++
	w.out = append(appendName(w.out, string(name)), 0)
	return nil
}

// value writes a value, and its type at the place at.
func (w *resourceWriter) value(at, depth int) error {
	if w.pos >= len(w.in) {
		return errNoJSON
	}
	switch c := w.in[w.pos]; c {
	case '"':
		w.out[at] = byte(bsoncore.TypeString)
		return w.str()
	case '{':
		w.out[at] = byte(bsoncore.TypeEmbeddedDocument)
		return w.object(depth + 1)
	case '[':
		w.out[at] = byte(bsoncore.TypeArray)
		return w.array(depth + 1)
	case 't', 'f', 'n':
		return w.literal(at)
	default:
		return w.number(at)
	}
}

func (w *resourceWriter) literal(at int) error {
	switch rest := w.in[w.pos:]; {
	case len(rest) >= 4 && string(rest[:4]) == "true":
		w.out[at] = byte(bsoncore.TypeBoolean)
		w.out = append(w.out, 1)
		w.pos += 4
	case len(rest) >= 5 && string(rest[:5]) == "false":
		w.out[at] = byte(bsoncore.TypeBoolean)
		w.out = append(w.out, 0)
		w.pos += 5
	case len(rest) >= 4 && string(rest[:4]) == "null":
		w.out[at] = byte(bsoncore.TypeNull)
		w.pos += 4
	default:
		return errNoJSON
	}
	return nil
}

func (w *resourceWriter) str() error {
	at := len(w.out)
	out, err := w.text(append(w.out, 0, 0, 0, 0))
	if err != nil {
		return err
	}
	out = append(out, 0)
	w.out = out
	binary.LittleEndian.PutUint32(w.out[at:], uint32(len(w.out)-at-4))
	return nil
}

// text appends the text of the string that starts here.
func (w *resourceWriter) text(dst []byte) ([]byte, error) {
	from := w.pos + 1
	for {
		i := quoteOrSlash(w.in, from)
		if i >= len(w.in) {
			return dst, errNoJSON
		}
		dst = append(dst, w.in[from:i]...)
		if w.in[i] == '"' {
			w.pos = i + 1
			return dst, nil
		}
		r, n := unescape(w.in[i:])
		if n == 0 {
			return dst, errNoJSON
		}
		dst = utf8.AppendRune(dst, r)
		from = i + n
	}
}

// quoteOrSlash returns the place, from i on, of the first quote or backslash. It looks at eight bytes at a time.
func quoteOrSlash(b []byte, i int) int {
	const lows, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		v := binary.LittleEndian.Uint64(b[i:])
		quote, slash := v^(lows*'"'), v^(lows*'\\')
		// A borrow can only mark bytes above the first true hit, so the lowest mark is right.
		if hit := ((quote - lows) &^ quote & highs) | ((slash - lows) &^ slash & highs); hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// shortEscapes holds, by the letter after the backslash, the character that it stands for.
var shortEscapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// unescape returns the character of the escape at the start of b and the length of the escape, 0 if it is none.
// https://www.rfc-editor.org/rfc/rfc8259#section-7
func unescape(b []byte) (r rune, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	if c := shortEscapes[b[1]]; c != 0 {
		return rune(c), 2
	}
	r, ok := unit(b)
	if !ok || !utf16.IsSurrogate(r) {
		if !ok {
			return 0, 0
		}
		return r, 6
	}
	low, ok := unit(b[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// unit reads an escape of the form of a backslash, a "u" and four digits.
func unit(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(v), err == nil
}

// number writes a number, and keeps its text where the value does not give it back.
func (w *resourceWriter) number(at int) error {
	n, i := smallInteger(w.in[w.pos:])
	if i > 0 {
		w.pos += i
		w.count++
		if n == int64(int32(n)) {
			w.out[at] = byte(bsoncore.TypeInt32)
			w.out = bsoncore.AppendInt32(w.out, int32(n))
			return nil
		}
		w.out[at] = byte(bsoncore.TypeInt64)
		w.out = bsoncore.AppendInt64(w.out, n)
		return nil
	}
	d, length, ok := readDecimal(w.in[w.pos:])
	if !ok {
		return errNoJSON
	}
	text := w.in[w.pos : w.pos+length]
	w.pos += length
	if !d.writes(text) {
		w.keep(text)
	}
	w.count++
	w.out[at] = byte(bsoncore.TypeDecimal128)
	w.out = d.append(w.out)
	return nil
}

// keep notes the text of the number that comes next.
func (w *resourceWriter) keep(text []byte) {
	w.texts = bsoncore.AppendInt32Element(w.texts, strconv.Itoa(w.kept), int32(w.count))
	w.texts = bsoncore.AppendStringElement(w.texts, strconv.Itoa(w.kept+1), string(text))
	w.kept += 2
}
