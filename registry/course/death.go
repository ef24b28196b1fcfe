package course

import (
	"slices"

	"firewolf/registry/term"
)

// tilDeath leaves out what is told of the patient after the last day on which the death can have been: a visit, a value or a statement of a
// clinician is of no day after it. What was computed and kept stays, so that it is taken back. The highest grades stay too: they may be told of a time
// that ends later.
func (c *Course) tilDeath() {
	if !c.Died.There {
		return
	}
	last := c.Died.To
	assessments := func(a Assessment) Day { return a.Day }
	readings, findings := func(r Reading) Day { return r.Day }, func(f Finding) Day { return f.Day }
	c.Assessments, c.Others = upTo(c.Assessments, assessments, last), upTo(c.Others, assessments, last)
	c.PGA, c.GC, c.Damage = upTo(c.PGA, readings, last), upTo(c.GC, readings, last), upTo(c.Damage, readings, last)
	c.Hemolysis, c.Gut = upTo(c.Hemolysis, findings, last), upTo(c.Gut, findings, last)
	c.Bilag = upTo(c.Bilag, func(g Bilag) Day { return g.Day }, last)
	c.Takings = upTo(c.Takings, func(t Taking) Day { return t.Day }, last)
	c.Labs = slices.DeleteFunc(c.Labs, func(l Lab) bool { return l.Day > last })
	c.Stated = slices.DeleteFunc(c.Stated, func(s Stated) bool { return s.Clinician && s.Day > last })
	c.Instruments = slices.DeleteFunc(c.Instruments, func(i Instrument) bool {
		return (i.Kind == term.SDI || i.Kind == term.ICEScore) && i.Days.From > last
	})
	c.Vague = slices.DeleteFunc(c.Vague, func(v Vague) bool { return v.From > last })
	for k := range c.Vague {
		c.Vague[k].To = min(c.Vague[k].To, last)
	}
}
