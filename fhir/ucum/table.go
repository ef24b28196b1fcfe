package ucum

import (
	_ "embed"
	"fmt"
	"math/big"
	"strings"
)

//go:embed units.tsv
var unitsTSV string

// Table knows the units of UCUM, and remembers the expressions that it was asked for
// last. It is safe for concurrent use.
type Table struct {
	prefixes map[string]*big.Rat
	atoms    map[string]*atom
	cache    cache
}

// atom is a unit that has a code of its own.
type atom struct {
	code        string
	metric      bool   // takes prefixes
	kind        string // "base", "ratio", "arbitrary", or the function of a special unit
	value, unit string // what it is worth

	worth  *product // nil until it is resolved
	offset *big.Rat // of an affine unit: what is added to a value first
}

// offsets are those of the special units whose scale is a straight line: what is added to a value
// before it is multiplied with the worth of the unit.
// https://ucum.org/ucum#section-Special-Units-on-non-ratio-scales
var offsets = map[string]string{"Cel": "273.15", "degF": "459.67", "degRe": "218.52"}

// New reads the table of units that is part of this package.
func New() *Table {
	t := &Table{prefixes: map[string]*big.Rat{}, atoms: map[string]*atom{}}
	if err := t.read(unitsTSV); err != nil {
		panic("ucum: " + err.Error()) // the table is compiled in, and tested
	}
	return t
}

// read fills the table from its text and works out what each unit is worth.
func (t *Table) read(table string) error {
	for line := range strings.Lines(table) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if err := t.readLine(strings.Split(line, "\t")); err != nil {
			return fmt.Errorf("reading the line %q: %w", line, err)
		}
	}
	for _, a := range t.atoms {
		if err := t.resolve(a); err != nil {
			return fmt.Errorf("working out %s: %w", a.code, err)
		}
	}
	return nil
}

func (t *Table) readLine(f []string) error {
	switch {
	case f[0] == "prefix" && len(f) == 3:
		value, err := rational(f[2])
		t.prefixes[f[1]] = value
		return err
	case f[0] == "base" && len(f) == 2:
		t.atoms[f[1]] = &atom{code: f[1], metric: true, kind: "base"}
	case f[0] == "unit" && len(f) == 6:
		t.atoms[f[1]] = &atom{code: f[1], metric: f[2] == "metric", kind: f[3], value: f[4], unit: f[5]}
	default:
		return fmt.Errorf("%d fields are no prefix, base or unit", len(f))
	}
	return nil
}

func rational(s string) (*big.Rat, error) {
	r, ok := new(big.Rat).SetString(s)
	if !ok || r.Sign() <= 0 {
		return nil, fmt.Errorf("%s is no positive number", s)
	}
	return r, nil
}

// resolve works out what a unit is worth in base units.
func (t *Table) resolve(a *atom) error {
	if a.worth != nil {
		return nil
	}
	offset, affine := offsets[a.kind]
	switch {
	case a.kind == "ratio", affine, a.kind == "arbitrary" && a.unit != "1":
	default:
		a.worth = &product{factor: big.NewRat(1, 1), dims: []dim{{a.code, 1}}}
		return nil
	}
	value, err := rational(a.value)
	if err != nil {
		return err
	}
	worth, err := t.product(a.unit)
	if err != nil {
		return err
	}
	worth.factor = new(big.Rat).Mul(worth.factor, value)
	a.worth = &worth
	if affine {
		a.offset, err = rational(offset)
	}
	return err
}

// special reports whether the unit is on a scale that does not start at zero, or is no straight line.
// Such a unit stands alone: a product with it means nothing.
func (a *atom) special() bool { return a.kind != "base" && a.kind != "ratio" && a.kind != "arbitrary" }

// lookup finds a unit by its code, with or without a prefix; prefix is nil where there is none.
func (t *Table) lookup(symbol string) (a *atom, prefix *big.Rat, err error) {
	if a = t.atoms[symbol]; a != nil {
		return a, nil, nil
	}
	for n := 2; n >= 1; n-- {
		if len(symbol) <= n || t.prefixes[symbol[:n]] == nil {
			continue
		}
		rest := t.atoms[symbol[n:]]
		switch {
		case rest == nil:
		case !rest.metric:
			err = fmt.Errorf("the unit %q takes no prefix", rest.code)
		default:
			return rest, t.prefixes[symbol[:n]], nil
		}
	}
	if err == nil {
		err = fmt.Errorf("%q is no unit of UCUM", clip(symbol))
	}
	return nil, nil, err
}

// clip shortens a text for a message.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}
