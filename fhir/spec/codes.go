package spec

// CodeSet is the codes of a value set that is bound somewhere with strength required.
type CodeSet struct {
	URL   string
	pairs map[string]struct{} // "system|code" and "|code"
}

// Codes returns the codes of a value set; false where it cannot be enumerated (such as all MIME types).
func (s *Spec) Codes(valueSet string) (*CodeSet, bool) {
	return nil, false
}

// Has reports whether the set holds the code; system "" asks for the code in any system of the set.
func (c *CodeSet) Has(system, code string) bool {
	_, ok := c.pairs[system+"|"+code]
	return ok
}
