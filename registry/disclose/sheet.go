package disclose

// Sheet holds what one answer tells, so that its own counts tell no more than each. The zero Sheet is empty.
type Sheet struct{ book *book }

// Near says whether a fact and what is on the sheet differ by too few patients.
func (s *Sheet) Near(f Fact, k int) bool { return s.book != nil && s.book.near(f, k) }

// Add writes a fact on the sheet.
func (s *Sheet) Add(f Fact) {
	if s.book == nil {
		s.book = newBook()
	}
	added := map[string]uint32{}
	set := s.book.set(f.Patients, added)
	for id, place := range added {
		s.book.places[id] = place
	}
	s.book.next += uint32(len(added))
	s.book.add(f.Key, f.Within, f.Table, set)
}
