package search

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// longKey is the length above which a key is replaced by its digest: an index keeps no novels.
const longKey = 200

// appendKey appends the key "head|part|part", or the digest that stands for it. A head is the code of
// a parameter, perhaps with a modifier.
func appendKey(b []byte, head string, parts ...string) []byte {
	from := len(b)
	b = append(b, head...)
	for _, p := range parts {
		b = appendPart(append(b, '|'), p)
	}
	if len(b)-from <= longKey {
		return b
	}
	return appendDigest(b[:from], head, b[from:])
}

// appendDigest appends what stands for a long key.
func appendDigest(b []byte, head string, key []byte) []byte {
	sum := sha256.Sum256(key)
	return hex.AppendEncode(append(append(b, head...), '#'), sum[:])
}

// appendPart appends one part of a key, escaped.
func appendPart(b []byte, part string) []byte {
	if strings.IndexByte(part, '|') < 0 && strings.IndexByte(part, '\\') < 0 {
		return append(b, part...)
	}
	for i := range len(part) {
		if part[i] == '|' || part[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, part[i])
	}
	return b
}

// joinKey makes the key "head|part|part".
func joinKey(head string, parts ...string) string {
	return string(appendKey(make([]byte, 0, 64), head, parts...))
}
