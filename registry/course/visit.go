package course

// VisitOf returns the day of the assessment that something of a day belongs to: the nearest within VisitDays, the later of two that are as near.
func (c *Course) VisitOf(day Day) (Day, bool) {
	k := nearest(c.Assessments, func(a Assessment) Day { return a.Day }, day, VisitDays)
	if k < 0 {
		return Never, false
	}
	return c.Assessments[k].Day, true
}

// SameVisit reports whether two days are of one visit.
func SameVisit(a, b Day) bool { return abs(int(a-b)) <= VisitDays }
