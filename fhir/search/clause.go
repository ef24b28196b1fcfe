package search

import (
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/spec"
)

// clauseReader reads the name of one criterion. Names nest, so it calls itself for what follows a dot or a _has.
type clauseReader struct {
	e      *Engine
	name   string // the whole name, for issues
	values []string
	steps  int // names read so far, over all types that a chain branches into
}

// read reads the name of a clause on resources of type typ, after so many references.
func (r *clauseReader) read(typ, name string, hops int) (Clause, *fhir.Issue) {
	if hops > maxHops {
		return Clause{}, refuse(fhir.TooCostly, r.name, "%s follows more than %d references", clip(r.name), maxHops)
	}
	if r.steps++; r.steps > maxSteps {
		return Clause{}, refuse(fhir.TooCostly, r.name, "%s branches into more than %d types; name the type, as in subject:Patient.name", clip(r.name), maxSteps)
	}
	if rest, ok := strings.CutPrefix(name, "_has:"); ok {
		return r.has(typ, name, rest, hops)
	}
	head, tail, chained := strings.Cut(name, ".")
	code, modifier, modified := strings.Cut(head, ":")
	param, issue := r.param(typ, code)
	if issue != nil {
		return Clause{}, issue
	}
	if modified && modifier == "" {
		return Clause{}, refuse(fhir.Invalid, r.name, "%s has an empty modifier", clip(r.name))
	}
	clause := Clause{Name: name, Param: param, Modifier: modifier}
	if chained {
		return r.chain(clause, typ, tail, hops)
	}
	clause.Values = r.values
	return clause, r.modifier(typ, clause)
}

// param finds a parameter of a type that can be searched by.
func (r *clauseReader) param(typ, code string) (*spec.Param, *fhir.Issue) {
	if laterParameters[code] {
		return nil, laterParameter(r.name, code)
	}
	if code == "_has" {
		return nil, refuse(fhir.Invalid, r.name, "%s is no _has:[type]:[reference parameter]:[parameter]", clip(r.name))
	}
	param := r.e.spec.Param(typ, code)
	if param == nil {
		return nil, unknownParameter(r.name, typ, code)
	}
	if param.Type == spec.ParamSpecial || param.Expression == "" || param.XPathUsage == phonetic {
		return nil, laterParameter(r.name, code)
	}
	return param, nil
}

// phonetic is how a parameter is used that asks how a name sounds. https://hl7.org/fhir/R4/valueset-search-xpath-usage.html
const phonetic = "phonetic"

// laterParameters are parameters of R4 that this server knows and does not answer.
var laterParameters = map[string]bool{
	"_text": true, "_content": true, "_list": true, "_query": true, "_filter": true, "_type": true,
	"_contained": true, "_containedType": true, "_score": true,
}

// modifiers of R4, by parameter type. https://hl7.org/fhir/R4/search.html#modifiers
var modifiers = map[spec.ParamType][]string{
	spec.ParamString:    {"missing", "exact", "contains"},
	spec.ParamToken:     {"missing", "not"},
	spec.ParamReference: {"missing", "identifier"}, // and the name of a type
	spec.ParamURI:       {"missing"},
	spec.ParamDate:      {"missing"},
	spec.ParamNumber:    {"missing"},
	spec.ParamQuantity:  {"missing"},
}

// laterModifiers are modifiers of R4 that this server knows and does not answer.
var laterModifiers = map[string]bool{
	"text": true, "in": true, "not-in": true, "above": true, "below": true, "of-type": true,
}

// modifier checks the modifier of a condition and the values that it needs.
func (r *clauseReader) modifier(typ string, c Clause) *fhir.Issue {
	switch {
	case c.Modifier == "":
		return nil
	case slices.Contains(modifiers[c.Param.Type], c.Modifier):
	case c.Param.Type == spec.ParamReference && r.e.spec.IsResource(c.Modifier):
		return r.target(typ, c.Param, c.Modifier)
	case laterModifiers[c.Modifier]:
		return unsupported(r.name, "the modifier :"+c.Modifier)
	default:
		return refuse(fhir.Invalid, r.name, "a parameter of type %s has no modifier :%s", c.Param.Type, clip(c.Modifier))
	}
	if c.Modifier == "missing" && (len(c.Values) != 1 || c.Values[0] != "true" && c.Values[0] != "false") {
		return refuse(fhir.Invalid, r.name, "%s takes the value true or false", clip(r.name))
	}
	return nil
}

// target checks that a reference parameter of a type may point to another.
func (r *clauseReader) target(typ string, p *spec.Param, to string) *fhir.Issue {
	if !slices.Contains(r.e.index(typ).param(p.Code).targets, to) {
		return refuse(fhir.Invalid, r.name, "%s.%s never refers to %s", typ, p.Code, to)
	}
	return nil
}
