package ucum

import (
	"fmt"
	"math/big"
	"strings"

	"firewolf/fhir/decimal"
)

// Unit is a unit that was read. It is immutable. The zero Unit is "1".
type Unit struct{ u *parsed }

// parsed is what is known of a unit: a value v of it is (v + offset) * factor of the canonical unit.
type parsed struct {
	code      string
	canonical string
	factor    *big.Rat
	offset    *big.Rat        // nil for 0
	scale     decimal.Decimal // the factor, where it is a decimal number
	isDecimal bool
}

// Parse reads a unit.
func (t *Table) Parse(code string) (Unit, error) {
	if u, err, ok := t.cache.get(code); ok {
		return u, err
	}
	u, err := t.parse(code)
	t.cache.put(code, u, err)
	return u, err
}

func (t *Table) parse(code string) (Unit, error) {
	p, err := t.product(code)
	if err != nil {
		return Unit{}, err
	}
	u := &parsed{code: strings.Clone(code), canonical: p.text(), factor: p.factor}
	if p.scale != nil && p.scale.offset != nil {
		// The offset is in the unit without its prefix: 1 mCel is 0.001 + 273.15 K.
		prefix := new(big.Rat).Quo(p.factor, p.scale.worth.factor)
		u.offset = prefix.Quo(p.scale.offset, prefix)
	}
	u.scale, err = decimal.FromRat(u.factor)
	u.isDecimal = err == nil && u.scale.Rat().Cmp(u.factor) == 0
	return Unit{u}, nil
}

// String returns the code of the unit as it was written.
func (u Unit) String() string {
	if u.u == nil {
		return "1"
	}
	return u.u.code
}

// Canonical returns the unit of base units that measures the same, such as "g.m-3", and how a value v of u is
// brought to it: (v + offset) * factor. An arbitrary unit, and one whose scale is no straight line, is a base unit here.
func (u Unit) Canonical() (text string, factor, offset *big.Rat) {
	if u.u == nil {
		return "1", big.NewRat(1, 1), new(big.Rat)
	}
	factor, offset = new(big.Rat).Set(u.u.factor), new(big.Rat)
	if u.u.offset != nil {
		offset.Set(u.u.offset)
	}
	return u.u.canonical, factor, offset
}

// Comparable reports whether values of the two units can be brought to each other.
func (u Unit) Comparable(v Unit) bool { return u.canonical() == v.canonical() }

func (u Unit) canonical() string {
	if u.u == nil {
		return "1"
	}
	return u.u.canonical
}

// Canonicalize returns the value in the canonical unit, rounded to 34 significant digits,
// half to even. Equal quantities in different units give equal numbers.
func (u Unit) Canonicalize(value decimal.Decimal) (decimal.Decimal, error) {
	switch {
	case u.u == nil:
		return value, nil
	case u.u.offset == nil && u.u.isDecimal:
		return value.Mul(u.u.scale)
	}
	return decimal.FromRat(u.exact(value))
}

// exact returns the value in the canonical unit as a rational number.
func (u Unit) exact(value decimal.Decimal) *big.Rat {
	r := value.Rat()
	if u.u == nil {
		return r
	}
	if u.u.offset != nil {
		r.Add(r, u.u.offset)
	}
	return r.Mul(r, u.u.factor)
}

// Convert returns the value of unit u in unit to, rounded to 34 significant digits.
func (u Unit) Convert(value decimal.Decimal, to Unit) (decimal.Decimal, error) {
	if !u.Comparable(to) {
		return decimal.Decimal{}, fmt.Errorf("%q cannot be converted to %q: one measures %s, the other %s",
			clip(u.String()), clip(to.String()), clip(u.canonical()), clip(to.canonical()))
	}
	if u.String() == to.String() {
		return value, nil
	}
	r := u.exact(value)
	if to.u == nil {
		return decimal.FromRat(r)
	}
	r.Quo(r, to.u.factor)
	if to.u.offset != nil {
		r.Sub(r, to.u.offset)
	}
	return decimal.FromRat(r)
}

// Canonicalize returns the value in the canonical unit of the unit code, and that unit.
func (t *Table) Canonicalize(value decimal.Decimal, code string) (decimal.Decimal, string, error) {
	u, err := t.Parse(code)
	if err != nil {
		return decimal.Decimal{}, "", err
	}
	v, err := u.Canonicalize(value)
	return v, u.canonical(), err
}

// Convert returns the value of unit from in unit to.
func (t *Table) Convert(value decimal.Decimal, from, to string) (decimal.Decimal, error) {
	f, err := t.Parse(from)
	if err != nil {
		return decimal.Decimal{}, err
	}
	u, err := t.Parse(to)
	if err != nil {
		return decimal.Decimal{}, err
	}
	return f.Convert(value, u)
}
