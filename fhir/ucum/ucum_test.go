package ucum_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/decimal"
	"firewolf/fhir/ucum"
)

func number(t testing.TB, s string) decimal.Decimal {
	t.Helper()
	d, err := decimal.Parse(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return d
}

// canonical is the answer of Unit.Canonical as text.
type canonical struct{ Text, Factor, Offset string }

func canonicalOf(t testing.TB, table *ucum.Table, code string) canonical {
	t.Helper()
	u, err := table.Parse(code)
	if err != nil {
		t.Fatal(err)
	}
	text, factor, offset := u.Canonical()
	return canonical{text, factor.RatString(), offset.RatString()}
}

func TestTheCanonicalFormIsOfBaseUnitsWithAnExactFactor(t *testing.T) {
	table := ucum.New()
	tests := []struct {
		code string
		want canonical
	}{
		{"m", canonical{"m", "1", "0"}},
		{"kg", canonical{"g", "1000", "0"}},
		{"1", canonical{"1", "1", "0"}},
		{"%", canonical{"1", "1/100", "0"}},
		{"mol", canonical{"1", "602213670000000000000000", "0"}},
		{"N", canonical{"g.m.s-2", "1000", "0"}},
		{"kg.m/s2", canonical{"g.m.s-2", "1000", "0"}},
		{"V", canonical{"C-1.g.m2.s-2", "1000", "0"}},
		{"lx", canonical{"cd.m-2.rad2", "1", "0"}},
		{"[in_i]", canonical{"m", "127/5000", "0"}},
		{"mm[Hg]", canonical{"g.m-1.s-2", "133322", "0"}},
		{"dam", canonical{"m", "10", "0"}},
		{"dar", canonical{"m2", "10", "0"}},
		{"cd", canonical{"cd", "1", "0"}},
		{"Kibit", canonical{"1", "1024", "0"}},
		{"Cel", canonical{"K", "1", "5463/20"}},
		{"mCel", canonical{"K", "1/1000", "273150"}},
		{"[degF]", canonical{"K", "5/9", "45967/100"}},
		{"[degRe]", canonical{"K", "5/4", "5463/25"}},
		{"[iU]", canonical{"[iU]", "1", "0"}},
		{"[IU]", canonical{"[iU]", "1", "0"}},
		{"m[IU]/L", canonical{"[iU].m-3", "1", "0"}},
		{"[arb'U]/mL", canonical{"[arb'U].m-3", "1000000", "0"}},
		{"[pH]", canonical{"[pH]", "1", "0"}},
		{"dB", canonical{"B", "1/10", "0"}},
		{"B[10.nV]", canonical{"B[10.nV]", "1", "0"}},
		{"[m/s2/Hz^(1/2)]", canonical{"[m/s2/Hz^(1/2)]", "1", "0"}},
		// grammar
		{"/min", canonical{"s-1", "1/60", "0"}},
		{"/min.s", canonical{"1", "1/60", "0"}},
		{"m/s/s", canonical{"m.s-2", "1", "0"}},
		{"m/(s/s)", canonical{"m", "1", "0"}},
		{"m/(s.s)", canonical{"m.s-2", "1", "0"}},
		{"/(12.h)", canonical{"s-1", "1/43200", "0"}},
		{"m2", canonical{"m2", "1", "0"}},
		{"m+2", canonical{"m2", "1", "0"}},
		{"m-2", canonical{"m-2", "1", "0"}},
		{"km-2", canonical{"m-2", "1/1000000", "0"}},
		{"m0", canonical{"1", "1", "0"}},
		{"Cel1", canonical{"K", "1", "5463/20"}},
		{"10*9", canonical{"1", "1000000000", "0"}},
		{"10^-3", canonical{"1", "1/1000", "0"}},
		{"10*", canonical{"1", "10", "0"}},
		{"12", canonical{"1", "12", "0"}},
		{"/100{WBC}", canonical{"1", "1/100", "0"}},
		{"{score}", canonical{"1", "1", "0"}},
		{"mL/min/{1.73_m2}", canonical{"m3.s-1", "1/60000000", "0"}},
		{"mg{total protein}/dL{serum}", canonical{"g.m-3", "10", "0"}},
		{"''", canonical{"rad", canonicalOf(t, table, "'/60").Factor, "0"}},
		{"(m)", canonical{"m", "1", "0"}},
		{"Ym99.ym99", canonical{"m198", "1", "0"}},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, canonicalOf(t, table, tt.code)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheUnitsOfTheClinicalFieldAreUnderstood(t *testing.T) {
	table := ucum.New()
	want := map[string]canonical{
		"[IU]/mL": {"[iU].m-3", "1000000", "0"}, "[arb'U]/mL": {"[arb'U].m-3", "1000000", "0"},
		"mg/dL": {"g.m-3", "10", "0"}, "g/L": {"g.m-3", "1000", "0"}, "g/dL": {"g.m-3", "10000", "0"}, "g/l": {"g.m-3", "1000", "0"},
		"mg/L": {"g.m-3", "1", "0"}, "ng/mL": {"g.m-3", "1/1000", "0"}, "pg/mL": {"g.m-3", "1/1000000", "0"}, "ug/L": {"g.m-3", "1/1000", "0"},
		"mg/g": {"1", "1/1000", "0"}, "g/g": {"1", "1", "0"}, "mg/mmol": {"g", "1/602213670000000000000000", "0"},
		"g/(24.h)": {"g.s-1", "1/86400", "0"}, "mg/(24.h)": {"g.s-1", "1/86400000", "0"}, "mg/d": {"g.s-1", "1/86400000", "0"},
		"umol/L": {"m-3", "602213670000000000000", "0"}, "mmol/L": {"m-3", "602213670000000000000000", "0"},
		"10*9/L": {"m-3", "1000000000000", "0"}, "10*3/uL": {"m-3", "1000000000000", "0"}, "/uL": {"m-3", "1000000000", "0"}, "10*6/L": {"m-3", "1000000000", "0"},
		"U/L": {"m-3.s-1", "10036894500000000000", "0"}, "%": {"1", "1/100", "0"}, "mm/h": {"m.s-1", "1/3600000", "0"}, "{titer}": {"1", "1", "0"},
		"/[HPF]": {"1", "1", "0"}, "kg": {"g", "1000", "0"}, "cm": {"m", "1/100", "0"}, "m2": {"m2", "1", "0"}, "Cel": {"K", "1", "5463/20"},
		"10*6/kg": {"g-1", "1000", "0"}, "10*6": {"1", "1000000", "0"}, "mg/m2": {"g.m-2", "1/1000", "0"}, "mg/kg": {"1", "1/1000000", "0"},
		"{score}": {"1", "1", "0"}, "{grade}": {"1", "1", "0"}, "d": {"s", "86400", "0"}, "mo": {"s", "2629800", "0"}, "a": {"s", "31557600", "0"},
		"mm[Hg]": {"g.m-1.s-2", "133322", "0"}, "/min": {"s-1", "1/60", "0"}, "mL/min/{1.73_m2}": {"m3.s-1", "1/60000000", "0"},
	}
	got := map[string]canonical{}
	for code := range want {
		got[code] = canonicalOf(t, table, code)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWrongUnitsAreRefusedWithThePlace(t *testing.T) {
	const alone = "a unit such as Cel, [degF] or [pH] stands alone: products, quotients and powers of it have no meaning"
	tests := []struct{ code, want string }{
		{"", `the unit "" is wrong at character 1: a unit is missing`},
		{"IU", `the unit "IU" is wrong at character 1: "IU" is no unit of UCUM`},
		{"mg/DL", `the unit "mg/DL" is wrong at character 4: "DL" is no unit of UCUM`},
		{"k[degF]", `the unit "k[degF]" is wrong at character 1: the unit "[degF]" takes no prefix`},
		{"kmin", `the unit "kmin" is wrong at character 1: the unit "min" takes no prefix`},
		{"k", `the unit "k" is wrong at character 1: "k" is no unit of UCUM`},
		{"kk", `the unit "kk" is wrong at character 1: "kk" is no unit of UCUM`},
		{"mg//dL", `the unit "mg//dL" is wrong at character 4: a unit is missing`},
		{"mg/", `the unit "mg/" is wrong at character 4: a unit is missing`},
		{".m", `the unit ".m" is wrong at character 1: a unit is missing`},
		{"m..s", `the unit "m..s" is wrong at character 3: a unit is missing`},
		{"/", `the unit "/" is wrong at character 2: a unit is missing`},
		{"()", `the unit "()" is wrong at character 2: a unit is missing`},
		{"(m", `the unit "(m" is wrong at character 3: a parenthesis is not closed`},
		{"m)", `the unit "m)" is wrong at character 2: a parenthesis is closed that was not opened`},
		{"(m)2", `the unit "(m)2" is wrong at character 4: a point or a solidus is missing`},
		{"(/m)", `the unit "(/m)" is wrong at character 2: a unit is missing`},
		{"{a", `the unit "{a" is wrong at character 2: a brace is not closed`},
		{"{a{b}}", `the unit "{a{b}}" is wrong at character 2: a brace is not closed`},
		{"a}", `the unit "a}" is wrong at character 2: a point or a solidus is missing`},
		{"m{a}{b}", `the unit "m{a}{b}" is wrong at character 5: a point or a solidus is missing`},
		{"m{a}2", `the unit "m{a}2" is wrong at character 5: a point or a solidus is missing`},
		{"m-", `the unit "m-" is wrong at character 3: an exponent is missing after its sign`},
		{"m^2", `the unit "m^2" is wrong at character 1: "m^" is no unit of UCUM`},
		{"m100", `the unit "m100" is wrong at character 2: an exponent is at most 99`},
		{"m99999999999999999999", `the unit "m99999999999999999999" is wrong at character 2: an exponent is at most 99`},
		{"0.m", `the unit "0.m" is wrong at character 1: a factor is a positive integer of at most 15 digits`},
		{"1234567890123456.m", `the unit "1234567890123456.m" is wrong at character 1: a factor is a positive integer of at most 15 digits`},
		{"-1", `the unit "-1" is wrong at character 1: a unit is missing`},
		{"1.5", canonicalNote},
		{"m s", `the unit "m s" is wrong at character 1: "m s" is no unit of UCUM`},
		{"[IU", `the unit "[IU" is wrong at character 1: "[IU" is no unit of UCUM`},
		{"µg", `the unit "µg" is wrong at character 1: a unit is written in ASCII`},
		{"m\n", `the unit "m\n" is wrong at character 2: a unit is written in ASCII`},
		{"Cel/min", `the unit "Cel/min" is wrong at character 8: ` + alone},
		{"2.Cel", `the unit "2.Cel" is wrong at character 6: ` + alone},
		{"/Cel", `the unit "/Cel" is wrong at character 5: ` + alone},
		{"Cel2", `the unit "Cel2" is wrong at character 5: ` + alone},
		{"Cel0", `the unit "Cel0" is wrong at character 5: ` + alone},
		{"mol/[pH]", `the unit "mol/[pH]" is wrong at character 9: ` + alone},
	}
	table := ucum.New()
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			_, err := table.Parse(tt.code)
			if tt.want == canonicalNote {
				if err != nil {
					t.Errorf("1.5 is one times five: %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if _, again := table.Parse(tt.code); again == nil || again.Error() != err.Error() {
				t.Errorf("the second time it is %v", again)
			}
		})
	}
}

// canonicalNote marks what looks wrong and is not.
const canonicalNote = "no error"

func TestTheZeroUnitIsOne(t *testing.T) {
	var u ucum.Unit
	text, factor, offset := u.Canonical()
	v, err := u.Canonicalize(number(t, "1.50"))
	if diff := cmp.Diff([]string{"1", "1", "1", "0", "1.50"}, []string{u.String(), text, factor.RatString(), offset.RatString(), v.String()}); diff != "" || err != nil {
		t.Error(diff, err)
	}
	percent, err := ucum.New().Parse("%")
	if err != nil {
		t.Fatal(err)
	}
	up, errUp := u.Convert(number(t, "0.5"), percent)
	down, errDown := percent.Convert(number(t, "50"), u)
	if diff := cmp.Diff([]string{"50", "0.5"}, []string{up.String(), down.String()}); diff != "" || errUp != nil || errDown != nil {
		t.Error(diff, errUp, errDown)
	}
}

func TestTheFactorOfAUnitIsACopy(t *testing.T) {
	table := ucum.New()
	u, err := table.Parse("Cel")
	if err != nil {
		t.Fatal(err)
	}
	_, factor, offset := u.Canonical()
	factor.SetInt64(7)
	offset.SetInt64(7)
	if diff := cmp.Diff(canonical{"K", "1", "5463/20"}, canonicalOf(t, table, "Cel")); diff != "" {
		t.Error(diff)
	}
}
