package validate

// isDate matches YYYY, YYYY-MM and YYYY-MM-DD, where the day exists.
// https://hl7.org/fhir/R4/datatypes.html#date
func isDate(s string) bool {
	year, ok := digits(s, 0, 4)
	if !ok || year == 0 {
		return false
	}
	if len(s) == 4 {
		return true
	}
	month, ok := digits(s, 5, 7)
	if !ok || s[4] != '-' || month < 1 || month > 12 {
		return false
	}
	if len(s) == 7 {
		return true
	}
	day, ok := digits(s, 8, 10)
	return ok && s[7] == '-' && len(s) == 10 && day >= 1 && day <= daysOf(year, month)
}

// isDateTime matches a date, or an instant.
// https://hl7.org/fhir/R4/datatypes.html#dateTime
func isDateTime(s string) bool {
	if len(s) <= 10 {
		return isDate(s)
	}
	return isInstant(s)
}

// isInstant matches YYYY-MM-DDThh:mm:ss with a time zone.
// https://hl7.org/fhir/R4/datatypes.html#instant
func isInstant(s string) bool {
	if len(s) < 20 || s[10] != 'T' || !isDate(s[:10]) {
		return false
	}
	rest := s[11:]
	if rest[len(rest)-1] == 'Z' {
		return isTime(rest[:len(rest)-1])
	}
	k := len(rest) - 6
	return k > 0 && isTime(rest[:k]) && isOffset(rest[k:])
}

// isTime matches hh:mm:ss with any fraction. A second may be the sixtieth.
// https://hl7.org/fhir/R4/datatypes.html#time
func isTime(s string) bool {
	hour, ok1 := digits(s, 0, 2)
	minute, ok2 := digits(s, 3, 5)
	second, ok3 := digits(s, 6, 8)
	if !ok1 || !ok2 || !ok3 || s[2] != ':' || s[5] != ':' || hour > 23 || minute > 59 || second > 60 {
		return false
	}
	return len(s) == 8 || s[8] == '.' && allDigits(s[9:])
}

// isOffset matches +hh:mm and -hh:mm up to 14:00.
func isOffset(s string) bool {
	hour, ok1 := digits(s, 1, 3)
	minute, ok2 := digits(s, 4, 6)
	if !ok1 || !ok2 || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return false
	}
	return hour < 14 && minute <= 59 || hour == 14 && minute == 0
}

// digits reads s[from:to] as a number.
func digits(s string, from, to int) (int, bool) {
	if len(s) < to || !allDigits(s[from:to]) {
		return 0, false
	}
	n := 0
	for i := from; i < to; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// daysOf returns the length of a month in the Gregorian calendar.
func daysOf(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}
