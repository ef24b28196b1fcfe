package decimal_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir/decimal"
)

func parse(t testing.TB, s string) decimal.Decimal {
	t.Helper()
	d, err := decimal.Parse(s)
	if err != nil {
		t.Fatalf("parsing %s: %v", s, err)
	}
	return d
}

// text draws a number as a resource may write it.
func text(t *rapid.T, label string) string {
	return rapid.OneOf(
		rapid.StringMatching(`-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?`),
		rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?`),
	).Draw(t, label)
}

func draw(t *rapid.T, label string) decimal.Decimal {
	s := text(t, label)
	d, err := decimal.Parse(s)
	if err != nil {
		t.Fatalf("parsing %s: %v", s, err)
	}
	return d
}

func TestANumberKeepsItsPrecision(t *testing.T) {
	type answer struct {
		Text, Plain      string
		Digits, Exponent int
		Integer          bool
		Sign             int
	}
	tests := []struct {
		text string
		want answer
	}{
		{"0", answer{"0", "0", 1, 0, true, 0}},
		{"-0.0", answer{"0.0", "0.0", 1, -1, true, 0}},
		{"1.50", answer{"1.50", "1.50", 3, -2, false, 1}},
		{"-1.50", answer{"-1.50", "-1.50", 3, -2, false, -1}},
		{"100", answer{"100", "100", 3, 0, true, 1}},
		{"100.00", answer{"100.00", "100.00", 5, -2, true, 1}},
		{"1e2", answer{"1E+2", "100", 1, 2, true, 1}},
		{"1.00E+2", answer{"100", "100", 3, 0, true, 1}},
		{"0.0012", answer{"0.0012", "0.0012", 2, -4, false, 1}},
		{"12e-3", answer{"0.012", "0.012", 2, -3, false, 1}},
		{"1e-9", answer{"1E-9", "0.000000001", 1, -9, false, 1}},
		{"123456789012345678901234567890.1234", answer{"123456789012345678901234567890.1234", "123456789012345678901234567890.1234", 34, -4, false, 1}},
		{"-12345678901234567890", answer{"-12345678901234567890", "-12345678901234567890", 20, 0, true, -1}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			d := parse(t, tt.text)
			got := answer{d.String(), d.Plain(), d.Digits(), d.Exponent(), d.IsInteger(), d.Sign()}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseTakesTheGrammarOfFHIRAndNothingElse(t *testing.T) {
	for _, s := range []string{
		"", "-", "+1", ".5", "5.", "05", "-05", "1e", "1e+", "1.e2", "1 ", " 1", "1,5", "0x1", "NaN", "Infinity", "1_000", "--1", "1e1.5", "１",
	} {
		d, err := decimal.Parse(s)
		if err == nil || !d.Equal(decimal.Decimal{}) {
			t.Errorf("%q was read as %s", s, d)
			continue
		}
		if want := "a number is written as digits, perhaps with a minus, one point and an exponent"; err.Error() != want {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestParseRefusesWhatIsTooLongOrTooLarge(t *testing.T) {
	for _, s := range []string{
		"1e30000", "1e-30001", "1e999999999999999999999", "-1e-999999999999", "0e99999", strings.Repeat("9", 1001),
	} {
		if _, err := decimal.Parse(s); !errors.Is(err, decimal.ErrRange) {
			t.Errorf("%.20s: %v", s, err)
		}
	}
	for _, s := range []string{"1e29999", "1e-30000", "9.999e6144", strings.Repeat("9", 1000)} {
		parse(t, s)
	}
}

func TestNumbersCompareByValue(t *testing.T) {
	sorted := []string{"-1e9", "-100.5", "-100", "-0.001", "-1e-40", "0", "1e-40", "0.001", "1.4999999999999999999999999999999999", "1.5", "2", "1e9", "12345678901234567890123456789012345"}
	for i, a := range sorted {
		for j, b := range sorted {
			want := cmpInt(i, j)
			if got := parse(t, a).Cmp(parse(t, b)); got != want {
				t.Errorf("%s and %s compare as %d", a, b, got)
			}
		}
	}
	for _, pair := range [][2]string{{"1.50", "1.5"}, {"100", "1e2"}, {"-0", "0.00"}, {"1E-2", "0.01"}} {
		if !parse(t, pair[0]).Equal(parse(t, pair[1])) {
			t.Errorf("%s and %s differ", pair[0], pair[1])
		}
	}
}

func cmpInt(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestWhatIsWrittenIsReadAgainWithItsPrecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, "number")
		again, err := decimal.Parse(d.String())
		if err != nil || again.Cmp(d) != 0 || again.Exponent() != d.Exponent() || again.Digits() != d.Digits() {
			t.Fatalf("%s became %s: %v", d, again, err)
		}
	})
}

func TestParseAgreesWithRationalNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := text(t, "number")
		want, ok := new(big.Rat).SetString(s)
		d, err := decimal.Parse(s)
		if !ok || err != nil || d.Rat().Cmp(want) != 0 {
			t.Fatalf("%s was read as %s: %v", s, d, err)
		}
	})
}

func TestFromRatRoundsToThirtyFourDigits(t *testing.T) {
	for r, want := range map[string]string{
		"1/4": "0.25", "-1/8": "-0.125", "0/7": "0", "100/1": "100",
		"1/3": "0.3333333333333333333333333333333333", "2/3": "0.6666666666666666666666666666666667", "-1/7": "-0.1428571428571428571428571428571429",
		"5/900":                                 "0.005555555555555555555555555555555556",
		"12345678901234567890123456789012345/1": "1.234567890123456789012345678901234E+34", // half to even
		"12345678901234567890123456789012355/1": "1.234567890123456789012345678901236E+34",
	} {
		rat, _ := new(big.Rat).SetString(r)
		got, err := decimal.FromRat(rat)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Reduce().String()); diff != "" && !got.Equal(parse(t, want)) {
			t.Errorf("%s: %s", r, diff)
		}
	}
}

func TestAnApdNumberComesAndGoesAsACopy(t *testing.T) {
	d := parse(t, "-12345678901234567890123456789012345678901234567890.5")
	a := d.Apd()
	a.Coeff.SetInt64(7)
	b, ok := decimal.FromApd(a)
	a.Negative = false
	if got := []string{d.String(), b.String()}; !ok || !cmp.Equal(got, []string{"-12345678901234567890123456789012345678901234567890.5", "-0.7"}) {
		t.Errorf("got %v", got)
	}
	for _, a := range []*apd.Decimal{{Form: apd.NaN}, {Form: apd.Infinite}, apd.New(1, 40_000), apd.New(1, -40_000)} {
		if d, ok := decimal.FromApd(a); ok {
			t.Errorf("%s became %s", a, d)
		}
	}
}
