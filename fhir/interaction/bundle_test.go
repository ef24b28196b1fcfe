package interaction

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

var (
	one  = fhir.Key{Type: "Patient", ID: "1"}
	noon = time.Date(2026, 1, 2, 12, 0, 0, 5_000_000, time.FixedZone("CET", 3600))
)

func TestBundleWriter(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func() []byte
		want  string
	}{
		{
			"an empty one",
			func() []byte { return newBundle("searchset", "http://a", noTotal, nil, 0).bytes() },
			`{"resourceType":"Bundle","type":"searchset"}`,
		},
		{
			"a total of nothing is told",
			func() []byte { return newBundle("searchset", "http://a", 0, nil, 0).bytes() },
			`{"resourceType":"Bundle","type":"searchset","total":0}`,
		},
		{
			"links are written as JSON strings",
			func() []byte {
				return newBundle("history", "http://a", noTotal, []link{{"self", `http://a?x="`}, {"next", "http://a?y"}}, 0).bytes()
			},
			`{"resourceType":"Bundle","type":"history","link":[{"relation":"self","url":"http://a?x=\""},{"relation":"next","url":"http://a?y"}]}`,
		},
		{
			"matches, includes and an outcome",
			func() []byte {
				w := newBundle("searchset", `http://a"b`, noTotal, nil, 0)
				w.match(one, []byte(`{"a":1}`), "match")
				w.match(fhir.Key{Type: "Group", ID: "g"}, []byte(`{}`), "include")
				w.outcome(fhir.Issues{{Severity: fhir.Warning, Code: fhir.Invalid, Text: "x"}})
				return w.bytes()
			},
			`{"resourceType":"Bundle","type":"searchset","entry":[` +
				`{"fullUrl":"http://a\"b/Patient/1","resource":{"a":1},"search":{"mode":"match"}},` +
				`{"fullUrl":"http://a\"b/Group/g","resource":{},"search":{"mode":"include"}},` +
				`{"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"invalid","details":{"text":"x"},"diagnostics":"x"}]},"search":{"mode":"outcome"}}]}`,
		},
		{
			"a version that a patch made, in UTC",
			func() []byte {
				w := newBundle("history", "http://a", noTotal, nil, 0)
				w.version(fhir.Version{Key: one, VID: 12, At: noon, Method: fhir.MethodPatch}, []byte(`{}`), false)
				return w.bytes()
			},
			`{"resourceType":"Bundle","type":"history","entry":[{"fullUrl":"http://a/Patient/1","resource":{},"request":{"method":"PATCH","url":"Patient/1"},` +
				`"response":{"status":"200 OK","etag":"W/\"12\"","lastModified":"2026-01-02T11:00:00.005Z"}}]}`,
		},
		{
			"responses with all, with a resource of nobody, with nothing but a status",
			func() []byte {
				w := newBundle("batch-response", "http://a", noTotal, nil, 0)
				w.response(Response{
					Status: 201, Body: []byte(`{}`), self: one, Location: "http://a/Patient/1/_history/1", ETag: `W/"1"`, LastModified: noon, outcome: nil,
				}, "http://a")
				w.response(Response{Status: 200, Body: []byte(`{}`)}, "http://a")
				w.response(Response{Status: 404, Body: []byte(`never shown`), outcome: []byte(`{"x":1}`)}, "http://a")
				w.response(Response{Status: 200, Body: []byte(`raw`), ContentType: "text/plain", Location: "http://elsewhere/Patient/1"}, "http://a")
				return w.bytes()
			},
			`{"resourceType":"Bundle","type":"batch-response","entry":[` +
				`{"fullUrl":"http://a/Patient/1","resource":{},"response":{"status":"201 Created","location":"Patient/1/_history/1","etag":"W/\"1\"","lastModified":"2026-01-02T11:00:00.005Z"}},` +
				`{"resource":{},"response":{"status":"200 OK"}},` +
				`{"response":{"status":"404 Not Found","outcome":{"x":1}}},` +
				`{"response":{"status":"200 OK","location":"http://elsewhere/Patient/1"}}]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.write()
			if string(got) != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			if !json.Valid(got) {
				t.Error("it is no JSON")
			}
		})
	}
}

func TestRelative(t *testing.T) {
	for _, c := range []struct{ location, want string }{
		{"http://a/fhir/Patient/1", "Patient/1"},
		{"http://a/fhir", "http://a/fhir"},
		{"http://a/fhir/", "http://a/fhir/"},
		{"http://a/fhirx/Patient/1", "http://a/fhirx/Patient/1"},
		{"http://b/fhir/Patient/1", "http://b/fhir/Patient/1"},
		{"", ""},
	} {
		if got := relative(c.location, "http://a/fhir"); got != c.want {
			t.Errorf("%q gave %q, want %q", c.location, got, c.want)
		}
	}
}

func TestPatientsOfAResource(t *testing.T) {
	long := strings.Repeat("a", 65)
	for _, c := range []struct{ name, typ, json, want string }{
		{"a patient is of itself", "Patient", `{"link":[{"other":{"reference":"Patient/2"}}]}`, "Patient/1"},
		{"one that refers to a patient", "Condition", `{"subject":{"reference":"Patient/2"}}`, "Patient/2"},
		{"one that refers to a version of a patient", "Condition", `{"subject":{"reference":"Patient/2/_history/3"}}`, "Patient/2"},
		{"one that refers to the same patient twice", "Condition", `{"subject":{"reference":"Patient/2"},"asserter":{"reference":"Patient/2/_history/1"}}`, "Patient/2"},
		{"one that refers to two patients", "Condition", `{"subject":{"reference":"Patient/2"},"asserter":{"reference":"Patient/3"},"recorder":{"reference":"Patient/2"}}`, " Patient/2 Patient/3"},
		{"one that refers to none", "Condition", `{"subject":{"reference":"Group/2"}}`, ""},
		{"a deletion", "Condition", ``, ""},
		{"the deletion of a patient", "Patient", ``, "Patient/1"},
		{"a text that begins as a reference does", "Condition", `{"note":[{"text":"Patient/Anna has lupus"},{"text":"Patient/` + long + `"},{"text":"Patient/"}]}`, ""},
		{"a string without an end", "Condition", `{"subject":{"reference":"Patient/2`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := fhir.Version{Key: fhir.Key{Type: c.typ, ID: "1"}, JSON: []byte(c.json)}
			var resp Response
			resp.about(v)
			if got := strings.Join(append([]string{resp.Patient}, resp.Trace.Patients...), " "); got != c.want || resp.Trace.PatientsTotal != len(resp.Trace.Patients) {
				t.Errorf("%q of %d, want %q", got, resp.Trace.PatientsTotal, c.want)
			}
		})
	}
}

func TestPatientsOfABundle(t *testing.T) {
	several := func(total int, names ...string) Response {
		return Response{Trace: Trace{Patients: names, PatientsTotal: total}}
	}
	one := func(name string) Response { return Response{Patient: name} }
	for _, c := range []struct {
		name    string
		entries []Response
		want    Response
	}{
		{"none", nil, Response{}},
		{"entries about nobody", []Response{{}, {}}, Response{}},
		{"one patient, and entries about nobody", []Response{{}, one("Patient/1"), {}, one("Patient/1")}, one("Patient/1")},
		{"two patients", []Response{one("Patient/1"), one("Patient/2")}, several(2, "Patient/1", "Patient/2")},
		{"two patients, the first again", []Response{one("Patient/1"), one("Patient/2"), one("Patient/1")}, several(2, "Patient/1", "Patient/2")},
		{"an entry about several", []Response{one("Patient/1"), several(2, "Patient/2", "Patient/1")}, several(2, "Patient/1", "Patient/2")},
		{"an entry about more than it names", []Response{several(7, "Patient/1", "Patient/2"), one("Patient/3")}, several(8, "Patient/1", "Patient/2", "Patient/3")},
		{"an entry about others than the one that it asked for", []Response{{Patient: "Patient/1", Trace: Trace{Patients: []string{"Patient/2"}, PatientsTotal: 1}}}, several(2, "Patient/1", "Patient/2")},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p patients
			for k := range c.entries {
				p.told(&c.entries[k])
			}
			var got Response
			p.tell(&got)
			if diff := cmp.Diff(c.want.Trace, got.Trace); diff != "" || got.Patient != c.want.Patient {
				t.Errorf("%q (-want +got):\n%s", got.Patient, diff)
			}
		})
	}
}

func TestOfManyPatientsAHundredAreNamedAndAllCounted(t *testing.T) {
	var p patients
	for k := range 2 * 5000 {
		p.of(fhir.Version{Key: fhir.Key{Type: "Patient", ID: strconv.Itoa(k % 5000)}})
	}
	var resp Response
	p.tell(&resp)
	if got := resp.Trace; len(got.Patients) != 100 || got.PatientsTotal != 5000 || got.Patients[99] != "Patient/99" || resp.Patient != "" {
		t.Errorf("%d of %d, the last %s", len(got.Patients), got.PatientsTotal, got.Patients[len(got.Patients)-1])
	}
}

func TestOfManyEntriesThoseAreNamedThatNobodyMayHide(t *testing.T) {
	var each traces
	for k := range 500 {
		e := EntryTrace{nameRead, "Patient", "Patient/" + strconv.Itoa(k), 200}
		switch k {
		case 300:
			e.Interaction = nameCreate
		case 400:
			e.Interaction = nameDelete
		case 450:
			e.Status = 403
		}
		each.add(e, &Response{})
	}
	var resp Response
	each.tell(&resp)
	var got []string
	for _, e := range resp.Trace.Entries[:5] {
		got = append(got, e.Resource)
	}
	if diff := cmp.Diff([]string{"Patient/400", "Patient/450", "Patient/300", "Patient/0", "Patient/1"}, got); diff != "" {
		t.Error(diff)
	}
	if len(resp.Trace.Entries) != 100 || resp.Trace.EntriesTotal != 500 {
		t.Errorf("%d of %d", len(resp.Trace.Entries), resp.Trace.EntriesTotal)
	}
}

func TestMatchesETag(t *testing.T) {
	for _, c := range []struct {
		list string
		want bool
	}{
		{`W/"3"`, true},
		{`"3"`, true},
		{`W/"2", W/"3"`, true},
		{`W/"2",W/"3"`, true},
		{`W/"2"`, false},
		{`W/"33"`, false},
		{`3`, false},
		{`W/3`, false},
		{`"`, false},
		{``, false},
		{`W/"03"`, false},
	} {
		if got := matchesETag(c.list, 3); got != c.want {
			t.Errorf("%s: %v", c.list, got)
		}
	}
}

func TestVersionID(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "9223372036854775807": 1<<63 - 1} {
		if got, ok := versionID(text); !ok || got != want {
			t.Errorf("%s: %d %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "0", "-1", "+1", "01", "1 ", "1.0", "x", "9223372036854775808"} {
		if got, ok := versionID(text); ok {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

func TestTake(t *testing.T) {
	pairs, err := ParseQuery("a=1&b=2&a=3&c=4")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, values, rest string }{
		{"a", "1 3", "b=2&c=4"}, {"b", "2", "a=1&a=3&c=4"}, {"c", "4", "a=1&b=2&a=3"}, {"d", "", "a=1&b=2&a=3&c=4"},
	} {
		values, rest := take(pairs, c.name)
		joined := ""
		for k, v := range values {
			if k > 0 {
				joined += " "
			}
			joined += v
		}
		if joined != c.values || string(appendQuery(nil, rest)) != c.rest {
			t.Errorf("%s: %q and %q", c.name, joined, appendQuery(nil, rest))
		}
	}
	if got := string(appendQuery(nil, pairs)); got != "a=1&b=2&a=3&c=4" {
		t.Errorf("the pairs were changed to %s", got)
	}
}
