package memory

import (
	"math/big"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/tree"
)

// ucumSystem is the code system of units that convert. https://ucum.org
const ucumSystem = "http://unitsofmeasure.org"

// measure is the unit of a quantity, as asked for or as it stands in the resource.
type measure struct{ system, code, human string }

// quantity is an amount of a unit.
type quantity struct {
	span    span
	measure measure
}

// quantityTest is the test of a quantity parameter: number, number|system|code or number||unit.
// https://hl7.org/fhir/R4/search.html#quantity
func (p *params) quantityTest(want string) (test, error) {
	parts := split(want, '|')
	for k := range parts {
		parts[k] = unescape(parts[k])
	}
	if len(parts) != 1 && len(parts) != 3 {
		return nil, fhir.NewIssue(fhir.Value, "a quantity is number, number|system|code or number||unit")
	}
	holds, err := numberCompare(parts[0])
	if err != nil {
		return nil, err
	}
	asked := measure{}
	if len(parts) == 3 {
		asked = measure{system: parts[1], code: parts[2]}
	}
	return func(v fhirpath.Value) bool {
		q, ok := quantityOf(v)
		if !ok {
			return false
		}
		s, ok := p.in(q, asked)
		return ok && holds(s)
	}, nil
}

// in returns the amount of a quantity in the unit asked for; false if its unit is another one.
func (p *params) in(q quantity, asked measure) (span, bool) {
	have := q.measure
	switch {
	case asked.system == "" && asked.code == "": // irrespective of the unit
		return q.span, true
	case asked.system == "": // the code or the unit as people read it
		return q.span, asked.code == have.code || asked.code == have.human
	case asked.system != have.system:
		return span{}, false
	case asked.code == "" || asked.code == have.code:
		return q.span, true
	case asked.system == ucumSystem:
		return p.converted(q.span, have.code, asked.code)
	}
	return span{}, false
}

// converted returns an amount of one UCUM unit in another; false if they measure different things.
func (p *params) converted(s span, from, to string) (span, bool) {
	f, err := p.units.Parse(from)
	if err != nil {
		return span{}, false
	}
	t, err := p.units.Parse(to)
	if err != nil || !f.Comparable(t) {
		return span{}, false
	}
	_, factor, offset := f.Canonical()
	_, toFactor, toOffset := t.Canonical()
	convert := func(x *big.Rat) *big.Rat {
		if x == nil {
			return nil
		}
		y := new(big.Rat).Add(x, offset) // (x + offset) * factor is the amount of the canonical unit
		return y.Sub(y.Quo(y.Mul(y, factor), toFactor), toOffset)
	}
	return span{lo: convert(s.lo), hi: convert(s.hi), loOpen: s.loOpen, hiOpen: s.hiOpen}, true
}

// quantitySpan returns the amount of a quantity whatever its unit.
func quantitySpan(v fhirpath.Value) (span, bool) {
	q, ok := quantityOf(v)
	return q.span, ok
}

// quantityOf reads a Quantity (or Age, Duration, ...), a Money or a Range of the resource.
func quantityOf(v fhirpath.Value) (quantity, bool) {
	n := v.Node
	switch v.Type {
	case "Range":
		s, ok := rangeSpan(n)
		end := n.Member("low")
		if !end.Exists() {
			end = n.Member("high")
		}
		return quantity{span: s, measure: measureOf(end)}, ok
	case "Money":
		amount, err := rational(n.Member("value").Text())
		return quantity{
			span:    span{lo: amount, hi: amount},
			measure: measure{system: "urn:iso:std:iso:4217", code: n.Member("currency").Text()},
		}, err == nil
	}
	amount, err := rational(n.Member("value").Text())
	if err != nil {
		return quantity{}, false
	}
	return quantity{span: compared(n.Member("comparator").Text(), amount), measure: measureOf(n)}, true
}

func measureOf(n tree.Node) measure {
	return measure{system: n.Member("system").Text(), code: n.Member("code").Text(), human: n.Member("unit").Text()}
}

// compared returns what a value with Quantity.comparator stands for: "<5" is everything below 5.
// https://hl7.org/fhir/R4/datatypes.html#Quantity
func compared(comparator string, x *big.Rat) span {
	switch comparator {
	case "<":
		return span{hi: x, hiOpen: true}
	case "<=":
		return span{hi: x}
	case ">":
		return span{lo: x, loOpen: true}
	case ">=":
		return span{lo: x}
	}
	return span{lo: x, hi: x}
}
