package csv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxRecord is the longest row that is read, in bytes.
const maxRecord = 1 << 20

// scanner cuts a text into records. A record ends with a line, unless a quote is open there.
type scanner struct {
	r      io.Reader
	limit  int
	buf    []byte
	lo, hi int // what is read and not yet taken
	eof    bool
	at     int64 // offset of buf[lo]
	line   int   // of buf[lo], from 1
}

// span is where a record lies.
type span struct {
	offset int64
	line   int
	raw    []byte // valid until the next record; without its line end
	size   int64  // with its line end
	why    string // what is wrong with it, "" for nothing
}

func newScanner(r io.Reader, offset int64, line int) *scanner {
	return &scanner{r: r, limit: maxRecord, at: offset, line: line}
}

// next returns the next record that is not an empty line, or io.EOF.
func (s *scanner) next() (span, error) {
	for {
		x, err := s.record()
		if err != nil || len(x.raw) > 0 || x.why != "" {
			return x, err
		}
	}
}

// record takes one record. One whose quote is not closed, or that is too long, ends with its first line.
func (s *scanner) record() (span, error) {
	quotes, first, from := 0, -1, 0 // from: what was looked at
	for {
		k := bytes.IndexByte(s.buf[s.lo+from:s.hi], '\n')
		if k < 0 {
			if s.hi-s.lo >= s.limit {
				return s.broken(first)
			}
			more, err := s.fill()
			if err != nil {
				return span{}, err
			}
			if more {
				continue
			}
			return s.last(quotes, from, first)
		}
		end := from + k + 1
		if first < 0 {
			first = end
		}
		quotes += bytes.Count(s.buf[s.lo+from:s.lo+end], []byte{'"'})
		from = end
		if quotes%2 == 0 {
			return s.take(end, ""), nil
		}
	}
}

// last takes what the file ends with.
func (s *scanner) last(quotes, from, first int) (span, error) {
	rest := s.buf[s.lo:s.hi]
	if len(rest) == 0 {
		return span{}, io.EOF
	}
	quotes += bytes.Count(rest[from:], []byte{'"'})
	if quotes%2 == 1 {
		if first < 0 {
			first = len(rest)
		}
		return s.take(first, "a quote is not closed"), nil
	}
	return s.take(len(rest), ""), nil
}

// broken takes a record that is longer than the limit: its first line, which may go on beyond the buffer.
func (s *scanner) broken(first int) (span, error) {
	if first > 0 {
		return s.take(first, "a quote is not closed, or the row is longer than "+bytesText(s.limit)), nil
	}
	x := span{offset: s.at, line: s.line, why: "the row is longer than " + bytesText(s.limit)}
	for {
		if k := bytes.IndexByte(s.buf[s.lo:s.hi], '\n'); k >= 0 {
			s.skip(k + 1)
			s.line++
			break
		}
		s.skip(s.hi - s.lo)
		if more, err := s.fill(); err != nil {
			return span{}, err
		} else if !more {
			break
		}
	}
	x.size = s.at - x.offset
	return x, nil
}

func bytesText(n int) string { return fmt.Sprintf("%d KiB", n>>10) }

// take returns the next n bytes as a record.
func (s *scanner) take(n int, why string) span {
	raw := s.buf[s.lo : s.lo+n]
	x := span{offset: s.at, line: s.line, size: int64(n), why: why}
	x.raw = bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte{'\n'}), []byte{'\r'})
	s.line += bytes.Count(raw, []byte{'\n'})
	s.skip(n)
	return x
}

func (s *scanner) skip(n int) {
	s.lo += n
	s.at += int64(n)
}

// retreat gives back what was taken last but for its first line: the quotes of the record were counted wrong, since one stands where it must not.
func (s *scanner) retreat(x span) {
	first := bytes.IndexByte(x.raw, '\n') + 1
	if first == 0 {
		return
	}
	back := int(x.size) - first
	s.lo -= back
	s.at -= int64(back)
	s.line = x.line + 1
}

// fill reads more, and reports whether there was any.
func (s *scanner) fill() (bool, error) {
	if s.eof {
		return false, nil
	}
	if s.lo > 0 {
		copy(s.buf, s.buf[s.lo:s.hi])
		s.lo, s.hi = 0, s.hi-s.lo
	}
	if s.hi == len(s.buf) {
		s.buf = append(s.buf, make([]byte, max(64<<10, len(s.buf)))...)
	}
	n, err := s.r.Read(s.buf[s.hi:])
	s.hi += n
	if errors.Is(err, io.EOF) {
		s.eof = true
		return n > 0, nil
	}
	return n > 0 || err == nil, err
}

// The reasons why a record is no row.
var (
	errQuote    = errors.New("a quote stands inside a cell that does not start with one, or text follows a closing quote")
	errEncoding = errors.New("the text is not UTF-8: the mapping can say encoding: windows-1252 or iso-8859-1")
	errNUL      = errors.New("the row has a NUL character")
)

// split cuts a record into cells, and appends them.
func split(raw []byte, comma byte, cells []string) ([]string, error) {
	if bytes.IndexByte(raw, 0) >= 0 {
		return cells, errNUL
	}
	if !utf8.Valid(raw) {
		return cells, errEncoding
	}
	text := string(raw)
	for {
		if len(text) > 0 && text[0] == '"' {
			cell, rest, ok := quoted(text[1:])
			if !ok || rest != "" && rest[0] != comma {
				return cells, errQuote
			}
			cells = append(cells, cell)
			if rest == "" {
				return cells, nil
			}
			text = rest[1:]
			continue
		}
		end := 0
		for end < len(text) && text[end] != comma {
			if text[end] == '"' {
				return cells, errQuote
			}
			end++
		}
		cells = append(cells, text[:end])
		if end == len(text) {
			return cells, nil
		}
		text = text[end+1:]
	}
}

// quoted reads a cell up to its closing quote; two quotes are one.
func quoted(text string) (cell, rest string, ok bool) {
	start := 0
	var b []byte
	for k := 0; k < len(text); k++ {
		if text[k] != '"' {
			continue
		}
		if k+1 < len(text) && text[k+1] == '"' {
			b = append(b, text[start:k+1]...)
			k++
			start = k + 1
			continue
		}
		if b == nil {
			return text[:k], text[k+1:], true
		}
		return string(append(b, text[start:k]...)), text[k+1:], true
	}
	return "", "", false
}
