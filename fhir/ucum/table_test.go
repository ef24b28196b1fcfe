package ucum

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/decimal"
)

func TestEveryUnitOfTheTableIsWorthWhatItsDefinitionSays(t *testing.T) {
	table := New()
	counts := map[string]int{}
	for line := range strings.Lines(unitsTSV) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		counts[f[0]]++
		if f[0] != "unit" || f[3] != "ratio" {
			continue
		}
		value, err := decimal.Parse(f[4])
		if err != nil {
			t.Fatal(err)
		}
		left, unit, err := table.Canonicalize(decimal.New(1, 0), f[1])
		if err != nil {
			t.Errorf("%s: %v", f[1], err)
			continue
		}
		right, sameUnit, err := table.Canonicalize(value, f[5])
		if err != nil {
			t.Errorf("%s: %v", f[1], err)
			continue
		}
		if unit != sameUnit || !left.Equal(right) {
			t.Errorf("1 %s is %s %s, but %s %s is %s %s", f[1], left, unit, f[4], f[5], right, sameUnit)
		}
	}
	delete(counts, "# UCUM 2.0.1. Copyright Regenstrief Institute, Inc. and the UCUM Organization: see NOTICE.")
	delete(counts, "# prefix code value | base code | unit code metric|plain kind value unit")
	if diff := cmp.Diff(map[string]int{"prefix": 24, "base": 7, "unit": 303}, counts); diff != "" {
		t.Error(diff)
	}
}

func TestEveryPrefixFitsEveryMetricUnitAndNoOther(t *testing.T) {
	table := New()
	for prefix := range table.prefixes {
		for code, a := range table.atoms {
			symbol := prefix + code
			if table.atoms[symbol] != nil {
				continue // such as cd, which is the candela and no hundredth of a day
			}
			got, _, err := table.lookup(symbol)
			switch {
			case a.metric && (err != nil || got != a):
				t.Errorf("%s is not %s and %s: %v", symbol, prefix, code, err)
			case !a.metric && err == nil && got == a:
				t.Errorf("%s takes the prefix %s", code, prefix)
			}
		}
	}
}

func TestABrokenTableIsRefused(t *testing.T) {
	for table, want := range map[string]string{
		"unit\tx\tplain\tratio\t1\ty\n":       `working out x: the unit "y" is wrong at character 1: "y" is no unit of UCUM`,
		"unit\tx\tplain\tratio\t0\t1\n":       "working out x: 0 is no positive number",
		"prefix\tk\tmany\n":                   `reading the line "prefix\tk\tmany": many is no positive number`,
		"unit\tx\n":                           `reading the line "unit\tx": 2 fields are no prefix, base or unit`,
		"unit\tx\tplain\tratio\tone\t1\n":     "working out x: one is no positive number",
		"base\tm\nunit\tx\tplain\tdegF\t\t\n": "working out x:  is no positive number",
	} {
		err := (&Table{prefixes: New().prefixes, atoms: map[string]*atom{}}).read(table)
		if err == nil || err.Error() != want {
			t.Errorf("%q: want %q, got %v", table, want, err)
		}
	}
}

func TestTheTableIsThatOfThePublishedFile(t *testing.T) {
	published := filepath.Join("..", "..", "..", "shared", "data", "ucum-essence.xml")
	src, err := os.ReadFile(published)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the published table is not there:", err)
	}
	for line := range strings.Lines(unitsTSV) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) > 1 && !strings.Contains(string(src), `Code="`+f[1]+`"`) {
			t.Errorf("%s is not in the published table", f[1])
		}
	}
	if want, got := strings.Count(string(src), "<unit "), strings.Count(unitsTSV, "unit\t"); want != got {
		t.Errorf("want %d units, got %d", want, got)
	}
}

func TestTheCacheIsBoundedAndKeepsNoForeignMemory(t *testing.T) {
	table := New()
	for k := range 2*maxCached + 10 {
		if _, err := table.Parse(fmt.Sprintf("%d.m", k+1)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(table.cache.units); n > maxCached {
		t.Errorf("%d units are kept", n)
	}
	document := []byte(`{"code":"mg/dL"}`)
	code := unsafe.String(&document[9], 5)
	u, err := table.Parse(code)
	if err != nil {
		t.Fatal(err)
	}
	copy(document[9:], "xxxxx")
	again, err := table.Parse("mg/dL")
	if diff := cmp.Diff([]string{"mg/dL", "mg/dL"}, []string{u.String(), again.String()}); diff != "" || err != nil || u != again {
		t.Error(diff, err)
	}
	if _, err := table.Parse(strings.Repeat("m.", maxCode)); err == nil || table.cache.units[strings.Repeat("m.", maxCode)] != (answer{}) {
		t.Error("a unit that is too long was accepted or kept")
	}
}

func TestFactorsStayBounded(t *testing.T) {
	const want = "the unit is too large or too small"
	for _, code := range []string{strings.Repeat("Ym99.", 40) + "m", "/" + strings.Repeat("ym99/", 40) + "m"} {
		_, err := New().Parse(code)
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%.20s: %v", code, err)
		}
	}
}

func TestATableIsUsedByManyAtOnce(t *testing.T) {
	table := New()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for k := range 500 {
				if _, _, err := table.Canonicalize(decimal.New(int64(k), 0), fmt.Sprintf("%d.mg/dL", k%50+g+1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzParse(f *testing.F) {
	for _, code := range []string{"mg/dL", "/(12.h)", "10*-3", "[in_i'H2O]", "m{a}", "Cel", "((m))", "%[slope]", "]["} {
		f.Add(code)
	}
	table := New()
	f.Fuzz(func(t *testing.T, code string) {
		u, err := table.Parse(code)
		if err != nil {
			return
		}
		base, _, _ := u.Canonical()
		if _, err := table.Parse(base); err != nil && len(base) <= maxCode && !strings.Contains(err.Error(), "exponent is at most") {
			t.Fatalf("%q is measured in %q: %v", code, base, err)
		}
	})
}

func BenchmarkParseKnown(b *testing.B) {
	table := New()
	for b.Loop() {
		_, _ = table.Parse("mL/min/{1.73_m2}")
	}
}

func BenchmarkParseNew(b *testing.B) {
	table := New()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = table.parse("mL/min/{1.73_m2}")
	}
}

func BenchmarkCanonicalize(b *testing.B) {
	table := New()
	v, _ := decimal.Parse("7.2")
	for _, code := range []string{"mg/dL", "/min", "Cel"} {
		b.Run(code, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = table.Canonicalize(v, code)
			}
		})
	}
}
