package interaction_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// searchset is a Bundle as a test reads it.
type searchset struct {
	ResourceType string
	Type         string
	Total        *int
	Link         []struct{ Relation, URL string }
	Entry        []struct {
		FullURL  string
		Resource struct {
			ResourceType, ID string
			Meta             struct{ VersionID string }
			Issue            []struct{ Severity, Diagnostics string }
		}
		Search struct{ Mode string }
	}
}

// names lists the entries as "match Patient/1/_history/1".
func (b searchset) names() []string {
	var out []string
	for _, e := range b.Entry {
		out = append(out, e.Search.Mode+" "+e.Resource.ResourceType+"/"+e.Resource.ID+"/_history/"+e.Resource.Meta.VersionID)
	}
	return out
}

func (b searchset) link(relation string) string {
	for _, l := range b.Link {
		if l.Relation == relation {
			return l.URL
		}
	}
	return ""
}

// search sends a search that must succeed.
func (w *world) search(r interaction.Request) searchset {
	w.t.Helper()
	got := w.do(r)
	if got.Status != 200 {
		w.t.Fatalf("%s %s %v: %d %v", r.Method, r.Path, r.Query, got.Status, got.Issues)
	}
	var b searchset
	if err := json.Unmarshal([]byte(got.Body), &b); err != nil {
		w.t.Fatalf("%v in %s", err, got.Body)
	}
	seen := map[string]bool{}
	for _, e := range b.Entry {
		if e.FullURL != "" && seen[e.FullURL+e.Resource.Meta.VersionID] {
			w.t.Errorf("%s is there twice", e.FullURL)
		}
		seen[e.FullURL+e.Resource.Meta.VersionID] = true
	}
	return b
}

// follow makes the request of a link.
func follow(link string) interaction.Request {
	return call("GET "+strings.TrimPrefix(strings.TrimPrefix(link, base), "/"), "")
}

// clinic has two patients, an encounter, and observations of both, of which the last has a version more.
func clinic(t *testing.T, change func(*interaction.Options)) *world {
	t.Helper()
	w := newWorld(t, change)
	for _, r := range []interaction.Request{
		call("PUT Organization/org", `{"resourceType":"Organization","id":"org","name":"Den","partOf":{"reference":"Organization/top"}}`),
		call("PUT Organization/top", `{"resourceType":"Organization","id":"top","name":"Forest"}`),
		call("PUT Patient/1", `{"resourceType":"Patient","id":"1","name":[{"family":"Wolf"}],"managingOrganization":{"reference":"Organization/org"}}`),
		call("PUT Patient/2", `{"resourceType":"Patient","id":"2","name":[{"family":"Fox"}]}`),
		call("PUT Encounter/e", `{"resourceType":"Encounter","id":"e","status":"planned","class":{"code":"AMB"},"subject":{"reference":"Patient/1"}}`),
		call("PUT Observation/a", `{"resourceType":"Observation","id":"a","status":"final","code":{"coding":[{"code":"x"}]},"subject":{"reference":"Patient/1"},"encounter":{"reference":"Encounter/e"}}`),
		call("PUT Observation/b", `{"resourceType":"Observation","id":"b","status":"final","code":{"coding":[{"code":"x"}]},"subject":{"reference":"Patient/2"}}`),
		call("PUT Observation/c", `{"resourceType":"Observation","id":"c","status":"preliminary","code":{"coding":[{"code":"y"}]},"subject":{"reference":"Patient/1/_history/1"}}`),
		call("PUT Observation/c", `{"resourceType":"Observation","id":"c","status":"final","code":{"coding":[{"code":"y"}]},"subject":{"reference":"Patient/1/_history/1"}}`),
		call("PUT Patient/1", `{"resourceType":"Patient","id":"1","name":[{"family":"Wolfe"}],"managingOrganization":{"reference":"Organization/org"}}`),
	} {
		if got := w.do(r); got.Status >= 300 {
			t.Fatalf("%s: %d %v", r.Path, got.Status, got.Issues)
		}
	}
	return w
}

// https://hl7.org/fhir/R4/http.html#search
func TestSearchFinds(t *testing.T) {
	const a, b, c = "match Observation/a/_history/1", "match Observation/b/_history/1", "match Observation/c/_history/2"
	const p1, p2, e = "match Patient/1/_history/2", "match Patient/2/_history/1", "match Encounter/e/_history/1"
	const org, top = "match Organization/org/_history/1", "match Organization/top/_history/1"
	form := func(r *interaction.Request) { r.ContentType = "application/x-www-form-urlencoded" }
	w := clinic(t, nil)
	for _, s := range []struct {
		name string
		when interaction.Request
		want []string
	}{
		{"all of a type", call("GET Observation", ""), []string{a, b, c}},
		{"what meets a criterion", call("GET Observation?code=x", ""), []string{a, b}},
		{"what meets all criteria", call("GET Observation?code=x&subject=Patient/2", ""), []string{b}},
		{"in an order", call("GET Observation?_sort=-_id", ""), []string{c, b, a}},
		{"nothing, with an entry for nothing", call("GET Observation?code=z", ""), nil},
		{"by POST", call("POST Observation/_search?code=x", "", form), []string{a, b}},
		{"a chain", call("GET Observation?subject:Patient.name=fox", ""), []string{b}},
		{"the compartment of a patient, one type", call("GET Patient/1/Observation?code=x", ""), []string{a}},
		{"the compartment by POST", call("POST Patient/1/Observation/_search?code=x", "", form), []string{a}},
		{"the compartment of a patient, all types", call("GET Patient/1/*", ""), []string{e, a, c, p1}},
		{"the compartment of a patient, some types", call("GET Patient/1/*?_type=Observation,Patient", ""), []string{a, c, p1}},
		{"the compartment of an encounter", call("GET Encounter/e/Observation", ""), []string{a}},
		{"the whole system", call("GET ", ""), []string{e, a, b, c, top, org, p1, p2}},
		{"the whole system by POST", call("POST _search?_id=1", "", form), []string{p1}},
		{"several types, in the order of the query", call("GET ?_type=Patient,Encounter", ""), []string{p2, p1, e}},
		{"several types in one order by id", call("GET ?_type=Patient,Encounter,Observation&_sort=_id", ""), []string{p1, p2, a, b, c, e}},
		{"several types in one order by time, the newest first", call("GET ?_type=Patient,Observation&_sort=-_lastUpdated", ""), []string{p1, c, b, a, p2}},
		{"several types by a parameter that they share", call("GET ?_type=Observation,Encounter&patient=Patient/1", ""), []string{a, c, e}},
		{"several types by a parameter that each defines for itself", call("GET ?_type=Observation,Encounter&subject=Patient/1", ""), []string{a, c, e}},
		{"several types by a name, of which the definitions have only name and kind in common", call("GET ?_type=Patient,Organization&name=fo", ""), []string{p2, top}},
		{"several types by a chain that each defines for itself", call("GET ?_type=Observation,Encounter&subject:Patient._id=1", ""), []string{a, c, e}},
		{"a type that is named twice once", call("GET ?_type=Patient,Patient", ""), []string{p2, p1}},
	} {
		t.Run(s.name, func(t *testing.T) {
			got := w.search(s.when).names()
			if strings.HasPrefix(s.name, "the whole system") && len(got) > 1 {
				slices.Sort(got)
				slices.Sort(s.want)
			}
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSearchsetsAsAWhole(t *testing.T) {
	self := func(query string) string { return `"link":[{"relation":"self","url":"` + base + "/" + query + `"}]` }
	head := `{"resourceType":"Bundle","type":"searchset",`
	entry := `{"fullUrl":"` + base + `/Patient/1","resource":` + wolfV1 + `,"search":{"mode":"match"}}`
	one := []interaction.Request{putWolf()}
	ok := func(body string) answer { return answer{Status: 200, Body: body} }
	run(t, []scenario{
		{
			name:  "a match",
			given: one,
			when:  call("GET Patient?name=wolf", ""),
			want:  ok(head + `"total":1,` + self("Patient?name=wolf") + `,"entry":[` + entry + `]}`),
		},
		{
			name:  "HEAD",
			given: one,
			when:  call("HEAD Patient?name=wolf", ""),
			want:  ok(""),
		},
		{
			name:  "no match",
			given: one,
			when:  call("GET Patient?name=fox", ""),
			want:  ok(head + `"total":0,` + self("Patient?name=fox") + `}`),
		},
		{
			name: "an empty store",
			when: call("GET Patient", ""),
			want: ok(head + `"total":0,` + self("Patient") + `}`),
		},
		{
			name:  "no parameters",
			given: one,
			when:  call("GET Patient?_format=json", ""),
			want:  ok(head + `"total":1,` + self("Patient") + `,"entry":[` + entry + `]}`),
		},
		{
			name:  "a format that was asked for by a parameter",
			given: one,
			when:  call("GET Patient?name=fox", "", func(r *interaction.Request) { r.Format = "application/fhir+json" }),
			want:  ok(head + `"total":0,` + self("Patient?name=fox&_format=application/fhir%2Bjson") + `}`),
		},
		{
			name:  "_summary=count",
			given: one,
			when:  call("GET Patient?_summary=count", ""),
			want:  ok(head + `"total":1,` + self("Patient?_summary=count") + `}`),
		},
		{
			name:  "_count=0",
			given: one,
			when:  call("GET Patient?_count=0", ""),
			want:  ok(head + `"total":1,` + self("Patient?_count=0") + `}`),
		},
		{
			name: "_count=0 of an empty store",
			when: call("GET Patient?_count=0", ""),
			want: ok(head + `"total":0,` + self("Patient?_count=0") + `}`),
		},
		{
			name:  "_total=none",
			given: one,
			when:  call("GET Patient?_total=none", ""),
			want:  ok(head + self("Patient?_total=none") + `,"entry":[` + entry + `]}`),
		},
		{
			name:  "_total=accurate",
			given: one,
			when:  call("GET Patient?_total=accurate", ""),
			want:  ok(head + `"total":1,` + self("Patient?_total=accurate") + `,"entry":[` + entry + `]}`),
		},
		{
			name:  "lenient handling says what it ignored",
			given: one,
			when:  call("GET Patient?name=wolf&foo=1", "", lenient),
			want: ok(head + `"total":1,` + self("Patient?name=wolf") + `,"entry":[` + entry +
				`,{"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"not-supported","details":{"coding":[{"system":"http://example.org/fhir/firewolf/CodeSystem/reason","code":"unknown-parameter"}],"text":"Patient has no search parameter foo"},"diagnostics":"Patient has no search parameter foo","location":["http.foo"]}]},"search":{"mode":"outcome"}}]}`),
		},
		{
			name:  "a self link is escaped as a URL and as JSON",
			given: one,
			when:  call("GET Patient?name=a%22%26b%7C%C3%A4", ""),
			want:  ok(head + `"total":0,` + self("Patient?name=a%22%26b%7C%C3%A4") + `}`),
		},
		{
			name:  "several types",
			given: one,
			when:  call("GET ?_type=Patient&name=wolf", ""),
			want:  ok(head + `"total":1,"link":[{"relation":"self","url":"` + base + `?_type=Patient&name=wolf"}],"entry":[` + entry + `]}`),
		},
		{
			name:  "a compartment",
			given: one,
			when:  call("GET Patient/1/Patient", ""),
			want:  ok(head + `"total":1,` + self("Patient/1/Patient") + `,"entry":[` + entry + `]}`),
		},
	})
}

func TestSearchesThatAreRefused(t *testing.T) {
	run(t, []scenario{
		{
			name: "an unknown parameter",
			when: call("GET Patient?foo=1", ""),
			want: refused(400, "error not-supported/unknown-parameter http.foo: Patient has no search parameter foo"),
		},
		{
			name: "a parameter that is not answered",
			when: call("GET Patient?_text=x", ""),
			want: refused(400,
				"error not-supported/later-parameter http._text: the parameter _text is not supported",
			),
		},
		{
			name: "a bad value",
			when: call("GET Patient?_count=many", ""),
			want: refused(400, `error invalid http._count: the value "many" of _count is no whole number from 0 on`),
		},
		{
			name: "a type that R4 does not have",
			when: call("GET ?_type=Wolf", ""),
			want: refused(400, `error value http._type: "Wolf" is no type that can be searched here`),
		},
		{
			name: "a type without an endpoint",
			when: call("GET ?_type=Parameters", ""),
			want: refused(400, `error value http._type: "Parameters" is no type that can be searched here`),
		},
		{
			name: "a type outside of the compartment",
			when: call("GET Patient/1/*?_type=Organization", ""),
			want: refused(400, `error value http._type: "Organization" is no type that can be searched here`),
		},
		{
			name: "a compartment that the type is not in",
			when: call("GET Patient/1/Organization", ""),
			want: refused(400, "error not-supported : Organization is not in the compartment of a Patient"),
		},
		{
			name: "two lists of types",
			when: call("GET ?_type=Patient&_type=Encounter", ""),
			want: refused(400, "error invalid http._type: _type may occur only once"),
		},
		{
			name: "an empty list of types is not all types",
			when: call("GET ?_type=&_id=g1", ""),
			want: refused(400, "error invalid http._type: _type has no value"),
		},
		{
			name: "nor in a compartment",
			when: call("GET Patient/1/*?_type=", ""),
			want: refused(400, "error invalid http._type: _type has no value"),
		},
		{
			name: "a type that is empty among others",
			when: call("GET ?_type=Patient,&_id=g1", ""),
			want: refused(400, `error value http._type: "" is no type that can be searched here`),
		},
		{
			name: "a parameter that not all types have",
			when: call("GET ?name=wolf", ""),
			want: refused(400,
				`error not-supported/unknown-parameter http.name: "name" is not common to all types that are searched: AdverseEvent does not know it; _type says which to search`,
			),
		},
		{
			name: "a parameter that two types define with different types",
			when: call("GET ?_type=ConceptMap,DocumentManifest&source=x", ""),
			want: refused(400,
				`error invalid http.source: "source" does not mean the same for ConceptMap and DocumentManifest`,
			),
		},
		{
			name: "a parameter that lenient handling would ignore for one type alone",
			when: call("GET ?_type=Observation,Patient&code=x", "", lenient),
			want: refused(400, `error invalid http.code: "code" does not mean the same for Observation and Patient`),
		},
		{
			name: "a parameter that lenient handling would ignore for the first type alone",
			when: call("GET ?_type=Patient,Observation&code=x", "", lenient),
			want: refused(400,
				`error invalid http.query: the parameters are not the same for Patient and Observation`,
			),
		},
		{
			name: "several types in an order that they do not share",
			when: call("GET ?_type=Observation,Encounter&_sort=date", ""),
			want: refused(400,
				"error not-supported http._sort: resources of several types can be sorted by one of _lastUpdated and _id only",
			),
		},
		{
			name: "a cursor that is none",
			when: call("GET Patient?_cursor=x", ""),
			want: refused(400, "error invalid http._cursor: the page link was changed, or is not one of this server"),
		},
		{
			name: "an aggregator",
			when: call("GET Patient", "", as(fhir.RoleAggregator)),
			want: refused(403, `error forbidden : the role "aggregator" does not allow search-type`),
		},
	})
}

// walk reads all pages of a search from its first request on, calling between before every next page.
func (w *world) walk(first interaction.Request, between func(page int)) (names []string, pages int) {
	w.t.Helper()
	b := w.search(first)
	for {
		pages++
		names = append(names, b.names()...)
		next := b.link("next")
		if next == "" {
			return names, pages
		}
		if pages > 1000 {
			w.t.Fatal("the pages do not end")
		}
		between(pages)
		b = w.search(follow(next))
	}
}

// Pages are of one moment, however much is written meanwhile.
func TestPagesShowOneMoment(t *testing.T) {
	for _, query := range []string{
		"Patient?_count=7", "Patient?_count=7&_sort=name", "Patient?_count=7&_sort=-name,_id", "Patient?_count=7&name=p",
		"?_type=Encounter,Patient,Observation&_count=7", "?_type=Encounter,Patient&_count=7&_sort=-_lastUpdated", "?_type=Patient,Encounter&_count=7&_sort=_id",
		"?_count=7",
	} {
		t.Run(query, func(t *testing.T) {
			w := newWorld(t, nil)
			rnd := rand.New(rand.NewPCG(1, 2))
			write := func() {
				id := rnd.IntN(60)
				switch rnd.IntN(4) {
				case 0:
					w.do(call(fmt.Sprintf("DELETE Patient/%d", id), ""))
				case 1:
					w.do(call(fmt.Sprintf("PUT Encounter/%d", id), fmt.Sprintf(`{"resourceType":"Encounter","id":"%d","status":"planned","class":{"code":"x%d"}}`, id, rnd.Int())))
				default:
					w.do(call(fmt.Sprintf("PUT Patient/%d", id), fmt.Sprintf(`{"resourceType":"Patient","id":"%d","name":[{"family":"p%d"}]}`, id, rnd.IntN(30))))
				}
			}
			for range 150 {
				write()
			}
			all := strings.Replace(query, "_count=7", "_count=1000", 1)
			want := w.search(call("GET "+all, "")).names()
			if len(want) < 20 {
				t.Fatalf("only %d matches: the test sees too little", len(want))
			}
			got, pages := w.walk(call("GET "+query, ""), func(int) {
				for range 10 {
					write()
				}
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if pages != (len(want)+6)/7 {
				t.Errorf("%d pages of %d matches", pages, len(want))
			}
		})
	}
}

func TestAPageMayEndWhereATypeEnds(t *testing.T) {
	for _, query := range []string{"?_type=Patient,Encounter,Observation", "?_type=Observation,Encounter,Patient&_sort=_id", "Patient/1/*"} {
		w := clinic(t, nil)
		want := w.search(call("GET "+query, "")).names()
		for count := 1; count <= len(want); count++ {
			page := fmt.Sprintf("%s&_count=%d", query, count)
			if !strings.Contains(query, "?") {
				page = fmt.Sprintf("%s?_count=%d", query, count)
			}
			t.Run(page, func(t *testing.T) {
				w.t = t
				got, _ := w.walk(call("GET "+page, ""), func(int) {})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		}
	}
}

func TestPageLinks(t *testing.T) {
	w := newWorld(t, nil)
	for k := range 5 {
		w.do(call(fmt.Sprintf("PUT Patient/%d", k), fmt.Sprintf(`{"resourceType":"Patient","id":"%d"}`, k)))
	}
	first := w.search(call("POST Patient/_search?_count=2&_total=accurate", ""))
	second := w.search(follow(first.link("next")))
	last := w.search(follow(second.link("next")))
	t.Run("every page has a self link that gives it again", func(t *testing.T) {
		for _, page := range []searchset{first, second, last} {
			again := w.search(follow(page.link("self")))
			if diff := cmp.Diff(page, again); diff != "" {
				t.Errorf("-page +again:\n%s", diff)
			}
		}
	})
	t.Run("later pages lead back to the first", func(t *testing.T) {
		if got := w.search(follow(last.link("first"))).names(); !slices.Equal(got, first.names()) {
			t.Errorf("%v, want %v", got, first.names())
		}
	})
	t.Run("the last page has no next", func(t *testing.T) {
		if last.link("next") != "" || len(last.Entry) != 1 {
			t.Errorf("%+v", last)
		}
	})
	t.Run("the total that was asked for stands on every page", func(t *testing.T) {
		for _, page := range []searchset{first, second, last} {
			if page.Total == nil || *page.Total != 5 {
				t.Errorf("total %v", page.Total)
			}
		}
	})
	t.Run("a total that was not asked for is not counted", func(t *testing.T) {
		if got := w.search(call("GET Patient?_count=2", "")); got.Total != nil {
			t.Errorf("total %d", *got.Total)
		}
	})
	next, err := url.Parse(first.link("next"))
	if err != nil {
		t.Fatal(err)
	}
	cursor := next.Query().Get("_cursor")
	changed := "A" + cursor[1:]
	if changed == cursor {
		changed = "B" + cursor[1:]
	}
	for _, c := range []struct{ name, line, want string }{
		{"a cursor of another query is refused", "GET Patient?_count=3&_total=accurate&_cursor=" + cursor, "error invalid http._cursor: the page link belongs to another query"},
		{"a cursor of another type is refused", "GET Observation?_count=2&_total=accurate&_cursor=" + cursor, "error invalid http._cursor: the page link belongs to another query"},
		{"a cursor that was changed is refused", "GET Patient?_count=2&_total=accurate&_cursor=" + changed, "error invalid http._cursor: the page link was changed, or is not one of this server"},
		{"two cursors are refused", "GET Patient?_count=2&_cursor=x&_cursor=" + cursor, "error invalid http._cursor: _cursor may occur only once"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(refused(400, c.want), w.do(call(c.line, ""))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	t.Run("a cursor of another server is refused", func(t *testing.T) {
		other := newWorld(t, nil)
		if got := other.do(follow(first.link("next"))); got.Status != 400 {
			t.Errorf("%+v", got)
		}
	})
}
