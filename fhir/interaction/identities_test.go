package interaction

import (
	"errors"
	"testing"

	"firewolf/fhir"
)

func TestIdentitiesFindLinks(t *testing.T) {
	const base = "http://own/fhir"
	patient := func(id string) fhir.Key { return fhir.Key{Type: "Patient", ID: id} }
	m := &identities{
		s: &Service{o: Options{Bases: []string{"http://alias/fhir"}}}, base: base,
		keys: map[string]fhir.Key{}, ends: map[string]fhir.Key{},
		version: func(k fhir.Key) (int64, error) {
			if k.ID == "broken" {
				return 0, errors.New("no version")
			}
			return 4, nil
		},
	}
	for name, id := range map[string]string{
		"urn:uuid:ABC":            "by-uuid",
		"urn:oid:1.2.3":           "by-oid",
		base + "/Patient/tmp":     "own",
		"http://a/Patient/7":      "a7",
		"http://b/Patient/7":      "b7",
		"http://a/Patient/8":      "a8",
		"http://a/Organization/9": "a9",
		"urn:uuid:broken":         "broken",
	} {
		m.add(m.normalize(name), patient(id))
	}
	for _, c := range []struct {
		name, link, root string
		want             string // "" for not found
	}{
		{"a UUID", "urn:uuid:abc", "", "Patient/by-uuid"},
		{"a UUID in other letters", "URN:UUID:AbC", "", "Patient/by-uuid"},
		{"an OID", "urn:oid:1.2.3", "", "Patient/by-oid"},
		{"a longer OID", "urn:oid:1.2.3.4", "", ""},
		{"a relative link to an own entry", "Patient/tmp", "", "Patient/own"},
		{"the same from elsewhere", "Patient/tmp", "http://a", "Patient/own"},
		{"an own absolute link", "https://own/fhir/Patient/tmp", "", "Patient/own"},
		{"an absolute link below a further base", "http://alias/fhir/Patient/tmp", "", "Patient/own"},
		{"an absolute link", "http://a/Patient/7", "", "Patient/a7"},
		{"an absolute link by another scheme", "https://b/Patient/7", "", "Patient/b7"},
		{"a relative link beside one server", "Patient/7", "http://a", "Patient/a7"},
		{"a relative link beside another", "Patient/7", "http://b", "Patient/b7"},
		{"a relative link beside a third", "Patient/7", "http://c", ""},
		{"a relative link beside a URN that two could mean", "Patient/7", "", ""},
		{"a relative link beside a URN that one could mean", "Patient/8", "", "Patient/a8"},
		{"a relative link of another type", "Group/8", "", ""},
		{"a fragment of it", "urn:uuid:abc#x", "", "Patient/by-uuid#x"},
		{"an empty fragment of it", "urn:uuid:abc#", "", "Patient/by-uuid#"},
		{"a version of it", "Patient/tmp/_history/1", "", "Patient/own/_history/4"},
		{"a version of it beside its server", "Patient/8/_history/1", "http://a", "Patient/a8/_history/4"},
		{"a version and a fragment", "http://a/Patient/8/_history/9#x", "", "Patient/a8/_history/4#x"},
		{"a contained resource", "#x", "", ""},
		{"the container", "#", "", ""},
		{"nothing", "", "", ""},
		{"a query", "Patient?identifier=x", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := m.find(c.link, c.root)
			if got != c.want || ok != (c.want != "") {
				t.Errorf("%q %v, want %q", got, ok, c.want)
			}
		})
	}
	if m.err != nil {
		t.Errorf("%v", m.err)
	}
	t.Run("a version that cannot be foretold is an error", func(t *testing.T) {
		m.find("urn:uuid:broken/_history/1", "")
		if m.err == nil {
			t.Error("it is none")
		}
	})
}

func TestRootOf(t *testing.T) {
	m := &identities{s: &Service{}, base: "http://own/fhir"}
	for _, c := range []struct{ fullURL, want string }{
		{"http://a/r4/Patient/1", "http://a/r4"},
		{"https://a/r4/Patient/1", "http://a/r4"},
		{"http://own/fhir/Patient/1", ""},
		{"urn:uuid:1", ""},
		{"Patient/1", ""},
		{"", ""},
		{"http://a/r4/notAType/1", ""},
	} {
		if got := m.rootOf(c.fullURL); got != c.want {
			t.Errorf("%q: %q, want %q", c.fullURL, got, c.want)
		}
	}
}
