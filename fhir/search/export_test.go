package search

import (
	"slices"
	"strings"
)

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

// TargetsOf returns the types that a reference parameter of a type may point to.
func (e *Engine) TargetsOf(typ, code string) []string { return e.index(typ).param(code).targets }

// LeavesOf returns the types and paths of the elements that a parameter of a type leads to.
func (e *Engine) LeavesOf(typ, code string) string {
	var all []string
	for _, l := range e.index(typ).param(code).leaves {
		text := l.Type
		if l.Element != nil {
			text += " " + l.Element.Path
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
