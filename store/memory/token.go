package memory

import (
	"slices"
	"strings"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// token is a code with the system that scopes it. A system that is not there is "", which no URI is.
type token struct {
	system, code string
	caseless     bool
	implied      tree.Node // the element of type code, whose value set says the system
}

// tokenTest is the test of a token parameter: code, system|code, |code or system|.
// https://hl7.org/fhir/R4/search.html#token
func (p *params) tokenTest(want string) (test, error) {
	asked := split(want, '|')
	for k := range asked {
		asked[k] = unescape(asked[k])
	}
	if len(asked) > 2 {
		return nil, fhir.NewIssue(fhir.Value, "a token has at most one |")
	}
	return func(v fhirpath.Value) bool {
		return slices.ContainsFunc(tokens(v), func(t token) bool { return p.isToken(t, asked) })
	}, nil
}

// isToken reports whether a token is what [code] or [system, code] ask for.
func (p *params) isToken(t token, asked []string) bool {
	code := asked[len(asked)-1]
	same := t.code != "" && (t.code == code || t.caseless && strings.EqualFold(t.code, code))
	if len(asked) == 1 {
		return same
	}
	system := asked[0]
	if system != "" && t.implied.Exists() {
		return (code == "" || same) && p.implies(t.implied, system)
	}
	if code == "" {
		return t.system == system
	}
	return t.system == system && same
}

// implies reports whether the value set of an element of type code takes its code from the system.
// https://hl7.org/fhir/R4/datatypes.html#code
func (p *params) implies(n tree.Node, system string) bool {
	found := false
	p.spec.Walk(n.Tree().Root(), func(at tree.Node, _ string, e *spec.Element) bool {
		if at != n || e.Binding == nil {
			return true
		}
		set, ok := p.spec.Codes(e.Binding.ValueSet)
		found = ok && set.Has(system, n.Text())
		return false
	})
	return found
}

// tokens returns the tokens that a value holds.
func tokens(v fhirpath.Value) []token {
	n := v.Node
	switch v.Type {
	case "CodeableConcept":
		var all []token
		for c := range n.Member("coding").Items() {
			all = append(all, coding(c))
		}
		return all
	case "Coding":
		return []token{coding(n)}
	case "Identifier":
		return []token{{system: n.Member("system").Text(), code: n.Member("value").Text()}}
	case "ContactPoint":
		return []token{{code: n.Member("value").Text()}}
	case "code":
		return []token{{code: text(v), implied: n}}
	}
	if s, ok := v.Primitive(); ok {
		// "If the underlying datatype is string then the search is not case sensitive."
		return []token{{code: s, caseless: v.Type == "string"}}
	}
	return nil
}

func coding(n tree.Node) token {
	return token{system: n.Member("system").Text(), code: n.Member("code").Text()}
}
