package memory

import (
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/spec"
)

func TestTextsAreFolded(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"case and accents", "MÜLLER", "muller"},
		{"a combining accent", "mu\u0308ller", "muller"},
		{"letters that are written as two", "Straße", "strasse"},
		{"a final sigma", "Παπαδόπουλος", "παπαδοπουλοσ"},
		{"a ligature", "\ufb01ne", "fine"},
		{"punctuation inside a word", "O'Brien, Dr.", "obrien dr"},
		{"punctuation between words", "Smith-Jones/Miller", "smith jones miller"},
		{"white space of any kind", " \tSteve\u00a0 Miller\n", "steve miller"},
		{"nothing that counts", "-.,'", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fold(c.text); got != c.want {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
}

// https://hl7.org/fhir/R4/search.html#number
func TestANumberStandsForTheRangeOfItsLastDigit(t *testing.T) {
	for _, c := range []struct{ digits, lo, hi string }{
		{"100", "99.5", "100.5"},
		{"100.00", "99.995", "100.005"},
		{"1e2", "95", "105"},
		{"1.00e2", "99.5", "100.5"},
		{"5.40e-3", "0.005395", "0.005405"},
		{"0", "-0.5", "0.5"},
		{"-3", "-3.5", "-2.5"},
		{"0.010", "0.0095", "0.0105"},
	} {
		t.Run(c.digits, func(t *testing.T) {
			x := mustRational(t, c.digits)
			got := around(x, precision(c.digits))
			if got.lo.Cmp(mustRational(t, c.lo)) != 0 || got.hi.Cmp(mustRational(t, c.hi)) != 0 {
				t.Errorf("want [%s, %s), got [%s, %s)", c.lo, c.hi, got.lo.RatString(), got.hi.RatString())
			}
		})
	}
}

func TestWhatIsNoNumberIsRefused(t *testing.T) {
	for _, text := range []string{"", "x", "1/2", "0x10", "1e50000", "1e99999999999", "1_000", "Inf", "5 "} {
		if n, err := rational(text); err == nil {
			t.Errorf("%q is read as %s", text, n.RatString())
		}
	}
}

func TestATextNamesAStretchOfTime(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		text  string
		first string
		lasts time.Duration
	}{
		{"2024", "2024-01-01T00:00:00Z", 366 * day},
		{"2023-02", "2023-02-01T00:00:00Z", 28 * day},
		{"2024-02-29", "2024-02-29T00:00:00Z", day},
		{"2024-02-29T10:00", "2024-02-29T10:00:00Z", time.Minute},
		{"2024-02-29T10:00+02:00", "2024-02-29T08:00:00Z", time.Minute},
		{"2024-02-29T10:00:01", "2024-02-29T10:00:01Z", time.Second},
		{"2024-02-29T23:59:59.5-01:00", "2024-03-01T00:59:59.5Z", 100 * time.Millisecond},
		{"2024-02-29T10:00:00.000Z", "2024-02-29T10:00:00Z", time.Millisecond},
		{"2024-02-29T10:00:00.123456789Z", "2024-02-29T10:00:00.123456789Z", time.Nanosecond},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, ok := moment(c.text)
			if !ok {
				t.Fatal("it is not read")
			}
			first, err := time.Parse(time.RFC3339Nano, c.first)
			if err != nil {
				t.Fatal(err)
			}
			want := []time.Time{first, first.Add(c.lasts - time.Nanosecond)}
			if diff := cmp.Diff(want, []time.Time{got.first.UTC(), got.last.UTC()}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnitsOfOneDimensionConvertExactly(t *testing.T) {
	p := newParams(&spec.Spec{}, nil)
	for _, c := range []struct{ name, value, from, to, want string }{
		{"a prefix", "5.4", "mg", "ug", "5400"},
		{"a quotient", "23", "mm/h", "m/h", "0.023"},
		{"another zero", "98.6", "[degF]", "Cel", "37"},
		{"the same unit", "1.5", "kg", "kg", "1.5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := mustRational(t, c.value)
			got, ok := p.converted(span{lo: x, hi: nil, loOpen: true}, c.from, c.to)
			if !ok || got.lo.Cmp(mustRational(t, c.want)) != 0 || got.hi != nil || !got.loOpen {
				t.Errorf("want everything above %s, got %+v (%t)", c.want, got, ok)
			}
		})
	}
	for _, to := range []string{"m", "nonsense"} {
		if _, ok := p.converted(span{}, "mg", to); ok {
			t.Errorf("mg converts to %s", to)
		}
	}
}

func TestValuesAreCutAtSeparatorsThatAreNotEscaped(t *testing.T) {
	for _, c := range []struct {
		value string
		want  []string
	}{
		{"a|b", []string{"a", "b"}},
		{`a\|b|c`, []string{`a\|b`, "c"}},
		{`a\\|b`, []string{`a\\`, "b"}},
		{"", []string{""}},
		{"|", []string{"", ""}},
	} {
		if diff := cmp.Diff(c.want, split(c.value, '|')); diff != "" {
			t.Errorf("%s: %s", c.value, diff)
		}
	}
	if got := unescape(`a\,b\\c\$`); got != `a,b\c$` {
		t.Errorf(`want a,b\c$, got %s`, got)
	}
}

func mustRational(t *testing.T, digits string) *big.Rat {
	t.Helper()
	n, err := rational(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
