package fhirpath

import (
	"math"
	"strings"

	"firewolf/fhir/decimal"
)

// arithmetic is + - * / div mod &. https://hl7.org/fhirpath/N1/#math-1
type arithmetic struct {
	operands
	op string
}

func (n *arithmetic) eval(e *env, in, dst []Value) ([]Value, error) {
	left, right, err := n.values(e, in, dst)
	if err != nil {
		return nil, err
	}
	if len(left) > 1 || len(right) > 1 {
		return nil, e.fail(n.pos, n.op+" takes single items")
	}
	if n.op == "&" {
		return n.concatenate(e, left, right, dst)
	}
	if len(left) == 0 || len(right) == 0 {
		return dst, nil
	}
	x, y := atomOf(left[0]), atomOf(right[0])
	v, has, ok := n.compute(e, x, y)
	if !ok {
		return nil, e.fail(n.pos, n.op+" is not defined for "+describe(left[0])+" and "+describe(right[0]))
	}
	if !has {
		return dst, nil
	}
	return append(dst, v), e.spend(len(v.Text) >> 4)
}

// concatenate is &, for which nothing is the empty string. https://hl7.org/fhirpath/N1/#string-concatenation
func (n *arithmetic) concatenate(e *env, left, right, dst []Value) ([]Value, error) {
	text := ""
	for _, side := range [][]Value{left, right} {
		if len(side) == 0 {
			continue
		}
		a := atomOf(side[0])
		if a.kind != atomString {
			return nil, e.fail(n.pos, "& is not defined for "+describe(side[0]))
		}
		text += a.text
	}
	return append(dst, stringValue(text)), e.spend(len(text) >> 4)
}

// compute returns the result; has is false where it is empty, ok where the types do not fit the operator.
func (n *arithmetic) compute(e *env, x, y atom) (v Value, has, ok bool) {
	switch {
	case x.kind == atomInteger && y.kind == atomInteger:
		return n.integers(x, y)
	case isNumber(x.kind) && isNumber(y.kind):
		return n.decimals(x, y)
	case x.kind == atomString && y.kind == atomString && n.op == "+":
		return stringValue(x.text + y.text), true, true
	case (isDate(x.kind) || x.kind == atomTime) && y.kind == atomQuantity && (n.op == "+" || n.op == "-"):
		return shift(x, y, n.op == "-")
	case isQuantity(x.kind) && isQuantity(y.kind):
		return n.quantities(e, x, y)
	}
	return Value{}, false, false
}

func (n *arithmetic) integers(x, y atom) (v Value, has, ok bool) {
	if n.op == "/" {
		return n.decimals(x, y)
	}
	a, ok := smallInteger(x.text)
	b, ok2 := smallInteger(y.text)
	if !ok || !ok2 {
		return Value{}, false, true
	}
	if b == 0 && (n.op == "div" || n.op == "mod") {
		return Value{}, false, true
	}
	switch n.op {
	case "+":
		a += b
	case "-":
		a -= b
	case "*":
		a *= b
	case "div":
		a /= b
	case "mod":
		a %= b
	}
	return integerValue(a), a >= math.MinInt32 && a <= math.MaxInt32, true
}

func (n *arithmetic) decimals(x, y atom) (v Value, has, ok bool) {
	a, ok := x.number()
	b, ok2 := y.number()
	if !ok || !ok2 {
		return Value{}, false, true
	}
	r, has := calculate(n.op, a, b)
	if has && n.op == "div" {
		v, has = wholeValue(r)
		return v, has, true
	}
	return decimalValue(r), has, true
}

// calculate applies an operator to decimals; false for a division by zero and for what is beyond all bounds.
func calculate(op string, a, b decimal.Decimal) (decimal.Decimal, bool) {
	var r decimal.Decimal
	var err error
	switch op {
	case "+":
		r, err = a.Add(b)
	case "-":
		r, err = a.Sub(b)
	case "*":
		r, err = a.Mul(b)
	case "/":
		r, err = a.Quo(b)
	case "div":
		r, err = a.Div(b)
	default:
		r, err = a.Mod(b)
	}
	return r, err == nil && bounded(r)
}

// quantities computes with units: + and - in the smaller of the two, * and / with the product of both.
func (n *arithmetic) quantities(e *env, x, y atom) (v Value, has, ok bool) {
	a, ok := quantityOf(x)
	b, ok2 := quantityOf(y)
	if !ok || !ok2 {
		return Value{}, false, true
	}
	var unit quantity
	switch n.op {
	case "+", "-":
		unit, has = e.alike(&a, &b)
	case "*", "/":
		unit, has = e.compound(n.op, a, b)
	default:
		return Value{}, false, false
	}
	if !has {
		return Value{}, false, true
	}
	if unit.value, has = calculate(n.op, a.value, b.value); !has {
		return Value{}, false, true
	}
	return unit.computed(), true, true
}

// alike brings two quantities to the smaller of their units.
func (e *env) alike(a, b *quantity) (unit quantity, ok bool) {
	if a.unit == b.unit && a.calendar == b.calendar {
		return *a, true
	}
	to, other := a, b
	u, v, ok := e.measures(*a, *b)
	if ok && smaller(v, u) || !ok && calendarMonths[b.unit] < calendarMonths[a.unit] {
		to, other = b, a
	}
	converted, ok := e.convert(*other, *to)
	other.value = converted
	return *to, ok
}

// compound makes the unit of a product or a quotient. Calendar units take part only where the other side is a number.
func (e *env) compound(op string, a, b quantity) (unit quantity, ok bool) {
	switch {
	case b.unit == "1":
		return a, true
	case a.unit == "1" && op == "*":
		return b, true
	case a.unit == b.unit && a.calendar == b.calendar && op == "/":
		return quantity{unit: "1"}, true
	case a.calendar || b.calendar:
		return quantity{}, false
	}
	sign := map[string]string{"*": ".", "/": "/"}[op]
	code := factor(a.unit) + sign + factor(b.unit)
	if a.unit == "1" {
		code = sign + factor(b.unit)
	}
	_, err := e.ucum().Parse(code)
	return quantity{unit: code}, err == nil
}

// factor writes a unit as a part of a larger one.
func factor(unit string) string {
	if strings.ContainsAny(unit, "./") {
		return "(" + unit + ")"
	}
	return unit
}

// sign is + and - before a term.
type sign struct {
	negative bool
	operand  node
	pos      int
}

func (n *sign) eval(e *env, in, dst []Value) ([]Value, error) {
	start := len(dst)
	dst, err := n.operand.eval(e, in, dst)
	if err != nil || len(dst) == start {
		return dst, err
	}
	if len(dst) > start+1 {
		return nil, e.fail(n.pos, "a sign takes one item, not more")
	}
	v, ok := signed(atomOf(dst[start]), n.negative)
	if !ok {
		return nil, e.fail(n.pos, "a sign is not defined for "+describe(dst[start]))
	}
	dst[start] = v
	return dst, nil
}

func signed(a atom, negative bool) (Value, bool) {
	q, ok := quantityOf(a)
	if !ok {
		return Value{}, false
	}
	if negative {
		q.value = q.value.Neg()
	}
	if a.kind == atomQuantity {
		return q.computed(), true
	}
	return Value{Type: atomTypes[a.kind], Text: q.value.Plain()}, true
}
