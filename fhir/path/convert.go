package fhirpath

import (
	"regexp"
	"strings"
)

// conversions are toX() and convertsToX(). https://hl7.org/fhirpath/N1/#conversion
var conversions = map[string]converter{
	"Boolean":  toBoolean,
	"Integer":  toInteger,
	"Decimal":  toDecimal,
	"String":   toString,
	"Date":     func(a atom) (Value, bool) { return toTemporal(a, atomDate) },
	"DateTime": func(a atom) (Value, bool) { return toTemporal(a, atomDateTime) },
	"Time":     func(a atom) (Value, bool) { return toTemporal(a, atomTime) },
	"Quantity": toQuantity,
}

// converter makes a value of another type; false where that is not possible.
type converter func(a atom) (Value, bool)

// conversion finds the function of a name such as toInteger or convertsToInteger.
func conversion(name string) (function, bool) {
	typ, test := strings.CutPrefix(name, "convertsTo")
	if !test {
		var ok bool
		if typ, ok = strings.CutPrefix(name, "to"); !ok {
			return function{}, false
		}
	}
	convert, ok := conversions[typ]
	if !ok {
		return function{}, false
	}
	most := 0
	if typ == "Quantity" {
		most = 1
	}
	return function{max: most, run: func(c called) ([]Value, error) { return c.convert(convert, test) }}, true
}

func (c called) convert(convert converter, test bool) ([]Value, error) {
	v, has, err := c.one()
	if !has || err != nil {
		return c.dst, err
	}
	result, ok := convert(atomOf(v))
	if ok && c.given > 0 {
		result, ok, err = c.toUnit(result)
	}
	switch {
	case err != nil:
		return nil, err
	case test:
		return c.give(booleanValue(ok))
	case !ok:
		return c.none()
	}
	return c.give(result)
}

// toUnit converts a quantity to the unit of the argument.
func (c called) toUnit(v Value) (Value, bool, error) {
	a, has, err := c.argument(0, atomString)
	if !has || err != nil {
		return v, false, err
	}
	from, ok := parseQuantity(v.Text)
	to := quantity{unit: a.text}
	if word := singular(a.text); word != "" {
		to.unit, to.calendar = word, true
	}
	if !ok {
		return v, false, nil
	}
	if to.value, ok = c.e.convert(from, to); !ok {
		return v, false, nil
	}
	return to.computed(), true, nil
}

// booleanTexts are the strings that stand for Booleans. https://hl7.org/fhirpath/N1/#toboolean-boolean
var booleanTexts = map[string]bool{
	"true": true, "t": true, "yes": true, "y": true, "1": true, "1.0": true,
	"false": false, "f": false, "no": false, "n": false, "0": false, "0.0": false,
}

func toBoolean(a atom) (Value, bool) {
	switch {
	case a.kind == atomBoolean:
		return Value{Type: typeBoolean, Text: a.text}, true
	case a.kind == atomString:
		b, ok := booleanTexts[strings.ToLower(a.text)]
		return booleanValue(b), ok
	case isNumber(a.kind) && sameNumber(a.text, "1"):
		return booleanValue(true), true
	case isNumber(a.kind) && sameNumber(a.text, "0"):
		return booleanValue(false), true
	}
	return Value{}, false
}

func toInteger(a atom) (Value, bool) {
	switch {
	case a.kind == atomInteger, a.kind == atomString && integerForm.MatchString(a.text):
		n, ok := smallInteger(a.text)
		return integerValue(n), ok
	case a.kind == atomBoolean && a.text == "true":
		return integerValue(1), true
	case a.kind == atomBoolean:
		return integerValue(0), true
	}
	return Value{}, false
}

// The texts that convert to numbers and quantities, as the specification writes them.
var (
	integerForm  = regexp.MustCompile(`^[+-]?\d+$`)
	decimalForm  = regexp.MustCompile(`^[+-]?\d+(\.\d+)?$`)
	quantityForm = regexp.MustCompile(`^([+-]?\d+(?:\.\d+)?)\s*(?:'([^']+)'|([a-zA-Z]+))?$`)
)

func toDecimal(a atom) (Value, bool) {
	switch {
	case isNumber(a.kind), a.kind == atomString && decimalForm.MatchString(a.text):
		text := strings.TrimPrefix(a.text, "+")
		_, ok := parseDecimal(text)
		return Value{Type: typeDecimal, Text: text}, ok
	case a.kind == atomBoolean && a.text == "true":
		return Value{Type: typeDecimal, Text: "1.0"}, true
	case a.kind == atomBoolean:
		return Value{Type: typeDecimal, Text: "0.0"}, true
	}
	return Value{}, false
}

func toString(a atom) (Value, bool) {
	if a.kind == atomNone {
		return Value{}, false
	}
	if a.node.Exists() {
		q, ok := quantityAt(a.node)
		if !ok {
			return Value{}, false
		}
		return stringValue(q.text()), true
	}
	return stringValue(a.text), true
}

// toTemporal converts strings, and dates to dates with time and back.
func toTemporal(a atom, to atomKind) (Value, bool) {
	switch {
	case a.kind == to:
		return Value{Type: atomTypes[to], Text: a.text}, true
	case a.kind == atomString:
		return textToTemporal(a.text, to)
	case a.kind == atomDate && to == atomDateTime:
		return Value{Type: typeDateTime, Text: a.text}, true
	case a.kind == atomDateTime && to == atomDate:
		day, _, _ := strings.Cut(a.text, "T")
		return Value{Type: typeDate, Text: day}, true
	}
	return Value{}, false
}

func textToTemporal(text string, to atomKind) (Value, bool) {
	a := atom{kind: to, text: text}
	_, date := dateOf(a)
	_, clock := timeOf(a)
	return Value{Type: atomTypes[to], Text: text}, date || clock
}

func toQuantity(a atom) (Value, bool) {
	switch a.kind {
	case atomString:
		m := quantityForm.FindStringSubmatch(a.text)
		if m == nil || m[3] != "" && singular(m[3]) == "" {
			return Value{}, false
		}
		unit := m[2] + m[3]
		if unit == "" {
			unit = "1"
		}
		return Value{Type: typeQuantity, Text: quantityText(strings.TrimPrefix(m[1], "+"), unit)}, true
	case atomBoolean:
		v, _ := toDecimal(a)
		return Value{Type: typeQuantity, Text: v.Text + " '1'"}, true
	default:
		q, ok := quantityOf(a)
		if !ok {
			return Value{}, false
		}
		return q.computed(), true
	}
}
