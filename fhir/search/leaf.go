package search

import (
	"strings"

	"firewolf/fhir/spec"
)

// leaf is an element that a parameter's expression leads to, as the definitions know it before any resource is seen.
type leaf struct {
	Type    string        // "CodeableConcept", "code"
	Element *spec.Element // nil where the value is computed
}

// prune keeps the branches of an expression that can hold in a type: official expressions list
// "Patient.name | Person.name | ..." for all types that share the parameter.
func prune(typ, expression string) []string {
	var kept []string
	for _, branch := range splitBranches(expression) {
		first := strings.TrimLeft(branch, "(")
		if k := strings.IndexAny(first, ".) ["); k >= 0 {
			first = first[:k]
		}
		named := first != "" && first[0] >= 'A' && first[0] <= 'Z'
		if !named || first == typ || first == "Resource" || first == "DomainResource" {
			kept = append(kept, branch)
		}
	}
	return kept
}

// splitBranches cuts an expression at the | outside parentheses and quotes.
func splitBranches(s string) []string {
	var branches []string
	from, depth, quoted := 0, 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '|' && depth == 0:
			branches, from = append(branches, strings.TrimSpace(s[from:i])), i+1
		}
	}
	return append(branches, strings.TrimSpace(s[from:]))
}

// leaves follows the path of one branch through the definitions. It reads the few forms that search
// parameters use; of anything else it knows nothing and returns nil.
func (e *Engine) leaves(typ, branch string) []leaf {
	steps := splitSteps(branch)
	at := e.start(typ, steps[0])
	for _, step := range steps[1:] {
		at = e.step(at, step)
	}
	return at
}

// splitSteps cuts a path at the dots outside parentheses.
func splitSteps(s string) []string {
	var steps []string
	from, depth := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '.':
			if depth == 0 {
				steps, from = append(steps, s[from:i]), i+1
			}
		}
	}
	return append(steps, s[from:])
}

// start reads the first step: a type, an element of the type, or (path as Type).
func (e *Engine) start(typ, step string) []leaf {
	if inner, ok := strings.CutPrefix(step, "("); ok {
		path, as, _ := strings.Cut(strings.TrimSuffix(inner, ")"), " as ")
		return only(e.leaves(typ, path), as)
	}
	switch step {
	case typ, "Resource", "DomainResource":
		return []leaf{{Type: typ}}
	}
	return e.step([]leaf{{Type: typ}}, step)
}

// step follows one element or function.
func (e *Engine) step(at []leaf, step string) []leaf {
	if as, ok := strings.CutPrefix(step, "as("); ok {
		return only(at, strings.TrimSuffix(as, ")"))
	}
	if strings.HasPrefix(step, "where(") {
		return at
	}
	name, _, _ := strings.Cut(step, "[")
	var next []leaf
	for _, l := range at {
		next = append(next, e.below(l.Type, name)...)
	}
	return next
}

// below returns what an element name leads to in a type.
func (e *Engine) below(typ, name string) []leaf {
	t := e.spec.Type(typ)
	if t == nil {
		return nil
	}
	for _, el := range t.Elements {
		if el.Name != name {
			continue
		}
		all := make([]leaf, 0, len(el.Types))
		for _, typ := range el.Types {
			all = append(all, leaf{Type: typ, Element: el})
		}
		return all
	}
	return nil
}

// only keeps the leaves of a type; "" keeps all.
func only(at []leaf, typ string) []leaf {
	if typ == "" {
		return at
	}
	var kept []leaf
	for _, l := range at {
		// Observation-code-value-date asks for as(DateTime) where the type is dateTime.
		if strings.EqualFold(l.Type, typ) {
			kept = append(kept, l)
		}
	}
	return kept
}
