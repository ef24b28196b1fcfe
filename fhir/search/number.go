package search

import (
	"firewolf/fhir"
	"firewolf/fhir/decimal"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/tree"
)

// A number of a resource is a point, however many digits it was written with; a Range goes from its low to its high and is
// open where one is missing. A number asked for with eq, ne or no prefix stands for the range that its last digit
// implies ("100 ... is actually searching for values in the range [99.5 ... 100.5)"). With any other prefix "the
// implicit precision of the number is ignored". https://hl7.org/fhir/R4/search.html#number

// extent is a range of numbers as an index keeps it. What does not include its end closes just beside it.
type extent struct{ lo, hi string }

// number indexes a value of a number parameter under a name.
func (ix *indexer) number(name string, v fhirpath.Value) {
	x, ok := extentOf(v)
	if ok {
		ix.extent(name, x)
	}
}

func (ix *indexer) extent(name string, x extent) {
	ix.ranges = append(ix.ranges, Range{Kind: NumberRange, Name: name, Lo: x.lo, Hi: x.hi})
}

// extentOf returns the extent of a number or a Range.
func extentOf(v fhirpath.Value) (extent, bool) {
	if v.Type == "Range" {
		low, high := numberIn(v.Node.Member("low")), numberIn(v.Node.Member("high"))
		return between(low, high)
	}
	text, ok := v.Primitive()
	if !ok {
		return extent{}, false
	}
	d, err := decimal.Parse(text)
	return point(d), err == nil
}

// numberIn returns the value of a quantity, nil where it has none.
func numberIn(quantity tree.Node) *decimal.Decimal {
	d, err := decimal.Parse(quantity.Member("value").Text())
	if err != nil {
		return nil
	}
	return &d
}

// point is the extent of one number.
func point(d decimal.Decimal) extent {
	o := decimal.Ordered(d)
	return extent{o, o}
}

// between is the extent from one number to another; nil is open.
func between(low, high *decimal.Decimal) (extent, bool) {
	x := extent{openLo, openHi}
	if low != nil {
		x.lo = decimal.Ordered(*low)
	}
	if high != nil {
		x.hi = decimal.Ordered(*high)
	}
	return x, low != nil || high != nil
}

// orderedAbove is what comes after Ordered(d) and before every larger number: no ordered number is the start of another.
func orderedAbove(d decimal.Decimal) string { return decimal.Ordered(d) + "\x00" }

// pair indexes two numbers that stand side by side, such as the start and the end of a variant, as one range.
func (ix *indexer) pair(name string, start fhirpath.Value, ends []fhirpath.Value) {
	from, ok := extentOf(start)
	if !ok {
		return
	}
	for _, end := range ends {
		if to, ok := extentOf(end); ok {
			ix.extent(name, extent{from.lo, to.hi})
		}
	}
}

// asked is a number as a query asks for it.
type asked struct {
	prefix Prefix
	exact  decimal.Decimal // the number
	lo, hi decimal.Decimal // what it stands for: with eq and ne [lo, hi), with ap [lo, hi]
}

// readNumber reads the prefix and the number of a value.
func (c *compiler) readNumber(value, text string) (asked, *fhir.Issue) {
	prefix, text := CutPrefix(text)
	d, err := decimal.Parse(text)
	if err != nil {
		return asked{}, badValue(c.name, value, "no number")
	}
	a := asked{prefix: prefix, exact: d}
	a.lo, a.hi = d.Implicit()
	if prefix != Approximate {
		return a, nil
	}
	// "the recommended value for the approximation is 10% of the stated value"
	tenth, err := d.Abs().Mul(decimal.New(1, -1))
	if err == nil {
		a.lo, err = d.Sub(tenth)
	}
	if err == nil {
		a.hi, err = d.Add(tenth)
	}
	if err != nil {
		return asked{}, badValue(c.name, value, "a number that is too large or too small")
	}
	return a, nil
}

// number compiles a value of a number parameter.
func (c *compiler) number(name, value string) (Expr, *fhir.Issue) {
	a, issue := c.readNumber(value, unescape(value))
	if issue != nil {
		return nil, issue
	}
	return a.expr(name), nil
}

// expr compares with the ranges of a name. https://hl7.org/fhir/R4/search.html#prefix
func (a asked) expr(name string) Expr {
	var or Or
	for _, l := range a.limits() {
		in := InRange{Kind: NumberRange, Name: name}
		switch a.prefix {
		case Equal:
			in.LoMin, in.HiUnder = l.min, l.under
		case NotEqual:
			in.LoUnder, in.HiMin = l.under, l.min
		case Approximate: // the ranges overlap
			in.HiMin, in.LoMax = l.min, l.max
		case Greater, GreaterOrEqual, EndsBefore:
			in.HiOver, in.HiMin, in.HiUnder = l.over, l.min, l.under
		default:
			in.LoUnder, in.LoMax, in.LoOver = l.under, l.max, l.over
		}
		or = append(or, in)
	}
	return or.simple()
}

// limit is what a prefix asks of a number; all that are set must hold.
type limit struct{ min, max, over, under string }

// limits returns what is asked; one of them must hold.
func (a asked) limits() []limit {
	exact := decimal.Ordered(a.exact)
	switch a.prefix {
	case NotEqual:
		return []limit{{under: decimal.Ordered(a.lo)}, {min: decimal.Ordered(a.hi)}}
	case Greater, StartsAfter:
		return []limit{{over: exact}}
	case Less, EndsBefore:
		return []limit{{under: exact}}
	case GreaterOrEqual:
		return []limit{{min: exact}}
	case LessOrEqual:
		return []limit{{max: exact}}
	case Approximate:
		return []limit{{min: decimal.Ordered(a.lo), max: decimal.Ordered(a.hi)}}
	default:
		return []limit{{min: decimal.Ordered(a.lo), under: decimal.Ordered(a.hi)}}
	}
}

// pair compiles two numbers that stand side by side: the first asks of the start of a range, the second of its end.
func (c *compiler) pair(name, start, end string) (Expr, *fhir.Issue) {
	from, issue := c.readNumber(start, unescape(start))
	if issue != nil {
		return nil, issue
	}
	to, issue := c.readNumber(end, unescape(end))
	if issue != nil {
		return nil, issue
	}
	var or Or
	for _, lo := range from.limits() {
		for _, hi := range to.limits() {
			or = append(or, InRange{
				Kind: NumberRange, Name: name,
				LoMin: lo.min, LoMax: lo.max, LoOver: lo.over, LoUnder: lo.under,
				HiMin: hi.min, HiMax: hi.max, HiOver: hi.over, HiUnder: hi.under,
			})
		}
	}
	return or.simple(), nil
}
