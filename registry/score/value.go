package score

import (
	"math"
	"strconv"
)

// Comparator says that a measurement lies somewhere beyond its number, as Quantity.comparator does.
// https://hl7.org/fhir/R4/valueset-quantity-comparator.html
type Comparator int8

// The comparators.
const (
	Exactly Comparator = iota
	LessThan
	AtMostThat
	AtLeastThat
	MoreThan
)

// Value is a number that may be unknown, or known only to be beyond a limit of detection. The zero Value is unknown.
type Value struct {
	X     float64
	Sign  Comparator
	Known bool
	From  string // the resource that it is from: "Observation/1"; "" for none
}

// Num returns a known number.
func Num(x float64) Value { return Value{X: x, Known: true} }

// Under returns a number that is only known to be less than x: a result of "<x".
func Under(x float64) Value { return Value{X: x, Sign: LessThan, Known: true} }

// Over returns a number that is only known to be more than x: a result of ">x".
func Over(x float64) Value { return Value{X: x, Sign: MoreThan, Known: true} }

// Below says whether the number is less than a limit.
func (v Value) Below(limit float64) Truth {
	return v.under(limit, v.X < limit)
}

// AtMost says whether the number is a limit or less.
func (v Value) AtMost(limit float64) Truth {
	return v.under(limit, v.X <= limit)
}

// under decides by an exact number; one with a comparator decides only on its own side of the limit.
func (v Value) under(limit float64, exact bool) Truth {
	switch {
	case !v.Known:
		return Unknown
	case v.Sign == Exactly:
		return Is(exact)
	case v.Sign == LessThan && v.X <= limit, v.Sign == AtMostThat && exact:
		return Yes
	case v.Sign == MoreThan && v.X >= limit, v.Sign == AtLeastThat && !exact:
		return No
	default:
		return Unknown
	}
}

// Above says whether the number is more than a limit.
func (v Value) Above(limit float64) Truth { return v.AtMost(limit).Not() }

// AtLeast says whether the number is a limit or more.
func (v Value) AtLeast(limit float64) Truth { return v.Below(limit).Not() }

// compare compares another number with a share of this one. Laboratories tell a
// filtration as ">90": with a number that is only known to be beyond a limit a comparison holds if it holds with the limit and all beyond it.
func (v Value) compare(share float64, other func(limit float64) Truth) Truth {
	if !v.Known {
		return Unknown
	}
	at := other(onPaper(v.X * share))
	if v.Sign == Exactly {
		return at
	}
	beyond := other(math.Inf(1))
	if v.Sign == LessThan || v.Sign == AtMostThat {
		beyond = other(0)
	}
	if at != beyond {
		return Unknown
	}
	return at
}

// rounded is the number without what binary numbers add to decimals.
func (v Value) rounded() Value {
	v.X = onPaper(v.X)
	return v
}

// onPaper rounds so that products of decimals compare as they do on paper.
func onPaper(x float64) float64 { return math.Round(x*1e9) / 1e9 }

// Exact reports whether the number is known without a comparator, so that it can be reckoned with.
func (v Value) Exact() bool { return v.Known && v.Sign == Exactly }

// String returns the number with its comparator, or "unknown".
func (v Value) String() string {
	if !v.Known {
		return "unknown"
	}
	return [...]string{"", "<", "<=", ">=", ">"}[v.Sign] + strconv.FormatFloat(v.X, 'g', -1, 64)
}

// Fact is a truth and where it is from.
type Fact struct {
	Truth
	From string // "Observation/1"; "" for none
}

// Measured is a number as an input.
func Measured(name string, v Value) Input { return number(name, v) }
