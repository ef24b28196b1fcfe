package spec

import (
	_ "embed"
	"iter"
	"slices"
)

//go:embed codes.bin
var expansions []byte

// CodeSet is the codes of a value set that is bound somewhere with strength required.
type CodeSet struct {
	URL     string
	systems []codeSystem
}

// codeSystem is the part of a CodeSet that comes from one code system.
type codeSystem struct {
	url   string
	codes []string // sorted
}

// Codes returns the codes of a value set; false where it cannot be enumerated (such as all MIME
// types) or is bound nowhere with strength required. The first call decodes all of them, in a millisecond.
func (s *Spec) Codes(valueSet string) (*CodeSet, bool) {
	c, ok := s.codes()[valueSet]
	return c, ok
}

// Has reports whether the set holds the code; system "" asks for the code in any system of the set.
func (c *CodeSet) Has(system, code string) bool {
	for _, s := range c.systems {
		if system != "" && system != s.url {
			continue
		}
		if _, ok := slices.BinarySearch(s.codes, code); ok {
			return true
		}
	}
	return false
}

// System returns the code system of a code, which an element of type code leaves unsaid; "" where the set lacks the code.
// https://hl7.org/fhir/R4/datatypes.html#code
func (c *CodeSet) System(code string) string {
	for _, s := range c.systems {
		if _, ok := slices.BinarySearch(s.codes, code); ok {
			return s.url
		}
	}
	return ""
}

// All yields each system with each of its codes, sorted.
func (c *CodeSet) All() iter.Seq2[string, string] {
	return func(yield func(system, code string) bool) {
		for _, s := range c.systems {
			for _, code := range s.codes {
				if !yield(s.url, code) {
					return
				}
			}
		}
	}
}

func (d *decoder) codeSets() map[string]*CodeSet {
	all := map[string]*CodeSet{}
	for range d.count() {
		c := &CodeSet{URL: d.text()}
		for range d.count() {
			c.systems = append(c.systems, codeSystem{url: d.text(), codes: d.list()})
		}
		all[c.URL] = c
	}
	return all
}
