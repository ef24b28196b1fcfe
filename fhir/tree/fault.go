package tree

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"firewolf/fhir"
)

// fault makes the issue of a place in the source, with the FHIRPath of node k as far as it is known (k < 0: nowhere).
// Columns count characters, from 1.
func (s *scanner) fault(k int32, pos int, text string) *fhir.Issue {
	before := s.in[:min(pos, len(s.in))]
	line := bytes.Count(before, []byte{'\n'}) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	i := fhir.NewIssue(fhir.Structure, fmt.Sprintf("line %d, column %d: %s", line, column, text))
	if l := s.location(k); l != "" {
		i.Expression = []string{l}
	}
	return i
}

// location returns the FHIRPath of a node of the unfinished tree.
func (s *scanner) location(k int32) string {
	if k < 0 {
		return ""
	}
	// What is open gets an end and the text is completed; reading on sets both anew.
	s.out = append(s.out, s.in[s.from:s.pos]...)
	s.from = s.pos
	if last := &s.nodes[len(s.nodes)-1]; last.stop == 0 {
		last.stop = int32(len(s.out))
		if last.kind == String {
			last.kind = Null // a bad string ends the reading, and has no text for a location
		}
	}
	for o := s.top; o >= 0; o = s.nodes[o].parent {
		s.nodes[o].end, s.nodes[o].stop = int32(len(s.nodes)), int32(len(s.out))
	}
	n := Node{t: newTree(s.out, s.nodes, s.limit, s.escapes), i: k}
	if s.locate != nil {
		return s.locate(n)
	}
	return n.Location()
}

// report notes a problem after which the reading can go on. It returns the issue if there are too many.
func (s *scanner) report(i *fhir.Issue) *fhir.Issue {
	i.Code = fhir.Invalid
	if len(s.issues) >= maxIssues-1 {
		return i
	}
	s.issues = append(s.issues, i)
	return nil
}

// unfinished says what is missing in a container.
func (s *scanner) unfinished(object bool) *fhir.Issue {
	switch {
	case s.pos >= len(s.in):
		return s.fault(s.top, s.pos, "the document ends too early")
	case object:
		return s.fault(s.top, s.pos, "a comma or a closing brace is missing")
	default:
		return s.fault(s.top, s.pos, "a comma or a closing bracket is missing")
	}
}
