package memory

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/tree"
)

// stringTest is the test of a string parameter: starts with, contains or, :exact, is. https://hl7.org/fhir/R4/search.html#string
func stringTest(modifier, want string) (test, error) {
	want = unescape(want)
	folded := fold(want)
	switch modifier {
	case "":
		return func(v fhirpath.Value) bool {
			return anyText(v, func(have string) bool { return strings.HasPrefix(fold(have), folded) }, starts, parts, whole)
		}, nil
	case "contains":
		return func(v fhirpath.Value) bool {
			return anyText(v, func(have string) bool { return strings.Contains(fold(have), folded) }, parts, whole)
		}, nil
	case "exact":
		return func(v fhirpath.Value) bool {
			return anyText(v, func(have string) bool { return have == want }, parts)
		}, nil
	}
	return nil, fhir.NewIssue(fhir.NotSupported, "the modifier :"+modifier+" is not evaluated on strings")
}

// anyText reports whether a text that one of the sources finds in the value is as asked.
func anyText(v fhirpath.Value, is func(string) bool, sources ...func(fhirpath.Value) []string) bool {
	for _, texts := range sources {
		for _, have := range texts(v) {
			if is(have) {
				return true
			}
		}
	}
	return false
}

// parts returns the strings that a value holds: of names and addresses "the search covers the elements of type string".
func parts(v fhirpath.Value) []string {
	switch v.Type {
	case "HumanName":
		return members(v.Node, "text", "family", "given", "prefix", "suffix")
	case "Address":
		return members(v.Node, "text", "line", "city", "district", "state", "postalCode", "country")
	}
	if s, ok := v.Primitive(); ok {
		return []string{s}
	}
	return nil
}

// whole returns a name or an address in the order in which people write it, so that "Ann Smith" is found. A
// name begins with the given names, not with a title.
func whole(v fhirpath.Value) []string {
	switch v.Type {
	case "HumanName":
		return []string{strings.Join(members(v.Node, "given", "family", "suffix"), " ")}
	case "Address":
		return []string{strings.Join(members(v.Node, "line", "city", "district", "state", "postalCode", "country"), " ")}
	}
	return nil
}

// starts returns the words of a family name, where a search may begin too: "searching either Carreno or Quinones should
// match a family name of Carreno Quinones".
func starts(v fhirpath.Value) []string {
	switch {
	case v.Type == "HumanName":
		return strings.Fields(fold(v.Node.Member("family").Text()))
	case v.Node.Name() == "family":
		return strings.Fields(fold(v.Node.Text()))
	}
	return nil
}

// members returns the strings in the named members of a node.
func members(n tree.Node, names ...string) []string {
	var all []string
	for _, name := range names {
		for item := range n.Member(name).Items() {
			if item.Kind() == tree.String {
				all = append(all, item.Text())
			}
		}
	}
	return all
}

// fold brings a text into the form in which strings are compared: without case, accents, punctuation and superfluous white
// space. Punctuation that separates words counts as white space, other punctuation as nothing.
func fold(s string) string {
	s = norm.NFKD.String(s)
	s = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`/\,;:|&+_`, r), unicode.Is(unicode.Pd, r), unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.M, unicode.P, unicode.Cc):
			return -1
		}
		return unicode.ToLower(r)
	}, s)
	s = strings.NewReplacer("ß", "ss", "ς", "σ").Replace(s)
	return strings.Join(strings.Fields(s), " ")
}
