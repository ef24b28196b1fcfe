package sqlite

import (
	"github.com/RoaringBitmap/roaring/v2"

	"firewolf/fhir/search"
)

// jointRange is a conjunction of conditions on ranges of one name, such as
// date=ge2024&date=lt2025. Each may hold for another range of a resource; where a
// resource has one range only, all hold for that one, and the buckets between the bounds answer at once.
type jointRange struct {
	search.Expr
	parts []search.InRange
}

// joinRanges puts the conditions on ranges of one name together.
func joinRanges(e search.And) search.And {
	type named struct {
		kind search.RangeKind
		name string
	}
	at := map[named]int{}
	out := make(search.And, 0, len(e))
	for _, c := range e {
		r, ok := c.(search.InRange)
		if !ok {
			out = append(out, c)
			continue
		}
		k := named{r.Kind, r.Name}
		i, seen := at[k]
		if !seen {
			at[k] = len(out)
			out = append(out, r)
			continue
		}
		switch before := out[i].(type) {
		case search.InRange:
			out[i] = jointRange{parts: []search.InRange{before, r}}
		case jointRange:
			out[i] = jointRange{parts: append(before.parts, r)}
		}
	}
	return out
}

// merged is the condition that one range satisfies all parts.
func (j jointRange) merged() search.InRange {
	m := j.parts[0]
	for _, p := range j.parts[1:] {
		m.LoMin, m.HiMin = max(m.LoMin, p.LoMin), max(m.HiMin, p.HiMin)
		m.LoOver, m.HiOver = max(m.LoOver, p.LoOver), max(m.HiOver, p.HiOver)
		m.LoMax, m.HiMax = lower(m.LoMax, p.LoMax), lower(m.HiMax, p.HiMax)
		m.LoUnder, m.HiUnder = lower(m.LoUnder, p.LoUnder), lower(m.HiUnder, p.HiUnder)
	}
	return m
}

// lower returns the lower of two upper bounds; an empty one is none.
func lower(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

// joint answers from the merged condition, and looks at the resources that have several ranges of the name.
func (q *query) joint(j jointRange, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	all := func(v vals) bool {
		for _, p := range j.parts {
			if !v.inRange(p) {
				return false
			}
		}
		return true
	}
	if within != nil && within.GetCardinality() <= q.r.s.o.tuning.few {
		return q.filter(within, all)
	}
	rows, err := q.inRange(j.merged(), within)
	if err != nil {
		return nil, err
	}
	dir := namedDir(familyRange, q.typ, j.parts[0].Name)
	several, err := q.key(place{dir, string([]byte{sideMany})}, within)
	if err != nil {
		return nil, err
	}
	several.AndNot(rows)
	checked, err := q.filter(several, all)
	if err != nil {
		return nil, err
	}
	rows.Or(checked)
	return rows, nil
}
