package disclose

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawn shows a table as it may be told: rows, their sums, and the sums of columns with the total; hidden is "*".
func drawn(t Table, m Mask) string {
	show := func(n int, hidden bool) string {
		if hidden {
			return "*"
		}
		return fmt.Sprintf("%02d", n)
	}
	rows, cols, total := t.sums()
	var lines []string
	for r := range t {
		var l []string
		for c, n := range t[r] {
			l = append(l, show(n, m.Cells[r][c]))
		}
		lines = append(lines, strings.Join(append(l, "= "+show(rows[r], m.Rows[r])), " "))
	}
	var l []string
	for c, n := range cols {
		l = append(l, show(n, m.Cols[c]))
	}
	return strings.Join(append(lines, strings.Join(append(l, "= "+show(total, m.Total)), " ")), "\n")
}

func TestSmallCountsAreHiddenWithWhatWouldTellThem(t *testing.T) {
	tests := []struct {
		name string
		k    int
		in   Table
		want string
	}{
		{"nothing is small", 5, Table{{10, 20}}, "10 20 = 30\n10 20 = 30"},
		{"one small part of two", 5, Table{{3, 20}}, "* * = 23\n* * = 23"},
		{"a second part is hidden, the smallest", 5, Table{{3, 20, 30}}, "* * 30 = 53\n* * 30 = 53"},
		{"two small parts whose sum is small", 5, Table{{2, 2, 30, 40}}, "* * * 40 = 74\n* * * 40 = 74"},
		{"two small parts are enough", 5, Table{{3, 4, 30}}, "* * 30 = 37\n* * 30 = 37"},
		{"a zero is told", 5, Table{{0, 20}}, "00 20 = 20\n00 20 = 20"},
		{"a zero is hidden last", 5, Table{{3, 0, 20}}, "* 00 * = 23\n* 00 * = 23"},
		{"k itself is told", 5, Table{{5, 20}}, "05 20 = 25\n05 20 = 25"},
		{"all of a small group", 5, Table{{1, 0}}, "* * = *\n* * = *"},
		{"nobody looks as one does", 5, Table{{0, 0}}, "* * = *\n* * = *"},
		{"a group of nobody is hidden with another", 5, Table{{0, 0}, {20, 30}, {40, 50}}, "* * = *\n* * = *\n40 50 = 90\n60 80 = 140"},
		{"nothing is hidden with k 1", 1, Table{{1, 2}}, "01 02 = 03\n01 02 = 03"},
		{"nothing is hidden with k 0", 0, Table{{1, 2}}, "01 02 = 03\n01 02 = 03"},
		{"one small cell takes a square", 5, Table{{3, 20}, {30, 40}}, "* * = 23\n* * = 70\n33 60 = 93"},
		{"a small row takes its column's second", 5, Table{{3, 0}, {20, 30}, {40, 50}}, "* * = *\n* * = *\n40 50 = 90\n63 80 = 143"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, drawn(tt.in, Protect(tt.in, tt.k, nil, nil))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The attacker of this test knows every sum, told or not, and every cell that is told, and solves for the rest: no hidden cell may
// come out. And no group of cells of one line that were hidden may be known to be small by what is left of the sum.
func TestNoHiddenCellFollowsFromWhatIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom([]int{3, 5, 11}).Draw(t, "k")
		table := make(Table, rapid.IntRange(1, 5).Draw(t, "rows"))
		cols := rapid.IntRange(1, 6).Draw(t, "cols")
		for r := range table {
			for range cols {
				table[r] = append(table[r], rapid.OneOf(rapid.IntRange(0, 12), rapid.IntRange(0, 60), rapid.Just(0)).Draw(t, "n"))
			}
		}
		m := Protect(table, k, nil, nil)
		rows, sums, total := table.sums()
		told := func(n int, hidden bool) {
			if !hidden && Small(n, k) {
				t.Fatalf("%d is told:\n%s", n, drawn(table, m))
			}
		}
		told(total, m.Total)
		for r := range table {
			told(rows[r], m.Rows[r])
			for c, n := range table[r] {
				told(n, m.Cells[r][c])
			}
		}
		for c := range sums {
			told(sums[c], m.Cols[c])
		}
		for _, cell := range derived(table, m) {
			if n := table[cell[0]][cell[1]]; Small(n, k) && rows[cell[0]] >= k && sums[cell[1]] >= k {
				t.Fatalf("the %d of row %d, column %d follows:\n%s", n, cell[0], cell[1], drawn(table, m))
			}
		}
		for r := range table {
			left := 0
			for c, n := range table[r] {
				if m.Cells[r][c] {
					left += n
				}
			}
			if Small(left, k) && !m.Rows[r] {
				t.Fatalf("row %d has %d left:\n%s", r, left, drawn(table, m))
			}
		}
	})
}

// derived solves the equations of all sums and all cells that are told, and returns the hidden cells that have one solution.
func derived(t Table, m Mask) [][2]int {
	var unknowns [][2]int
	place := map[[2]int]int{}
	for r := range t {
		for c := range t[r] {
			if m.Cells[r][c] {
				place[[2]int{r, c}] = len(unknowns)
				unknowns = append(unknowns, [2]int{r, c})
			}
		}
	}
	var equations [][]float64
	line := func(cells func(yield func(r, c int))) {
		e := make([]float64, len(unknowns))
		cells(func(r, c int) {
			if k, ok := place[[2]int{r, c}]; ok {
				e[k] = 1
			}
		})
		equations = append(equations, e)
	}
	for r := range t {
		line(func(yield func(r, c int)) {
			for c := range t[r] {
				yield(r, c)
			}
		})
	}
	for c := range t[0] {
		line(func(yield func(r, c int)) {
			for r := range t {
				yield(r, c)
			}
		})
	}
	var out [][2]int
	for _, row := range reduced(equations) {
		ones, at := 0, -1
		for k, x := range row {
			if math.Abs(x) > 1e-9 {
				ones, at = ones+1, k
			}
		}
		if ones == 1 {
			out = append(out, unknowns[at])
		}
	}
	return out
}

// reduced is the reduced row echelon form.
func reduced(a [][]float64) [][]float64 {
	lead := 0
	for r := 0; r < len(a) && len(a[r]) > lead; {
		pivot := -1
		for i := r; i < len(a); i++ {
			if math.Abs(a[i][lead]) > 1e-9 {
				pivot = i
				break
			}
		}
		if pivot < 0 {
			lead++
			continue
		}
		a[r], a[pivot] = a[pivot], a[r]
		f := a[r][lead]
		for k := range a[r] {
			a[r][k] /= f
		}
		for i := range a {
			if i == r {
				continue
			}
			f := a[i][lead]
			for k := range a[i] {
				a[i][k] -= f * a[r][k]
			}
		}
		r++
		lead++
	}
	return a
}
