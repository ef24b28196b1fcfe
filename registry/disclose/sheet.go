package disclose

import "slices"

// Sheet holds what one answer tells, so that two of its own counts tell no more than each. The zero Sheet is empty.
type Sheet struct{ told map[string][][]string }

// Near says whether a fact and one of the same key that is on the sheet differ by too few patients.
func (s *Sheet) Near(f Fact, k int) bool {
	for _, old := range s.told[f.Key] {
		if differ, nested := unlike(f.Patients, old, k); Small(differ, k) && (nested || f.Whole) {
			return true
		}
	}
	return false
}

// Add writes a fact on the sheet.
func (s *Sheet) Add(f Fact) {
	if s.told == nil {
		s.told = map[string][][]string{}
	}
	s.told[f.Key] = append(s.told[f.Key], f.Patients)
}

// unlike is apart of sets that are lists. Most differ by so many that nobody is looked at.
func unlike(a, b []string, k int) (differ int, nested bool) {
	if gap := max(len(a), len(b)) - min(len(a), len(b)); gap >= k && gap > 0 {
		return gap, false
	}
	if slices.Equal(a, b) {
		return 0, true
	}
	in := make(map[string]bool, len(a))
	for _, id := range a {
		in[id] = true
	}
	common := 0
	for _, id := range b {
		if in[id] {
			common++
		}
	}
	return len(a) + len(b) - 2*common, common == min(len(a), len(b))
}
