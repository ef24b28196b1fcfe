package interaction_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/interaction"
)

// observation refers to a subject.
func observation(reference string) string {
	return `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"` + reference + `"}}`
}

// after sends requests, of which the last must succeed, and returns a resource as it is then, its meta left out.
func after(t *testing.T, change func(*interaction.Options), path string, requests ...interaction.Request) string {
	t.Helper()
	w := newWorld(t, change)
	for _, r := range requests {
		if got := w.do(r); got.Status >= 300 {
			t.Fatalf("%s %s: %d %v", r.Method, r.Path, got.Status, got.Issues)
		}
	}
	body := w.do(call("GET "+path, "")).Body
	if start := strings.Index(body, `"meta":{`); start >= 0 {
		end := start + strings.IndexByte(body[start:], '}')
		body = body[:start] + body[end+2:]
	}
	return body
}

// "Servers SHALL replace all matching links in the bundle": https://hl7.org/fhir/R4/http.html#trules
func TestLinksBetweenEntriesAreRewritten(t *testing.T) {
	const uuid = "urn:uuid:c72aa430-2ddc-456e-7a09-dea8264671d8"
	patient := func(fullURL string) string { return post(fullURL, namedWolf) }
	subject := func(to string) string {
		return `{"resourceType":"Observation","id":"new-2","status":"final","code":{"text":"x"},"subject":{"reference":"` + to + `"}}`
	}
	for _, c := range []struct {
		name    string
		entries []string
		want    string // Observation/new-2
	}{
		{"a UUID", []string{patient(uuid), post("", observation(uuid))}, subject("Patient/new-1")},
		{"a UUID in capitals", []string{patient(uuid), post("", observation("urn:uuid:C72AA430-2DDC-456E-7A09-DEA8264671D8"))}, subject("Patient/new-1")},
		{"an OID", []string{patient("urn:oid:1.2.3"), post("", observation("urn:oid:1.2.3"))}, subject("Patient/new-1")},
		{"a reference before its target", []string{patient("urn:uuid:other"), post("", observation(uuid)), patient(uuid)}, subject("Patient/new-3")},
		{"an absolute URL", []string{patient("http://a.example/r4/Patient/7"), post("", observation("http://a.example/r4/Patient/7"))}, subject("Patient/new-1")},
		{"an absolute URL by another scheme", []string{patient("http://a.example/r4/Patient/7"), post("", observation("https://a.example/r4/Patient/7"))}, subject("Patient/new-1")},
		{
			"a relative reference beside an absolute fullUrl",
			[]string{patient("http://a.example/r4/Patient/7"), post("http://a.example/r4/Observation/1", observation("Patient/7"))},
			subject("Patient/new-1"),
		},
		{"an own absolute URL by a relative reference", []string{patient(base + "/Patient/tmp"), post("", observation("Patient/tmp"))}, subject("Patient/new-1")},
		{"a relative fullUrl", []string{patient("Patient/tmp"), post("", observation("Patient/tmp"))}, subject("Patient/new-1")},
		{
			"the id of a resource without a fullUrl",
			[]string{post("", `{"resourceType":"Patient","id":"tmp"}`), post("", observation("Patient/tmp"))},
			subject("Patient/new-1"),
		},
		{
			"a relative reference beside a URN to the only entry that ends so",
			[]string{patient("http://a.example/r4/Patient/7"), post("urn:uuid:o", observation("Patient/7"))},
			subject("Patient/new-1"),
		},
		{
			"a relative reference beside a URN to one of two entries that end so stays",
			[]string{post("http://a.example/r4/Group/7", `{"resourceType":"Group","type":"person","actual":true}`), post("urn:uuid:o", observation("Group/7/_history/x")), post("http://b.example/r4/Group/7", `{"resourceType":"Group","type":"person","actual":true}`), put("Group/7", `{"resourceType":"Group","id":"7","type":"person","actual":true}`)},
			subject("Group/7/_history/1"),
		},
		{"a fragment stays", []string{patient(uuid), post("", observation(uuid+"#part"))}, subject("Patient/new-1#part")},
		{"a versioned reference names the version that is made", []string{patient("Patient/tmp"), post("", observation("Patient/tmp/_history/9"))}, subject("Patient/new-1/_history/1")},
		{"another server's resource stays", []string{patient(uuid), post("", observation("http://b.example/Patient/7"))}, subject("http://b.example/Patient/7")},
		{
			"an extension, a contained resource, an element with an identifier beside it",
			[]string{patient(uuid), post("", `{"resourceType":"Observation","contained":[{"resourceType":"Specimen","id":"s","subject":{"reference":"`+uuid+`"}}],"extension":[{"url":"http://x","valueReference":{"reference":"`+uuid+`"}}],"status":"final","code":{"text":"x"},"subject":{"reference":"`+uuid+`","identifier":{"value":"`+uuid+`"}},"specimen":{"reference":"#s"}}`)},
			`{"resourceType":"Observation","id":"new-2","contained":[{"resourceType":"Specimen","id":"s","subject":{"reference":"Patient/new-1"}}],"extension":[{"url":"http://x","valueReference":{"reference":"Patient/new-1"}}],"status":"final","code":{"text":"x"},"subject":{"reference":"Patient/new-1","identifier":{"value":"` + uuid + `"}},"specimen":{"reference":"#s"}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := after(t, nil, "Observation/new-2", transaction(c.entries...))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestLinksAreRewrittenByTheTypeOfTheirElement(t *testing.T) {
	const doc = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
	binary := `{"fullUrl":"` + doc + `","resource":{"resourceType":"Binary","contentType":"text/plain"},"request":{"method":"POST","url":"Binary"}}`
	for _, c := range []struct{ name, sent, want string }{
		{
			"a url is a link",
			`{"resourceType":"DocumentReference","status":"current","content":[{"attachment":{"url":"` + doc + `"}}]}`,
			`{"resourceType":"DocumentReference","id":"new-2","status":"current","content":[{"attachment":{"url":"Binary/new-1"}}]}`,
		},
		{
			"a uri in an extension is a link, the url of the extension is a name",
			`{"resourceType":"Basic","extension":[{"url":"` + doc + `","valueUri":"` + doc + `"}],"code":{"text":"x"}}`,
			`{"resourceType":"Basic","id":"new-2","extension":[{"url":"` + doc + `","valueUri":"Binary/new-1"}],"code":{"text":"x"}}`,
		},
		{
			"a uuid can name no resource, a canonical and a string are no links",
			`{"resourceType":"Basic","extension":[{"url":"http://x","valueUuid":"` + doc + `"},{"url":"http://x","valueCanonical":"` + doc + `"},{"url":"http://x","valueString":"` + doc + `"}],"code":{"text":"` + doc + `"}}`,
			`{"resourceType":"Basic","id":"new-2","extension":[{"url":"http://x","valueUuid":"` + doc + `"},{"url":"http://x","valueCanonical":"` + doc + `"},{"url":"http://x","valueString":"` + doc + `"}],"code":{"text":"` + doc + `"}}`,
		},
		{
			"links and pictures of the narrative are links, its text is not",
			`{"resourceType":"Basic","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a title='1 > 0' href=\"` + doc + `#p\">` + doc + `</a> <img alt=\"x\" src='` + doc + `'/></div>"},"code":{"text":"x"}}`,
			`{"resourceType":"Basic","id":"new-2","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a title='1 > 0' href=\"Binary/new-1#p\">` + doc + `</a> <img alt=\"x\" src='Binary/new-1'/></div>"},"code":{"text":"x"}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			typ, _, _ := strings.Cut(strings.TrimPrefix(c.sent, `{"resourceType":"`), `"`)
			got := after(t, nil, typ+"/new-2", transaction(binary, post("", c.sent)))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestLinksToUpdatedResources(t *testing.T) {
	subject := func(to string) string {
		return `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"` + to + `"}}`
	}
	with := func(fullURL, entry string) string { return `{"fullUrl":"` + fullURL + `",` + entry[1:] }
	for _, c := range []struct {
		name  string
		given []interaction.Request
		when  []string
		want  string
	}{
		{
			"an update is what its fullUrl says, not what its id says", nil,
			[]string{with("http://a.example/Patient/9", put("Patient/1", wolf)), put("Observation/o", subject("http://a.example/Patient/9"))},
			subject("Patient/1"),
		},
		{
			"a conditional update is what it found",
			[]interaction.Request{putWolf()},
			[]string{with("urn:uuid:a", put("Patient?name=wolf", `{"resourceType":"Patient"}`)), put("Observation/o", subject("urn:uuid:a"))},
			subject("Patient/1"),
		},
		{
			"a conditional create is what it found",
			[]interaction.Request{putWolf()},
			[]string{post("urn:uuid:a", namedWolf, `"ifNoneExist":"name=wolf"`), put("Observation/o", subject("urn:uuid:a"))},
			subject("Patient/1"),
		},
		{
			"two equal conditional creates are one resource", nil,
			[]string{
				post("urn:uuid:a", taggedWolf, `"ifNoneExist":"identifier=x"`), post("urn:uuid:b", taggedWolf, `"ifNoneExist":"identifier=x"`),
				put("Observation/o", subject("urn:uuid:b")),
			},
			subject("Patient/new-1"),
		},
		{
			"a version of a new resource is the first", nil,
			[]string{put("Patient/1", wolf), put("Observation/o", subject("Patient/1/_history/7"))},
			subject("Patient/1/_history/1"),
		},
		{
			"a version of a changed resource is the next",
			[]interaction.Request{putWolf()},
			[]string{put("Patient/1", wolfe), put("Observation/o", subject("Patient/1/_history/1"))},
			subject("Patient/1/_history/2"),
		},
		{
			"a version of an unchanged resource is the current one",
			[]interaction.Request{putWolf()},
			[]string{put("Observation/o", subject("Patient/1/_history/9")), put("Patient/1", wolf)},
			subject("Patient/1/_history/1"),
		},
		{
			"a version of a resource that is brought back follows its deletion",
			[]interaction.Request{putWolf(), deleteWolf()},
			[]string{put("Patient/1", wolf), put("Observation/o", subject("Patient/1/_history/1"))},
			subject("Patient/1/_history/3"),
		},
		{
			"a version of a resource that a conditional create found is the one that is there",
			[]interaction.Request{putWolf(), putWolfe()},
			[]string{post("urn:uuid:a", namedWolf, `"ifNoneExist":"name=wolfe"`), put("Observation/o", subject("urn:uuid:a/_history/1"))},
			subject("Patient/1/_history/2"),
		},
		{
			"a version of a resource that is no entry stays",
			[]interaction.Request{putWolf(), putWolfe()},
			[]string{put("Observation/o", subject("Patient/1/_history/1"))},
			subject("Patient/1/_history/1"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := after(t, nil, "Observation/o", append(c.given, transaction(c.when...))...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// https://hl7.org/fhir/R4/http.html#trules, Conditional References
func TestConditionalReferences(t *testing.T) {
	tagged := func(id string) interaction.Request {
		return call("PUT Patient/"+id, `{"resourceType":"Patient","id":"`+id+`","identifier":[{"value":"x"}]}`)
	}
	about := put("Observation/o", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=x"}}`)
	ok := func(entries ...string) answer { return transactionResponse(entries...) }
	o := func(modified string) string { return created("Observation/o/_history/1", modified) }
	nothing := refused(422,
		`error not-found/dangling-reference Bundle.entry[0].resource.subject.reference: the conditional reference "Patient?identifier=x" matches nothing`,
	)
	many := refused(412,
		`error multiple-matches Bundle.entry[0].resource.subject.reference: the conditional reference "Patient?identifier=x" matches more than one resource`,
	)
	run(t, []scenario{
		{
			name:   "one match is what it means",
			given:  []interaction.Request{tagged("1")},
			when:   transaction(about),
			want:   ok(o("02")),
			writes: 1,
		},
		{
			name: "no match refuses all",
			when: transaction(about),
			want: nothing,
		},
		{
			name:  "many matches refuse all",
			given: []interaction.Request{tagged("1"), tagged("2")},
			when:  transaction(about),
			want:  many,
		},
		{
			name:   "a resource that the transaction creates is a match",
			when:   transaction(about, post("", taggedWolf)),
			want:   ok(o("01"), created("Patient/new-1/_history/1", "01")),
			writes: 2,
		},
		{
			name:  "one that is there and one that is created are many",
			given: []interaction.Request{tagged("1")},
			when:  transaction(about, post("", taggedWolf)),
			want:  many,
		},
		{
			name:  "a resource that the transaction deletes is no match",
			given: []interaction.Request{tagged("1")},
			when:  transaction(about, ask("DELETE", "Patient/1")),
			want:  nothing,
		},
		{
			name:   "a resource that the transaction changes counts as it will be",
			given:  []interaction.Request{tagged("1"), tagged("2")},
			when:   transaction(about, put("Patient/1", wolf)),
			want:   ok(o("03"), answered("200 OK", "Patient/1/_history/2", "2", "03")),
			writes: 2,
		},
		{
			name:  "a resource that the transaction makes match is a match",
			given: []interaction.Request{putWolf()},
			when: transaction(
				about,
				put("Patient/1", `{"resourceType":"Patient","id":"1","identifier":[{"value":"x"}]}`),
			),
			want:   ok(o("02"), answered("200 OK", "Patient/1/_history/2", "2", "02")),
			writes: 2,
		},
		{
			name:  "unknown criteria are refused, lenient handling or not",
			given: []interaction.Request{tagged("1")},
			when:  call("POST ", bundle("transaction", strings.Replace(about, "identifier=x", "identifier=x&foo=1", 1)), lenient),
			want: refused(400,
				"error not-supported/unknown-parameter Bundle.entry[0].resource.subject.reference: Patient has no search parameter foo",
			),
		},
		{
			name:  "what the criteria mean is written",
			given: []interaction.Request{tagged("1"), transaction(about)},
			when:  call("GET Observation?subject=Patient/1&_summary=count", ""),
			want:  answer{Status: 200, Body: `{"resourceType":"Bundle","type":"searchset","total":1,"link":[{"relation":"self","url":"http://localhost:8080/fhir/Observation?subject=Patient/1&_summary=count"}]}`},
		},
		{
			name:   "an own absolute URL with criteria is one too",
			given:  []interaction.Request{tagged("1")},
			when:   transaction(strings.Replace(about, "Patient?", base+"/Patient?", 1)),
			want:   ok(o("02")),
			writes: 1,
		},
		{
			name:  "criteria may ask for links inside the transaction",
			given: []interaction.Request{putWolf()},
			when: transaction(
				post("urn:uuid:e", `{"resourceType":"Encounter","status":"planned","class":{"code":"AMB"},"subject":{"reference":"urn:uuid:p"}}`),
				post("urn:uuid:p", namedWolf, `"ifNoneExist":"name=wolf"`),
				put("Observation/o", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"encounter":{"reference":"Encounter?subject=Patient/1"}}`),
			),
			want: ok(
				created("Encounter/new-1/_history/1", "02"),
				answered("200 OK", "Patient/1/_history/1", "1", "01"),
				o("02"),
			),
			writes: 2,
		},
	})
}

// contact refers to an Organization by an element that no search parameter reaches.
const contact = `{"resourceType":"Patient","id":"p","contact":[{"organization":{"reference":"Organization/o"}}]}`

func TestReferencesOfATransactionMustPointToSomething(t *testing.T) {
	allow := func(o *interaction.Options) { o.References = interaction.ReferencesAllow }
	run(t, []scenario{
		{
			name: "a reference to nothing refuses all, with its place",
			when: transaction(post("", namedWolf), post("", observation("Patient/9"))),
			want: refused(422,
				"error not-found/dangling-reference Bundle.entry[1].resource.subject.reference: the reference to Patient/9 points to nothing",
			),
		},
		{
			name: "an own absolute URL to nothing too",
			when: transaction(post("", observation(base+"/Patient/9"))),
			want: refused(422,
				"error not-found/dangling-reference Bundle.entry[0].resource.subject.reference: the reference to Patient/9 points to nothing",
			),
		},
		{
			name:  "a reference to what the transaction deletes too",
			given: []interaction.Request{putWolf()},
			when:  transaction(ask("DELETE", "Patient/1"), post("", observation("Patient/1"))),
			want: refused(409,
				"error conflict/referenced Bundle.entry[0]: Patient/1 cannot be deleted: Observation/new-1 refers to it",
				"error not-found/dangling-reference Bundle.entry[1].resource.subject.reference: the reference to Patient/1 points to nothing",
			),
		},
		{
			name: "a URN that is no fullUrl of an entry too, and all of them are named",
			when: transaction(post("urn:uuid:a", namedWolf), post("", observation("urn:uuid:b")), post("", observation("URN:OID:1.2.3")), post("", observation("urn:uuid:A#x")),
				put("Patient/2", `{"resourceType":"Patient","id":"2","contained":[{"resourceType":"Organization","id":"o","name":"x","partOf":{"reference":"urn:uuid:c"}}],`+
					`"managingOrganization":{"reference":"#o"}}`)),
			want: refused(422,
				"error not-found/dangling-reference Bundle.entry[1].resource.subject.reference: no entry has the fullUrl that the reference names",
				"error not-found/dangling-reference Bundle.entry[2].resource.subject.reference: no entry has the fullUrl that the reference names",
				"error not-found/dangling-reference Bundle.entry[4].resource.contained[0].partOf.reference: no entry has the fullUrl that the reference names",
			),
		},
		{
			name:    "a URN that is no fullUrl is kept where references are allowed to dangle",
			options: allow,
			when:    transaction(post("", observation("urn:uuid:b"))),
			want:    transactionResponse(created("Observation/new-1/_history/1", "01")),
			writes:  1,
		},
		{
			name:   "a URN that is no reference may name anything",
			when:   transaction(post("", `{"resourceType":"Basic","code":{"text":"x"},"identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:b"}],"extension":[{"url":"urn:uuid:c","valueUri":"urn:oid:1.2"}]}`)),
			want:   transactionResponse(created("Basic/new-1/_history/1", "01")),
			writes: 1,
		},
		{
			name: "a reference that no search parameter reaches too",
			when: transaction(post("", contact), put("Patient/2", `{"resourceType":"Patient","id":"2","extension":[{"url":"http://x","valueReference":{"reference":"Device/d"}}]}`)),
			want: refused(422,
				"error not-found/dangling-reference Bundle.entry[0].resource.contact[0].organization.reference: the reference to Organization/o points to nothing",
				"error not-found/dangling-reference Bundle.entry[1].resource.extension[0].value.reference: the reference to Device/d points to nothing",
			),
		},
		{
			name:    "what a Bundle that is kept refers to is its own matter where references are enforced too",
			options: func(o *interaction.Options) { o.References = interaction.ReferencesEnforce },
			when: call("PUT Bundle/b", `{"resourceType":"Bundle","id":"b","type":"collection","entry":[{"fullUrl":"http://x/Observation/1","resource":`+observation("Patient/9")+`},`+
				`{"fullUrl":"http://x/Observation/2","resource":`+observation("Patient?name=x")+`}]}`, prefer("minimal")),
			want:   answer{Status: 201, Location: base + "/Bundle/b/_history/1", ETag: `W/"1"`, Modified: "1s"},
			writes: 1,
		},
		{
			name: "what a Bundle that is kept refers to is its own matter",
			when: transaction(post("", `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x/Observation/1","resource":`+observation("Patient/9")+`}]}`)),
			want: transactionResponse(created("Bundle/new-1/_history/1", "01")), writes: 1,
		},
		{
			name:   "a reference to what is there is good",
			given:  []interaction.Request{putWolf()},
			when:   transaction(post("", observation("Patient/1"))),
			want:   transactionResponse(created("Observation/new-1/_history/1", "02")),
			writes: 1,
		},
		{
			name:    "a reference to nothing is allowed where the server is set up so",
			options: allow,
			when:    transaction(post("", observation("Patient/9"))),
			want:    transactionResponse(created("Observation/new-1/_history/1", "01")),
			writes:  1,
		},
		{
			name:   "a reference to nothing is allowed outside of transactions",
			when:   call("PUT Condition/c", condition, prefer("minimal")),
			want:   answer{Status: 201, Location: base + "/Condition/c/_history/1", ETag: `W/"1"`, Modified: "1s"},
			writes: 1,
		},
	})
}
