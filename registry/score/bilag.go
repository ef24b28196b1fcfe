package score

import "firewolf/registry/term"

// BILAG are the grades of BILAG-2004 by system, A to E; of a system that is not told it is unknown.
// Isenberg DA et al. Rheumatology 2005;44:902-906. https://doi.org/10.1093/rheumatology/keh624
type BILAG [term.BilagSystems]BilagGrade

// BilagGrade is that of one system; 0 is unknown.
type BilagGrade struct {
	Letter byte
	From   string
}

func (g BilagGrade) text() string {
	if g.Letter == 0 {
		return "unknown"
	}
	return string(rune(g.Letter))
}

// NewBILAG counts the systems with an A now that had none before, and those with a B that had neither A nor B, and tells what it counted. Of a system that
// is unknown either time the count may be higher; without any grade now nothing is known.
func NewBILAG(before, now BILAG) (newA, newB Value, used []Input) {
	told := false
	a, b := Num(0), Num(0)
	for k := range now {
		told = told || now[k].Letter != 0
		a = a.and(fresh(before[k], now[k], 'A'))
		b = b.and(fresh(before[k], now[k], 'B'))
		if now[k].Letter != 0 || before[k].Letter != 0 {
			code := term.BilagCode(k)
			used = append(used, Input{code + "-baseline", before[k].text(), before[k].From}, Input{code, now[k].text(), now[k].From})
		}
	}
	if !told {
		return Value{}, Value{}, used
	}
	return a, b, used
}

// fresh says whether a system has a grade now and had neither it nor a worse one.
func fresh(before, now BilagGrade, letter byte) Truth {
	switch {
	case now.Letter == 0:
		return Unknown
	case now.Letter != letter:
		return No
	case before.Letter == 0:
		return Unknown
	default:
		return Is(before.Letter > letter)
	}
}

// and adds one to a count where something is so; where it is unknown the count is only known to be as high.
func (v Value) and(t Truth) Value {
	switch t {
	case Yes:
		v.X++
	case Unknown:
		v.Sign = AtLeastThat
	case No:
	}
	return v
}
