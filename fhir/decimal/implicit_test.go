package decimal_test

import (
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestASearchNumberStandsForHalfAUnitOfItsLastDigitAround(t *testing.T) {
	tests := []struct{ text, lo, hi string }{
		{"100", "99.5", "100.5"},        // as the specification shows
		{"100.00", "99.995", "100.005"}, // as the specification shows
		{"1e2", "95.0", "105.0"},        // as the specification shows
		{"1.00e2", "99.5", "100.5"},     // as many digits as 100
		{"1.0e2", "95", "105"},
		{"12e2", "1.15E+3", "1.25E+3"},
		{"5.4", "5.35", "5.45"},
		{"5.40", "5.395", "5.405"},
		{"5.40e-3", "0.005395", "0.005405"},
		{"-5.4", "-5.45", "-5.35"},
		{"2", "1.5", "2.5"},
		{"0", "-0.5", "0.5"},
		{"0.0", "-0.05", "0.05"},
		{"-0.00", "-0.005", "0.005"},
		{"0.1", "0.05", "0.15"},
		{"8e-1", "0.795", "0.805"},
		{"-1E2", "-105.0", "-95.0"},
		{"9999999999999999999999999999999999", "9999999999999999999999999999999998.5", "9999999999999999999999999999999999.5"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			lo, hi := parse(t, tt.text).Implicit()
			if diff := cmp.Diff([]string{tt.lo, tt.hi}, []string{lo.String(), hi.String()}); diff != "" && (!lo.Equal(parse(t, tt.lo)) || !hi.Equal(parse(t, tt.hi))) {
				t.Error(diff)
			}
		})
	}
}

func TestTheImplicitRangeHasTheNumberInItsMiddle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, "number")
		lo, hi := d.Implicit()
		middle := new(big.Rat).Add(lo.Rat(), hi.Rat())
		if middle.Quo(middle, big.NewRat(2, 1)).Cmp(d.Rat()) != 0 || lo.Cmp(hi) >= 0 {
			t.Fatalf("%s stands for %s to %s", d, lo, hi)
		}
	})
}
