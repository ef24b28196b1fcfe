package search

import (
	"firewolf/fhir"
	"firewolf/fhir/spec"
)

// maxHops is how many references one parameter may follow, maxSteps into how many types it may branch on the way,
// those included that do not know what follows.
const (
	maxHops  = 6
	maxSteps = 1000
)

// chain reads what follows the dot of a chained parameter. Where the reference may point to several types and none is named, the
// chain follows all those that know the next parameter.
// https://hl7.org/fhir/R4/search.html#chaining
func (r *clauseReader) chain(c Clause, typ, tail string, hops int) (Clause, *fhir.Issue) {
	if c.Param.Type != spec.ParamReference {
		return Clause{}, refuse(fhir.NotSupported, r.name, "%s.%s is no reference: nothing can be chained to it", typ, c.Param.Code).
			Because(fhir.ReasonUnknownParameter)
	}
	if issue := r.followed(typ, c.Param); issue != nil {
		return Clause{}, issue
	}
	targets, issue := r.targets(c, typ)
	if issue != nil {
		return Clause{}, issue
	}
	c.Chain = &Chain{Clause: make(map[string]Clause, len(targets))}
	var unknown *fhir.Issue
	for _, t := range targets {
		next, issue := r.read(t, tail, hops+1)
		switch {
		case issue == nil:
			c.Chain.Targets = append(c.Chain.Targets, t)
			c.Chain.Clause[t] = next
		case issue.Reason == fhir.ReasonUnknownParameter && c.Modifier == "":
			unknown = issue
		default:
			return Clause{}, issue
		}
	}
	if len(c.Chain.Targets) == 0 {
		return Clause{}, noTarget(r.name, typ, c.Param, targets, unknown)
	}
	return c, nil
}

// followed refuses a chain along what holds no references, as it would find nothing: names of resources (a canonical is no reference to a
// resource of a server: https://hl7.org/fhir/R4/references.html#canonical), and a resource that is a part of the one that is searched.
func (r *clauseReader) followed(typ string, p *spec.Param) *fhir.Issue {
	switch held := r.e.index(typ).param(p.Code); {
	case held.canonicalOnly():
		return refuse(fhir.NotSupported, r.name, "%s.%s holds canonical URLs, and chains follow references only", typ, p.Code)
	case held.embedded():
		return refuse(fhir.NotSupported, r.name, "%s.%s is a part of the %s, and chains follow references only", typ, p.Code, typ)
	}
	return nil
}

// noTarget is the issue of a chain that no target type knows.
func noTarget(name, typ string, p *spec.Param, targets []string, one *fhir.Issue) *fhir.Issue {
	if one != nil && len(targets) == 1 {
		return one
	}
	return refuse(fhir.NotSupported, name, "no type that %s.%s refers to has the parameter that %s names", typ, p.Code, clip(name)).
		Because(fhir.ReasonUnknownParameter)
}

// targets returns the types that a chained reference leads to.
func (r *clauseReader) targets(c Clause, typ string) ([]string, *fhir.Issue) {
	if c.Modifier == "" {
		return r.e.index(typ).param(c.Param.Code).targets, nil
	}
	if !r.e.spec.IsResource(c.Modifier) {
		return nil, refuse(fhir.Invalid, r.name, "%s is no resource type: only a type can stand before the dot of a chain", clip(c.Modifier))
	}
	return []string{c.Modifier}, r.target(typ, c.Param, c.Modifier)
}

// chain compiles a chained parameter.
func (c *compiler) chain(cl *Clause) (Expr, *fhir.Issue) {
	x := RefersTo{Param: cl.Param.Code, Targets: make([]Target, 0, len(cl.Chain.Targets))}
	for _, t := range cl.Chain.Targets {
		next := cl.Chain.Clause[t]
		where, issue := c.clause(t, &next)
		if issue != nil {
			return nil, issue
		}
		x.Targets = append(x.Targets, Target{Type: t, Where: where})
	}
	or := Or{x}
	for _, t := range x.Targets {
		if y, ok := (way{x.Param, t.Type}).inside(t.Where, cl.Chain.Clause[t.Type].Chain != nil); ok {
			or = or.with(y)
		}
	}
	return or.simple(), nil
}
