package score

// Truth is a value of Kleene's strong three-valued logic. The zero value is Unknown.
// https://plato.stanford.edu/entries/logic-manyvalued/#KleeLogi
type Truth int8

// The values.
const (
	Unknown Truth = 0
	No      Truth = -1
	Yes     Truth = 1
)

// Is returns the truth of what is known.
func Is(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// All is No if one is No, else Unknown if one is Unknown, else Yes.
func All(l ...Truth) Truth {
	out := Yes
	for _, t := range l {
		out = min(out, t)
	}
	return out
}

// Any is Yes if one is Yes, else Unknown if one is Unknown, else No.
func Any(l ...Truth) Truth {
	out := No
	for _, t := range l {
		out = max(out, t)
	}
	return out
}

// Not turns Yes and No around.
func (t Truth) Not() Truth { return -t }

// Known reports whether it is Yes or No.
func (t Truth) Known() bool { return t != Unknown }

// String returns "yes", "no" or "unknown".
func (t Truth) String() string { return [...]string{"no", "unknown", "yes"}[t+1] }
