package registry

import (
	"slices"

	"firewolf/registry/disclose"
)

// tableFacts are the facts of a table and of its sums.
type tableFacts struct {
	cells      [][]disclose.Fact
	rows, cols []disclose.Fact
	total      disclose.Fact
}

// factsOf are the facts of a table. Its rows share nobody, so that what two rows make up together is told too.
func (q *question) factsOf(x counting, who [][][]string) tableFacts {
	f := tableFacts{cells: make([][]disclose.Fact, len(who)), cols: make([]disclose.Fact, len(x.parts)), total: aCohort("")}
	for p := range x.parts {
		f.cols[p] = x.fact(x.parts[p])
	}
	rows, tables := q.newTable(), make([]int, len(x.parts))
	for p := range tables {
		tables[p] = q.newTable()
	}
	for r := range who {
		row := aCohort("")
		row.Table = rows
		for p := range who[r] {
			cell := x.fact(x.parts[p])
			cell.Table, cell.Patients = tables[p], who[r][p]
			f.cells[r] = append(f.cells[r], cell)
			row.Patients = append(row.Patients, who[r][p]...)
			f.cols[p].Patients = append(f.cols[p].Patients, who[r][p]...)
		}
		f.rows = append(f.rows, row)
		f.total.Patients = append(f.total.Patients, row.Patients...)
	}
	return f
}

// newTable is the number of another table of the answer.
func (q *question) newTable() int {
	q.tables++
	return q.tables
}

// at is a place of a table: -1 as row is the sum of a column, as col that of a row.
type at struct{ row, col int }

func (f tableFacts) of(a at) disclose.Fact {
	switch {
	case a.row < 0 && a.col < 0:
		return f.total
	case a.row < 0:
		return f.cols[a.col]
	case a.col < 0:
		return f.rows[a.row]
	default:
		return f.cells[a.row][a.col]
	}
}

// places are all of a table but the total. Of one row the sums of the columns are the cells.
func (f tableFacts) places() []at {
	var l []at
	for p := range f.cols {
		l = append(l, at{-1, p})
	}
	if len(f.rows) < 2 {
		return l
	}
	for r := range f.rows {
		l = append(l, at{r, -1})
		for p := range f.cells[r] {
			l = append(l, at{r, p})
		}
	}
	return l
}

// protect hides what is small, what the caller must not be told, and what is too near to another count of this answer or of an earlier one. So it
// does with what is left of a sum beside the counts that are shown: it is told as well.
func (q *question) protect(n disclose.Table, f tableFacts, x counting) disclose.Mask {
	if q.k <= 1 {
		return disclose.Protect(n, q.k, nil, nil)
	}
	secret := q.secret(f, x)
	for {
		m := disclose.Protect(n, q.k, func(row, col int) bool { return secret[at{row, col}] }, func(col int) bool { return x.last[x.parts[col]] })
		more, ok := q.nearRest(f, m, x.sums)
		if !ok {
			return m
		}
		secret[more] = true
	}
}

// secret are the places that must not be told. Counts of whom the caller chose are secret too if they are 0: who asks for one patient would hear of
// that one.
func (q *question) secret(f tableFacts, x counting) map[at]bool {
	secret := q.secretRows(f)
	places := slices.DeleteFunc(f.places(), func(a at) bool { return a.col < 0 })
	facts := make([]disclose.Fact, len(places))
	for k, a := range places {
		facts[k] = f.of(a)
	}
	near := q.tooNear(facts)
	for k, a := range places {
		if near[k] || facts[k].Whole && len(facts[k].Patients) == 0 || x.hide != nil && x.hide(a.col) {
			secret[a] = true
		}
	}
	return secret
}

// secretRows are the groups of whom not even the number may be told. They are the same in all tables of an answer.
func (q *question) secretRows(f tableFacts) map[at]bool {
	if q.rowsNear == nil {
		q.rowsNear = q.tooNear(f.rows)
	}
	secret := map[at]bool{}
	for r := range f.rows {
		if q.alone || q.rowsNear[r] {
			secret[at{r, -1}] = true
		}
	}
	return secret
}

// tooNear says which facts are too near to what this answer tells, or to what the token was told before.
func (q *question) tooNear(facts []disclose.Fact) []bool {
	near, err := q.near(facts)
	if err != nil {
		q.failed = err
		near = slices.Repeat([]bool{true}, len(facts))
	}
	for k, f := range facts {
		near[k] = near[k] || q.sheet.Near(f, q.k)
	}
	return near
}

// remainder is what is hidden of a line whose sum is told.
type remainder struct {
	hidden, shown []at
}

// rests are those of the rows, of the columns, and of the sums of both; of rows also those of the parts whose sums are told apart.
func (f tableFacts) rests(m disclose.Mask, sums [][]int) []remainder {
	var l []remainder
	line := func(told bool, over []int, hidden func(k int) bool, place func(k int) at) {
		var x remainder
		for _, k := range over {
			if a := place(k); hidden(k) {
				x.hidden = append(x.hidden, a)
			} else {
				x.shown = append(x.shown, a)
			}
		}
		if told && len(x.hidden) > 0 {
			l = append(l, x)
		}
	}
	sums = append([][]int{upTo(len(f.cols))}, sums...)
	for _, over := range sums {
		line(!m.Total, over, func(c int) bool { return m.Cols[c] }, func(c int) at { return at{-1, c} })
	}
	if len(f.rows) < 2 {
		return l
	}
	line(!m.Total, upTo(len(f.rows)), func(r int) bool { return m.Rows[r] }, func(r int) at { return at{r, -1} })
	for r := range f.rows {
		for _, over := range sums {
			line(!m.Rows[r], over, func(c int) bool { return m.Cells[r][c] }, func(c int) at { return at{r, c} })
		}
	}
	for c := range f.cols {
		line(!m.Cols[c], upTo(len(f.rows)), func(r int) bool { return m.Cells[r][c] }, func(r int) at { return at{r, c} })
	}
	return l
}

// facts are what a rest tells: how many are in any of its places. It is held against what is told of each.
func (x remainder) facts(f tableFacts) []disclose.Fact {
	var patients []string
	for _, a := range x.hidden {
		patients = append(patients, f.of(a).Patients...)
	}
	slices.Sort(patients)
	var l []disclose.Fact
	for _, a := range x.hidden {
		fact := f.of(a)
		if slices.ContainsFunc(l, func(o disclose.Fact) bool { return o.Key == fact.Key }) {
			continue
		}
		if x.mixed() {
			fact.Table, fact.Within = 0, ""
		}
		fact.Patients = patients
		l = append(l, fact)
	}
	return l
}

// mixed reports whether the places are of several parts.
func (x remainder) mixed() bool {
	return slices.ContainsFunc(x.hidden, func(a at) bool { return a.col != x.hidden[0].col })
}

func upTo(n int) []int {
	l := make([]int, n)
	for k := range l {
		l[k] = k
	}
	return l
}

// nearRest is the smallest place that has to be hidden beside a rest that is small, or too near to what is told.
func (q *question) nearRest(f tableFacts, m disclose.Mask, sums [][]int) (at, bool) {
	for _, x := range f.rests(m, sums) {
		if len(x.shown) == 0 {
			continue
		}
		facts := x.facts(f)
		if !small(len(facts[0].Patients), q.k) && !slices.Contains(q.tooNear(facts), true) {
			continue
		}
		best := x.shown[0]
		for _, a := range x.shown[1:] {
			if n, least := len(f.of(a).Patients), len(f.of(best).Patients); least == 0 || n > 0 && n < least {
				best = a
			}
		}
		return best, true
	}
	return at{}, false
}

// tell notes every count that is shown, and what is left beside it. The groups themselves are the same in all tables of an answer.
func (q *question) tell(f tableFacts, m disclose.Mask, sums [][]int) {
	if q.k <= 1 {
		return
	}
	for _, a := range f.places() {
		switch {
		case a.col < 0 && (q.groupsTold || m.Rows[a.row]):
		case a.col >= 0 && a.row < 0 && m.Cols[a.col]:
		case a.col >= 0 && a.row >= 0 && m.Cells[a.row][a.col]:
		default:
			q.note(f.of(a))
		}
	}
	for _, x := range f.rests(m, sums) {
		if x.hidden[0].col < 0 && q.groupsTold {
			continue
		}
		for _, fact := range x.facts(f) {
			q.note(fact)
		}
	}
	if !m.Total && !q.groupsTold {
		q.note(f.total)
	}
	q.groupsTold = true
}

// note adds a fact to what is told.
func (q *question) note(f disclose.Fact) {
	q.facts = append(q.facts, f)
	q.sheet.Add(f)
}

// tellValues says whether numbers may be told that are reckoned from values of single patients, and then notes them. Two means over the same
// patients, of whom one had another value, would tell how the two differ, though the counts are the same: the second is hidden.
func (q *question) tellValues(visible bool, facts ...disclose.Fact) bool {
	if !visible || q.k <= 1 {
		return visible
	}
	if slices.Contains(q.tooNear(facts), true) {
		return false
	}
	for _, f := range facts {
		q.note(f)
	}
	return true
}
