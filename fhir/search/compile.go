package search

import (
	"time"

	"firewolf/fhir"
	"firewolf/fhir/spec"
)

// Compile makes the plan of a query.
func (e *Engine) Compile(q *Query) (Plan, error) {
	plan := Plan{Type: q.Type, Query: q}
	and := make(And, 0, len(q.Clauses)+1)
	var issues fhir.Issues
	for i := range q.Clauses {
		c := compiler{e: e, now: q.Now, name: q.Clauses[i].Name}
		x, issue := c.clause(q.Type, &q.Clauses[i])
		if issue != nil {
			issues = append(issues, issue)
			continue
		}
		and = and.with(x)
	}
	keys, issue := e.sortKeys(q.Type, q.Sort)
	if issue != nil {
		issues = append(issues, issue)
	}
	if len(issues) > 0 {
		return Plan{}, issues
	}
	plan.Where, plan.Sort = and, keys
	if q.Owner != (fhir.Key{}) {
		return e.Compartment(plan, q.Owner)
	}
	return plan, nil
}

// compiler compiles one criterion.
type compiler struct {
	e    *Engine
	now  time.Time
	name string // the whole name, for issues
}

// clause compiles a clause on resources of type typ.
func (c *compiler) clause(typ string, cl *Clause) (Expr, *fhir.Issue) {
	switch {
	case cl.Has != nil:
		return c.has(cl.Has)
	case cl.Chain != nil:
		return c.chain(cl)
	case cl.Param.Code == "_id":
		return c.id(cl)
	case cl.Param.Code == "_lastUpdated":
		return c.lastUpdated(cl)
	}
	p := c.e.index(typ).param(cl.Param.Code)
	if p == nil {
		return nil, unknownParameter(c.name, typ, cl.Param.Code)
	}
	if cl.Modifier == "missing" {
		return missing(p.presence(), cl), nil
	}
	or := make(Or, 0, len(cl.Values))
	for _, v := range cl.Values {
		x, issue := c.value(p, cl.Modifier, v)
		if issue != nil {
			return nil, issue
		}
		or = or.with(x)
	}
	if cl.Modifier == "not" {
		// "Note that this includes resources that have no value for the parameter."
		// https://hl7.org/fhir/R4/search.html#token
		return Not{Expr: or.simple()}, nil
	}
	return or.simple(), nil
}

// missing compiles :missing. https://hl7.org/fhir/R4/search.html#modifiers
func missing(present Expr, cl *Clause) Expr {
	if cl.Values[0] == "true" {
		return Not{Expr: present}
	}
	return present
}

// value compiles one value of a parameter.
func (c *compiler) value(p *param, modifier, value string) (Expr, *fhir.Issue) {
	if p.union != nil {
		return c.union(p, modifier, value)
	}
	switch p.Type {
	case spec.ParamString:
		return c.str(p, modifier, value)
	case spec.ParamToken:
		return c.token(p, p.Code, value)
	case spec.ParamReference:
		return c.reference(p, modifier, value)
	case spec.ParamURI:
		return c.uri(p, value)
	case spec.ParamDate:
		return c.date(p.Code, value)
	case spec.ParamNumber:
		return c.number(p.Code, value)
	case spec.ParamQuantity:
		return c.quantity(p.Code, value)
	case spec.ParamComposite:
		return c.compositeValue(p, value)
	default:
		return nil, laterParameter(c.name, p.Code)
	}
}

// with adds a condition; the conditions of another And become its own.
func (a And) with(x Expr) And {
	if more, ok := x.(And); ok {
		return append(a, more...)
	}
	return append(a, x)
}

// with adds an alternative; the alternatives of another Or become its own.
func (o Or) with(x Expr) Or {
	if more, ok := x.(Or); ok {
		return append(o, more...)
	}
	return append(o, x)
}

// simple is the Or itself, or what it holds if that is one.
func (o Or) simple() Expr {
	if len(o) == 1 {
		return o[0]
	}
	return o
}
