package search

import (
	"slices"
	"strings"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// A token is a code, and the system that gives it meaning. Codes and systems are compared exactly; only where the element is a
// string is case ignored. An element of type code has no system of its own: it has that of the value set it is bound to.
// https://hl7.org/fhir/R4/search.html#token

// token is one token of a resource.
type token struct {
	system, code string
	caseless     bool
}

// tokens yields the tokens of a value.
func tokens(v fhirpath.Value, yield func(token)) {
	switch v.Type {
	case "CodeableConcept":
		for coding := range v.Node.Member("coding").Items() {
			yield(token{system: coding.Member("system").Text(), code: coding.Member("code").Text()})
		}
	case "Coding":
		yield(token{system: v.Node.Member("system").Text(), code: v.Node.Member("code").Text()})
	case "Identifier":
		yield(identifierToken(v.Node))
	case "ContactPoint":
		yield(token{code: v.Node.Member("value").Text()})
	default:
		if text, ok := v.Primitive(); ok {
			yield(token{code: text, caseless: v.Type == "string"})
		}
	}
}

func identifierToken(identifier tree.Node) token {
	return token{system: identifier.Member("system").Text(), code: identifier.Member("value").Text()}
}

// token indexes a value of a token parameter.
func (ix *indexer) token(p *param, v fhirpath.Value) {
	tokens(v, func(t token) {
		ix.tokenKeys(p, p.Code, t)
		if t.code != "" {
			ix.text(p.Code, t.code)
		}
	})
}

// tokenKeys writes the keys of a token under a head: a parameter's code, or code:identifier.
func (ix *indexer) tokenKeys(p *param, head string, t token) {
	code := t.code
	if t.caseless {
		code = strings.ToLower(code)
	}
	if t.system != "" {
		ix.key(head, t.system, "")
		if code != "" {
			ix.key(head, t.system, code)
		}
	}
	if code == "" {
		return
	}
	ix.key(head, code)
	if t.system == "" && (p.scoped || p.Type != spec.ParamToken) {
		ix.key(head, "", code)
	}
}

// tokenValue is a token as a query asks for it.
type tokenValue struct {
	system, code string
	scoped       bool // there was a |
}

// readToken reads [code], [system]|[code], |[code] or [system]|.
func (c *compiler) readToken(value string) (tokenValue, *fhir.Issue) {
	parts := splitEscaped(value, '|')
	switch {
	case len(parts) > 2:
		return tokenValue{}, badValue(c.name, value, `no [system]|[code]: a | that is part of one is written as \|`)
	case len(parts) == 1:
		return tokenValue{code: unescape(parts[0])}, nil
	case parts[0] == "" && parts[1] == "":
		return tokenValue{}, badValue(c.name, value, "neither a system nor a code")
	}
	return tokenValue{system: unescape(parts[0]), code: unescape(parts[1]), scoped: true}, nil
}

// token compiles a token under a head: a parameter's code, or code:identifier.
func (c *compiler) token(p *param, head, value string) (Expr, *fhir.Issue) {
	v, issue := c.readToken(value)
	if issue != nil {
		return nil, issue
	}
	identifier := p.Type != spec.ParamToken
	var or Or
	for _, code := range v.spellings(p) {
		switch {
		case !v.scoped, v.system == "" && !p.scoped && !identifier:
			or = append(or, HasKey{Key: joinKey(head, code)})
		case v.system == "":
			or = append(or, HasKey{Key: joinKey(head, "", code)})
		case p.scoped || identifier:
			or = append(or, HasKey{Key: joinKey(head, v.system, code)})
		}
	}
	if v.system != "" && !identifier {
		return c.implied(p, v, or)
	}
	return or.simple(), nil
}

// spellings returns the code as sent, and without case where the parameter may lead to strings.
func (v tokenValue) spellings(p *param) []string {
	folded := strings.ToLower(v.code)
	switch {
	case !p.caseless || folded == v.code:
		return []string{v.code}
	case !p.cased:
		return []string{folded}
	}
	return []string{v.code, folded}
}

// implied adds the codes of elements that have no system but that of their value set:
// gender=http://hl7.org/fhir/administrative-gender|male.
func (c *compiler) implied(p *param, v tokenValue, or Or) (Expr, *fhir.Issue) {
	known := false
	for _, l := range p.leaves {
		set := c.e.codeSet(l)
		if set == nil {
			continue
		}
		known = true
		for system, code := range set.All() {
			if system == v.system && (v.code == "" || v.code == code) {
				or = append(or, HasKey{Key: p.bareKey(code)})
			}
		}
	}
	if !p.scoped && !known {
		return nil, c.noSystem(p.Code)
	}
	return or.unique().simple(), nil
}

func (c *compiler) noSystem(param string) *fhir.Issue {
	return refuse(fhir.Invalid, c.name, "the values of %s have no system: only [code] can be asked for", param)
}

// bareKey is the key of a code that the resource gives no system.
func (p *param) bareKey(code string) string {
	if p.scoped {
		return joinKey(p.Code, "", code)
	}
	return joinKey(p.Code, code)
}

// codeSet returns the codes that an element of type code is bound to, nil where they cannot be listed.
func (e *Engine) codeSet(l leaf) *spec.CodeSet {
	if l.Type != "code" || l.Element == nil || l.Element.Binding == nil {
		return nil
	}
	set, _ := e.spec.Codes(l.Element.Binding.ValueSet)
	return set
}

// unique drops keys that stand twice.
func (o Or) unique() Or {
	seen := make(map[string]bool, len(o))
	return slices.DeleteFunc(o, func(x Expr) bool {
		k, ok := x.(HasKey)
		again := ok && seen[k.Key]
		if ok {
			seen[k.Key] = true
		}
		return again
	})
}
