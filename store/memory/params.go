package memory

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/fhir/ucum"
)

// params evaluates search parameters on resources.
type params struct {
	spec  *spec.Spec
	own   []string // base URLs of this server, as fhir.PlainBase
	units *ucum.Table
	mu    sync.Mutex
	exprs map[string]*fhirpath.Expr // compiled once
}

func newParams(s *spec.Spec, own []string) *params {
	bases := make([]string, len(own))
	for k, base := range own {
		bases[k] = fhir.PlainBase(base)
	}
	return &params{spec: s, own: bases, units: ucum.New(), exprs: map[string]*fhirpath.Expr{}}
}

// compile returns the expression, compiled.
func (p *params) compile(expr string) (*fhirpath.Expr, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.exprs[expr]; ok {
		return e, nil
	}
	e, err := fhirpath.Compile(p.spec, expr)
	if err != nil {
		return nil, fmt.Errorf("compiling %q: %w", expr, err)
	}
	p.exprs[expr] = e
	return e, nil
}

// values returns the values that a resource has for a parameter. A primitive that has extensions but no value is none.
// https://hl7.org/fhir/R4/search.html#modifiers
func (p *params) values(param *spec.Param, r *record) ([]fhirpath.Value, error) {
	if param.Expression == "" {
		return nil, nil
	}
	e, err := p.compile(param.Expression)
	if err != nil {
		return nil, err
	}
	all, err := e.Eval(r.tree.Root())
	if err != nil {
		return nil, fmt.Errorf("evaluating %s of %s: %w", param.Code, r.Key, err)
	}
	return slices.DeleteFunc(all, func(v fhirpath.Value) bool { return !present(v) }), nil
}

// inCompartment reports whether a resource lies in the compartment of an owner: it refers to it by one of the parameters
// that the definition names for the type, or is it where the definition says so.
// https://hl7.org/fhir/R4/compartmentdefinition.html
func (p *params) inCompartment(owner fhir.Key, r *record) (bool, error) {
	def := p.spec.Compartment(owner.Type)
	if def == nil {
		return false, fhir.NewIssue(fhir.NotSupported, owner.Type+" has no compartment")
	}
	for _, code := range def.Params[r.Type] {
		if code == spec.Owner {
			if r.Key == owner {
				return true, nil
			}
			continue
		}
		refs, err := p.refsBy(p.spec.Param(r.Type, code), r)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(refs, func(e search.RefEntry) bool { return e.Key == owner }) {
			return true, nil
		}
	}
	return false, nil
}

// present reports whether a value is one: an element with content, or a primitive that has not only extensions.
func present(v fhirpath.Value) bool {
	if v.Node.Kind() == tree.Object {
		return v.Type == "" || v.Type[0] < 'a' // the names of primitive types are in lower case
	}
	_, ok := v.Primitive()
	return ok
}

// text returns the text of a primitive or computed value, "" for anything else.
func text(v fhirpath.Value) string {
	s, _ := v.Primitive()
	return s
}

// split cuts a value of a query at the separators that are not escaped. https://hl7.org/fhir/R4/search.html#escaping
func split(s string, sep byte) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// unescape takes the backslashes away that escape separators and backslashes.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
