package registry

import (
	"firewolf/registry/course"
	"firewolf/registry/disclose"
)

// counted is a table of the groups by parts, with what of it may be shown.
type counted struct {
	q     *question
	parts []string
	n     disclose.Table
	mask  disclose.Mask
}

// counting is what a table counts.
type counting struct {
	parts []string
	of    func(c *course.Course) int      // the part of a patient
	fact  func(part string) disclose.Fact // what is told of a part
	hide  func(part int) bool             // parts that must not be told; nil for none
	last  map[string]bool                 // parts that other tables tell too: they are hidden last beside small ones
	sums  [][]int                         // of parts whose sum is told elsewhere, as all of a group is here
}

// count counts the groups by the part of each patient, and notes what is shown as told. key says what is counted.
func (q *question) count(key string, parts []string, of func(c *course.Course) int) *counted {
	return q.countAs(func(part string) disclose.Fact { return disclose.Fact{Key: key + "|" + part} }, parts, of)
}

// aCohort is the fact of a count whose patients a search of the caller chose.
func aCohort(string) disclose.Fact { return disclose.Fact{Key: disclose.Cohort, Whole: true} }

// countAs is count with what is told of a part.
func (q *question) countAs(fact func(part string) disclose.Fact, parts []string, of func(c *course.Course) int) *counted {
	return q.table(counting{parts: parts, of: of, fact: fact})
}

// table counts.
func (q *question) table(x counting) *counted {
	t := &counted{q: q, parts: x.parts, n: make(disclose.Table, len(q.groups))}
	who := make([][][]string, len(q.groups))
	for r, g := range q.groups {
		t.n[r], who[r] = make([]int, len(x.parts)), make([][]string, len(x.parts))
		for _, c := range g.courses {
			p := x.of(c)
			t.n[r][p]++
			who[r][p] = append(who[r][p], c.Patient)
		}
	}
	f := q.factsOf(x, who)
	t.mask = q.protect(t.n, f, x)
	q.tell(f, t.mask, x.sums)
	return t
}

// of returns a count and whether it may be shown.
func (t *counted) of(row, part int) (int, bool) {
	if row >= 0 {
		return t.n[row][part], !t.mask.Cells[row][part]
	}
	n := 0
	for r := range t.n {
		n += t.n[r][part]
	}
	return n, len(t.n) == 0 || !t.mask.Cols[part]
}

// sum returns the sum of some parts, and whether it may be shown: only if each of them may.
func (t *counted) sum(row int, parts ...int) (int, bool) {
	total, visible := 0, true
	for _, p := range parts {
		n, ok := t.of(row, p)
		total, visible = total+n, visible && ok
	}
	return total, visible
}

// rest returns the sum of some parts, and whether it may be shown: if each of them may, or if all others may and the size of the row, of which it
// follows.
func (t *counted) rest(row int, parts []int, others ...int) (int, bool) {
	n, ok := t.sum(row, parts...)
	_, size := t.size(row)
	_, known := t.sum(row, others...)
	return n, ok || size && known
}

// size returns how many are in a row.
func (t *counted) size(row int) (int, bool) {
	total := 0
	for r := range t.n {
		for _, n := range t.n[r] {
			if row < 0 || r == row {
				total += n
			}
		}
	}
	if row < 0 {
		return total, !t.mask.Total
	}
	return total, !t.mask.Rows[row]
}

// cells are the counts of a row.
func (t *counted) cells(row int) []cell {
	n, ok := t.size(row)
	l := []cell{text("group", t.q.group(row).name), integer("n", n).when(ok)}
	for p, name := range t.parts {
		n, ok := t.of(row, p)
		l = append(l, integer(name, n).when(ok))
	}
	return l
}
