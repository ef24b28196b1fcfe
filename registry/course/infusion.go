package course

// OfEachInfusion returns the course as each infusion sees it that is none of the one before: its own day 0, its own lymphodepletion, and what came
// before and after it. Parts of one course of cells are one infusion, as they are to Reinfused.
func (c *Course) OfEachInfusion() []*Course {
	if len(c.Infusions) == 0 {
		return nil
	}
	l := []*Course{c}
	for last := c; ; {
		again := last.again()
		if len(again) == 0 {
			return l
		}
		next := *c
		next.Infusions = again
		next.Depletion = depleted(c.Depletions, last.T0(), next.T0())
		l = append(l, &next)
		last = &next
	}
}

// depleted is the start of the last lymphodepletion after one infusion and not after the next.
func depleted(starts []Day, after, t0 Day) Day {
	last := Never
	for _, d := range starts {
		if t0.Known() && after < d && d <= t0 {
			last = max(last, d)
		}
	}
	return last
}

// Own reports whether a day is after the first infusion and not after another one.
func (c *Course) Own(day Day) bool { return c.T0().Known() && c.T0() < day && day <= c.OwnUntil() }
