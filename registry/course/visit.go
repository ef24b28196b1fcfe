package course

// VisitOf returns the visit, of the days of some in order of time, that something of a day belongs to: the nearest within so many days, the later
// of two that are as near.
func VisitOf(visits []Day, day Day, within int) (Day, bool) {
	k := nearest(visits, func(d Day) Day { return d }, day, within)
	if k < 0 {
		return Never, false
	}
	return visits[k], true
}

// SameVisit reports whether two days are of one visit, whose parts lie within so many days.
func SameVisit(a, b Day, within int) bool { return abs(int(a-b)) <= within }
