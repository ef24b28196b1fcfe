package decimal_test

import (
	"errors"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir/decimal"
)

func TestArithmeticIsThatOfDecimals(t *testing.T) {
	type D = decimal.Decimal
	tests := []struct {
		name string
		op   func(a, b D) (D, error)
		a, b string
		want string
	}{
		{"a sum keeps the finer precision", D.Add, "1.50", "1.5", "3.00"},
		{"a tenth and two tenths are three tenths", D.Add, "0.1", "0.2", "0.3"},
		{"a difference", D.Sub, "1", "1.001", "-0.001"},
		{"a product", D.Mul, "1.20", "-3", "-3.60"},
		{"a quotient", D.Quo, "1", "8", "0.125"},
		{"an integer quotient stays one", D.Quo, "600", "2", "300"},
		{"a quotient keeps the precision of the dividend", D.Quo, "6.00", "3", "2.00"},
		{"a quotient by a fraction", D.Quo, "6", "0.3", "2E+1"},
		{"a quotient without end", D.Quo, "1", "3", "0.3333333333333333333333333333333333"},
		{"a sum beyond 34 digits is rounded half to even", D.Add, "1234567890123456789012345678901234", "0.5", "1234567890123456789012345678901234"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.op(parse(t, tt.a), parse(t, tt.b))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestArithmeticRefusesWhatItCannotSay(t *testing.T) {
	one, nothing, huge, tiny := parse(t, "1"), parse(t, "0"), parse(t, "1e20000"), parse(t, "1e-20000")
	_, byZero := one.Quo(nothing)
	_, zeroByZero := nothing.Quo(nothing)
	_, tooLarge := huge.Mul(huge)
	_, tooSmall := tiny.Mul(tiny)
	for k, pair := range [][2]error{{byZero, decimal.ErrDivision}, {zeroByZero, decimal.ErrDivision}, {tooLarge, decimal.ErrRange}, {tooSmall, decimal.ErrRange}} {
		if !errors.Is(pair[0], pair[1]) {
			t.Errorf("case %d: want %v, got %v", k, pair[1], pair[0])
		}
	}
}

func TestSignsChangeOnACopy(t *testing.T) {
	d := parse(t, "-1.50")
	got := []string{d.Neg().String(), d.Abs().String(), d.Neg().Abs().String(), parse(t, "0.0").Neg().String(), d.Reduce().String(), d.String()}
	if diff := cmp.Diff([]string{"1.50", "1.50", "1.50", "0.0", "-1.5", "-1.50"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSumsAndProductsOfShortNumbersAreExact(t *testing.T) {
	short := rapid.StringMatching(`-?(0|[1-9][0-9]{0,7})(\.[0-9]{1,8})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, errA := decimal.Parse(short.Draw(t, "a"))
		b, errB := decimal.Parse(short.Draw(t, "b"))
		sum, errSum := a.Add(b)
		product, errProduct := a.Mul(b)
		if err := errors.Join(errA, errB, errSum, errProduct); err != nil {
			t.Fatal(err)
		}
		if sum.Rat().Cmp(new(big.Rat).Add(a.Rat(), b.Rat())) != 0 || product.Rat().Cmp(new(big.Rat).Mul(a.Rat(), b.Rat())) != 0 {
			t.Fatalf("%s and %s give %s and %s", a, b, sum, product)
		}
	})
}
