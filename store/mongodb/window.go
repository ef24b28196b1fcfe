package mongodb

import (
	"math"
	"time"

	"firewolf/fhir"
)

// firstAt returns the lowest moment of the commits that the query may see whose time is at least that, in milliseconds. Times never
// fall as slots rise, and every slot up to the head is taken, so that it is found by halving.
func (q *query) firstAt(ms int64) (fhir.Moment, error) {
	lo, hi := slot(0), slotOf(q.t)+1 // the time of lo is below ms, that of hi is not
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		at, err := q.timeOf(mid)
		if err != nil {
			return 0, err
		}
		if at < ms {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi.moment(0), nil
}

// timeOf returns the time of a commit, in milliseconds.
func (q *query) timeOf(n slot) (int64, error) {
	if n <= 0 {
		return math.MinInt64, nil
	}
	if at, ok := q.ats[n]; ok {
		return at, nil
	}
	m, err := q.x.s.wire.markOf(q.ctx, n)
	if err != nil {
		return 0, err
	}
	at := int64(math.MinInt64) // nothing was written before it
	if !m.at.IsZero() {
		at = m.at.UnixMilli()
	}
	q.ats[n] = at
	return at, nil
}

// updatedBetween is the span of t that the conditions on lastUpdated leave, with what is asked beside the condition.
func (w *walk) updatedBetween() (clause, error) {
	out := w.beside
	for _, c := range w.cond.conjuncts() {
		if c.updated == nil {
			continue
		}
		var i interval
		if !c.updated.From.IsZero() {
			i.lo, i.hasLo = number(c.updated.From.UnixMilli()), true
		}
		if !c.updated.Before.IsZero() {
			i.hi, i.hasHi, i.belowH = number(c.updated.Before.UnixMilli()), true, true
		}
		span, err := atAxis{}.inside(w.q, i)
		if err != nil {
			return nothing, err
		}
		out = both(out, span)
	}
	return out, nil
}

// windows walks an interval of t, or of lastUpdated, piece by piece. A piece is a span of slots of the log: where few came out of the
// last one the next is larger, where it took long smaller.
func (w *walk) windows(level int, where clause, mine func(*candidate) bool, whole interval, tight bool) error {
	width := slot(w.q.x.tuning.window)
	for {
		i, rest, err := w.window(level, whole, width)
		if err != nil {
			return err
		}
		started, before := time.Now(), w.fetched
		if err := w.lazySort(level, where, mine, i, tight); err != nil {
			return err
		}
		if rest == nil {
			return nil
		}
		whole = *rest
		switch took := time.Since(started); {
		case w.fetched-before > w.q.x.tuning.some || took > 400*time.Millisecond:
			width = max(width/4, 1)
		case w.fetched-before < w.q.x.tuning.some/4 && took < 100*time.Millisecond:
			width *= 4
		}
	}
}

// window cuts a piece off an interval, in the direction of the order. rest is nil where nothing is left.
func (w *walk) window(level int, whole interval, width slot) (piece interval, rest *interval, err error) {
	if _, ok := w.order[level].(tAxis); ok {
		piece, rest = w.windowOfT(whole, width)
		return piece, rest, nil
	}
	if w.order[level].descends() {
		return w.windowDown(whole, width)
	}
	return w.windowUp(whole, width)
}

func (w *walk) windowOfT(whole interval, width slot) (piece interval, rest *interval) {
	from := slot(0)
	if whole.hasLo {
		from = slotOf(fhir.Moment(unnumber(whole.lo)))
	}
	from = max(from, w.first)
	end := from + width
	if end > slotOf(w.q.t) || end < from || whole.hasHi && end >= slotOf(fhir.Moment(unnumber(whole.hi))) {
		return whole, nil
	}
	key := number(int64(end.moment(0)))
	parts := whole.split(key)
	parts[2].overLo = false
	return parts[0], &parts[2]
}

// windowUp cuts off the times up to that of a commit some slots on.
func (w *walk) windowUp(whole interval, width slot) (interval, *interval, error) {
	from := w.first
	if whole.hasLo {
		t, err := w.q.firstAt(unnumber(whole.lo) + int64(btoi(whole.overLo)))
		if err != nil {
			return whole, nil, err
		}
		from = max(from, slotOf(t))
	}
	end := from + width
	if end > slotOf(w.q.t) || end < from {
		return whole, nil, nil
	}
	at, err := w.q.timeOf(end)
	if err != nil {
		return whole, nil, err
	}
	parts := whole.split(number(at))
	parts[0].belowH = false
	return parts[0], &parts[2], nil
}

// windowDown cuts off the times down to that of a commit some slots back.
func (w *walk) windowDown(whole interval, width slot) (interval, *interval, error) {
	from := slotOf(w.q.t)
	if whole.hasHi {
		t, err := w.q.firstAt(unnumber(whole.hi) + int64(btoi(!whole.belowH)))
		if err != nil {
			return whole, nil, err
		}
		from = min(from, slotOf(t)-1)
	}
	end := from - width
	if end <= w.first {
		return whole, nil, nil
	}
	at, err := w.q.timeOf(end)
	if err != nil {
		return whole, nil, err
	}
	parts := whole.split(number(at))
	parts[2].overLo = false
	return parts[2], &parts[0], nil
}

// slotOf is the slot that a moment lies in.
func slotOf(t fhir.Moment) slot { return slot(t >> placeBits) }
