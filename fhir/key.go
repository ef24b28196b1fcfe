package fhir

import "strings"

// Key names one resource on this server, such as Patient/1.
type Key struct {
	Type string // a concrete R4 resource type
	ID   string // https://hl7.org/fhir/R4/datatypes.html#id
}

// String returns the relative reference of the key, such as "Patient/1".
func (k Key) String() string { return k.Type + "/" + k.ID }

// ParseKey splits "Patient/1" into its key. It reports false unless the text is
// one type name, one slash and one valid id.
func ParseKey(s string) (Key, bool) {
	typ, id, ok := strings.Cut(s, "/")
	if !ok || !ValidTypeName(typ) || !ValidID(id) {
		return Key{}, false
	}
	return Key{Type: typ, ID: id}, true
}

// ValidID reports whether s is 1 to 64 characters of [A-Za-z0-9-.].
// https://hl7.org/fhir/R4/datatypes.html#id
func ValidID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// ValidTypeName reports whether s has the shape of a resource type: a capital
// letter and then letters. Whether the type exists only the definitions know.
func ValidTypeName(s string) bool {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c < 'A' || c > 'z' || (c > 'Z' && c < 'a') {
			return false
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
