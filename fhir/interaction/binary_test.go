package interaction_test

import (
	"testing"

	"firewolf/fhir/interaction"
)

func typed(contentType string) func(*interaction.Request) {
	return func(r *interaction.Request) { r.ContentType = contentType }
}

func rawly(r *interaction.Request) { r.RawAccept = "*/*" }

func secured(by string) func(*interaction.Request) {
	return func(r *interaction.Request) { r.SecurityContext = by }
}

// https://hl7.org/fhir/R4/binary.html#rest
func TestBinary(t *testing.T) {
	const stored = `{"resourceType":"Binary","id":"1","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:01.000Z"},"contentType":"text/plain","data":"d29sZg=="}`
	wolfText := call("PUT Binary/1", "wolf", typed("text/plain"))
	location := base + "/Binary/1/_history/1"
	run(t, []scenario{
		{
			name:   "content of any type is kept in a Binary",
			when:   wolfText,
			want:   answer{Status: 201, Location: location, ETag: `W/"1"`, Modified: "1s", Body: stored},
			writes: 1,
		},
		{
			name:   "content is posted too",
			when:   call("POST Binary", "wolf", typed("text/plain"), prefer("minimal")),
			want:   answer{Status: 201, Location: base + "/Binary/new-1/_history/1", ETag: `W/"1"`, Modified: "1s"},
			writes: 1,
		},
		{
			name:   "a Binary resource is kept as it is",
			when:   call("PUT Binary/1", `{"resourceType":"Binary","id":"1","contentType":"text/plain","data":"d29sZg=="}`),
			want:   answer{Status: 201, Location: location, ETag: `W/"1"`, Modified: "1s", Body: stored},
			writes: 1,
		},
		{
			name: "empty content is kept as a Binary without data",
			when: call("PUT Binary/1", "", typed("application/octet-stream")),
			want: answer{
				Status: 201, Location: location, ETag: `W/"1"`, Modified: "1s",
				Body: `{"resourceType":"Binary","id":"1","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:01.000Z"},"contentType":"application/octet-stream"}`,
			},
			writes: 1,
		},
		{
			name:  "and served as empty",
			given: []interaction.Request{call("PUT Binary/1", "", typed("text/plain"))},
			when:  call("GET Binary/1", "", rawly),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Type: "text/plain"},
		},
		{
			name: "no content, and no type of one",
			when: call("PUT Binary/1", ""),
			want: refused(400, "error required Binary: the request has no body: a Binary is needed"),
		},
		{
			name: "nothing where a resource was to come",
			when: call("PUT Binary/1", "", typed("application/fhir+json")),
			want: refused(400, "error required Binary: the request has no body: a Binary is needed"),
		},
		{
			name: "another resource is content",
			when: call("PUT Binary/1", `{"resourceType":"Patient"}`),
			want: answer{
				Status: 201, Location: location, ETag: `W/"1"`, Modified: "1s",
				Body: `{"resourceType":"Binary","id":"1","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:01.000Z"},"contentType":"application/fhir+json","data":"eyJyZXNvdXJjZVR5cGUiOiJQYXRpZW50In0="}`,
			},
			writes: 1,
		},
		{
			name:   "JSON that is none is content",
			when:   call("PUT Binary/1", `{`, typed("application/json"), prefer("minimal")),
			want:   answer{Status: 201, Location: location, ETag: `W/"1"`, Modified: "1s"},
			writes: 1,
		},
		{
			name: "X-Security-Context is kept with the content",
			when: call("PUT Binary/1", "wolf", typed("text/plain"), secured("Patient/1")),
			want: answer{
				Status: 201, Location: location, ETag: `W/"1"`, Modified: "1s",
				Body: `{"resourceType":"Binary","id":"1","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:01.000Z"},"contentType":"text/plain","securityContext":{"reference":"Patient/1"},"data":"d29sZg=="}`,
			},
			writes: 1,
		},
		{
			name:  "the same content makes no version",
			given: []interaction.Request{wolfText},
			when:  wolfText,
			want:  answer{Status: 200, Location: location, ETag: `W/"1"`, Modified: "1s", Body: stored},
		},
		{
			name:  "a read that wants FHIR gives the resource",
			given: []interaction.Request{wolfText},
			when:  call("GET Binary/1", ""),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Body: stored},
		},
		{
			name:  "any other read gives the content",
			given: []interaction.Request{wolfText},
			when:  call("GET Binary/1", "", rawly),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Type: "text/plain", Body: "wolf"},
		},
		{
			name:  "a version gives its content",
			given: []interaction.Request{wolfText},
			when:  call("GET Binary/1/_history/1", "", rawly),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Type: "text/plain", Body: "wolf"},
		},
		{
			name:  "content that the client has is not sent again",
			given: []interaction.Request{wolfText},
			when:  call("GET Binary/1", "", rawly, ifNoneMatch(`W/"1"`)),
			want:  answer{Status: 304, ETag: `W/"1"`, Modified: "1s"},
		},
		{
			name:  "HEAD gives the type of the content",
			given: []interaction.Request{wolfText},
			when:  call("HEAD Binary/1", "", rawly),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Type: "text/plain"},
		},
		{
			name:  "content with white space in its base64 is read",
			given: []interaction.Request{call("PUT Binary/1", `{"resourceType":"Binary","id":"1","contentType":"text/plain","data":"d29s\n Zg=="}`)},
			when:  call("GET Binary/1", "", rawly),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Type: "text/plain", Body: "wolf"},
		},
		{
			name:  "a Binary without content is empty",
			given: []interaction.Request{call("PUT Binary/1", `{"resourceType":"Binary","id":"1","contentType":"text/plain"}`)},
			when:  call("GET Binary/1", "", rawly),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Type: "text/plain"},
		},
		{
			name: "no type and no resource is refused",
			when: call("PUT Binary/1", "wolf", typed("")),
			want: refused(400,
				`error structure : line 1, column 1: a resource starts as a JSON object, with a brace`,
			),
		},
		{
			name: "a Binary of another id is refused",
			when: call("PUT Binary/1", `{"resourceType":"Binary","id":"2","contentType":"text/plain"}`),
			want: refused(400, `error invalid Binary.id: the id in the resource is "2", in the URL it is "1"`),
		},
	})
}

func TestXSecurityContextOfRawContent(t *testing.T) {
	w := newWorld(t, nil)
	w.do(call("PUT Binary/1", "wolf", typed("text/plain"), secured("Patient/1")))
	r := w.Interact(t.Context(), call("GET Binary/1", "", rawly))
	if r.SecurityContext != "Patient/1" {
		t.Errorf("%q", r.SecurityContext)
	}
}
