package sqlite

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"firewolf/fhir/search"
)

// text answers from the ordered texts; texts that are longer than the index keeps are looked at themselves.
func (q *query) text(e search.TextIs, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	pass := func(v vals) bool { return v.hasText(e) }
	if within != nil && within.GetCardinality() <= q.r.s.o.tuning.few {
		return q.filter(within, pass)
	}
	if e.Test == search.TextEquals {
		return q.key(textPlace(q.typ, e.Name, e.Value), within)
	}
	dir := namedDir(familyText, q.typ, e.Name)
	sure, maybe := textSpans(e)
	rows, err := q.r.spanRows(q.ctx, dir, sure.span, sure.keep)
	if err != nil {
		return nil, err
	}
	uncertain, err := q.r.spanRows(q.ctx, dir, maybe.span, maybe.keep)
	if err != nil {
		return nil, err
	}
	if within != nil {
		rows.And(within)
		uncertain.And(within)
	}
	checked, err := q.filter(uncertain, pass)
	if err != nil {
		return nil, err
	}
	rows.Or(checked)
	return rows, nil
}

// suffixes selects suffixes of one directory.
type suffixes struct {
	span span
	keep func(suf string) bool
}

// textSpans says which suffixes satisfy a test for sure, and which may, being cut off.
func textSpans(e search.TextIs) (sure, maybe suffixes) {
	none := suffixes{span{"\x00", "\x00"}, nil}
	if e.Test == search.TextStartsWith {
		head := string(escape(nil, e.Value))
		if len(head) <= maxText {
			return suffixes{prefixSpan(head), nil}, none
		}
		return none, suffixes{prefixSpan(head[:maxText]), isCut}
	}
	holds := func(suf string) bool {
		return !isCut(suf) && strings.Contains(unescape(suf[:len(suf)-1]), e.Value)
	}
	return suffixes{span{}, holds}, suffixes{span{}, isCut}
}

func isCut(suf string) bool { return len(suf) == cutText }

func (v vals) hasText(e search.TextIs) bool {
	h := nameHash(e.Name)
	for _, t := range v.texts {
		if t.name == h && testText(e.Test, t.value, e.Value) {
			return true
		}
	}
	return false
}

func testText(test search.TextTest, text, value string) bool {
	switch test {
	case search.TextEquals:
		return text == value
	case search.TextStartsWith:
		return strings.HasPrefix(text, value)
	case search.TextContains:
		return strings.Contains(text, value)
	default:
		return false
	}
}
