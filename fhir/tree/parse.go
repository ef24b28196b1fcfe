package tree

import (
	"bytes"
	"fmt"
	"math"

	"firewolf/fhir"
)

// maxIssues bounds how many problems of one document are collected.
const maxIssues = 20

const noObject = "a resource starts as a JSON object, with a brace"

// Parse reads one JSON object. Refused, as fhir.Issues with line and column: bad
// JSON, duplicate member names, invalid UTF-8, half surrogate pairs, numbers that a
// decimal128 does not hold, names with NUL, too deep, trailing data, a root that is no object.
// Repeated names, numbers and NUL are collected; anything else ends the reading.
func Parse(src []byte, lim Limits) (*Tree, error) {
	if lim.Bytes > 0 && len(src) > lim.Bytes || len(src) > math.MaxInt32 {
		text := fmt.Sprintf("the document has %d bytes, more than this server accepts", len(src))
		return nil, fhir.Issues{fhir.NewIssue(fhir.TooLong, text)}
	}
	s := newScanner(src, lim.depth())
	s.locate = lim.Locate
	if !s.is('{') {
		return nil, fhir.Issues{s.fault(-1, s.pos, noObject)}
	}
	return s.document()
}

// scanner reads a JSON text in one pass. It copies everything but white space to out, in runs as long as possible.
type scanner struct {
	in    []byte
	pos   int
	out   []byte
	from  int // in[from:pos] is yet to be copied
	nodes []node

	top     int32 // the innermost open object or array, -1 outside
	name    int32 // where the name of the next value starts in the compact text; 0 if it has none
	flags   uint8 // of that name
	depth   int   // how many objects and arrays are open
	limit   int
	escapes bool

	locate func(Node) string // nil: Node.Location
	issues fhir.Issues
}

func newScanner(in []byte, limit int) scanner {
	if bytes.HasPrefix(in, []byte("\ufeff")) {
		// https://www.rfc-editor.org/rfc/rfc8259#section-8.1 allows to ignore a byte order mark.
		in = in[3:]
	}
	// Each value but the first follows a bracket or a comma. Text has commas too, so the guess is bounded.
	guess := 1 + bytes.Count(in, []byte{','}) + bytes.Count(in, []byte{'{'}) + bytes.Count(in, []byte{'['})
	return scanner{
		in: in, out: make([]byte, 0, len(in)),
		nodes: make([]node, 0, min(guess, len(in)/8+16)),
		top:   -1, limit: limit,
	}
}

// document reads one value and the end of the text.
func (s *scanner) document() (*Tree, error) {
	err := s.values()
	if err == nil {
		if s.skip(); s.pos < len(s.in) {
			err = s.fault(-1, s.pos, "there is something after the end of the document")
		}
	}
	if err != nil {
		return nil, append(s.issues, err)
	}
	if s.issues != nil {
		return nil, s.issues
	}
	s.out = append(s.out, s.in[s.from:s.pos]...)
	return newTree(s.out, s.nodes, s.limit, s.escapes), nil
}

// values reads one value with all that is in it. It keeps the open containers in
// the nodes instead of calling itself, so that depth costs no stack.
func (s *scanner) values() *fhir.Issue {
	s.skip()
	for {
		opened, err := s.value()
		if err != nil {
			return err
		}
		if opened {
			continue
		}
		if done, err := s.after(); err != nil || done {
			return err
		}
	}
}

// kinds holds, by its first byte, the kind of a value.
var kinds = [256]Kind{
	'{': Object, '[': Array, '"': String, 't': Bool, 'f': Bool, 'n': Null, '-': Number,
	'0': Number, '1': Number, '2': Number, '3': Number, '4': Number,
	'5': Number, '6': Number, '7': Number, '8': Number, '9': Number,
}

// value reads a literal, or opens an object or array up to its first value: then opened is true.
func (s *scanner) value() (opened bool, err *fhir.Issue) {
	if s.pos >= len(s.in) {
		return false, s.fault(s.top, s.pos, "the document ends too early")
	}
	kind := kinds[s.in[s.pos]]
	k := s.add(kind)
	switch kind {
	case Object, Array:
		return s.open(k)
	case String:
		escaped, err := s.str(k)
		if err != nil {
			return false, err
		}
		if escaped {
			s.nodes[k].flags |= escapedValue
		}
	case Number:
		err = s.number(k)
	default:
		err = s.literal(k)
	}
	if err == nil {
		s.close(k)
	}
	return false, err
}

// add appends a node that starts here and ends nowhere yet.
func (s *scanner) add(kind Kind) int32 {
	k := int32(len(s.nodes))
	s.nodes = append(s.nodes, node{
		kind: kind, flags: s.flags, start: s.offset(s.pos), nstart: s.name, end: k + 1, parent: s.top,
	})
	s.name, s.flags = 0, 0
	return k
}

// close ends a node before pos.
func (s *scanner) close(k int32) {
	n := &s.nodes[k]
	n.stop, n.end = s.offset(s.pos), int32(len(s.nodes))
}

// offset returns where in[pos] stands, or will stand, in the compact text.
func (s *scanner) offset(pos int) int32 { return int32(len(s.out) + pos - s.from) }

// compact returns the compact text between two of its offsets that have no white space between them.
func (s *scanner) compact(lo, hi int32) []byte {
	if int(lo) < len(s.out) {
		return s.out[lo:hi]
	}
	shift := int32(s.from - len(s.out))
	return s.in[lo+shift : hi+shift]
}

// skip moves over white space, which it leaves out of the copy.
func (s *scanner) skip() {
	if s.pos >= len(s.in) || s.in[s.pos] > ' ' {
		return
	}
	i := s.pos
	for i < len(s.in) && (s.in[i] == ' ' || s.in[i] == '\n' || s.in[i] == '\r' || s.in[i] == '\t') {
		i++
	}
	if i > s.pos {
		s.out = append(s.out, s.in[s.from:s.pos]...)
		s.pos, s.from = i, i
	}
}

// is moves over white space and reports whether c is next.
func (s *scanner) is(c byte) bool {
	s.skip()
	return s.pos < len(s.in) && s.in[s.pos] == c
}

// open enters the object or array k.
func (s *scanner) open(k int32) (opened bool, err *fhir.Issue) {
	if s.depth++; s.depth > s.limit {
		return false, s.fault(k, s.pos, "objects and arrays are nested too deep")
	}
	s.top = k
	s.pos++
	if s.nodes[k].kind == Object {
		if s.is('}') {
			return false, nil
		}
		return true, s.member()
	}
	return !s.is(']'), nil
}

// after goes on behind a value, or inside an empty container: it closes what ends
// here and moves to the next value. It reports whether the outermost value is done.
func (s *scanner) after() (done bool, err *fhir.Issue) {
	for s.top >= 0 {
		s.skip()
		var c byte
		if s.pos < len(s.in) {
			c = s.in[s.pos]
		}
		object := s.nodes[s.top].kind == Object
		switch {
		case c == ',' && object:
			s.pos++
			s.skip()
			return false, s.member()
		case c == ',':
			s.pos++
			s.skip()
			return false, nil
		case c == '}' && object || c == ']' && !object:
			s.pos++
			if err := s.leave(); err != nil {
				return false, err
			}
		default:
			return false, s.unfinished(object)
		}
	}
	return true, nil
}

// leave closes the innermost container.
func (s *scanner) leave() *fhir.Issue {
	k := s.top
	s.close(k)
	if s.nodes[k].kind == Object {
		if err := s.checkNames(k); err != nil {
			return err
		}
	}
	s.top = s.nodes[k].parent
	s.depth--
	return nil
}

// member reads a name and its colon.
func (s *scanner) member() *fhir.Issue {
	if s.pos >= len(s.in) || s.in[s.pos] != '"' {
		return s.fault(s.top, s.pos, "a member name in quotes is missing")
	}
	start := s.offset(s.pos) + 1
	escaped, err := s.str(s.top)
	if err != nil {
		return err
	}
	if !s.is(':') {
		return s.fault(s.top, s.pos, "a colon is missing after a member name")
	}
	s.pos++
	s.skip()
	s.name = start
	if escaped {
		s.flags |= escapedName
	}
	return nil
}

// str reads a string. It reports whether the string has escapes.
func (s *scanner) str(k int32) (escaped bool, err *fhir.Issue) {
	i := plain(s.in, s.pos+1)
	for {
		if i >= len(s.in) {
			return false, s.fault(k, s.pos, "a string has no end")
		}
		c := s.in[i]
		var n int
		switch {
		case c == '"':
			s.pos = i + 1
			s.escapes = s.escapes || escaped
			return escaped, nil
		case c == '\\':
			escaped = true
			if n = escape(s.in[i:]); n == 0 {
				return false, s.fault(k, i, "an escape in a string is not one of JSON")
			}
		case c < ' ':
			return false, s.fault(k, i, "a control character stands in a string without an escape")
		default:
			if n = utf8Len(s.in[i:]); n == 0 {
				return false, s.fault(k, i, "a string is not UTF-8")
			}
		}
		i = plain(s.in, i+n)
	}
}

// number reads a number.
func (s *scanner) number(k int32) *fhir.Issue {
	n, fits := scanNumber(s.in[s.pos:])
	if n == 0 {
		return s.fault(k, s.pos, "a number is not written as JSON says")
	}
	if !fits {
		err := s.report(s.fault(k, s.pos, "a number has more than 34 digits or an exponent beyond those of a decimal128"))
		if err != nil {
			return err
		}
	}
	s.pos += n
	return nil
}

// literal reads true, false or null.
func (s *scanner) literal(k int32) *fhir.Issue {
	for _, word := range [...]string{"true", "false", "null"} {
		if rest := s.in[s.pos:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
			s.pos += len(word)
			return nil
		}
	}
	return s.fault(k, s.pos, "there is no JSON value here")
}
