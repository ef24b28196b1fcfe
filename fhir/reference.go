package fhir

import "strings"

// Ref is what the text of Reference.reference says.
// https://hl7.org/fhir/R4/references.html#literal
type Ref struct {
	Base      string // "" for a relative reference, else "http://example.org/fhir" without the last slash
	Key       Key    // zero for an URN, a fragment, or an URL that has no [type]/[id]
	VersionID string // of [type]/[id]/_history/[vid]
	Fragment  string // the id in "#id" (a contained resource); "" in "#" with IsFragment set
	Text      string // as written

	IsFragment bool
}

// Literal reports whether the reference names a resource by type and id.
func (r Ref) Literal() bool { return r.Key.ID != "" }

// ParseRef reads the text of a reference. It never fails: text that has no
// [type]/[id] at its end gives a Ref without a Key.
func ParseRef(s string) Ref {
	r := Ref{Text: s}
	if strings.HasPrefix(s, "#") {
		r.IsFragment, r.Fragment = true, s[1:]
		return r
	}
	rest, _, _ := strings.Cut(s, "#")
	if strings.ContainsAny(rest, "?") || strings.HasPrefix(rest, "urn:") {
		return r
	}
	head := rest
	if before, vid, ok := strings.Cut(rest, "/_history/"); ok {
		if !ValidID(vid) {
			return r
		}
		head, r.VersionID = before, vid
	}
	r.Base, r.Key = cutKey(head)
	if r.Key.ID == "" {
		r.VersionID = ""
	}
	return r
}

// cutKey splits "base/Type/id". The base of a relative reference is empty; a
// base that is not an absolute URL makes no key.
func cutKey(s string) (string, Key) {
	slash := strings.LastIndexByte(s, '/')
	if slash < 0 {
		return "", Key{}
	}
	front, id := s[:slash], s[slash+1:]
	base, typ := "", front
	if k := strings.LastIndexByte(front, '/'); k >= 0 {
		base, typ = front[:k], front[k+1:]
	}
	if !ValidTypeName(typ) || !ValidID(id) {
		return "", Key{}
	}
	if base == "" && typ != front || base != "" && !strings.Contains(base, "://") {
		return "", Key{}
	}
	return base, Key{Type: typ, ID: id}
}

// PlainURL writes https as http: the two name the same thing. https://hl7.org/fhir/R4/http.html#general
func PlainURL(u string) string {
	if rest, ok := strings.CutPrefix(u, "https://"); ok {
		return "http://" + rest
	}
	return u
}

// PlainBase returns the one form of a base URL in which all that name the same server are equal: plain, and without a slash at its end.
func PlainBase(base string) string { return PlainURL(strings.TrimRight(base, "/")) }
