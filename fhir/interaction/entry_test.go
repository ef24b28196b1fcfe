package interaction

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

func TestLocate(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"an element of the resource", "Patient.name[0].given", "Bundle.entry[3].resource.name[0].given"},
		{"an element by its place", "Patient[0]", "Bundle.entry[3].resource[0]"},
		{"the resource itself", "Patient", "Bundle.entry[3].resource"},
		{"a resource whose type is not known", "Resource", "Bundle.entry[3].resource"},
		{"the resource of the entry", "resource", "Bundle.entry[3].resource"},
		{"the request", "request", "Bundle.entry[3].request"},
		{"a part of the request", "request.method", "Bundle.entry[3].request.method"},
		{"If-Match", "http.If-Match", "Bundle.entry[3].request.ifMatch"},
		{"If-None-Match", "http.If-None-Match", "Bundle.entry[3].request.ifNoneMatch"},
		{"If-None-Exist", "http.If-None-Exist", "Bundle.entry[3].request.ifNoneExist"},
		{"a parameter", "http.name", "Bundle.entry[3].request.url"},
		{"a place in a Bundle that is the resource", "Bundle.entry[1].fullUrl", "Bundle.entry[3].resource.entry[1].fullUrl"},
		{"what is no place", "somewhere", "Bundle.entry[3]"},
		{"what begins like an element of nothing", "somewhere.else", "Bundle.entry[3]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := locate("Bundle.entry[3]", c.in); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestInEntryMovesIssuesAndLeavesTheOriginals(t *testing.T) {
	original := fhir.Issues{fhir.NewIssue(fhir.Invalid, "a"), fhir.NewIssue(fhir.Value, "b", "Patient.name", "http.name")}
	moved, ok := fhir.IssuesOf(inEntry(original, 7))
	if !ok || len(moved) != 2 {
		t.Fatalf("%v", moved)
	}
	want := [][]string{{"Bundle.entry[7]"}, {"Bundle.entry[7].resource.name", "Bundle.entry[7].request.url"}}
	if diff := cmp.Diff(want, [][]string{moved[0].Expression, moved[1].Expression}); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if original[0].Expression != nil || original[1].Expression[0] != "Patient.name" {
		t.Errorf("the originals changed: %v", original)
	}
	internal := errors.New("disk on fire")
	if got := inEntry(internal, 7); !errors.Is(got, internal) {
		t.Errorf("an internal error became %v", got)
	}
}

func TestBelow(t *testing.T) {
	for _, c := range []struct {
		name, text, base string
		want             string
		ok               bool
	}{
		{"a resource below the base", "http://a/fhir/Patient/1", "http://a/fhir", "Patient/1", true},
		{"by the other scheme", "https://a/fhir/Patient/1", "http://a/fhir", "Patient/1", true},
		{"a base with a slash at its end", "http://a/fhir/Patient/1", "https://a/fhir/", "Patient/1", true},
		{"the base itself", "http://a/fhir", "http://a/fhir", "", true},
		{"a query of the base", "http://a/fhir?_type=Patient", "http://a/fhir", "?_type=Patient", true},
		{"another path that begins alike", "http://a/fhir2/Patient/1", "http://a/fhir", "", false},
		{"another host", "http://b/fhir/Patient/1", "http://a/fhir", "", false},
		{"another port", "http://a:81/fhir/Patient/1", "http://a/fhir", "", false},
		{"no base", "/Patient/1", "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := below(c.text, c.base); got != c.want || ok != c.ok {
				t.Errorf("%q %v, want %q %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestTarget(t *testing.T) {
	s := &Service{o: Options{Bases: []string{"http://other/fhir"}}}
	for _, c := range []struct {
		name, text  string
		path, query string
		refused     bool
	}{
		{"a relative url", "Patient/1", "Patient/1", "", false},
		{"a slash before it", "/Patient/1", "Patient/1", "", false},
		{"the base", "", "", "", false},
		{"the base as a slash", "/", "", "", false},
		{"a query", "Patient?name=a%20b&x", "Patient", "name=a%20b&x=", false},
		{"a query of the base", "?_type=Patient", "", "_type=Patient", false},
		{"an absolute url", "http://a/fhir/Patient/1", "Patient/1", "", false},
		{"an absolute url below a further base", "https://other/fhir/Patient/1", "Patient/1", "", false},
		{"an escaped path", "Patient/a%2Db", "Patient/a-b", "", false},
		{"another server", "http://b/fhir/Patient/1", "", "", true},
		{"a bad escape in the path", "Patient/%", "", "", true},
		{"a bad escape in the query", "Patient?name=%", "", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Request{Base: "http://a/fhir"}
			err := s.target(&r, c.text)
			if (err != nil) != c.refused {
				t.Fatalf("%v", err)
			}
			if err == nil && (r.Path != c.path || string(appendQuery(nil, r.Query)) != c.query) {
				t.Errorf("%q %v", r.Path, r.Query)
			}
		})
	}
}
