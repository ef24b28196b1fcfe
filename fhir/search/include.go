package search

import (
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/spec"
)

// include reads _include: what the matches refer to. https://hl7.org/fhir/R4/search.html#include
func (p *parser) include(pair Pair) *fhir.Issue {
	// "*" alone asks for all that the matches refer to; R4 does not define it, clients send it.
	if pair.Value == "*" {
		pair.Value = p.q.Type + ":*"
	}
	in, issue := p.readInclude(pair)
	if issue != nil {
		return issue
	}
	if !slices.Contains(p.q.Includes, in) {
		p.q.Includes = append(p.q.Includes, in)
	}
	return nil
}

// revinclude reads _revinclude: what refers to the matches. https://hl7.org/fhir/R4/search.html#revinclude
func (p *parser) revinclude(pair Pair) *fhir.Issue {
	sources := []string{pair.Value}
	// "*" alone asks for all that refers to the matches, as with _include.
	if pair.Value == "*" {
		sources = nil
		for _, typ := range p.e.spec.ResourceTypes() {
			sources = append(sources, typ+":*")
		}
	}
	for _, source := range sources {
		in, issue := p.readInclude(Pair{Name: pair.Name, Value: source})
		if issue != nil {
			return issue
		}
		if !slices.Contains(p.q.RevIncludes, in) {
			p.q.RevIncludes = append(p.q.RevIncludes, in)
		}
	}
	return nil
}

// readInclude reads [source type]:[reference parameter or *](:[target type]).
func (p *parser) readInclude(pair Pair) (Include, *fhir.Issue) {
	_, modifier, modified := strings.Cut(pair.Name, ":")
	if modified && modifier != "iterate" {
		return Include{}, refuse(fhir.Invalid, pair.Name, "the only modifier of an include is :iterate, not :%s", clip(modifier))
	}
	parts := strings.Split(pair.Value, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return Include{}, badValue(pair.Name, pair.Value, "no [type]:[reference parameter] or [type]:[reference parameter]:[target type]")
	}
	in := Include{Source: parts[0], Param: parts[1], Iterate: modified}
	if len(parts) == 3 {
		in.Target = parts[2]
	}
	return in, p.checkInclude(pair, in, len(parts) == 3)
}

// checkInclude holds an include against the definitions.
func (p *parser) checkInclude(pair Pair, in Include, target bool) *fhir.Issue {
	if !p.e.spec.IsResource(in.Source) {
		return badValue(pair.Name, pair.Value, "of no resource type: "+clip(in.Source))
	}
	if target && !p.e.spec.IsResource(in.Target) {
		return badValue(pair.Name, pair.Value, "of no resource type: "+clip(in.Target))
	}
	if in.Param == "*" {
		return nil
	}
	param := p.e.spec.Param(in.Source, in.Param)
	if param == nil {
		return badValue(pair.Name, pair.Value, "no parameter of "+in.Source)
	}
	if param.Type != spec.ParamReference {
		return badValue(pair.Name, pair.Value, "no reference parameter: it is of type "+string(param.Type))
	}
	if target && !slices.Contains(p.e.index(in.Source).param(in.Param).targets, in.Target) {
		return badValue(pair.Name, pair.Value, "no reference to "+in.Target)
	}
	return nil
}
