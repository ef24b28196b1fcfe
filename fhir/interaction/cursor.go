package interaction

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// cursorParam is the parameter of a next link that holds where the page starts. Pages are stateless: all that
// the server must know again stands in the cursor, sealed with the store's secret: links come into logs, and the value that a
// page was sorted by may be a patient's name.
// https://hl7.org/fhir/R4/http.html#paging
const cursorParam = "_cursor"

// cursor is where a page starts.
type cursor struct {
	query digest      // of the query that it belongs to
	t     fhir.Moment // what the pages see
	now   int64       // when the first page was asked for, in Unix milliseconds: what "about today" means
	parts []part      // per searched type in order; one, with the type "", where the order is the store's own
}

// part is how far one list has been read.
type part struct {
	name  string
	after []byte
}

type digest [16]byte

// queryDigest names a query: where it was sent, and what of it was used.
func queryDigest(path string, self []search.Pair) digest {
	h := sha256.New()
	h.Write([]byte(path))
	h.Write([]byte{0})
	h.Write(appendQuery(nil, self))
	var d digest
	copy(d[:], h.Sum(nil))
	return d
}

// encode seals the cursor.
func (c cursor) encode(secret []byte) string {
	b := append(make([]byte, 0, len(c.query)+64), c.query[:]...)
	b = binary.AppendUvarint(b, uint64(c.t))
	b = binary.AppendUvarint(b, uint64(c.now))
	for _, p := range c.parts {
		b = appendField(b, []byte(p.name))
		b = appendField(b, p.after)
	}
	return base64.RawURLEncoding.EncodeToString(seal(secret, b))
}

func appendField(b, field []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(field)))
	return append(b, field...)
}

// seal encrypts and signs data. The nonce comes first; it is a MAC of the data, so that two cursors share one only if they are equal.
func seal(secret, data []byte) []byte {
	nonce := keyed(secret, "nonce", data)[:nonceSize:nonceSize]
	return sealer(secret).Seal(nonce, nonce, data, nil)
}

// unseal returns what was sealed, and false for anything else.
func unseal(secret, sealed []byte) ([]byte, bool) {
	if len(sealed) < nonceSize {
		return nil, false
	}
	data, err := sealer(secret).Open(nil, sealed[:nonceSize], sealed[nonceSize:], nil)
	return data, err == nil
}

const nonceSize = 12

func sealer(secret []byte) cipher.AEAD {
	block, err := aes.NewCipher(keyed(secret, "key", nil))
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has blocks of 16 bytes
	}
	return a
}

// keyed is a MAC of data, apart from those for other uses of the secret.
func keyed(secret []byte, use string, data []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("firewolf cursor 2 " + use + "\x00"))
	h.Write(data)
	return h.Sum(nil)
}

// decodeCursor reads a cursor that encode made for the same query.
func decodeCursor(text string, secret []byte, query digest) (cursor, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	whole := false
	if err == nil {
		b, whole = unseal(secret, b)
	}
	if !whole || len(b) < len(query) {
		return cursor{}, fhir.NewIssue(fhir.Invalid, "the page link was changed, or is not one of this server", "http."+cursorParam)
	}
	c := cursor{}
	copy(c.query[:], b)
	if c.query != query {
		return cursor{}, fhir.NewIssue(fhir.Invalid, "the page link belongs to another query", "http."+cursorParam)
	}
	d := fields{b: b[len(query):]}
	c.t, c.now = fhir.Moment(d.number()), int64(d.number())
	for len(d.b) > 0 && !d.bad {
		c.parts = append(c.parts, part{name: string(d.field()), after: d.field()})
	}
	if d.bad {
		return cursor{}, fhir.NewIssue(fhir.Invalid, "the page link is cut short", "http."+cursorParam)
	}
	return c, nil
}

// fields reads what appendField and AppendUvarint wrote. After a fault it gives zeros and bad is set.
type fields struct {
	b   []byte
	bad bool
}

func (f *fields) number() uint64 {
	n, size := binary.Uvarint(f.b)
	if size <= 0 {
		f.bad = true
		return 0
	}
	f.b = f.b[size:]
	return n
}

// field is nil where nothing was written: a list that is not begun has no place where it goes on.
func (f *fields) field() []byte {
	n := f.number()
	if n == 0 {
		return nil
	}
	if f.bad || n > uint64(len(f.b)) {
		f.bad = true
		return nil
	}
	out := f.b[:n:n]
	f.b = f.b[n:]
	return out
}

// after returns how far the list of a name has been read; nil for one that was not begun.
func (c cursor) after(name string) []byte {
	for _, p := range c.parts {
		if p.name == name {
			return p.after
		}
	}
	return nil
}

// pageURL returns the address of a page: the query, the format that the request asked for by a parameter ("This parameter overrides the value in
// the HTTP Accept header", of a client that follows the link too), and where it starts. https://hl7.org/fhir/R4/http.html#parameters
func pageURL(r *Request, path string, self []search.Pair, at string) string {
	b := append(make([]byte, 0, 256), r.Base...)
	if path != "" {
		b = append(b, '/')
		b = append(b, path...)
	}
	self = self[:len(self):len(self)]
	if r.Format != "" {
		self = append(self, search.Pair{Name: "_format", Value: r.Format})
	}
	if at != "" {
		self = append(self, search.Pair{Name: cursorParam, Value: at})
	}
	if len(self) > 0 {
		b = append(b, '?')
		b = appendQuery(b, self)
	}
	return strings.TrimSuffix(string(b), "/")
}
