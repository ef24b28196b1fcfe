package sqlite

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"firewolf/fhir/search"
)

// A walk goes through the index in the order of the first sort key, bucket by
// bucket, and sorts only the rows of one bucket at a time. It begins at the bucket
// of the cursor, so that the last page costs what the first does.

// level is one kind of bucket.
type level struct {
	heads  []string                  // what suffixes begin with: the sides that hold first values
	tailOf func(value string) string // the bucket of a value: its suffix without the head
	finer  *level                    // where to go for a bucket with many rows; nil for none
	inner  func(tail string) span    // the finer buckets inside one
}

// walk finds the page in a result that is too large to be sorted as a whole.
func (s *sorter) walk(rows *roaring.Bitmap) error {
	dir, levels := s.walkLevels()
	if levels == nil {
		return s.collect(rows, nil)
	}
	absent := rows.Clone()
	for _, l := range levels {
		if s.after == nil || !s.after.keys[0].absent {
			if err := s.walkBuckets(dir, l, span{}, rows); err != nil || s.full() {
				return err
			}
		}
		for _, head := range l.heads {
			present, err := s.q.r.spanRows(s.q.ctx, dir, prefixSpan(head), nil)
			if err != nil {
				return err
			}
			absent.AndNot(present)
		}
	}
	return s.collect(absent, nil)
}

func (s *sorter) walkLevels() (dir string, levels []*level) {
	switch k := s.by[0]; k.Kind {
	case search.SortRange:
		return namedDir(familyRange, s.q.typ, k.Param), []*level{dateLevel(), numberLevel()}
	case search.SortText:
		return namedDir(familyText, s.q.typ, k.Param), []*level{textLevel()}
	case search.SortID:
		return dirOf(familyID, s.q.typ), []*level{idLevel()}
	default:
		return "", nil
	}
}

func heads(level byte) []string {
	return []string{string([]byte{sidePoint, level}), string([]byte{sideLow, level})}
}

// dateLevel walks years, in large years months, in large months days.
func dateLevel() *level {
	days := &level{heads: heads(levelDay), tailOf: func(v string) string { return tail(int(valueDay(v))) }}
	months := &level{
		heads: heads(levelMonth), finer: days,
		tailOf: func(v string) string {
			_, m := valueDay(v).month()
			return tail(m)
		},
		inner: func(b string) span {
			m := tailNumber(b)
			return span{tail(int(monthStart(m))), tail(int(monthStart(m + 1)))}
		},
	}
	return &level{
		heads: heads(levelYear), finer: months,
		tailOf: func(v string) string {
			y, _ := valueDay(v).month()
			return tail(y)
		},
		inner: func(b string) span {
			y := tailNumber(b)
			return span{tail(y * 12), tail(y*12 + 12)}
		},
	}
}

func valueDay(v string) day {
	d, _, _ := boundDay(v)
	return d
}

func numberLevel() *level {
	return &level{heads: heads(levelNumber), tailOf: func(v string) string { return string(escape(nil, v)) + "\x00" }}
}

func textLevel() *level {
	return &level{heads: []string{""}, tailOf: func(v string) string { return textTail(textSuffix(v)) }}
}

func idLevel() *level {
	return &level{heads: []string{""}, tailOf: func(v string) string { return v + "\x00" }}
}

// textTail puts all texts that were cut after the same bytes into one bucket.
// It lies behind the text that is exactly those bytes.
func textTail(suf string) string {
	if isCut(suf) {
		return suf[:maxText] + "\x01"
	}
	return suf
}

// tail is a calendar bucket without side and level.
func tail(n int) string { return bucket(0, 0, n)[2:] }

func tailNumber(b string) int { return bucketNumber("  " + b) }

// walkBuckets collects the buckets whose tails lie in the span, in order, until the page is full.
func (s *sorter) walkBuckets(dir string, l *level, in span, rows *roaring.Bitmap) error {
	in = s.fromCursor(l, in)
	for !s.full() {
		b, found, err := s.nextBucket(dir, l, in)
		if err != nil || !found {
			return err
		}
		here, err := s.bucketRows(dir, l, b, rows)
		if err != nil {
			return err
		}
		if l.finer != nil && here.GetCardinality() > s.q.r.s.o.tuning.collectable {
			err = s.walkBuckets(dir, l.finer, l.inner(b), here)
		} else {
			err = s.collect(here, func(first sortValue) bool { return !first.absent && l.tailOf(first.value) == b })
		}
		if err != nil {
			return err
		}
		in = s.beyond(in, b)
	}
	return nil
}

// fromCursor cuts off the buckets that lie before the one of the cursor.
func (s *sorter) fromCursor(l *level, in span) span {
	if s.after == nil {
		return in
	}
	b := l.tailOf(s.after.keys[0].value)
	if !s.by[0].Descending {
		in.from = max(in.from, b)
		return in
	}
	if end := behind(b); in.to == "" || end < in.to {
		in.to = end
	}
	return in
}

// behind lies above every suffix of a bucket and below those of the next.
func behind(b string) string {
	if isCutTail(b) {
		return b[:maxText] + tailEnd
	}
	return b + tailEnd
}

func isCutTail(b string) bool { return len(b) == maxText+1 && b[maxText] == 1 }

// tailEnd, after a tail, lies above everything that begins with the tail.
var tailEnd = strings.Repeat("\xff", 12)

// beyond cuts off a bucket and all before it.
func (s *sorter) beyond(in span, b string) span {
	if s.by[0].Descending {
		in.to = b
		return in
	}
	in.from = behind(b)
	return in
}

// nextBucket finds the first bucket in the span, in the file and in memory.
func (s *sorter) nextBucket(dir string, l *level, in span) (string, bool, error) {
	best, found := "", false
	take := func(suf string, head int) {
		b := suf[head:]
		if len(l.heads[0]) == 0 {
			b = textTail(b)
		}
		if !found || beyond(best, b, s.by[0].Descending) {
			best, found = b, true
		}
	}
	if in.to != "" && in.from >= in.to {
		return "", false, nil
	}
	for _, head := range l.heads {
		sp := span{head + in.from, head + in.to}
		if in.to == "" {
			sp.to = prefixSpan(head).to
		}
		suf, ok, err := s.q.r.edge(dir, sp, s.by[0].Descending)
		if err != nil {
			return "", false, err
		}
		if ok {
			take(suf, len(head))
		}
		for _, m := range s.q.r.mems {
			if suf, ok := m.next(dir, sp, s.by[0].Descending); ok {
				take(suf, len(head))
			}
		}
	}
	return best, found, nil
}

// bucketRows returns the rows of a bucket that are among rows.
func (s *sorter) bucketRows(dir string, l *level, b string, rows *roaring.Bitmap) (*roaring.Bitmap, error) {
	out := roaring.New()
	for _, head := range l.heads {
		var part *roaring.Bitmap
		var err error
		if isCutTail(b) {
			part, err = s.q.r.spanRows(s.q.ctx, dir, span{head + b, head + b[:maxText] + tailEnd}, nil)
		} else {
			part, err = s.q.key(place{dir, head + b}, rows)
		}
		if err != nil {
			return nil, err
		}
		out.Or(part)
	}
	out.And(rows)
	return out, nil
}

// edge returns the lowest suffix of the directory in the span, or the highest, as the file has it.
func (r *reader) edge(dir string, s span, descending bool) (string, bool, error) {
	from, to := []byte(dir+s.from), []byte(dir+s.to)
	if s.to == "" {
		to = []byte(dir + tailEnd)
	}
	st, first, second := r.above, from, to
	if descending {
		st, first, second = r.below, to, from
	}
	defer func() { _ = st.Reset() }()
	if err := st.BindBlob(1, first); err != nil {
		return "", false, err
	}
	if err := st.BindBlob(2, second); err != nil {
		return "", false, err
	}
	if !st.Step() {
		return "", false, st.Err()
	}
	k := st.ColumnRawBlob(0)
	return string(k[len(dir) : len(k)-2]), true, st.Err()
}
