package search

import (
	"firewolf/fhir"
	"firewolf/fhir/spec"
)

// Compartment narrows a plan to the compartment of an owner (Patient/x), as GET Patient/x/Observation asks.
// https://hl7.org/fhir/R4/compartmentdefinition.html
func (e *Engine) Compartment(p Plan, owner fhir.Key) (Plan, error) {
	c := e.spec.Compartment(owner.Type)
	if c == nil {
		return Plan{}, fhir.NewIssue(fhir.NotSupported, "there is no compartment of a "+clip(owner.Type))
	}
	codes, ok := c.Params[p.Type]
	if !ok {
		return Plan{}, fhir.NewIssue(fhir.NotSupported, p.Type+" is not in the compartment of a "+owner.Type)
	}
	in := make(Or, 0, len(codes))
	for _, code := range codes {
		if code == spec.Owner {
			in = append(in, IDIn{IDs: []string{owner.ID}})
			continue
		}
		in = append(in, HasKey{Key: RefKey(code, owner)})
	}
	and := And{in.simple()}
	if where, ok := p.Where.(And); ok {
		and = append(and, where...)
	} else if p.Where != nil {
		and = append(and, p.Where)
	}
	p.Where = and
	if p.Query != nil {
		q := *p.Query
		q.Owner = owner
		p.Query = &q
	}
	return p, nil
}
