package interaction_test

import (
	"strings"
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// bundle writes a Bundle of a type around entries.
func bundle(kind string, entries ...string) string {
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`
}

// post is the entry of a create; more are further members of the request.
func post(fullURL, resource string, more ...string) string {
	if fullURL != "" {
		fullURL = `"fullUrl":"` + fullURL + `",`
	}
	typ, _, _ := strings.Cut(strings.TrimPrefix(resource, `{"resourceType":"`), `"`)
	return `{` + fullURL + `"resource":` + resource + `,"request":{"method":"POST","url":"` + typ + `"` + strings.Join(append([]string{""}, more...), ",") + `}}`
}

// put is the entry of an update.
func put(url, resource string, more ...string) string {
	return `{"resource":` + resource + `,"request":{"method":"PUT","url":"` + url + `"` + strings.Join(append([]string{""}, more...), ",") + `}}`
}

// ask is an entry without a resource.
func ask(method, url string, more ...string) string {
	return `{"request":{"method":"` + method + `","url":"` + url + `"` + strings.Join(append([]string{""}, more...), ",") + `}}`
}

func transaction(entries ...string) interaction.Request {
	return call("POST ", bundle("transaction", entries...))
}

// created, updated and deleted are entries of a response.
func created(location, modified string) string {
	return `{"response":{"status":"201 Created","location":"` + location + `","etag":"W/\"1\"","lastModified":"2026-01-02T03:04:` + milliseconds(modified) + `Z"}}`
}

// milliseconds are the seconds of a time with them: "01" and "01.002".
func milliseconds(seconds string) string {
	if strings.Contains(seconds, ".") {
		return seconds
	}
	return seconds + ".000"
}

func answered(status, location, vid, modified string) string {
	if location != "" {
		location = `"location":"` + location + `",`
	}
	return `{"response":{"status":"` + status + `",` + location + `"etag":"W/\"` + vid + `\"","lastModified":"2026-01-02T03:04:` + milliseconds(modified) + `Z"}}`
}

func transactionResponse(entries ...string) answer {
	return answer{Status: 200, Body: bundle("transaction-response", entries...)}
}

func refused(status int, issues ...string) answer { return answer{Status: status, Issues: issues} }

const (
	namedWolf  = `{"resourceType":"Patient","name":[{"family":"Wolf"}]}`
	taggedWolf = `{"resourceType":"Patient","identifier":[{"value":"x"}]}`
)

// https://hl7.org/fhir/R4/http.html#trules
func TestTransaction(t *testing.T) {
	one := []interaction.Request{putWolf()}
	run(t, []scenario{
		{
			name: "an empty Bundle is no error",
			when: call("POST ", `{"resourceType":"Bundle","type":"transaction"}`),
			want: answer{Status: 200, Body: `{"resourceType":"Bundle","type":"transaction-response"}`},
		},
		{
			name:  "all kinds of entries are answered in the order of the request",
			given: append(one, call("PUT Patient/2", `{"resourceType":"Patient","id":"2"}`)),
			when: transaction(
				ask("GET", "Patient/1"),
				put("Patient/1", wolfe),
				post("", namedWolf),
				ask("DELETE", "Patient/2"),
				put("Patient/3", `{"resourceType":"Patient","id":"3"}`),
			),
			want: transactionResponse(
				`{"fullUrl":"http://localhost:8080/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1","meta":{"versionId":"2","lastUpdated":"2026-01-02T03:04:03.000Z"},"name":[{"family":"Wolfe"}]},"response":{"status":"200 OK","etag":"W/\"2\"","lastModified":"2026-01-02T03:04:03.000Z"}}`,
				answered("200 OK", "Patient/1/_history/2", "2", "03"),
				created("Patient/new-1/_history/1", "03"),
				answered("204 No Content", "", "2", "03"),
				created("Patient/3/_history/1", "03"),
			),
			writes: 4,
		},
		{
			name:   "Prefer return=representation shows the resources",
			when:   call("POST ", bundle("transaction", post("", namedWolf)), prefer("representation")),
			want:   transactionResponse(`{"fullUrl":"http://localhost:8080/fhir/Patient/new-1","resource":` + newWolf + `,"response":{"status":"201 Created","location":"Patient/new-1/_history/1","etag":"W/\"1\"","lastModified":"2026-01-02T03:04:01.000Z"}}`),
			writes: 1,
		},
		{
			name:  "Prefer return=OperationOutcome says it in words",
			given: one,
			when:  call("POST ", bundle("transaction", put("Patient/1", wolf), ask("DELETE", "Patient/2")), prefer("OperationOutcome")),
			want: transactionResponse(
				`{"response":{"status":"200 OK","location":"Patient/1/_history/1","etag":"W/\"1\"","lastModified":"2026-01-02T03:04:01.000Z","outcome":`+outcome("nothing to change in Patient/1/_history/1")+`}}`,
				`{"response":{"status":"200 OK","outcome":`+outcome("nothing to delete")+`}}`,
			),
		},
		{
			name:  "an absolute url below the base, and one with a slash before it, are the same",
			given: one,
			when: transaction(
				ask("GET", base+"/Patient/1/_history/1", `"ifNoneMatch":"W/\"1\""`),
				ask("HEAD", "/Patient/1"),
			),
			want: transactionResponse(
				answered("304 Not Modified", "", "1", "01"), answered("200 OK", "", "1", "01"),
			),
		},
		{
			name:   "If-Match of an entry holds",
			given:  one,
			when:   transaction(put("Patient/1", wolfe, `"ifMatch":"W/\"1\""`)),
			want:   transactionResponse(answered("200 OK", "Patient/1/_history/2", "2", "02")),
			writes: 1,
		},
		{
			name:  "If-Match of an entry that does not hold refuses all",
			given: one,
			when:  transaction(post("", namedWolf), put("Patient/1", wolfe, `"ifMatch":"W/\"7\""`)),
			want: refused(412,
				"error conflict/version-mismatch Bundle.entry[1]: If-Match asks for version 7 of Patient/1, the current version is 1",
			),
		},
		{
			name:  "If-Match of a delete that does not hold refuses all",
			given: one,
			when:  transaction(post("", namedWolf), ask("DELETE", "Patient/1", `"ifMatch":"W/\"7\""`)),
			want: refused(412,
				"error conflict/version-mismatch Bundle.entry[1]: If-Match asks for version 7 of Patient/1, the current version is 1",
			),
		},
		{
			name:   "If-Match of a delete holds",
			given:  one,
			when:   transaction(ask("DELETE", "Patient/1", `"ifMatch":"*"`)),
			want:   transactionResponse(answered("204 No Content", "", "2", "02")),
			writes: 1,
		},
		{
			name: "a search sees what the transaction wrote",
			when: transaction(ask("GET", "Patient?name=wolf&_elements=name&_summary=count"), post("", namedWolf)),
			want: transactionResponse(
				`{"resource":{"resourceType":"Bundle","type":"searchset","total":1,"link":[{"relation":"self","url":"http://localhost:8080/fhir/Patient?name=wolf&_elements=name&_summary=count"}]},"response":{"status":"200 OK"}}`,
				created("Patient/new-1/_history/1", "01"),
			),
			writes: 1,
		},
		{
			name:  "reads alone see one moment and write nothing",
			given: one,
			when:  transaction(ask("HEAD", "Patient/1"), ask("GET", "Patient?name=fox&_summary=count")),
			want: transactionResponse(
				answered("200 OK", "", "1", "01"),
				`{"resource":{"resourceType":"Bundle","type":"searchset","total":0,"link":[{"relation":"self","url":"http://localhost:8080/fhir/Patient?name=fox&_summary=count"}]},"response":{"status":"200 OK"}}`,
			),
		},
	})
}

// "reject all resources and return an HTTP 400 or 500 type response": https://hl7.org/fhir/R4/http.html#trules
func TestTransactionIsRefusedAsAWhole(t *testing.T) {
	good := post("", namedWolf)
	run(t, []scenario{
		{
			name: "all that is wrong with all entries is told at once, each with its place",
			when: transaction(
				good,
				post("", `{"resourceType":"Patient","gender":1}`),
				put("Patient/2", `{"resourceType":"Patient","id":"2","active":"yes"}`),
			),
			want: refused(400,
				"error structure Bundle.entry[1].resource.gender: Patient.gender must be a string, not a number",
				"error structure Bundle.entry[2].resource.active: Patient.active must be a boolean, not a string",
			),
		},
		{
			name: "a problem in a Bundle that an entry keeps is told with both Bundles",
			when: transaction(good, good, post("", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":"1"}}}]}`)),
			want: refused(400,
				"error structure Bundle.entry[2].resource.entry[0].resource.value.value: Quantity.value must be a number, not a string",
			),
		},
		{
			name:  "a delete and an update of one resource",
			given: []interaction.Request{putWolf()},
			when:  transaction(ask("DELETE", "Patient/1"), good, put("Patient/1", wolfe)),
			want: refused(400,
				"error invalid Bundle.entry[0],Bundle.entry[2]: Bundle.entry[0] and Bundle.entry[2] both write Patient/1",
			),
		},
		{
			name: "two updates of one resource",
			when: transaction(put("Patient/1", wolf), put("Patient/1", wolfe)),
			want: refused(400,
				"error invalid Bundle.entry[0],Bundle.entry[1]: Bundle.entry[0] and Bundle.entry[1] both write Patient/1",
			),
		},
		{
			name:  "a conditional update of what another entry updates",
			given: []interaction.Request{putWolf()},
			when:  transaction(put("Patient?name=wolf", `{"resourceType":"Patient"}`), put("Patient/1", wolfe)),
			want: refused(400,
				"error invalid Bundle.entry[0],Bundle.entry[1]: Bundle.entry[0] and Bundle.entry[1] both write Patient/1",
			),
		},
		{
			name: "a read of what will not be there",
			when: transaction(good, ask("GET", "Patient/9")),
			want: refused(404, "error not-found Bundle.entry[1]: Patient/9 is not known"),
		},
		{
			name:  "a read of what the transaction deletes",
			given: []interaction.Request{putWolf()},
			when:  transaction(ask("DELETE", "Patient/1"), ask("GET", "Patient/1")),
			want:  refused(404, "error not-found Bundle.entry[1]: Patient/1 is not known"),
		},
		{
			name: "a read of a version that is not there",
			when: transaction(good, ask("GET", "Patient/9/_history/1")),
			want: refused(404, "error not-found Bundle.entry[1]: Patient/9 has no version 1"),
		},
		{
			name: "a history of what was never there",
			when: transaction(good, ask("GET", "Patient/9/_history")),
			want: refused(404, "error not-found Bundle.entry[1]: Patient/9 is not known"),
		},
		{
			name: "a search with an unknown parameter",
			when: transaction(good, ask("GET", "Patient?foo=1")),
			want: refused(400,
				"error not-supported/unknown-parameter Bundle.entry[1].request.url: Patient has no search parameter foo",
			),
		},
		{
			name: "a patch",
			when: transaction(good, ask("PATCH", "Patient/1")),
			want: refused(501,
				"error not-supported/not-implemented Bundle.entry[1]: patch is not implemented: read the resource, change it and update it with If-Match",
			),
		},
		{
			name: "a transaction in a transaction",
			when: transaction(
				good,
				`{"resource":{"resourceType":"Bundle","type":"transaction"},"request":{"method":"POST","url":"/"}}`,
			),
			want: refused(400,
				"error not-supported Bundle.entry[1].request.url: a batch or transaction cannot be an entry of another",
			),
		},
		{
			name: "an operation that is not built",
			when: transaction(good, ask("GET", "Patient/1/$everything")),
			want: refused(501,
				`error not-supported/not-implemented Bundle.entry[1]: the operation "$everything" is not implemented`,
			),
		},
		{
			name: "entries that are no requests",
			when: transaction(`{}`, ask("", "Patient/1"), ask("FETCH", "Patient/1"), `{"request":{"method":"GET"}}`, ask("POST", "Patient"), ask("GET", "Wolf/1"),
				`{"resource":[],"request":{"method":"PUT","url":"Patient/1"}}`, ask("GET", "http://elsewhere/Patient/1"), ask("GET", "Patient/%zz"), ask("GET", "Patient/1", `"ifModifiedSince":"today"`),
				`{"resource":{"resourceType":"Patient"},"request":{"method":"GET","url":"Patient/1"}}`),
			want: refused(400,
				"error required Bundle.entry[0]: an entry of a batch or transaction needs a request",
				"error required Bundle.entry[1].request: the request of an entry needs a method",
				`error code-invalid Bundle.entry[2].request.method: "FETCH" is not a method of FHIR`,
				"error required Bundle.entry[3].request: the request of an entry needs a url",
				"error required Bundle.entry[4]: a POST needs a resource",
				`error not-supported/unknown-type Bundle.entry[5]: "Wolf" is not a resource type of FHIR R4`,
				"error structure Bundle.entry[6].resource: the resource of an entry is a JSON object",
				`error not-supported Bundle.entry[7].request.url: "http://elsewhere/Patient/1" is not on this server`,
				"error value Bundle.entry[8].request.url: the url has a bad percent escape",
				"error value Bundle.entry[9].request.ifModifiedSince: ifModifiedSince is no instant",
				"error invalid Bundle.entry[10].resource: a GET takes no resource",
			),
		},
		{
			name: "an entry that is no object",
			when: transaction(good, `7`),
			want: refused(400, "error structure Bundle.entry[1]: an entry is a JSON object"),
		},
		{
			name: "an id in the body that is not that of the url",
			when: transaction(put("Patient/2", wolf)),
			want: refused(400,
				`error invalid Bundle.entry[0].resource.id: the id in the resource is "1", in the URL it is "2"`,
			),
		},
		{
			name: "a resource of another type than the url says",
			when: transaction(put("Observation/1", wolf)),
			want: refused(400,
				"error invalid Bundle.entry[0].resource: the body is of type Patient, the URL says Observation",
			),
		},
		{
			name:    "more entries than the limit",
			options: func(o *interaction.Options) { o.Limits.Entries = 1 },
			when:    transaction(good, good),
			want:    refused(413, "error too-long Bundle: the Bundle has 2 entries: this server takes 1"),
		},
		{
			name:  "a writing entry of a reader",
			given: []interaction.Request{putWolf()},
			when:  call("POST ", bundle("transaction", ask("GET", "Patient/1"), good), as(fhir.RoleReader)),
			want:  refused(403, `error forbidden Bundle.entry[1]: the role "reader" does not allow create`),
		},
		{
			name: "two entries with one fullUrl",
			when: transaction(post("urn:uuid:1", namedWolf), post("urn:UUID:1", taggedWolf)),
			want: refused(400,
				"error invalid Bundle.entry[0].fullUrl,Bundle.entry[1].fullUrl: Bundle.entry[0] and Bundle.entry[1] have one fullUrl",
			),
		},
	})
}

func TestTransactionOfAReader(t *testing.T) {
	run(t, []scenario{{
		name:  "that only reads is answered",
		given: []interaction.Request{putWolf()},
		when:  call("POST ", bundle("transaction", ask("HEAD", "Patient/1")), as(fhir.RoleReader)),
		want:  transactionResponse(answered("200 OK", "", "1", "01")),
	}})
}

// https://hl7.org/fhir/R4/bundle.html#bundle-types
func TestBundlesThatAreNoTransaction(t *testing.T) {
	run(t, []scenario{
		{
			name: "a searchset is refused",
			when: call("POST ", `{"resourceType":"Bundle","type":"searchset"}`),
			want: refused(400,
				`error not-supported Bundle.type: a Bundle of type "searchset" is not processed: send a batch or a transaction, or post it to Bundle to keep it`,
			),
		},
		{
			name: "a Bundle without a type is refused",
			when: call("POST ", `{"resourceType":"Bundle"}`),
			want: refused(400, "error required Bundle: a Bundle needs a type"),
		},
		{
			name: "another resource is refused",
			when: call("POST ", wolf),
			want: refused(400, "error invalid Patient: the body is of type Patient, the URL says Bundle"),
		},
		{
			name: "bad JSON is told of with the FHIRPath of its place",
			when: call("POST ", `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Observation","_effectiveDateTime":{"extension":[{"valueQuantity":{"value":+1}}]}}}]}`),
			want: refused(400, "error structure Bundle.entry[0].resource.effective.extension[0].value.value: line 1, column 153: there is no JSON value here"),
		},
		{
			name: "entries that are no array are refused",
			when: call("POST ", `{"resourceType":"Bundle","type":"batch","entry":{}}`),
			want: refused(400, "error structure Bundle.entry: Bundle.entry is an array"),
		},
		{
			name: "no body is refused",
			when: call("POST ", ""),
			want: refused(400, "error required Bundle: the request has no body: a Bundle is needed"),
		},
		{
			name:   "a collection posted to Bundle is kept as it is",
			when:   call("POST Bundle", `{"resourceType":"Bundle","type":"collection"}`, prefer("minimal")),
			want:   answer{Status: 201, Location: base + "/Bundle/new-1/_history/1", ETag: `W/"1"`, Modified: "1s"},
			writes: 1,
		},
	})
}
