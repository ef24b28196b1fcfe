package tree

import (
	"strings"

	"firewolf/fhir"
)

// fewNames is up to how many members of an object are compared with each other.
const fewNames = 48

// checkNames reports members of the object k that repeat a name, and names with
// NUL, which no BSON document can have. Nearly all objects pass by the first loop, which needs no memory.
// https://hl7.org/fhir/R4/json.html#json says that names are unique.
func (s *scanner) checkNames(k int32) *fhir.Issue {
	var seen uint64
	count := 0
	for i, end := k+1, s.nodes[k].end; i < end; i = s.nodes[i].end {
		n := &s.nodes[i]
		name := s.compact(n.nstart, n.start-2)
		bit := nameBit(name)
		if n.flags&escapedName != 0 || count == fewNames || seen&bit != 0 && s.repeats(k, i, name) {
			return s.reportNames(k)
		}
		seen |= bit
		count++
	}
	return nil
}

// nameBit returns one of 64 bits that equal names share.
func nameBit(name []byte) uint64 {
	n := len(name)
	if n == 0 {
		return 1
	}
	return 1 << ((n*11 + int(name[0])*3 + int(name[n/2])*7 + int(name[n-1])*5) & 63)
}

// repeats reports whether a member of k before i has the name, escapes aside.
func (s *scanner) repeats(k, i int32, name []byte) bool {
	for j := k + 1; j < i; j = s.nodes[j].end {
		n := &s.nodes[j]
		if string(s.compact(n.nstart, n.start-2)) == string(name) {
			return true
		}
	}
	return false
}

// reportNames is the slow, thorough form of checkNames.
func (s *scanner) reportNames(k int32) *fhir.Issue {
	seen := map[string]bool{}
	for i, end := k+1, s.nodes[k].end; i < end; i = s.nodes[i].end {
		n := &s.nodes[i]
		name := string(s.compact(n.nstart, n.start-2))
		if n.flags&escapedName != 0 {
			name = unescape(name)
		}
		text := ""
		switch {
		case seen[name]:
			text = "a member name is there twice in one object"
		case strings.IndexByte(name, 0) >= 0:
			text = "a member name contains the character U+0000"
		}
		seen[name] = true
		if text == "" {
			continue
		}
		if err := s.report(s.fault(i, s.source(n.nstart-1), text)); err != nil {
			return err
		}
	}
	return nil
}

// source returns where in the source the byte at an offset of the compact text
// stands. It reads the source again, because only a fault asks.
func (s *scanner) source(offset int32) int {
	inString, at := false, int32(0)
	for i := 0; i < len(s.in); i++ {
		c := s.in[i]
		if !inString && (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
			continue
		}
		if at == offset {
			return i
		}
		at++
		switch {
		case c == '"':
			inString = !inString
		case c == '\\' && inString:
			i++
			at++
		}
	}
	return len(s.in)
}
