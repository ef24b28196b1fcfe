package ucum_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir/decimal"
	"firewolf/fhir/ucum"
)

func TestQuantitiesConvertExactly(t *testing.T) {
	table := ucum.New()
	tests := []struct{ value, from, to, want string }{
		{"98.6", "[degF]", "Cel", "37"},
		{"37.0", "Cel", "[degF]", "98.6"},
		{"0", "K", "Cel", "-273.15"},
		{"80", "[degRe]", "Cel", "100"},
		{"37", "Cel", "K", "310.15"},
		{"720", "mg/dL", "g/L", "7.2"},
		{"5", "U", "nkat", "83.33333333333333333333333333333333"},
		{"1", "[in_i]", "cm", "2.54"},
		{"6", "[ft_i]", "[in_i]", "72"},
		{"1", "[lb_av]", "g", "453.59237"},
		{"150", "[lb_av]", "kg", "68.0388555"},
		{"1", "[gal_us]", "L", "3.785411784"},
		{"1", "atm", "Pa", "101325"},
		{"120", "mm[Hg]", "kPa", "15.99864"},
		{"1", "[Cal]", "kJ", "4.184"},
		{"1", "wk", "h", "168"},
		{"1", "a", "d", "365.25"},
		{"2", "mo", "d", "60.875"},
		{"250", "10*3/uL", "10*9/L", "250"},
		{"3", "/uL", "10*6/L", "3"},
		{"1.5", "g/(24.h)", "mg/d", "1500"},
		{"30", "mm/h", "cm/d", "72"},
		{"5.5", "%", "1", "0.055"},
		{"20", "dB", "B", "2"},
		{"7.40", "[pH]", "[pH]", "7.40"},
		{"1000", "m[IU]/L", "[iU]/L", "1"},
		{"180", "deg", "rad", "3.141592653589793238462643383279503"},
		{"1", "u", "g", "1.6605402E-24"},
		{"1", "[c]", "km/s", "299792.458"},
		{"12", "[car_Au]", "%", "50"},
		{"1.50", "g", "g", "1.50"},
	}
	for _, tt := range tests {
		t.Run(tt.value+" "+tt.from+" in "+tt.to, func(t *testing.T) {
			got, err := table.Convert(number(t, tt.value), tt.from, tt.to)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Equal(number(t, tt.want)) {
				t.Errorf("want %s, got %s", tt.want, got)
			}
		})
	}
}

func TestQuantitiesOfDifferentKindsDoNotConvert(t *testing.T) {
	table := ucum.New()
	tests := []struct{ from, to, want string }{
		{"mg", "m", `"mg" cannot be converted to "m": one measures g, the other m`},
		{"mg/dL", "mmol/L", `"mg/dL" cannot be converted to "mmol/L": one measures g.m-3, the other m-3`},
		{"[IU]", "U", `"[IU]" cannot be converted to "U": one measures [iU], the other s-1`},
		{"[IU]/mL", "[arb'U]/mL", `"[IU]/mL" cannot be converted to "[arb'U]/mL": one measures [iU].m-3, the other [arb'U].m-3`},
		{"[IU]", "1", `"[IU]" cannot be converted to "1": one measures [iU], the other 1`},
		{"[pH]", "mol/l", `"[pH]" cannot be converted to "mol/l": one measures [pH], the other m-3`},
		{"B[V]", "V", `"B[V]" cannot be converted to "V": one measures B[V], the other C-1.g.m2.s-2`},
		{"Np", "B", `"Np" cannot be converted to "B": one measures Np, the other B`},
		{"x", "m", `the unit "x" is wrong at character 1: "x" is no unit of UCUM`},
		{"m", "x", `the unit "x" is wrong at character 1: "x" is no unit of UCUM`},
	}
	for _, tt := range tests {
		t.Run(tt.from+" in "+tt.to, func(t *testing.T) {
			_, err := table.Convert(number(t, "1"), tt.from, tt.to)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheSameQuantityInDifferentUnitsHasTheSameBytes(t *testing.T) {
	table := ucum.New()
	for _, same := range [][]string{
		{"90 mg/dL", "0.9 g/L", "0.90 mg/mL", "900 ug/mL", "900e-6 g/mL"},
		{"250 10*9/L", "250 10*3/uL", "250000 /uL", "0.25 10*12/L"},
		{"37 Cel", "98.6 [degF]", "310.15 K"},
		{"60 U/L", "1 umol/s/L", "1 ukat/L", "0.001 mmol/(s.L)"},
		{"1 h", "60 min", "3600 s", "0.04166666666666666666666666666666667 d"},
		{"5 %", "0.05 1", "50 mg/g", "50 [ppth]"},
		{"1 [in_i]", "2.54 cm", "1000 [mil_i]"},
		{"-40 Cel", "-40 [degF]"},
	} {
		type answer struct{ Bytes, Unit string }
		var first answer
		for k, q := range same {
			value, code, _ := strings.Cut(q, " ")
			v, unit, err := table.Canonicalize(number(t, value), code)
			if err != nil {
				t.Fatal(err)
			}
			got := answer{decimal.Ordered(v), unit}
			if k == 0 {
				first = got
			} else if diff := cmp.Diff(first, got); diff != "" && !strings.HasSuffix(q, " d") {
				t.Errorf("%s and %s: %s", same[0], q, diff)
			}
		}
	}
}

func TestCanonicalizeRefusesAWrongUnit(t *testing.T) {
	v, unit, err := ucum.New().Canonicalize(number(t, "1"), "furlong")
	if err == nil || unit != "" || !v.Equal(decimal.Decimal{}) {
		t.Errorf("got %s %q, %v", v, unit, err)
	}
}

// expression draws a unit without special units in it.
func expression(t *rapid.T, label string) string {
	atoms := []string{"m", "g", "s", "mol", "L", "mL", "10*3", "%", "[IU]", "[arb'U]", "min", "h", "kat", "U", "mm[Hg]", "J", "[in_i]", "cd", "rad", "deg", "eq", "3", "{x}"}
	var b strings.Builder
	n := rapid.IntRange(1, 4).Draw(t, label+" terms")
	for k := range n {
		if k > 0 {
			b.WriteString(rapid.SampledFrom([]string{".", "/"}).Draw(t, label+" operator"))
		}
		atom := rapid.SampledFrom(atoms).Draw(t, label+" unit")
		b.WriteString(atom)
		if c := atom[len(atom)-1]; c != '3' && c != '}' {
			b.WriteString(rapid.SampledFrom([]string{"", "2", "-1", "+3"}).Draw(t, label+" power"))
		}
	}
	return b.String()
}

func TestAConversionAndItsReverseGiveTheValueBack(t *testing.T) {
	table := ucum.New()
	rapid.Check(t, func(t *rapid.T) {
		from := expression(t, "from")
		u, err := table.Parse(from)
		if err != nil {
			t.Fatal(err)
		}
		base, _, _ := u.Canonical()
		to := "7." + base + rapid.SampledFrom([]string{"", ".10*6", "/60"}).Draw(t, "scale")
		v := decimal.New(rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "value"), rapid.IntRange(-4, 4).Draw(t, "exponent"))
		there, err := table.Convert(v, from, to)
		if err != nil {
			t.Fatal(err)
		}
		back, err := table.Convert(there, to, from)
		if err != nil {
			t.Fatal(err)
		}
		difference, err := back.Sub(v)
		if err != nil {
			t.Fatal(err)
		}
		tolerance, err := v.Abs().Mul(decimal.New(1, -32))
		if err != nil || difference.Abs().Cmp(tolerance) > 0 {
			t.Fatalf("%s %s is %s %s and back %s: %v", v, from, there, to, back, err)
		}
	})
}

func TestTheCanonicalFormOfACanonicalFormIsItself(t *testing.T) {
	table := ucum.New()
	rapid.Check(t, func(t *rapid.T) {
		code := expression(t, "unit")
		u, err := table.Parse(code)
		if err != nil {
			t.Fatal(err)
		}
		base, _, _ := u.Canonical()
		again, err := table.Parse(base)
		if err != nil {
			t.Fatalf("%s is measured in %s: %v", code, base, err)
		}
		text, factor, offset := again.Canonical()
		if text != base || factor.RatString() != "1" || offset.Sign() != 0 || !u.Comparable(again) {
			t.Fatalf("%s is measured in %s, and that in %s %s", code, base, factor.RatString(), text)
		}
	})
}

func TestAProductOfUnitsIsTheProductOfTheirFactors(t *testing.T) {
	table := ucum.New()
	rapid.Check(t, func(t *rapid.T) {
		a, b := expression(t, "a"), expression(t, "b")
		forward, err := table.Parse("(" + a + ").(" + b + ")")
		if err != nil {
			t.Fatal(err)
		}
		inverse, err := table.Parse("/(" + b + ")/(" + a + ")")
		if err != nil {
			t.Fatal(err)
		}
		product, err := table.Parse("(" + forward.String() + ").(1" + inverse.String() + ")")
		if err != nil {
			t.Fatal(err)
		}
		if text, factor, _ := product.Canonical(); text != "1" || factor.RatString() != "1" {
			t.Fatalf("%s is %s %s", product, factor.RatString(), text)
		}
	})
}
