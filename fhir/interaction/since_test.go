package interaction_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"firewolf/fhir/interaction"
)

// A client that names the Last-Modified of what it has writes on that, or not at all.
// https://www.rfc-editor.org/rfc/rfc9110#name-if-unmodified-since
func TestIfUnmodifiedSince(t *testing.T) {
	const (
		early = 100 * time.Millisecond
		late  = 900 * time.Millisecond
	)
	changed := func(at string) string {
		return "error conflict/precondition-failed http.If-Unmodified-Since: If-Unmodified-Since does not hold: Patient/1 was changed at 2026-01-02T03:04:" + at
	}
	const together = ", and before in the same second: If-Match tells its versions apart"
	update, remove := call("PUT Patient/1", wolfe), call("DELETE Patient/1", "")
	for _, c := range []struct {
		name    string
		at      []time.Duration // when each version was made
		deleted bool            // the last of them is a deletion
		when    interaction.Request
		change  func(*interaction.Request)
		since   time.Duration
		status  int
		issue   string
	}{
		{"the version that the client has is changed", []time.Duration{late}, false, update, nil, 0, 200, ""},
		{"and deleted", []time.Duration{late}, false, remove, nil, 0, 204, ""},
		{"a version of another second is not", []time.Duration{late, time.Second}, false, update, nil, 0, 412, changed("01.000Z")},
		{"nor deleted", []time.Duration{late, time.Second}, false, remove, nil, 0, 412, changed("01.000Z")},
		{"nor is one of two versions of that second", []time.Duration{early, late}, false, update, nil, 0, 412, changed("00.900Z") + together},
		{"nor deleted, whichever the client has", []time.Duration{early, late}, false, remove, nil, 0, 412, changed("00.900Z") + together},
		{"the newest of two versions of one second is changed by a client that came later", []time.Duration{early, late}, false, update, nil, time.Second, 200, ""},
		{"what was never there is created", nil, false, update, nil, 0, 201, ""},
		{"and a delete of it does nothing", nil, false, remove, nil, 0, 204, ""},
		{"what was deleted since is not brought back", []time.Duration{0, time.Second}, true, update, nil, 0, 412, changed("01.000Z")},
		{"what was deleted before is", []time.Duration{0, time.Second}, true, update, nil, time.Second, 201, ""},
		{"by criteria too", []time.Duration{late, time.Second}, false, call("PUT Patient?family=p1", namedWolf), nil, 0, 412, changed("01.000Z")},
		{"a delete by criteria too", []time.Duration{late, time.Second}, false, call("DELETE Patient?family=p1", ""), nil, 0, 412, changed("01.000Z")},
		{"where the criteria mean what the client has it is written", []time.Duration{late}, false, call("DELETE Patient?family=p0", ""), nil, 0, 204, ""},
		{"If-Match goes before it", []time.Duration{late, time.Second}, false, update, ifMatch(`W/"2"`), 0, 200, ""},
		{"a create has nothing that could have changed", []time.Duration{late, time.Second}, false, call("POST Patient", namedWolf), nil, 0, 201, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			for k, at := range c.at {
				w.now = began.Add(at)
				r := call("PUT Patient/1", fmt.Sprintf(`{"resourceType":"Patient","id":"1","name":[{"family":"p%d"}]}`, k))
				if c.deleted && k == len(c.at)-1 {
					r = remove
				}
				if got := w.Interact(context.Background(), r); got.Status >= 300 {
					t.Fatalf("%+v", got)
				}
			}
			before := w.written()
			r := c.when
			unmodifiedSince(began.Add(c.since))(&r)
			if c.change != nil {
				c.change(&r)
			}
			got := w.do(r)
			if got.Status != c.status || c.issue != "" && (len(got.Issues) != 1 || got.Issues[0] != c.issue) {
				t.Errorf("%d %v, want %d %s", got.Status, got.Issues, c.status, c.issue)
			}
			if c.status >= 400 && w.written() != before {
				t.Error("something was written")
			}
		})
	}
}
