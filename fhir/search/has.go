package search

import (
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/spec"
)

// has reads a reverse chain: rest is what follows "_has:". https://hl7.org/fhir/R4/search.html#has
func (r *clauseReader) has(typ, name, rest string, hops int) (Clause, *fhir.Issue) {
	source, rest, _ := strings.Cut(rest, ":")
	code, tail, ok := strings.Cut(rest, ":")
	if !ok || tail == "" {
		return Clause{}, refuse(fhir.Invalid, r.name, "%s is no _has:[type]:[reference parameter]:[parameter]", clip(r.name))
	}
	if !r.e.spec.IsResource(source) {
		return Clause{}, refuse(fhir.Invalid, r.name, "%s names no resource type after _has", clip(r.name))
	}
	param, issue := r.param(source, code)
	if issue != nil {
		return Clause{}, issue
	}
	if param.Type != spec.ParamReference {
		return Clause{}, refuse(fhir.Invalid, r.name, "%s.%s is no reference: _has cannot follow it", source, code)
	}
	if issue = r.followed(source, param); issue != nil {
		return Clause{}, issue
	}
	if issue = r.target(source, param, typ); issue != nil {
		return Clause{}, issue
	}
	next, issue := r.read(source, tail, hops+1)
	if issue != nil {
		return Clause{}, issue
	}
	return Clause{Name: name, Has: &Has{Type: source, Param: param, Clause: next}}, nil
}

// has compiles a reverse chain.
func (c *compiler) has(h *Has) (Expr, *fhir.Issue) {
	where, issue := c.clause(h.Type, &h.Clause)
	if issue != nil {
		return nil, issue
	}
	return ReferredBy{Param: h.Param.Code, Source: Target{Type: h.Type, Where: where}}, nil
}
