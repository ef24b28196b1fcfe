package fhirpath_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	fhirpath "firewolf/fhir/path"
)

// operands are one of each kind, with nothing, many items and a resource. They are the rows and the columns of each grid.
var operands = []string{
	"{}",
	"1",
	"1.5",
	"'a'",
	"true",
	"@2015-02-04",
	"@2015-02-04T10:00:00Z",
	"@T10:00",
	"4 'mg'",
	"2 days",
	"(1 | 2)",
	"$this",
}

// sign is what an expression gives: ! an error, . nothing, T or F a Boolean, v another value, m more than one.
func sign(t *testing.T, expr string) string {
	t.Helper()
	got, err := evaluate(t, nobody(t), expr)
	switch {
	case err != nil:
		return "!"
	case len(got) == 0:
		return "."
	case len(got) > 1:
		return "m"
	case got[0] == isTrue:
		return "T"
	case got[0] == isFalse:
		return "F"
	}
	return "v"
}

// operatorGrids say for every operator what it makes of each pair of operands: the left one has the row, the right one the column.
var operatorGrids = map[string]string{
	"+": `
		. . . . . . . . . . ! .  {}
		. v v ! ! ! ! ! . . ! !  1
		. v v ! ! ! ! ! . . ! !  1.5
		. ! ! v ! ! ! ! ! ! ! !  'a'
		. ! ! ! ! ! ! ! ! ! ! !  true
		. ! ! ! ! ! ! ! ! v ! !  @2015-02-04
		. ! ! ! ! ! ! ! ! v ! !  @2015-02-04T10:00:00Z
		. ! ! ! ! ! ! ! ! ! ! !  @T10:00
		. . . ! ! ! ! ! v . ! !  4 'mg'
		. . . ! ! ! ! ! . v ! !  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. ! ! ! ! ! ! ! ! ! ! !  $this
`,
	"-": `
		. . . . . . . . . . ! .  {}
		. v v ! ! ! ! ! . . ! !  1
		. v v ! ! ! ! ! . . ! !  1.5
		. ! ! ! ! ! ! ! ! ! ! !  'a'
		. ! ! ! ! ! ! ! ! ! ! !  true
		. ! ! ! ! ! ! ! ! v ! !  @2015-02-04
		. ! ! ! ! ! ! ! ! v ! !  @2015-02-04T10:00:00Z
		. ! ! ! ! ! ! ! ! ! ! !  @T10:00
		. . . ! ! ! ! ! v . ! !  4 'mg'
		. . . ! ! ! ! ! . v ! !  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. ! ! ! ! ! ! ! ! ! ! !  $this
`,
	"*": `
		. . . . . . . . . . ! .  {}
		. v v ! ! ! ! ! v v ! !  1
		. v v ! ! ! ! ! v v ! !  1.5
		. ! ! ! ! ! ! ! ! ! ! !  'a'
		. ! ! ! ! ! ! ! ! ! ! !  true
		. ! ! ! ! ! ! ! ! ! ! !  @2015-02-04
		. ! ! ! ! ! ! ! ! ! ! !  @2015-02-04T10:00:00Z
		. ! ! ! ! ! ! ! ! ! ! !  @T10:00
		. v v ! ! ! ! ! v . ! !  4 'mg'
		. v v ! ! ! ! ! . . ! !  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. ! ! ! ! ! ! ! ! ! ! !  $this
`,
	"/": `
		. . . . . . . . . . ! .  {}
		. v v ! ! ! ! ! v . ! !  1
		. v v ! ! ! ! ! v . ! !  1.5
		. ! ! ! ! ! ! ! ! ! ! !  'a'
		. ! ! ! ! ! ! ! ! ! ! !  true
		. ! ! ! ! ! ! ! ! ! ! !  @2015-02-04
		. ! ! ! ! ! ! ! ! ! ! !  @2015-02-04T10:00:00Z
		. ! ! ! ! ! ! ! ! ! ! !  @T10:00
		. v v ! ! ! ! ! v . ! !  4 'mg'
		. v v ! ! ! ! ! . v ! !  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. ! ! ! ! ! ! ! ! ! ! !  $this
`,
	"div": `
		. . . . . . . . . . ! .  {}
		. v v ! ! ! ! ! ! ! ! !  1
		. v v ! ! ! ! ! ! ! ! !  1.5
		. ! ! ! ! ! ! ! ! ! ! !  'a'
		. ! ! ! ! ! ! ! ! ! ! !  true
		. ! ! ! ! ! ! ! ! ! ! !  @2015-02-04
		. ! ! ! ! ! ! ! ! ! ! !  @2015-02-04T10:00:00Z
		. ! ! ! ! ! ! ! ! ! ! !  @T10:00
		. ! ! ! ! ! ! ! ! ! ! !  4 'mg'
		. ! ! ! ! ! ! ! ! ! ! !  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. ! ! ! ! ! ! ! ! ! ! !  $this
`,
	"mod": `
		. . . . . . . . . . ! .  {}
		. v v ! ! ! ! ! ! ! ! !  1
		. v v ! ! ! ! ! ! ! ! !  1.5
		. ! ! ! ! ! ! ! ! ! ! !  'a'
		. ! ! ! ! ! ! ! ! ! ! !  true
		. ! ! ! ! ! ! ! ! ! ! !  @2015-02-04
		. ! ! ! ! ! ! ! ! ! ! !  @2015-02-04T10:00:00Z
		. ! ! ! ! ! ! ! ! ! ! !  @T10:00
		. ! ! ! ! ! ! ! ! ! ! !  4 'mg'
		. ! ! ! ! ! ! ! ! ! ! !  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. ! ! ! ! ! ! ! ! ! ! !  $this
`,
	"&": `
		v ! ! v ! ! ! ! ! ! ! !  {}
		! ! ! ! ! ! ! ! ! ! ! !  1
		! ! ! ! ! ! ! ! ! ! ! !  1.5
		v ! ! v ! ! ! ! ! ! ! !  'a'
		! ! ! ! ! ! ! ! ! ! ! !  true
		! ! ! ! ! ! ! ! ! ! ! !  @2015-02-04
		! ! ! ! ! ! ! ! ! ! ! !  @2015-02-04T10:00:00Z
		! ! ! ! ! ! ! ! ! ! ! !  @T10:00
		! ! ! ! ! ! ! ! ! ! ! !  4 'mg'
		! ! ! ! ! ! ! ! ! ! ! !  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		! ! ! ! ! ! ! ! ! ! ! !  $this
`,
	"=": `
		. . . . . . . . . . . .  {}
		. T F F F F F F . . F F  1
		. F T F F F F F . . F F  1.5
		. F F T F F F F F F F F  'a'
		. F F F T F F F F F F F  true
		. F F F F T . F F F F F  @2015-02-04
		. F F F F . T F F F F F  @2015-02-04T10:00:00Z
		. F F F F F F T F F F F  @T10:00
		. . . F F F F F T . F F  4 'mg'
		. . . F F F F F . T F F  2 days
		. F F F F F F F F F T F  (1 | 2)
		. F F F F F F F F F F T  $this
`,
	"!=": `
		. . . . . . . . . . . .  {}
		. F T T T T T T . . T T  1
		. T F T T T T T . . T T  1.5
		. T T F T T T T T T T T  'a'
		. T T T F T T T T T T T  true
		. T T T T F . T T T T T  @2015-02-04
		. T T T T . F T T T T T  @2015-02-04T10:00:00Z
		. T T T T T T F T T T T  @T10:00
		. . . T T T T T F . T T  4 'mg'
		. . . T T T T T . F T T  2 days
		. T T T T T T T T T F T  (1 | 2)
		. T T T T T T T T T T F  $this
`,
	"~": `
		T F F F F F F F F F F F  {}
		F T F F F F F F F F F F  1
		F F T F F F F F F F F F  1.5
		F F F T F F F F F F F F  'a'
		F F F F T F F F F F F F  true
		F F F F F T F F F F F F  @2015-02-04
		F F F F F F T F F F F F  @2015-02-04T10:00:00Z
		F F F F F F F T F F F F  @T10:00
		F F F F F F F F T F F F  4 'mg'
		F F F F F F F F F T F F  2 days
		F F F F F F F F F F T F  (1 | 2)
		F F F F F F F F F F F T  $this
`,
	"!~": `
		F T T T T T T T T T T T  {}
		T F T T T T T T T T T T  1
		T T F T T T T T T T T T  1.5
		T T T F T T T T T T T T  'a'
		T T T T F T T T T T T T  true
		T T T T T F T T T T T T  @2015-02-04
		T T T T T T F T T T T T  @2015-02-04T10:00:00Z
		T T T T T T T F T T T T  @T10:00
		T T T T T T T T F T T T  4 'mg'
		T T T T T T T T T F T T  2 days
		T T T T T T T T T T F T  (1 | 2)
		T T T T T T T T T T T F  $this
`,
	"<": `
		. . . . . . . . . . . .  {}
		. F T ! ! ! ! ! . . ! !  1
		. F F ! ! ! ! ! . . ! !  1.5
		. ! ! F ! ! ! ! ! ! ! !  'a'
		. ! ! ! ! ! ! ! ! ! ! !  true
		. ! ! ! ! F . ! ! ! ! !  @2015-02-04
		. ! ! ! ! . F ! ! ! ! !  @2015-02-04T10:00:00Z
		. ! ! ! ! ! ! F ! ! ! !  @T10:00
		. . . ! ! ! ! ! F . ! !  4 'mg'
		. . . ! ! ! ! ! . F ! !  2 days
		. ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. ! ! ! ! ! ! ! ! ! ! !  $this
`,
	">": `
		. . . . . . . . . . . .  {}
		. F F ! ! ! ! ! . . ! !  1
		. T F ! ! ! ! ! . . ! !  1.5
		. ! ! F ! ! ! ! ! ! ! !  'a'
		. ! ! ! ! ! ! ! ! ! ! !  true
		. ! ! ! ! F . ! ! ! ! !  @2015-02-04
		. ! ! ! ! . F ! ! ! ! !  @2015-02-04T10:00:00Z
		. ! ! ! ! ! ! F ! ! ! !  @T10:00
		. . . ! ! ! ! ! F . ! !  4 'mg'
		. . . ! ! ! ! ! . F ! !  2 days
		. ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. ! ! ! ! ! ! ! ! ! ! !  $this
`,
	"<=": `
		. . . . . . . . . . . .  {}
		. T T ! ! ! ! ! . . ! !  1
		. F T ! ! ! ! ! . . ! !  1.5
		. ! ! T ! ! ! ! ! ! ! !  'a'
		. ! ! ! ! ! ! ! ! ! ! !  true
		. ! ! ! ! T . ! ! ! ! !  @2015-02-04
		. ! ! ! ! . T ! ! ! ! !  @2015-02-04T10:00:00Z
		. ! ! ! ! ! ! T ! ! ! !  @T10:00
		. . . ! ! ! ! ! T . ! !  4 'mg'
		. . . ! ! ! ! ! . T ! !  2 days
		. ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. ! ! ! ! ! ! ! ! ! ! !  $this
`,
	">=": `
		. . . . . . . . . . . .  {}
		. T F ! ! ! ! ! . . ! !  1
		. T T ! ! ! ! ! . . ! !  1.5
		. ! ! T ! ! ! ! ! ! ! !  'a'
		. ! ! ! ! ! ! ! ! ! ! !  true
		. ! ! ! ! T . ! ! ! ! !  @2015-02-04
		. ! ! ! ! . T ! ! ! ! !  @2015-02-04T10:00:00Z
		. ! ! ! ! ! ! T ! ! ! !  @T10:00
		. . . ! ! ! ! ! T . ! !  4 'mg'
		. . . ! ! ! ! ! . T ! !  2 days
		. ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. ! ! ! ! ! ! ! ! ! ! !  $this
`,
	"and": `
		. . . . . . . . . . ! .  {}
		. T T T T T T T T T ! T  1
		. T T T T T T T T T ! T  1.5
		. T T T T T T T T T ! T  'a'
		. T T T T T T T T T ! T  true
		. T T T T T T T T T ! T  @2015-02-04
		. T T T T T T T T T ! T  @2015-02-04T10:00:00Z
		. T T T T T T T T T ! T  @T10:00
		. T T T T T T T T T ! T  4 'mg'
		. T T T T T T T T T ! T  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. T T T T T T T T T ! T  $this
`,
	"or": `
		. T T T T T T T T T ! T  {}
		T T T T T T T T T T T T  1
		T T T T T T T T T T T T  1.5
		T T T T T T T T T T T T  'a'
		T T T T T T T T T T T T  true
		T T T T T T T T T T T T  @2015-02-04
		T T T T T T T T T T T T  @2015-02-04T10:00:00Z
		T T T T T T T T T T T T  @T10:00
		T T T T T T T T T T T T  4 'mg'
		T T T T T T T T T T T T  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		T T T T T T T T T T T T  $this
`,
	"xor": `
		. . . . . . . . . . ! .  {}
		. F F F F F F F F F ! F  1
		. F F F F F F F F F ! F  1.5
		. F F F F F F F F F ! F  'a'
		. F F F F F F F F F ! F  true
		. F F F F F F F F F ! F  @2015-02-04
		. F F F F F F F F F ! F  @2015-02-04T10:00:00Z
		. F F F F F F F F F ! F  @T10:00
		. F F F F F F F F F ! F  4 'mg'
		. F F F F F F F F F ! F  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. F F F F F F F F F ! F  $this
`,
	"implies": `
		. T T T T T T T T T ! T  {}
		. T T T T T T T T T ! T  1
		. T T T T T T T T T ! T  1.5
		. T T T T T T T T T ! T  'a'
		. T T T T T T T T T ! T  true
		. T T T T T T T T T ! T  @2015-02-04
		. T T T T T T T T T ! T  @2015-02-04T10:00:00Z
		. T T T T T T T T T ! T  @T10:00
		. T T T T T T T T T ! T  4 'mg'
		. T T T T T T T T T ! T  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		. T T T T T T T T T ! T  $this
`,
	"in": `
		. . . . . . . . . . . .  {}
		F T F F F F F F F F T F  1
		F F T F F F F F F F F F  1.5
		F F F T F F F F F F F F  'a'
		F F F F T F F F F F F F  true
		F F F F F T F F F F F F  @2015-02-04
		F F F F F F T F F F F F  @2015-02-04T10:00:00Z
		F F F F F F F T F F F F  @T10:00
		F F F F F F F F T F F F  4 'mg'
		F F F F F F F F F T F F  2 days
		! ! ! ! ! ! ! ! ! ! ! !  (1 | 2)
		F F F F F F F F F F F T  $this
`,
	"contains": `
		. F F F F F F F F F ! F  {}
		. T F F F F F F F F ! F  1
		. F T F F F F F F F ! F  1.5
		. F F T F F F F F F ! F  'a'
		. F F F T F F F F F ! F  true
		. F F F F T F F F F ! F  @2015-02-04
		. F F F F F T F F F ! F  @2015-02-04T10:00:00Z
		. F F F F F F T F F ! F  @T10:00
		. F F F F F F F T F ! F  4 'mg'
		. F F F F F F F F T ! F  2 days
		. T F F F F F F F F ! F  (1 | 2)
		. F F F F F F F F F ! T  $this
`,
	"|": `
		. v v v T v v v v v m v  {}
		v v m m m m m m m m m m  1
		v m v m m m m m m m m m  1.5
		v m m v m m m m m m m m  'a'
		T m m m T m m m m m m m  true
		v m m m m v m m m m m m  @2015-02-04
		v m m m m m v m m m m m  @2015-02-04T10:00:00Z
		v m m m m m m v m m m m  @T10:00
		v m m m m m m m v m m m  4 'mg'
		v m m m m m m m m v m m  2 days
		m m m m m m m m m m m m  (1 | 2)
		v m m m m m m m m m m v  $this
`,
}

// https://hl7.org/fhirpath/N1/#operations
func TestOperatorsOnEachPairOfOperands(t *testing.T) {
	for op, grid := range operatorGrids {
		t.Run(op, func(t *testing.T) {
			var got []string
			for _, left := range operands {
				row := make([]string, len(operands))
				for k, right := range operands {
					row[k] = sign(t, "("+left+") "+op+" ("+right+")")
				}
				got = append(got, strings.Join(row, " ")+"  "+left)
			}
			var want []string
			for line := range strings.Lines(strings.TrimSpace(grid)) {
				want = append(want, strings.TrimSpace(line))
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("the columns are %s (-want +got):\n%s", strings.Join(operands, ", "), d)
			}
		})
	}
}

func TestEachOperatorHasAGrid(t *testing.T) {
	for _, op := range fhirpath.Operators() {
		if _, ok := operatorGrids[op]; !ok && !slices.Contains([]string{"is", "as"}, op) { // their right side is a type
			t.Errorf("%s is not tried with each pair of operands", op)
		}
	}
}
