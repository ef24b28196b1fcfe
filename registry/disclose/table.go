package disclose

import "cmp"

// Table counts disjoint groups of patients (rows) by disjoint parts (columns). Every patient of a row is in one part, so
// that the sums of rows and of columns are told or known beside it.
type Table [][]int

// Mask says what of a table is hidden. It has the shape of the table, and of its sums.
type Mask struct {
	Cells [][]bool
	Rows  []bool // the sum of a row
	Cols  []bool // the sum of a column
	Total bool
}

// Small reports whether a count must not be shown.
func Small(n, k int) bool { return 0 < n && n < k }

// few reports whether a group must not be shown. A group of nobody is one of them: who chooses whom a group holds would hear of a single
// patient by whether it is empty.
func few(n, k int) bool { return n < k && k > 1 }

// Secret says of more cells that they must not be told, nor follow: of a cell of a row, of the sum of a column where row is -1, or of the sum of
// a row where col is -1. nil says it of none.
type Secret func(row, col int) bool

// Protect decides what to hide, so that no count of 1 to k-1 is shown or follows from what is, nor whether a row or the whole
// table is empty. With k of 1 or less nothing is hidden.
//
// The sums of the columns are decided first and alone, as they would be without rows, and so are the sums of the rows: who
// asks again with other rows sees the same sums, and learns nothing by comparing. The cells are then hidden as if all sums
// were known. Beside small counts those of columns that are last are hidden after the others; nil for none.
func Protect(t Table, k int, secret Secret, last func(col int) bool) Mask {
	low := func(sum int) bool { return few(sum, k) } // where a zero is secret too, so is that all hidden counts are
	if secret == nil || k <= 1 {
		secret = func(int, int) bool { return false }
		low = func(sum int) bool { return Small(sum, k) }
	}
	rows, cols, total := t.sums()
	m := Mask{Cells: make([][]bool, len(t)), Total: few(total, k)}
	m.Cols = line(cols, k, func(n, c int) bool { return Small(n, k) || secret(-1, c) }, low, last)
	m.Rows = line(rows, k, func(n, r int) bool { return few(n, k) || secret(r, -1) }, func(sum int) bool { return few(sum, k) }, nil)
	for r := range t {
		m.Cells[r] = make([]bool, len(t[r]))
		for c, n := range t[r] {
			m.Cells[r][c] = m.Total || m.Rows[r] || m.Cols[c] || Small(n, k) || secret(r, c)
		}
	}
	for t.hideMore(m, low, last) {
	}
	if k > 1 && t.solvable(m) {
		for r := range m.Cells {
			for c := range m.Cells[r] {
				m.Cells[r][c] = true
			}
		}
	}
	return m
}

func (t Table) sums() (rows, cols []int, total int) {
	rows = make([]int, len(t))
	if len(t) > 0 {
		cols = make([]int, len(t[0]))
	}
	for r := range t {
		for c, n := range t[r] {
			rows[r] += n
			cols[c] += n
			total += n
		}
	}
	return rows, cols, total
}

// line decides what to hide of counts whose sum is known.
func line(counts []int, k int, hide func(n, at int) bool, low func(sum int) bool, last func(at int) bool) []bool {
	hidden := make([]bool, len(counts))
	total := 0
	for i, n := range counts {
		hidden[i] = hide(n, i)
		total += n
	}
	if few(total, k) {
		for i := range hidden { // a zero beside a hidden sum would narrow down the others
			hidden[i] = true
		}
		return hidden
	}
	for {
		i := second(counts, hidden, low, last)
		if i < 0 {
			return hidden
		}
		hidden[i] = true
	}
}

// second returns which count to hide beside those that are hidden: while it is one alone, or their sum, which follows from
// the known one, is small itself. It takes the smallest, those that are last after the others, and a zero after all, as hiding that adds nothing to the
// sum; -1 for none.
func second(counts []int, hidden []bool, low func(sum int) bool, last func(at int) bool) int {
	n, sum := 0, 0
	for i, h := range hidden {
		if h {
			n++
			sum += counts[i]
		}
	}
	if n == 0 || n > 1 && !low(sum) {
		return -1
	}
	rank := func(i int) int {
		switch {
		case counts[i] == 0:
			return 2
		case last != nil && last(i):
			return 1
		default:
			return 0
		}
	}
	best := -1
	for i, h := range hidden {
		if !h && (best < 0 || cmp.Or(cmp.Compare(rank(i), rank(best)), cmp.Compare(counts[i], counts[best])) < 0) {
			best = i
		}
	}
	return best
}

// hideMore hides one more cell of a row or a column that needs it, and reports whether any did.
func (t Table) hideMore(m Mask, low func(sum int) bool, last func(col int) bool) bool {
	for r := range t {
		if c := second(t[r], m.Cells[r], low, last); c >= 0 {
			m.Cells[r][c] = true
			return true
		}
	}
	if len(t) < 2 {
		return false
	}
	for c := range t[0] {
		counts, hidden := make([]int, len(t)), make([]bool, len(t))
		for r := range t {
			counts[r], hidden[r] = t[r][c], m.Cells[r][c]
		}
		if r := second(counts, hidden, low, nil); r >= 0 {
			m.Cells[r][c] = true
			return true
		}
	}
	return false
}

// solvable reports whether a hidden cell follows from the sums and the cells that are shown. Rows and columns are the nodes
// of a graph whose edges are the hidden cells: a cell follows if it is the only way between two parts of that graph.
func (t Table) solvable(m Mask) bool {
	if len(t) < 2 {
		return false
	}
	for r := range m.Cells {
		for c, hidden := range m.Cells[r] {
			if hidden && !m.connected(r, c) {
				return true
			}
		}
	}
	return false
}

// connected reports whether row r and column c are connected by hidden cells other than the one where they meet.
func (m Mask) connected(r, c int) bool {
	rows, cols := map[int]bool{r: true}, map[int]bool{}
	for grown := true; grown; {
		grown = false
		for i := range m.Cells {
			for j, hidden := range m.Cells[i] {
				if !hidden || i == r && j == c || rows[i] == cols[j] {
					continue
				}
				rows[i], cols[j], grown = true, true, true
			}
		}
	}
	return cols[c]
}
