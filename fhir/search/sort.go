package search

import (
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/spec"
)

// sort reads _sort: parameters in order of weight, each with - before it to descend.
// https://hl7.org/fhir/R4/search.html#sort
func (p *parser) sort(pair Pair) *fhir.Issue {
	if issue := p.once(pair); issue != nil {
		return issue
	}
	for rule := range strings.SplitSeq(pair.Value, ",") {
		code, descending := strings.CutPrefix(rule, "-")
		if _, issue := p.e.sortKind(p.q.Type, code); issue != nil {
			return issue
		}
		p.q.Sort = append(p.q.Sort, SortParam{Param: code, Descending: descending})
	}
	return nil
}

// sortKind says what a parameter sorts by. "To sort by relevance, use _score": nothing here is ranked.
func (e *Engine) sortKind(typ, code string) (SortKind, *fhir.Issue) {
	switch code {
	case "_id":
		return SortID, nil
	case "_lastUpdated":
		return SortLastUpdated, nil
	}
	if laterParameters[code] {
		return 0, unsupported("_sort", "sorting by "+code)
	}
	param := e.spec.Param(typ, code)
	if param == nil {
		return 0, refuse(fhir.Invalid, "_sort", "%s has no search parameter %q to sort by", typ, clip(code))
	}
	switch param.Type {
	case spec.ParamDate, spec.ParamNumber, spec.ParamQuantity:
		return SortRange, nil
	case spec.ParamString, spec.ParamToken, spec.ParamReference, spec.ParamURI:
		return SortText, nil
	default:
		return 0, refuse(fhir.Invalid, "_sort", "%s.%s is of type %s, which has no order", typ, code, param.Type)
	}
}

// sortKeys compiles _sort.
func (e *Engine) sortKeys(typ string, sort []SortParam) ([]SortKey, *fhir.Issue) {
	keys := make([]SortKey, 0, len(sort))
	for _, s := range sort {
		kind, issue := e.sortKind(typ, s.Param)
		if issue != nil {
			return nil, issue
		}
		keys = append(keys, SortKey{Param: s.Param, Kind: kind, Descending: s.Descending})
	}
	return keys, nil
}
