package memory

import (
	"strings"

	fhirpath "firewolf/fhir/path"
)

// uriTest is the test of a uri parameter: the whole URI, precisely; of a canonical with a version the url alone too.
// https://hl7.org/fhir/R4/search.html#uri
func uriTest(want string) test {
	want = unescape(want)
	return func(v fhirpath.Value) bool {
		return text(v) == want || v.Type == "canonical" && unversioned(text(v)) == want
	}
}

// unversioned takes the version off a canonical. https://hl7.org/fhir/R4/references.html#canonical
func unversioned(canonical string) string {
	url, _, _ := strings.Cut(canonical, "|")
	return url
}
