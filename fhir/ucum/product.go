package ucum

import (
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// product is a factor times powers of base units. Products share what they point to, which is never changed.
type product struct {
	factor *big.Rat
	dims   []dim // in the order of their codes, none with power 0
	scale  *atom // the special unit that the product is; nil for all others
}

// dim is a power of a base unit, or of a unit that measures only itself.
type dim struct {
	code  string
	power int
}

func one() product { return product{factor: big.NewRat(1, 1)} }

// maxBits bounds the size of factors. No number that a resource can hold comes near it.
const maxBits = 20_000

var (
	errLarge   = errors.New("the unit is too large or too small")
	errSpecial = errors.New("a unit such as Cel, [degF] or [pH] stands alone: products, quotients and powers of it have no meaning")
)

// times returns a * b, or a / b.
func (a product) times(b product, divide bool) (product, error) {
	if a.scale != nil || b.scale != nil {
		return product{}, errSpecial
	}
	sign := 1
	r := product{factor: new(big.Rat)}
	if divide {
		sign = -1
		r.factor.Quo(a.factor, b.factor)
	} else {
		r.factor.Mul(a.factor, b.factor)
	}
	r.dims = addPowers(a.dims, b.dims, sign)
	return r, r.check()
}

func (a product) check() error {
	if a.factor.Num().BitLen() > maxBits || a.factor.Denom().BitLen() > maxBits {
		return errLarge
	}
	return nil
}

// addPowers adds the powers of b, times sign, to those of a.
func addPowers(a, b []dim, sign int) []dim {
	if len(b) == 0 {
		return a
	}
	sum := make([]dim, 0, len(a)+len(b))
	sum = append(sum, a...)
	for _, d := range b {
		i, found := slices.BinarySearchFunc(sum, d, func(x, y dim) int { return strings.Compare(x.code, y.code) })
		switch {
		case !found:
			sum = slices.Insert(sum, i, dim{d.code, sign * d.power})
		case sum[i].power+sign*d.power == 0:
			sum = slices.Delete(sum, i, i+1)
		default:
			sum[i].power += sign * d.power
		}
	}
	return sum
}

// power returns a to the power n.
func (a product) power(n int) (product, error) {
	if n == 1 {
		return a, nil
	}
	if a.scale != nil {
		return product{}, errSpecial
	}
	r := one()
	if n == 0 {
		return r, nil
	}
	e := big.NewInt(int64(max(n, -n)))
	num, den := new(big.Int).Exp(a.factor.Num(), e, nil), new(big.Int).Exp(a.factor.Denom(), e, nil)
	if n < 0 {
		num, den = den, num
	}
	r.factor.SetFrac(num, den)
	for _, d := range a.dims {
		r.dims = append(r.dims, dim{d.code, d.power * n})
	}
	return r, r.check()
}

// text returns the product without its factor, as UCUM writes it: "g.m-3", and "1" where it has no dimension.
func (a product) text() string {
	if len(a.dims) == 0 {
		return "1"
	}
	var b []byte
	for k, d := range a.dims {
		if k > 0 {
			b = append(b, '.')
		}
		b = append(b, d.code...)
		if d.power != 1 {
			b = strconv.AppendInt(b, int64(d.power), 10)
		}
	}
	return string(b)
}
