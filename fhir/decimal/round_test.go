package decimal_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"firewolf/fhir/decimal"
)

func TestRoundGivesExactlySoManyPlaces(t *testing.T) {
	cases := []struct {
		name   string
		number string
		places int
		want   [4]string // half up, down, floor, ceiling
	}{
		{"a number in the middle", "1.25", 1, [4]string{"1.3", "1.2", "1.2", "1.3"}},
		{"a negative number in the middle", "-1.25", 1, [4]string{"-1.3", "-1.2", "-1.3", "-1.2"}},
		{"a number that is far below the last place", "0.00345", 1, [4]string{"0.0", "0.0", "0.0", "0.1"}},
		{"a negative number that is far below the last place", "-0.00345", 1, [4]string{"-0.0", "-0.0", "-0.1", "-0.0"}},
		{"a half", "0.5", 0, [4]string{"1", "0", "0", "1"}},
		{"less than a half", "0.49", 0, [4]string{"0", "0", "0", "1"}},
		{"an exact number", "1.20", 1, [4]string{"1.2", "1.2", "1.2", "1.2"}},
		{"a number with fewer places", "7", 2, [4]string{"7.00", "7.00", "7.00", "7.00"}},
		{"a number with an exponent", "1.5e2", 0, [4]string{"150", "150", "150", "150"}},
		{"nines that carry over", "9.99", 1, [4]string{"10.0", "9.9", "9.9", "10.0"}},
		{"zero", "0", 3, [4]string{"0.000", "0.000", "0.000", "0.000"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for mode, want := range c.want {
				got, err := parse(t, c.number).Round(c.places, decimal.Mode(mode))
				if err != nil || got.Plain() != want {
					t.Errorf("mode %d: got %s, %v; want %s", mode, got.Plain(), err, want)
				}
			}
		})
	}
}

func TestRoundRefusesPlacesThatNobodyNeeds(t *testing.T) {
	for _, c := range []struct {
		number string
		places int
	}{{"1", -1}, {"1", 1001}, {"1e5000", 0}} {
		if _, err := parse(t, c.number).Round(c.places, decimal.HalfUp); !errors.Is(err, decimal.ErrRange) {
			t.Errorf("%s to %d places: %v, want ErrRange", c.number, c.places, err)
		}
	}
}

func TestRoundedDownAndUpAreTheNeighborsOfTheNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.New(rapid.Int64().Draw(t, "coefficient"), rapid.IntRange(-25, 5).Draw(t, "exponent"))
		places := rapid.IntRange(0, 20).Draw(t, "places")
		floor, err := d.Round(places, decimal.Floor)
		ceiling, err2 := d.Round(places, decimal.Ceiling)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if floor.Cmp(d) > 0 || ceiling.Cmp(d) < 0 {
			t.Fatalf("%s lies outside %s to %s", d, floor, ceiling)
		}
		width, err := ceiling.Sub(floor)
		if err != nil || width.Cmp(decimal.New(1, -places)) > 0 {
			t.Fatalf("%s to %s is wider than one unit of place %d", floor, ceiling, places)
		}
	})
}

func TestDivAndModAreTheTruncatedDivisionAndItsRest(t *testing.T) {
	cases := []struct{ d, e, div, mod string }{
		{"5", "2", "2", "1"},
		{"-5", "2", "-2", "-1"},
		{"5.5", "0.7", "7", "0.6"},
		{"2.2", "1.8", "1", "0.4"},
		{"1", "3", "0", "1"},
	}
	for _, c := range cases {
		div, err := parse(t, c.d).Div(parse(t, c.e))
		mod, err2 := parse(t, c.d).Mod(parse(t, c.e))
		if err != nil || err2 != nil || div.Plain() != c.div || mod.Plain() != c.mod {
			t.Errorf("%s by %s: %s rest %s, %v %v; want %s rest %s", c.d, c.e, div, mod, err, err2, c.div, c.mod)
		}
	}
	if _, err := parse(t, "1").Div(parse(t, "0.0")); !errors.Is(err, decimal.ErrDivision) {
		t.Errorf("1 div 0.0: %v, want ErrDivision", err)
	}
	if _, err := parse(t, "1").Mod(parse(t, "0")); !errors.Is(err, decimal.ErrDivision) {
		t.Errorf("1 mod 0: %v, want ErrDivision", err)
	}
}

func TestInt64IsTheNumberWhereItIsWhole(t *testing.T) {
	cases := []struct {
		number string
		want   int64
		ok     bool
	}{
		{"0", 0, true},
		{"-12", -12, true},
		{"1.00", 1, true},
		{"1e2", 100, true},
		{"9223372036854775807", 9223372036854775807, true},
		{"1.5", 0, false},
		{"9223372036854775808", 0, false},
		{"1e20000", 0, false},
	}
	for _, c := range cases {
		if got, ok := parse(t, c.number).Int64(); got != c.want || ok != c.ok {
			t.Errorf("%s: %d, %v; want %d, %v", c.number, got, ok, c.want, c.ok)
		}
	}
}
