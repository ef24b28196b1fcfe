package interaction_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
)

// FuzzInteract sends what nobody should send. Whatever it is, the answer is one of a client's mistakes or a success, never
// an internal error, and its body is JSON.
func FuzzInteract(f *testing.F) {
	for _, seed := range []struct{ method, path, query, body, header string }{
		{"GET", "Patient/1", "_elements=name", "", `W/"1"`},
		{"PUT", "Patient/1", "", wolf, `W/"1"`},
		{"PUT", "Patient", "name=wolf", wolf, "*"},
		{"POST", "Patient", "", namedWolf, "identifier=x"},
		{"POST", "", "", bundle("transaction",
			post("urn:uuid:1", namedWolf),
			put("Patient?name=wolf", namedWolf),
			ask("DELETE", "Patient/1"),
		), ""},
		{"POST", "", "", bundle("batch", post("urn:uuid:1", namedWolf), ask("GET", "Patient?_include=*")), ""},
		{"GET", "", "_type=Patient&_sort=-_lastUpdated", "", ""},
		{"GET", "Patient/1/*", "", "", ""},
		{"GET", "_history", "_at=2026&_count=1", "", ""},
		{"GET", "metadata", "mode=full", "", ""},
		{"PUT", "Binary/1", "", "wolf", ""},
		{"DELETE", "Patient", "name=w", "", `"1"`},
		{"GET", "Patient/1/_history/1/$meta", "", "", ""},
		{"PATCH", "///", "a=b", "{", "\x00"},
	} {
		f.Add(seed.method, seed.path, seed.query, seed.body, seed.header)
	}
	f.Fuzz(func(t *testing.T, method, path, query, body, header string) {
		w := newWorld(t, nil)
		w.do(putWolf())
		pairs, err := interaction.ParseQuery(query)
		if err != nil {
			pairs = []search.Pair{{Name: query, Value: query}}
		}
		got := w.Interact(context.Background(), interaction.Request{
			Method: method, Path: path, Query: pairs, Body: []byte(body), ContentType: "application/fhir+json",
			IfMatch: header, IfNoneMatch: header, IfNoneExist: header, Base: base, Caller: writer,
		})
		if got.Status < 200 || got.Status >= 500 && got.Status != 501 || got.Err != nil {
			t.Fatalf("%d %v %v", got.Status, got.Issues, got.Err)
		}
		if got.Body != nil && got.ContentType == "" && !json.Valid(got.Body) {
			t.Errorf("the body is no JSON: %s", got.Body)
		}
		if !json.Valid(interaction.Outcome(got.Issues)) {
			t.Errorf("the outcome is no JSON: %s", interaction.Outcome(got.Issues))
		}
	})
}

// What a client sent may stand in a message, but not at any length.
func TestMessagesStayShort(t *testing.T) {
	long := strings.Repeat("wolf", 10_000)
	w := newWorld(t, nil)
	for _, r := range []interaction.Request{
		call("GET "+long, ""), call("GET Patient/"+url.PathEscape(long), ""), call("GET Patient/1?"+long+"=1", ""), call("GET Patient?"+long+"=1", ""),
		call("GET Patient?_sort="+long, ""), call("GET ?_type="+long, ""), call("GET _history?_at="+long, ""), call("GET $"+long, ""),
		call("PUT Patient/1", `{"resourceType":"Patient","id":"`+long+`"}`), call("PUT Patient/1", `{"resourceType":"`+long+`"}`),
		call("PUT Patient/1", wolf, ifMatch(long)), call("POST Patient", wolf, prefer(long)), call("POST Patient", wolf, ifNoneExist(long)),
		call("POST Patient", wolf, typed(long)), call("POST ", `{"resourceType":"Bundle","type":"`+long+`"}`),
		transaction(ask(long, "Patient")), transaction(ask("GET", "http://"+long)), transaction(put("Basic/1", `{"resourceType":"Basic","id":"1","code":{"text":"x"},"subject":{"reference":"Patient?name=`+long+`"}}`)),
	} {
		got := w.do(r)
		if got.Status < 400 || got.Status >= 500 && got.Status != 501 {
			t.Errorf("%s: %d", r.Method, got.Status)
		}
		for _, i := range got.Issues {
			_, text, _ := strings.Cut(i, ": ")
			if len(text) > 400 {
				t.Errorf("%s %.20s: a message of %d characters: %.100s", r.Method, r.Path, len(text), text)
			}
		}
	}
	if w.written() != 0 {
		t.Error("something was written")
	}
}

// Nobody but a writer or an admin ever writes, by whatever way.
func TestNobodyElseWrites(t *testing.T) {
	w := newWorld(t, nil)
	w.do(putWolf())
	before := w.written()
	for _, role := range []fhir.Role{fhir.RoleReader, fhir.RoleAggregator, "", "root"} {
		for _, r := range []interaction.Request{
			putWolfe(), deleteWolf(), call("POST Patient", namedWolf), call("PUT Patient?name=wolf", namedWolf), call("DELETE Patient?name=wolf", ""),
			call("PATCH Patient/1", "[]"), call("POST Patient", namedWolf, ifNoneExist("name=none")), call("PUT Binary/1", "wolf", typed("text/plain")),
			call("POST ", bundle("transaction", post("", namedWolf))), call("POST ", bundle("transaction", ask("DELETE", "Patient/1"))),
			call("POST ", bundle("batch", post("", namedWolf), put("Patient/1", wolfe), ask("DELETE", "Patient?name=wolf"))),
		} {
			as(role)(&r)
			got := w.do(r)
			if got.Status != 403 && !strings.Contains(got.Body, `"status":"403 Forbidden"`) || strings.Contains(got.Body, `"status":"20`) {
				t.Errorf("%q %s %s: %d %s", role, r.Method, r.Path, got.Status, got.Body)
			}
		}
	}
	if w.written() != before {
		t.Error("something was written")
	}
}
