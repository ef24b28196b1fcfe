package score

import (
	"slices"
	"strconv"

	"firewolf/registry/term"
)

// Sledai is one assessment by SLEDAI-2K: 24 descriptors, present within the last 10 days.
// Gladman DD, Ibañez D, Urowitz MB. J Rheumatol 2002;29:288-291.
type Sledai struct {
	Items [term.SledaiItems]Truth // in the order of the form
	// Total and Clinical are what the center stated. They count only where it told no item at all. A total of 0 then tells each: no weight is
	// below 0. A total of more tells none, but what at least is clinical: of it 0, 2 or 4 can be serologic.
	Total, Clinical Value
	From            string // the resource
}

// Points are a score whose items may be missing: it lies in Min..Max, and is known only if Complete.
type Points struct {
	Min, Max int
	Complete bool
	From     string
}

// Score is SLEDAI-2K, the sum of the weights of what is present.
func (s Sledai) Score() Points {
	return s.sum(s.Total, func(term.Item) bool { return true })
}

// ClinicalScore is clinical SLEDAI-2K: the total without complement and antibodies.
// https://doi.org/10.1136/lupus-2021-000538
func (s Sledai) ClinicalScore() Points {
	if !s.itemized() && !s.Clinical.Exact() && s.Total.Exact() && s.Total.X > 0 {
		total := int(s.Total.X)
		return Points{Min: total - min(total/2*2, 4), Max: total, From: s.Total.From}
	}
	return s.sum(s.Clinical, func(i term.Item) bool { return !i.Serologic })
}

func (s Sledai) sum(stated Value, counts func(term.Item) bool) Points {
	if !s.itemized() && stated.Exact() && !s.contradicts() {
		n := int(stated.X)
		return Points{n, n, true, stated.From}
	}
	p := Points{Complete: true, From: s.From}
	items := s.items()
	for k, i := range term.Sledai() {
		if !counts(i) {
			continue
		}
		switch items[k] {
		case Yes:
			p.Min += i.Weight
			p.Max += i.Weight
		case Unknown:
			p.Max += i.Weight
			p.Complete = false
		case No:
		}
	}
	return p
}

// contradicts reports whether the stated scores cannot both be: what the total has more than the clinical score is of complement and antibodies,
// 2 points each.
func (s Sledai) contradicts() bool {
	if !s.Total.Exact() || !s.Clinical.Exact() {
		return false
	}
	serologic := s.Total.X - s.Clinical.X
	return serologic != 0 && serologic != 2 && serologic != 4
}

// itemized reports whether an item was told.
func (s Sledai) itemized() bool {
	return slices.ContainsFunc(s.Items[:], Truth.Known)
}

// items are those that were told, or that the total tells.
func (s Sledai) items() [term.SledaiItems]Truth {
	items := s.Items
	if s.Total.Exact() && s.Total.X == 0 && !s.itemized() && !s.contradicts() {
		for k := range items {
			items[k] = No
		}
	}
	return items
}

// AtMost says whether the score is a limit or less. What is missing of an incomplete score is never 0: it decides unless the score would be as high,
// or as low, with all of it and with nothing of it.
func (p Points) AtMost(limit int) Truth {
	switch {
	case p.Min > limit:
		return No
	case p.Complete, p.Max <= limit:
		return Yes
	default:
		return Unknown
	}
}

// AtLeast says whether the score is a limit or more.
func (p Points) AtLeast(limit int) Truth { return p.AtMost(limit - 1).Not() }

// String returns the score; ">=4, incomplete" where an item is missing.
func (p Points) String() string {
	if p.Complete {
		return strconv.Itoa(p.Min)
	}
	return ">=" + strconv.Itoa(p.Min) + ", incomplete"
}

// Told reports whether anything is known of the assessment.
func (s Sledai) Told() bool { return s.itemized() || s.Total.Known || s.Clinical.Known }

// major says whether an organ is active that LLDAS does not allow.
func (s Sledai) major() Truth {
	var l []Truth
	items := s.items()
	for k, i := range term.Sledai() {
		if i.Major {
			l = append(l, items[k])
		}
	}
	return Any(l...)
}

// newSince says whether an item is present that was absent at the assessment before.
func (s Sledai) newSince(before Sledai) Truth {
	var l []Truth
	now, was := s.items(), before.items()
	for k := range now {
		l = append(l, All(now[k], was[k].Not()))
	}
	return Any(l...)
}

func points(name string, p Points) Input { return Input{name, p.String(), p.From} }
