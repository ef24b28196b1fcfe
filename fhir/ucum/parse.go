package ucum

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// maxCode is how long a unit may be.
const maxCode = 250

// maxPower bounds exponents, and maxFactor the digits of factors.
const (
	maxPower  = 99
	maxFactor = 15
)

// parser reads a unit by the grammar of UCUM.
// https://ucum.org/ucum#section-Grammar-of-Units-and-Unit-Terms
type parser struct {
	t   *Table
	s   string
	pos int
}

// product reads a whole unit.
func (t *Table) product(code string) (product, error) {
	p := &parser{t: t, s: code}
	r, err := p.unit()
	if err != nil {
		return product{}, fmt.Errorf("the unit %q is wrong at character %d: %w", clip(code), p.pos+1, err)
	}
	return r, nil
}

func (p *parser) unit() (product, error) {
	if len(p.s) > maxCode {
		return product{}, fmt.Errorf("it has more than %d characters", maxCode)
	}
	for ; p.pos < len(p.s); p.pos++ {
		if c := p.s[p.pos]; c < ' ' || c > '~' {
			return product{}, errors.New("a unit is written in ASCII")
		}
	}
	p.pos = 0
	r, err := p.term(p.is('/'))
	if err == nil && p.pos < len(p.s) {
		err = errors.New("a parenthesis is closed that was not opened")
	}
	return r, err
}

// is takes c if it is next.
func (p *parser) is(c byte) bool {
	if p.pos < len(p.s) && p.s[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// term reads components with points and solidi between, from left to right: a/b.c is (a/b).c.
// With divide the first is a divisor, as in /min.
func (p *parser) term(divide bool) (product, error) {
	r := one()
	for first := true; ; first = false {
		c, err := p.component()
		if err != nil {
			return product{}, err
		}
		if first && !divide {
			r = c
		} else if r, err = r.times(c, divide); err != nil {
			return product{}, err
		}
		if p.pos == len(p.s) || p.s[p.pos] == ')' {
			return r, nil
		}
		switch {
		case p.is('/'):
			divide = true
		case p.is('.'):
			divide = false
		default:
			return product{}, errors.New("a point or a solidus is missing")
		}
	}
}

// component reads a unit with its power, a factor, an annotation, or a term in parentheses.
func (p *parser) component() (product, error) {
	if p.pos == len(p.s) {
		return product{}, errors.New("a unit is missing")
	}
	var r product
	var err error
	switch c := p.s[p.pos]; {
	case c == '(':
		return p.parentheses()
	case c == '{':
		r = one()
	case isDigit(c) && !p.isTen():
		r, err = p.factor()
	default:
		r, err = p.simple()
	}
	if err != nil {
		return product{}, err
	}
	return r, p.annotation()
}

func (p *parser) parentheses() (product, error) {
	p.pos++
	r, err := p.term(false)
	if err != nil {
		return product{}, err
	}
	if !p.is(')') {
		return product{}, errors.New("a parenthesis is not closed")
	}
	return r, nil
}

// annotation skips text in braces, which has no meaning.
func (p *parser) annotation() error {
	if !p.is('{') {
		return nil
	}
	n := strings.IndexAny(p.s[p.pos:], "{}")
	if n < 0 || p.s[p.pos+n] == '{' {
		return errors.New("a brace is not closed")
	}
	p.pos += n + 1
	return nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isTen reports whether 10* or 10^ is next, which are units and no factors.
func (p *parser) isTen() bool {
	return strings.HasPrefix(p.s[p.pos:], "10*") || strings.HasPrefix(p.s[p.pos:], "10^")
}

// digits takes a run of digits.
func (p *parser) digits() string {
	start := p.pos
	for p.pos < len(p.s) && isDigit(p.s[p.pos]) {
		p.pos++
	}
	return p.s[start:p.pos]
}

func (p *parser) factor() (product, error) {
	start := p.pos
	digits := p.digits()
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n == 0 || len(digits) > maxFactor {
		p.pos = start
		return product{}, fmt.Errorf("a factor is a positive integer of at most %d digits", maxFactor)
	}
	return product{factor: big.NewRat(n, 1)}, nil
}

// simple reads a unit of the table with its prefix and its power.
func (p *parser) simple() (product, error) {
	start := p.pos
	symbol := p.symbol()
	if symbol == "" {
		return product{}, errors.New("a unit is missing")
	}
	a, prefix, err := p.t.lookup(symbol)
	if err == nil {
		err = p.t.resolve(a)
	}
	if err != nil {
		p.pos = start
		return product{}, err
	}
	r := *a.worth
	if a.special() {
		r.scale = a
	}
	if prefix != nil {
		r.factor = new(big.Rat).Mul(r.factor, prefix)
	}
	n, err := p.exponent()
	if err != nil {
		return product{}, err
	}
	return r.power(n)
}

// symbol takes the code of a unit. In brackets everything belongs to it.
func (p *parser) symbol() string {
	start := p.pos
	if p.isTen() {
		p.pos += len("10*")
		return p.s[start:p.pos]
	}
	for p.pos < len(p.s) {
		switch c := p.s[p.pos]; {
		case c == '[':
			if n := strings.IndexByte(p.s[p.pos:], ']'); n > 0 {
				p.pos += n
			}
		case strings.IndexByte("./(){}+-", c) >= 0 || isDigit(c):
			return p.s[start:p.pos]
		}
		p.pos++
	}
	return p.s[start:]
}

// exponent takes a power, which may have a sign; 1 where there is none.
func (p *parser) exponent() (int, error) {
	negative := p.is('-')
	signed := negative || p.is('+')
	start := p.pos
	digits := p.digits()
	if digits == "" {
		if signed {
			return 0, errors.New("an exponent is missing after its sign")
		}
		return 1, nil
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxPower {
		p.pos = start
		return 0, fmt.Errorf("an exponent is at most %d", maxPower)
	}
	if negative {
		n = -n
	}
	return n, nil
}
