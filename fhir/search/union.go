package search

import (
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/spec"
)

// describeUnion finds the parameters that a parameter is the union of: Observation.combo-code is code or component-code. It then
// needs no entries but those that it is sorted by. References keep theirs, because includes and chains go by parameter, and
// URIs, because the code url is read in a way of its own.
func describeUnion(t *typeIndex, p *param) []*param {
	if p.Type == spec.ParamReference || p.Type == spec.ParamURI {
		return nil
	}
	var parts []*param
	left := splitBranches(p.branches)
	for _, q := range t.params {
		covers := splitBranches(q.branches)
		if q.before(p) && len(left) > 0 && sameKind(p, q) && within(covers, left) {
			parts = append(parts, q)
			left = slices.DeleteFunc(slices.Clone(left), func(b string) bool { return slices.Contains(covers, b) })
		}
	}
	if len(left) > 0 {
		return nil
	}
	return parts
}

// before reports whether q can be made of p: p has fewer branches, or is the first of those with as many, as
// name is of name and phonetic. So no parameter is made of itself.
func (p *param) before(q *param) bool {
	a, b := strings.Count(p.branches, "|"), strings.Count(q.branches, "|")
	return a < b || a == b && p.Code < q.Code
}

// within reports whether all of a are in b.
func within(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// sameKind reports whether two parameters read their values alike.
func sameKind(p, q *param) bool {
	return p.Type == q.Type && slices.EqualFunc(p.Components, q.Components, func(a, b spec.Component) bool {
		return strings.TrimSpace(a.Expression) == strings.TrimSpace(b.Expression)
	})
}

// unite adds what a union is sorted by.
func (ix *indexer) unite(p *param) {
	for _, q := range p.union {
		for _, t := range ix.texts {
			if t.name == q.Code {
				ix.texts = append(ix.texts, textSpan{p.Code, t.span})
			}
		}
		for _, r := range ix.ranges {
			if r.Name == q.Code {
				r.Name = p.Code
				ix.ranges = append(ix.ranges, r)
			}
		}
	}
}

// union compiles a value of a parameter that is the union of others.
func (c *compiler) union(p *param, modifier, value string) (Expr, *fhir.Issue) {
	or := make(Or, 0, len(p.union))
	for _, q := range p.union {
		x, issue := c.value(q, modifier, value)
		if issue != nil {
			return nil, issue
		}
		or = or.with(x)
	}
	return or.simple(), nil
}

// presence is the condition that a parameter has a value.
func (p *param) presence() Expr {
	if p.union == nil {
		return HasKey{Key: p.present}
	}
	or := make(Or, 0, len(p.union))
	for _, q := range p.union {
		or = append(or, HasKey{Key: q.present})
	}
	return or.simple()
}
