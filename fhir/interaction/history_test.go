package interaction_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// versions lists a history as "PUT Patient/1 1" with the method, the url and the version of each entry.
func (w *world) versions(r interaction.Request) (names []string, next string) {
	w.t.Helper()
	got := w.do(r)
	if got.Status != 200 {
		w.t.Fatalf("%s: %d %v", r.Path, got.Status, got.Issues)
	}
	var b struct {
		Link  []struct{ Relation, URL string }
		Entry []struct {
			Request  struct{ Method, URL string }
			Response struct{ Etag string }
		}
	}
	if err := json.Unmarshal([]byte(got.Body), &b); err != nil {
		w.t.Fatal(err)
	}
	for _, e := range b.Entry {
		names = append(names, e.Request.Method+" "+e.Request.URL+" "+e.Response.Etag)
	}
	for _, l := range b.Link {
		if l.Relation == "next" {
			next = l.URL
		}
	}
	return names, next
}

// https://hl7.org/fhir/R4/http.html#history
func TestHistoryAsAWhole(t *testing.T) {
	run(t, []scenario{
		{
			name:  "versions come newest first, a deletion without a resource",
			given: []interaction.Request{putWolf(), putWolfe(), deleteWolf()},
			when:  call("GET Patient/1/_history", ""),
			want: answer{Status: 200, Body: `{"resourceType":"Bundle","type":"history","total":3,"link":[{"relation":"self","url":"` + base + `/Patient/1/_history"}],"entry":[` +
				`{"fullUrl":"` + base + `/Patient/1","request":{"method":"DELETE","url":"Patient/1"},"response":{"status":"204 No Content","etag":"W/\"3\"","lastModified":"2026-01-02T03:04:03.000Z"}},` +
				`{"fullUrl":"` + base + `/Patient/1","resource":` + wolfeV2 + `,"request":{"method":"PUT","url":"Patient/1"},"response":{"status":"200 OK","etag":"W/\"2\"","lastModified":"2026-01-02T03:04:02.000Z"}},` +
				`{"fullUrl":"` + base + `/Patient/1","resource":` + wolfV1 + `,"request":{"method":"PUT","url":"Patient/1"},"response":{"status":"201 Created","etag":"W/\"1\"","lastModified":"2026-01-02T03:04:01.000Z"}}]}`},
		},
		{
			name:  "a create is a POST to its type",
			given: []interaction.Request{call("POST Patient", namedWolf)},
			when:  call("GET Patient/_history?_count=5", ""),
			want: answer{Status: 200, Body: `{"resourceType":"Bundle","type":"history","total":1,"link":[{"relation":"self","url":"` + base + `/Patient/_history?_count=5"}],"entry":[` +
				`{"fullUrl":"` + base + `/Patient/new-1","resource":` + newWolf + `,"request":{"method":"POST","url":"Patient"},"response":{"status":"201 Created","etag":"W/\"1\"","lastModified":"2026-01-02T03:04:01.000Z"}}]}`},
		},
		{
			name:  "_count=0 counts",
			given: []interaction.Request{putWolf(), putWolfe()},
			when:  call("GET _history?_count=0", ""),
			want:  answer{Status: 200, Body: `{"resourceType":"Bundle","type":"history","total":2,"link":[{"relation":"self","url":"` + base + `/_history?_count=0"}]}`},
		},
		{
			name: "an empty store has an empty history",
			when: call("GET _history", ""),
			want: answer{Status: 200, Body: `{"resourceType":"Bundle","type":"history","total":0,"link":[{"relation":"self","url":"` + base + `/_history"}]}`},
		},
		{
			name:  "HEAD has no body",
			given: []interaction.Request{putWolf()},
			when:  call("HEAD Patient/1/_history", ""),
			want:  answer{Status: 200},
		},
		{
			name:  "_summary shows parts of the versions",
			given: []interaction.Request{putWolf()},
			when:  call("GET Patient/1/_history?_elements=gender", ""),
			want: answer{Status: 200, Body: `{"resourceType":"Bundle","type":"history","total":1,"link":[{"relation":"self","url":"` + base + `/Patient/1/_history?_elements=gender"}],"entry":[` +
				`{"fullUrl":"` + base + `/Patient/1","resource":{"resourceType":"Patient","id":"1","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:01.000Z","tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}},` +
				`"request":{"method":"PUT","url":"Patient/1"},"response":{"status":"201 Created","etag":"W/\"1\"","lastModified":"2026-01-02T03:04:01.000Z"}}]}`},
		},
		{
			name: "what was never there has no history",
			when: call("GET Patient/1/_history", ""),
			want: refused(404, "error not-found : Patient/1 is not known"),
		},
		{
			name:  "a history that a filter empties is empty",
			given: []interaction.Request{putWolf(), deleteWolf()},
			when:  call("GET Patient/1/_history?_since=2030-01-01T00:00:00Z", ""),
			want:  answer{Status: 200, Body: `{"resourceType":"Bundle","type":"history","total":0,"link":[{"relation":"self","url":"` + base + `/Patient/1/_history?_since=2030-01-01T00:00:00Z"}]}`},
		},
		{
			name: "an unknown parameter",
			when: call("GET _history?foo=1", ""),
			want: refused(400,
				`error not-supported/unknown-parameter http.foo: "foo" is not a parameter of history-system`,
			),
		},
		{
			name: "_list is not supported",
			when: call("GET _history?_list=1", ""),
			want: refused(400,
				`error not-supported/unknown-parameter http._list: "_list" is not a parameter of history-system`,
			),
		},
		{
			name: "a time without a value is not all times",
			when: call("GET _history?_since=", ""),
			want: refused(400, "error invalid http._since: _since has no value"),
		},
		{
			name: "a parameter twice",
			when: call("GET _history?_count=1&_count=2", ""),
			want: refused(400, "error invalid http._count: _count may occur only once"),
		},
		{
			name: "a count that is none",
			when: call("GET _history?_count=-1", ""),
			want: refused(400, `error value http._count: _count is a number from 0 on, not "-1"`),
		},
		{
			name: "_since without a time",
			when: call("GET _history?_since=2026", ""),
			want: refused(400,
				`error value http._since: _since is an instant, such as 2024-03-10T12:30:00Z, not "2026"`,
			),
		},
		{
			name: "_at that is no date",
			when: call("GET _history?_at=ge2026", ""),
			want: refused(400, `error value http._at: _at is a date or a date with a time, not "ge2026"`),
		},
		{
			name: "an aggregator",
			when: call("GET _history", "", as(fhir.RoleAggregator)),
			want: refused(403, `error forbidden : the role "aggregator" does not allow history-system`),
		},
		{
			name: "a cursor of another history",
			when: call("GET _history?_cursor=x", ""),
			want: refused(400, "error invalid http._cursor: the page link was changed, or is not one of this server"),
		},
	})
}

func TestHistorySelectsVersions(t *testing.T) {
	w := newWorld(t, nil)
	for _, r := range []interaction.Request{
		putWolf(),                          // 1 s
		call("POST Patient", namedWolf),    // 2 s
		putWolfe(),                         // 3 s
		call("PUT Condition/c", condition), // 4 s
		deleteWolf(),                       // 5 s
	} {
		w.do(r)
	}
	const p1, p2, p3, n1, c1 = `PUT Patient/1 W/"1"`, `PUT Patient/1 W/"2"`, `DELETE Patient/1 W/"3"`, `POST Patient W/"1"`, `PUT Condition/c W/"1"`
	for _, c := range []struct {
		name, line string
		want       []string
	}{
		{"of one resource", "GET Patient/1/_history", []string{p3, p2, p1}},
		{"of a type", "GET Patient/_history", []string{p3, p2, n1, p1}},
		{"of the system", "GET _history", []string{p3, c1, p2, n1, p1}},
		{"since a moment, that moment too", "GET _history?_since=2026-01-02T03:04:04Z", []string{p3, c1}},
		{"since a moment in another zone", "GET _history?_since=2026-01-02T04:04:04%2B01:00", []string{p3, c1}},
		{"current at a moment", "GET _history?_at=2026-01-02T03:04:02Z", []string{n1, p1}},
		{"current at some time of a year", "GET Patient/_history?_at=2026", []string{p3, p2, n1, p1}},
		{"current before all began", "GET _history?_at=2025", nil},
		{"current at last", "GET _history?_at=2030", []string{p3, c1, n1}},
		{"since and at together", "GET _history?_at=2030&_since=2026-01-02T03:04:04Z", []string{p3, c1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := w.versions(call(c.line, ""))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestHistoryPagesShowOneMoment(t *testing.T) {
	for _, path := range []string{"_history", "Patient/_history", "Patient/1/_history", "Patient/_history?_since=2026-01-02T03:04:10Z"} {
		t.Run(path, func(t *testing.T) {
			w := newWorld(t, nil)
			write := func(k int) {
				w.do(call("PUT Patient/1", fmt.Sprintf(`{"resourceType":"Patient","id":"1","name":[{"family":"p%d"}]}`, k)))
				w.do(call("POST Observation", observation("Patient/1")))
			}
			for k := range 20 {
				write(k)
			}
			sign := "?"
			if path == "Patient/_history?_since=2026-01-02T03:04:10Z" {
				sign = "&"
			}
			want, _ := w.versions(call("GET "+path+sign+"_count=1000", ""))
			got, next := w.versions(call("GET "+path+sign+"_count=7", ""))
			for k := 100; next != ""; k++ {
				write(k)
				var more []string
				more, next = w.versions(follow(next))
				got = append(got, more...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAHistoryTellsTheStatusThatTheClientGot(t *testing.T) {
	w := newWorld(t, nil)
	var told []int
	for _, r := range []interaction.Request{putWolf(), putWolfe(), deleteWolf(), putWolf(), putWolfe()} {
		told = append(told, w.do(r).Status)
	}
	if d := cmp.Diff([]int{201, 200, 204, 201, 200}, told); d != "" {
		t.Fatal(d)
	}
	for _, page := range []string{"Patient/1/_history", "Patient/1/_history?_count=2", "_history?_count=1"} {
		var got []string
		for next := page; next != ""; {
			answer := w.do(call("GET "+strings.TrimPrefix(next, base+"/"), ""))
			var b struct {
				Link  []struct{ Relation, URL string }
				Entry []struct{ Response struct{ Status string } }
			}
			if err := json.Unmarshal([]byte(answer.Body), &b); err != nil {
				t.Fatal(err)
			}
			for _, e := range b.Entry {
				got = append(got, e.Response.Status)
			}
			next = ""
			for _, l := range b.Link {
				if l.Relation == "next" {
					next = l.URL
				}
			}
		}
		if d := cmp.Diff([]string{"200 OK", "201 Created", "204 No Content", "200 OK", "201 Created"}, got); d != "" {
			t.Errorf("%s: %s", page, d)
		}
	}
}
