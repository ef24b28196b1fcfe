package memory

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
)

// sortable is what a value is sorted by: the beginning of a time or interval, or a text.
type sortable struct {
	infinite bool // an interval without beginning: before everything
	time     time.Time
	number   *big.Rat
	open     bool // the number itself does not belong to it, only what follows: "> 5" is after 5
	text     string
}

func (a sortable) compare(b sortable) int {
	switch {
	case a.infinite || b.infinite:
		return -cmp.Compare(rank(a.infinite), rank(b.infinite))
	case a.number != nil:
		return cmp.Or(a.number.Cmp(b.number), cmp.Compare(rank(a.open), rank(b.open)))
	}
	return cmp.Or(a.time.Compare(b.time), strings.Compare(a.text, b.text))
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sorted orders matches by the keys, and where all of them are equal by T, as they come.
// https://hl7.org/fhir/R4/search.html#sort
func (p *params) sorted(found []*record, keys []search.SortParam) ([]*record, error) {
	// The last key is sorted by first: each sort leaves equals in the order that they have.
	for _, key := range slices.Backward(keys) {
		values := map[*record]*sortable{}
		for _, r := range found {
			v, err := p.sortValue(key, r)
			if err != nil {
				return nil, err
			}
			values[r] = v
		}
		slices.SortStableFunc(found, func(a, b *record) int { return compareBy(key, values[a], values[b]) })
	}
	return found, nil
}

// compareBy orders two resources by one key. One that has no value comes last in both directions.
func compareBy(key search.SortParam, a, b *sortable) int {
	if a == nil || b == nil {
		return cmp.Compare(rank(a == nil), rank(b == nil))
	}
	if key.Descending {
		return b.compare(*a)
	}
	return a.compare(*b)
}

// sortValue returns the value that a resource is sorted by: of several the one that comes first in
// the order asked for; nil if there is none.
func (p *params) sortValue(key search.SortParam, r *record) (*sortable, error) {
	param := p.spec.Param(r.Type, key.Param)
	if param == nil {
		return nil, fhir.NewIssue(fhir.NotSupported, key.Param+" is no parameter to sort by")
	}
	have, err := p.values(param, r)
	if err != nil {
		return nil, err
	}
	var first *sortable
	for _, v := range have {
		all, err := p.sortables(param, v)
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			if first == nil || compareBy(key, &s, first) < 0 {
				first = &s
			}
		}
	}
	return first, nil
}

// sortables returns what a value can be sorted by.
func (p *params) sortables(param *spec.Param, v fhirpath.Value) ([]sortable, error) {
	var texts []string
	switch param.Type {
	case spec.ParamDate:
		if i, ok := intervalOf(v); ok {
			if i.first == nil {
				return []sortable{{infinite: true}}, nil
			}
			return []sortable{{time: *i.first}}, nil
		}
	case spec.ParamNumber, spec.ParamQuantity:
		s, ok := numberSpan(v)
		if param.Type == spec.ParamQuantity {
			s, ok = quantitySpan(v)
		}
		if ok {
			return []sortable{{infinite: s.lo == nil, number: s.lo, open: s.loOpen}}, nil
		}
	case spec.ParamString:
		for _, s := range parts(v) {
			texts = append(texts, fold(s))
		}
	case spec.ParamToken:
		for _, t := range tokens(v) {
			texts = append(texts, t.code)
		}
	case spec.ParamURI:
		texts = []string{text(v)}
	case spec.ParamReference:
		texts = []string{p.sortReference(v)}
	default:
		return nil, fmt.Errorf("parameters of type %s have no order", param.Type)
	}
	var all []sortable
	for _, s := range texts {
		if s != "" {
			all = append(all, sortable{text: s})
		}
	}
	return all, nil
}

// sortReference returns Type/id of a local reference, and any other as it is.
func (p *params) sortReference(v fhirpath.Value) string {
	ref := p.parse(reference(v))
	switch {
	case ref.IsFragment:
		return ""
	case p.isLocal(ref):
		return ref.Key.String()
	}
	return ref.Text
}
