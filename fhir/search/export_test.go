package search

// MadeOf returns the parameters whose entries answer a parameter of a type: "union of code, component-code", "both of code and
// value-concept". It is empty for a parameter with entries of its own.
func (e *Engine) MadeOf(typ, code string) []string {
	p := e.index(typ).param(code)
	var names []string
	switch {
	case p.union != nil:
		names = append(names, "union of")
		for _, q := range p.union {
			names = append(names, q.Code)
		}
	case p.composite != nil && !p.composite.joined:
		names = append(names, "all of")
		for _, part := range p.composite.parts {
			names = append(names, part.param.Code)
		}
	}
	return names
}
