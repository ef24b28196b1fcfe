package course

// Until returns the course as it was told until a day, of what one visit tells beside its score: what is told of a later day is of no visit before
// it. Until another infusion it is the first one's, so that the course ends on its day; but for drugs, of which a later day can tell that one was
// taken up before. Assessments and laboratory values have their own days, which windows bound; who was seen later lived on the day.
func (c *Course) Until(last Day) *Course {
	day := min(last, c.OwnUntil())
	readings := func(l []Reading) []Reading { return upTo(l, func(r Reading) Day { return r.Day }, day) }
	findings := func(l []Finding) []Finding { return upTo(l, func(f Finding) Day { return f.Day }, day) }
	out := *c
	out.PGA, out.GC = readings(c.PGA), readings(c.GC)
	out.Hemolysis, out.Gut = findings(c.Hemolysis), findings(c.Gut)
	out.Bilag = upTo(c.Bilag, func(g Bilag) Day { return g.Day }, day)
	out.Takings = upTo(c.Takings, func(t Taking) Day { return t.Day }, last)
	shorter := len(out.PGA) < len(c.PGA) || len(out.GC) < len(c.GC) || len(out.Hemolysis) < len(c.Hemolysis) || len(out.Gut) < len(c.Gut) ||
		len(out.Bilag) < len(c.Bilag) || len(out.Takings) < len(c.Takings)
	if !shorter {
		return c
	}
	out.Seen = c.LastSeen()
	return &out
}

// upTo are the first of a list in order of time that are not after a day.
func upTo[T any](l []T, on func(T) Day, day Day) []T {
	n := len(l)
	for n > 0 && on(l[n-1]) > day {
		n--
	}
	return l[:n]
}
