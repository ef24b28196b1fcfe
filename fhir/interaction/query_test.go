package interaction

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
)

func TestParseQuery(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []search.Pair
	}{
		{"nothing", "", nil},
		{"one pair", "name=wolf", []search.Pair{{Name: "name", Value: "wolf"}}},
		{"the order stays", "b=1&a=2&b=3", []search.Pair{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}, {Name: "b", Value: "3"}}},
		{"escapes are read", "identifier=http%3A%2F%2Fx%7C1&n%61me=a+b", []search.Pair{{Name: "identifier", Value: "http://x|1"}, {Name: "name", Value: "a b"}}},
		{"what needs no escape may come without", "identifier=http://x|1,2", []search.Pair{{Name: "identifier", Value: "http://x|1,2"}}},
		{"a second equals sign is of the value", "a=b=c", []search.Pair{{Name: "a", Value: "b=c"}}},
		{"a name alone has an empty value", "a&b=", []search.Pair{{Name: "a"}, {Name: "b"}}},
		{"empty parts are nothing", "&&a=1&", []search.Pair{{Name: "a", Value: "1"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseQuery(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmp.Transformer("none", func(p []search.Pair) []search.Pair { return append([]search.Pair(nil), p...) })); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseQueryRefusesBadEscapes(t *testing.T) {
	for _, text := range []string{"a=%", "a=%g0", "%zz=1"} {
		if _, err := ParseQuery(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func FuzzAQueryIsReadAsItWasWritten(f *testing.F) {
	f.Add("name", "wolf & fox=ä+%")
	f.Add("_has:Observation:subject:code", "http://x|1,2\\,3$4")
	f.Fuzz(func(t *testing.T, name, value string) {
		want := []search.Pair{{Name: "x", Value: name}, {Name: "y" + name, Value: value}}
		got, err := ParseQuery(string(appendQuery(nil, want)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestAppendQueryKeepsSearchesReadable(t *testing.T) {
	got := string(appendQuery(nil, []search.Pair{
		{Name: "_include:iterate", Value: "Observation:subject"}, {Name: "date", Value: "ge2024-01-01T00:00:00+01:00"}, {Name: "code", Value: "http://loinc.org|5130-0,x"},
	}))
	want := "_include:iterate=Observation:subject&date=ge2024-01-01T00:00:00%2B01:00&code=http://loinc.org%7C5130-0,x"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
