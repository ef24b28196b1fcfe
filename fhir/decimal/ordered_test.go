package decimal_test

import (
	"cmp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir/decimal"
)

func TestTheOrderOfTheBytesIsTheOrderOfTheNumbers(t *testing.T) {
	sorted := []string{
		"-1e6111", "-12345678901234567890123456789012345.1", "-12345678901234567890123456789012345", "-1000", "-101", "-100.5", "-100.05", "-100", "-99", "-11", "-10", "-9", "-1.5", "-1.05", "-1",
		"-0.1", "-0.01", "-1e-6176", "0", "1e-6176", "0.01", "0.1", "0.11", "0.2", "1", "1.0000000001", "1.05", "1.5", "1.50000000000000000000001", "9", "10", "10.1", "11", "99", "100", "100.05", "1000",
		"12345678901234567890123456789012345", "1e6111",
	}
	for i, a := range sorted {
		for j, b := range sorted {
			x, y := decimal.Ordered(parse(t, a)), decimal.Ordered(parse(t, b))
			if cmp.Compare(x, y) != cmp.Compare(i, j) {
				t.Errorf("%s and %s are %x and %x", a, b, x, y)
			}
		}
	}
}

func TestEqualNumbersHaveEqualBytes(t *testing.T) {
	for _, same := range [][]string{
		{"1.5", "1.50", "15e-1", "0.15E1"}, {"0", "-0", "0.000", "0e5", "-0.00000000000000000000000000"}, {"100", "1e2", "100.0", "0.001e5"}, {"-0.10", "-1e-1"},
	} {
		for _, s := range same {
			if x, y := decimal.Ordered(parse(t, same[0])), decimal.Ordered(parse(t, s)); x != y {
				t.Errorf("%s and %s are %x and %x", same[0], s, x, y)
			}
		}
	}
}

// The bytes are stored, so they must not change from one version of Firewolf to the next.
func TestOrderedBytesAreThoseOfTheFormat(t *testing.T) {
	for s, want := range map[string]string{
		"0":     "\x80\x00",
		"1":     "\x81\x80\x01\x0b\x00",
		"-1":    "\x7e\x7f\xfe\xf4\xff",
		"123.4": "\x81\x80\x03\x0d\x23\x00",
		"0.05":  "\x81\x7f\xff\x33\x00",
		"100":   "\x81\x80\x03\x0b\x00",
	} {
		if got := decimal.Ordered(parse(t, s)); got != want {
			t.Errorf("%s is %x, want %x", s, got, want)
		}
	}
}

func TestOrderIsKeptForAnyTwoNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t, "a")
		b := draw(t, "b")
		switch lo, hi := a.Implicit(); rapid.IntRange(0, 3).Draw(t, "near") {
		case 1:
			b = lo
		case 2:
			b = hi
		}
		x, y := decimal.Ordered(a), decimal.Ordered(b)
		if cmp.Compare(x, y) != a.Cmp(b) {
			t.Fatalf("%s and %s are %x and %x", a, b, x, y)
		}
		if a.Cmp(b) != 0 && (strings.HasPrefix(x, y) || strings.HasPrefix(y, x)) {
			t.Fatalf("%x and %x: one starts the other", x, y)
		}
		below := decimal.OrderedBelow(a)
		if below >= x || a.Cmp(b) > 0 && y >= below || a.Cmp(b) < 0 && y <= below {
			t.Fatalf("%x is not between the numbers below %s and %s (%s is %x)", below, a, a, b, y)
		}
		back, err := decimal.Unordered(x)
		if err != nil || !back.Equal(a) {
			t.Fatalf("%s came back as %s: %v", a, back, err)
		}
	})
}

func TestTheBytesBelowANumberComeAfterEverythingSmaller(t *testing.T) {
	for d, smaller := range map[string][]string{
		"100.5": {"100.4", "100.49999999999999999999999999999999", "100", "-7", "0"},
		"0":     {"-1e-6176", "-0.1", "-5"},
		"-1":    {"-1.00000000000000000000000000000000000000000001", "-1.01", "-2", "-1e10"},
		"-10":   {"-10.000000000001", "-11", "-1e10"},
	} {
		below := decimal.OrderedBelow(parse(t, d))
		if below >= decimal.Ordered(parse(t, d)) {
			t.Errorf("%x is not below %s", below, d)
		}
		for _, s := range smaller {
			if decimal.Ordered(parse(t, s)) >= below {
				t.Errorf("%s is not below %x", s, below)
			}
		}
	}
}

func TestBytesThatAreNoNumberAreRefused(t *testing.T) {
	for _, s := range []string{"", "\x80", "\x81", "\x81\x80\x01\x00", "\x81\x80\x01\x0b", "\x81\x80\x01\xff\x00", "\x42\x80\x01\x0b\x00", decimal.OrderedBelow(parse(t, "-1")), decimal.OrderedBelow(parse(t, "1"))} {
		if d, err := decimal.Unordered(s); err == nil {
			t.Errorf("%x was read as %s", s, d)
		}
	}
	d, err := decimal.Unordered(decimal.Ordered(parse(t, "-120")))
	if diff := gocmp.Diff("-1.2E+2", d.String()); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func BenchmarkOrdered(b *testing.B) {
	for _, s := range []string{"7.2", "-12345678901234567890123456789.01234"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d, _ := decimal.Parse(s)
				lo, hi := d.Implicit()
				_, _ = decimal.Ordered(lo), decimal.OrderedBelow(hi)
			}
		})
	}
}
