package datetime

import (
	"encoding/binary"
	"time"
)

// orderedLen is the length of an ordered time.
const orderedLen = 12

// Ordered returns 12 bytes whose order is the order of time, exact to the
// nanosecond: the Unix seconds with their sign bit turned, then the nanoseconds, both big-endian.
func Ordered(t time.Time) string {
	var b [orderedLen]byte
	binary.BigEndian.PutUint64(b[:], uint64(t.Unix())^1<<63)
	binary.BigEndian.PutUint32(b[8:], uint32(t.Nanosecond()))
	return string(b[:])
}

// Unordered returns the time, in UTC, of bytes that Ordered made; the zero Time for any other length.
func Unordered(s string) time.Time {
	if len(s) != orderedLen {
		return time.Time{}
	}
	seconds := int64(binary.BigEndian.Uint64([]byte(s[:8])) ^ 1<<63)
	return time.Unix(seconds, int64(binary.BigEndian.Uint32([]byte(s[8:])))).UTC()
}
