package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// answer takes the bytes of an answer as they come. It knows as much HTTP/1.1 as Firewolf's answers need: a status, a Content-Length, which Firewolf
// gives whenever there is a body, and the body.
type answer struct {
	buf    []byte
	head   int // bytes; 0 while it is not whole
	status int
	size   int
}

// reset makes ready for the next answer.
func (a *answer) reset() { *a = answer{buf: a.buf[:0]} }

// room returns where the next bytes go.
func (a *answer) room() []byte {
	want := 4 << 10
	if a.head > 0 {
		want = max(want, a.head+a.size-len(a.buf))
	}
	a.buf = slices.Grow(a.buf, want)
	return a.buf[len(a.buf):cap(a.buf)]
}

var headEnd = []byte("\r\n\r\n")

// add tells that n bytes came into the room, and returns whether the answer is whole.
func (a *answer) add(n int) (whole bool, err error) {
	a.buf = a.buf[:len(a.buf)+n]
	if a.head == 0 {
		end := bytes.Index(a.buf, headEnd)
		if end < 0 {
			return false, nil
		}
		a.head = end + len(headEnd)
		if err := a.read(a.buf[:end]); err != nil {
			return false, err
		}
	}
	if len(a.buf) > a.head+a.size {
		return false, fmt.Errorf("%d bytes behind an answer", len(a.buf)-a.head-a.size)
	}
	return len(a.buf) == a.head+a.size, nil
}

// body returns the body of a whole answer, until the next reset.
func (a *answer) body() []byte { return a.buf[a.head:] }

var contentLength = []byte("content-length")

func (a *answer) read(head []byte) (err error) {
	line, rest, _ := bytes.Cut(head, headEnd[:2])
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return fmt.Errorf("%q is no answer", line)
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return err
	}
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, headEnd[:2])
		name, value, _ := bytes.Cut(line, []byte(":"))
		if len(name) == len(contentLength) && bytes.EqualFold(name, contentLength) {
			a.size, err = strconv.Atoi(string(bytes.TrimSpace(value)))
			return err
		}
	}
	if a.status == 204 || a.status == 304 {
		return nil
	}
	return fmt.Errorf("an answer %d without Content-Length", a.status)
}
