package sqlite

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"firewolf/fhir/search"
)

// sorted is a row with its sort values.
type sorted struct {
	n    uint32
	keys []sortValue
}

// sortValue is one value of a sort key; absent ones come last in both directions.
type sortValue struct {
	absent bool
	value  string
}

// cursor writes the values and the row: the place after which the next page begins.
func (s sorted) cursor() []byte {
	var b []byte
	for _, k := range s.keys {
		if k.absent {
			b = append(b, 0)
			continue
		}
		b = appendText(append(b, 1), k.value)
	}
	return binary.BigEndian.AppendUint32(b, s.n)
}

func decodeCursor(after []byte, by []search.SortKey) (*sorted, error) {
	if len(after) == 0 {
		return nil, nil
	}
	d := valsDecoder{rest: string(after)}
	s := &sorted{}
	for _, k := range by {
		v := sortValue{absent: d.byte() == 0}
		if !v.absent {
			v.value = d.text()
		}
		if k.Kind == search.SortLastUpdated && len(v.value) != timeValueSize {
			return nil, badCursor()
		}
		s.keys = append(s.keys, v)
	}
	last := d.take(4)
	if d.bad || d.rest != "" || len(last) != 4 {
		return nil, badCursor()
	}
	s.n = binary.BigEndian.Uint32([]byte(last))
	return s, nil
}

// sorter sorts the rows of one query.
type sorter struct {
	q     *query
	by    []search.SortKey
	names [][nameSize]byte
	after *sorted
	size  int
	out   []sorted
}

func (q *query) sortedPage(by []search.SortKey, rows *roaring.Bitmap, after *sorted, size int) ([]sorted, error) {
	s := &sorter{q: q, by: by, after: after, size: size}
	for _, k := range by {
		s.names = append(s.names, nameHash(k.Param))
	}
	var err error
	switch {
	case by[0].Kind == search.SortLastUpdated && len(by) == 1:
		err = s.byTime(rows)
	case rows.GetCardinality() <= q.r.s.o.tuning.collectable:
		err = s.collect(rows, nil)
	default:
		err = s.walk(rows)
	}
	if len(s.out) > size {
		s.out = s.out[:size]
	}
	return s.out, err
}

// collect sorts rows by their values and appends those after the cursor. mine, if given, says
// whether the first value is one that this part of the walk is for.
func (s *sorter) collect(rows *roaring.Bitmap, mine func(first sortValue) bool) error {
	var part []sorted
	it := rows.Iterator()
	for it.HasNext() {
		row, err := s.row(it.Next())
		if err != nil {
			return err
		}
		if mine != nil && !mine(row.keys[0]) || s.after != nil && s.compare(row, *s.after) <= 0 {
			continue
		}
		part = append(part, row)
		if len(part) >= 4*s.size+1000 { // keep the best only
			s.trim(&part)
		}
		if err := s.q.ctx.Err(); err != nil {
			return err
		}
	}
	s.trim(&part)
	s.out = append(s.out, part...)
	return nil
}

func (s *sorter) trim(part *[]sorted) {
	slices.SortFunc(*part, s.compare)
	if len(*part) > s.size {
		*part = (*part)[:s.size]
	}
}

func (s *sorter) full() bool { return len(s.out) >= s.size }

func (s *sorter) compare(a, b sorted) int {
	for i, k := range s.by {
		if c := compareValues(a.keys[i], b.keys[i], k.Descending); c != 0 {
			return c
		}
	}
	switch {
	case a.n < b.n:
		return -1
	case a.n > b.n:
		return 1
	default:
		return 0
	}
}

func compareValues(a, b sortValue, descending bool) int {
	switch {
	case a.absent && b.absent:
		return 0
	case a.absent:
		return 1
	case b.absent:
		return -1
	}
	c := strings.Compare(a.value, b.value)
	if descending {
		return -c
	}
	return c
}

// row reads the sort values of a row: the lowest of each key if ascending, the highest if descending.
func (s *sorter) row(n uint32) (sorted, error) {
	out := sorted{n: n, keys: make([]sortValue, len(s.by))}
	var v vals
	var err error
	if s.needsVals() {
		if v, err = s.q.r.loadVals(n); err != nil {
			return out, err
		}
	}
	for i, k := range s.by {
		if out.keys[i], err = s.value(n, k, s.names[i], v); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (s *sorter) needsVals() bool {
	return slices.ContainsFunc(s.by, func(k search.SortKey) bool {
		return k.Kind == search.SortRange || k.Kind == search.SortText
	})
}

func (s *sorter) value(n uint32, k search.SortKey, name [nameSize]byte, v vals) (sortValue, error) {
	switch k.Kind {
	case search.SortID:
		key, err := s.q.r.loadKey(n)
		return sortValue{value: key.ID}, err
	case search.SortLastUpdated:
		at, err := s.q.r.loadTime(n)
		return sortValue{value: timeValue(at)}, err
	case search.SortRange:
		out := sortValue{absent: true}
		for _, r := range v.ranges {
			if r.name == name {
				out = out.best(r.lo, k.Descending)
			}
		}
		return out, nil
	default:
		out := sortValue{absent: true}
		for _, t := range v.texts {
			if t.name == name {
				out = out.best(t.value, k.Descending)
			}
		}
		return out, nil
	}
}

func (v sortValue) best(value string, descending bool) sortValue {
	if v.absent || descending && value > v.value || !descending && value < v.value {
		return sortValue{value: value}
	}
	return v
}

// timeValueSize is the length of a timeValue.
const timeValueSize = 8

func timeValue(t time.Time) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(t.UnixMilli())))
}

// byTime uses that rows rise with time. Rows of one time stay in their order, also when time descends.
func (s *sorter) byTime(rows *roaring.Bitmap) error {
	if !s.by[0].Descending {
		it := rows.Iterator()
		if s.after != nil {
			it.AdvanceIfNeeded(s.after.n + 1)
		}
		for it.HasNext() && !s.full() {
			row, err := s.row(it.Next())
			if err != nil {
				return err
			}
			s.out = append(s.out, row)
		}
		return nil
	}
	return s.byTimeDown(rows)
}

func (s *sorter) byTimeDown(rows *roaring.Bitmap) error {
	if s.after != nil { // nothing after the time of the cursor is left
		at := time.UnixMilli(int64(binary.BigEndian.Uint64([]byte(s.after.keys[0].value))))
		above, err := s.q.r.firstAt(at.Add(time.Millisecond), s.q.t)
		if err != nil {
			return err
		}
		rows.RemoveRange(uint64(above), 1<<32)
	}
	var same []sorted // of one time, newest first
	flush := func() {
		slices.Reverse(same)
		for _, row := range same {
			if s.after == nil || s.compare(row, *s.after) > 0 {
				s.out = append(s.out, row)
			}
		}
		same = same[:0]
	}
	it := rows.ReverseIterator()
	for it.HasNext() && !s.full() {
		row, err := s.row(it.Next())
		if err != nil {
			return err
		}
		if len(same) > 0 && same[0].keys[0].value != row.keys[0].value {
			flush()
		}
		same = append(same, row)
	}
	flush()
	return nil
}
