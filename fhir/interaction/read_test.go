package interaction_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

const (
	wolf     = `{"resourceType":"Patient","id":"1","name":[{"family":"Wolf"}]}`
	wolfV1   = `{"resourceType":"Patient","id":"1","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:01.000Z"},"name":[{"family":"Wolf"}]}`
	wolfe    = `{"resourceType":"Patient","id":"1","name":[{"family":"Wolfe"}]}`
	wolfeV2  = `{"resourceType":"Patient","id":"1","meta":{"versionId":"2","lastUpdated":"2026-01-02T03:04:02.000Z"},"name":[{"family":"Wolfe"}]}`
	location = base + "/Patient/1/_history/"
)

func putWolf() interaction.Request    { return call("PUT Patient/1", wolf) }
func putWolfe() interaction.Request   { return call("PUT Patient/1", wolfe) }
func deleteWolf() interaction.Request { return call("DELETE Patient/1", "") }

func unmodifiedSince(t time.Time) func(*interaction.Request) {
	return func(r *interaction.Request) { r.IfUnmodifiedSince = t }
}

func since(t time.Time) func(*interaction.Request) {
	return func(r *interaction.Request) { r.IfModifiedSince = t }
}

// https://hl7.org/fhir/R4/http.html#read
func TestRead(t *testing.T) {
	run(t, []scenario{
		{
			name:  "a resource is served with its version and the time of its last change",
			given: []interaction.Request{putWolf(), putWolfe()},
			when:  call("GET Patient/1", ""),
			want:  answer{Status: 200, ETag: `W/"2"`, Modified: "2s", Body: wolfeV2},
		},
		{
			name:  "HEAD answers as GET does, without a body",
			given: []interaction.Request{putWolf()},
			when:  call("HEAD Patient/1", ""),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s"},
		},
		{
			name: "what was never there is not found",
			when: call("GET Patient/1", ""),
			want: answer{Status: 404, Issues: []string{"error not-found : Patient/1 is not known"}},
		},
		{
			name:  "what was deleted is gone, with the ETag of the deletion",
			given: []interaction.Request{putWolf(), deleteWolf()},
			when:  call("GET Patient/1", ""),
			want:  answer{Status: 410, ETag: `W/"2"`, Modified: "2s", Issues: []string{"error deleted : Patient/1 was deleted with version 2"}},
		},
		{
			name:  "_format and _pretty are no parameters of a read",
			given: []interaction.Request{putWolf()},
			when:  call("GET Patient/1?_format=json&_pretty=true", ""),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Body: wolfV1},
		},
		{
			name:  "all unknown parameters are refused by name",
			given: []interaction.Request{putWolf()},
			when:  call("GET Patient/1?foo=1&_bar=2", ""),
			want: answer{Status: 400, Issues: []string{
				`error not-supported/unknown-parameter http.foo: "foo" is not a parameter of read`,
				`error not-supported/unknown-parameter http._bar: "_bar" is not a parameter of read`,
			}},
		},
		{
			name:  "lenient handling ignores an unknown parameter",
			given: []interaction.Request{putWolf()},
			when:  call("GET Patient/1?foo=1", "", lenient),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Body: wolfV1},
		},
	})
}

// https://hl7.org/fhir/R4/http.html#cread
func TestConditionalRead(t *testing.T) {
	one := []interaction.Request{putWolf()}
	unchanged := answer{Status: 304, ETag: `W/"1"`, Modified: "1s"}
	whole := answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Body: wolfV1}
	run(t, []scenario{
		{
			name:  "the same tag gives 304",
			given: one,
			when:  call("GET Patient/1", "", ifNoneMatch(`W/"1"`)),
			want:  unchanged,
		},
		{
			name:  "a strong tag is compared weakly",
			given: one,
			when:  call("GET Patient/1", "", ifNoneMatch(`"1"`)),
			want:  unchanged,
		},
		{
			name:  "one of several tags gives 304",
			given: one,
			when:  call("GET Patient/1", "", ifNoneMatch(`W/"7", W/"1"`)),
			want:  unchanged,
		},
		{
			name:  "a star gives 304",
			given: one,
			when:  call("GET Patient/1", "", ifNoneMatch(`*`)),
			want:  unchanged,
		},
		{
			name:  "another tag gives the resource",
			given: one,
			when:  call("GET Patient/1", "", ifNoneMatch(`W/"2"`)),
			want:  whole,
		},
		{
			name:  "a tag that is none gives the resource",
			given: one,
			when:  call("GET Patient/1", "", ifNoneMatch(`1`)),
			want:  whole,
		},
		{
			name:  "unchanged since gives 304",
			given: one,
			when:  call("GET Patient/1", "", since(began.Add(time.Second))),
			want:  unchanged,
		},
		{
			name:  "changed since gives the resource",
			given: one,
			when:  call("GET Patient/1", "", since(began)),
			want:  whole,
		},
		{
			name:  "a date that is none changes nothing",
			given: one,
			when:  call("GET Patient/1", "", since(time.Time{})),
			want:  whole,
		},
		{
			name:  "the tag goes before the time",
			given: one,
			when:  call("GET Patient/1", "", ifNoneMatch(`W/"2"`), since(began.Add(time.Hour))),
			want:  whole,
		},
		{
			name:  "a deleted resource is gone all the same",
			given: []interaction.Request{putWolf(), deleteWolf()},
			when:  call("GET Patient/1", "", ifNoneMatch(`W/"2"`)),
			want:  answer{Status: 410, ETag: `W/"2"`, Modified: "2s", Issues: []string{"error deleted : Patient/1 was deleted with version 2"}},
		},
	})
}

// Last-Modified tells whole seconds: a client that repeats it must hear of what came within that second.
// https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.2
func TestAChangeWithinASecondIsNoNotModified(t *testing.T) {
	for _, c := range []struct {
		name   string
		at     []time.Duration // of each version, from a full second on
		read   string
		since  time.Duration
		status int
	}{
		{"one version, whose time is that of the header", []time.Duration{0}, "Patient/1", 0, 304},
		{"one version that came within the second of the header", []time.Duration{700 * time.Millisecond}, "Patient/1", 0, 200},
		{"the second after", []time.Duration{700 * time.Millisecond}, "Patient/1", time.Second, 304},
		{"two versions of one second", []time.Duration{100 * time.Millisecond, 900 * time.Millisecond}, "Patient/1", 0, 200},
		{"two versions of one millisecond", []time.Duration{0, 0}, "Patient/1", 0, 200},
		{"two versions of one millisecond, long ago", []time.Duration{0, 0}, "Patient/1", time.Second, 304},
		{"the first of two seconds", []time.Duration{0, time.Second}, "Patient/1", 0, 200},
		{"the second of two seconds", []time.Duration{0, time.Second}, "Patient/1", time.Second, 304},
		{"an instant of an entry, which tells milliseconds", []time.Duration{0, 300 * time.Millisecond}, "Patient/1", 300 * time.Millisecond, 304},
		{"a version by its number, which never changes", []time.Duration{100 * time.Millisecond, 900 * time.Millisecond}, "Patient/1/_history/2", 0, 304},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			for k, at := range c.at {
				w.now = began.Add(at)
				body := fmt.Sprintf(`{"resourceType":"Patient","id":"1","name":[{"family":"p%d"}]}`, k)
				if got := w.Interact(context.Background(), call("PUT Patient/1", body)); got.Status >= 300 {
					t.Fatalf("%+v", got)
				}
			}
			if got := w.do(call("GET "+c.read, "", since(began.Add(c.since)))); got.Status != c.status {
				t.Errorf("%d", got.Status)
			}
		})
	}
}

// https://hl7.org/fhir/R4/http.html#vread
func TestVRead(t *testing.T) {
	three := []interaction.Request{putWolf(), putWolfe(), deleteWolf()}
	missing := func(vid string) answer {
		return answer{Status: 404, Issues: []string{`error not-found : Patient/1 has no version "` + vid + `"`}}
	}
	run(t, []scenario{
		{
			name:  "an older version is served as it was",
			given: three,
			when:  call("GET Patient/1/_history/1", ""),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Body: wolfV1},
		},
		{
			name:  "HEAD of a version has no body",
			given: three,
			when:  call("HEAD Patient/1/_history/1", ""),
			want:  answer{Status: 200, ETag: `W/"1"`, Modified: "1s"},
		},
		{
			name:  "the version of a deletion is gone",
			given: three,
			when:  call("GET Patient/1/_history/3", ""),
			want:  answer{Status: 410, ETag: `W/"3"`, Modified: "3s", Issues: []string{"error deleted : Patient/1 was deleted with version 3"}},
		},
		{
			name:  "a version that is not there is not found",
			given: three,
			when:  call("GET Patient/1/_history/4", ""),
			want:  answer{Status: 404, Issues: []string{"error not-found : Patient/1 has no version 4"}},
		},
		{
			name:  "a version that is no number is not found",
			given: three,
			when:  call("GET Patient/1/_history/first", ""),
			want:  missing("first"),
		},
		{
			name:  "version 0 is not found",
			given: three,
			when:  call("GET Patient/1/_history/0", ""),
			want:  missing("0"),
		},
		{
			name:  "version 01 is not version 1",
			given: three,
			when:  call("GET Patient/1/_history/01", ""),
			want:  missing("01"),
		},
		{
			name:  "a number beyond all is not found",
			given: three,
			when:  call("GET Patient/1/_history/99999999999999999999", ""),
			want:  missing("99999999999999999999"),
		},
		{
			name:  "a version that the client has gives 304",
			given: three,
			when:  call("GET Patient/1/_history/1", "", ifNoneMatch(`W/"1"`)),
			want:  answer{Status: 304, ETag: `W/"1"`, Modified: "1s"},
		},
	})
}

func TestReadByRole(t *testing.T) {
	one := []interaction.Request{putWolf()}
	served := answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Body: wolfV1}
	run(t, []scenario{
		{
			name:  "a reader reads",
			given: one,
			when:  call("GET Patient/1", "", as(fhir.RoleReader)),
			want:  served,
		},
		{
			name:  "an admin reads",
			given: one,
			when:  call("GET Patient/1", "", as(fhir.RoleAdmin)),
			want:  served,
		},
		{
			name:  "an aggregator does not read",
			given: one,
			when:  call("GET Patient/1", "", as(fhir.RoleAggregator)),
			want:  answer{Status: 403, Issues: []string{`error forbidden : the role "aggregator" does not allow read`}},
		},
		{
			name:  "a caller without a role does not read",
			given: one,
			when:  call("GET Patient/1", "", as("")),
			want:  answer{Status: 403, Issues: []string{`error forbidden : the role "" does not allow read`}},
		},
		{
			name: "a forbidden read does not tell what is there",
			when: call("GET Patient/1", "", as(fhir.RoleAggregator)),
			want: answer{Status: 403, Issues: []string{`error forbidden : the role "aggregator" does not allow read`}},
		},
	})
}
