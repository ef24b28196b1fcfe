package interaction_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/store"
)

func batch(entries ...string) interaction.Request { return call("POST ", bundle("batch", entries...)) }

func batchResponse(entries ...string) answer {
	return answer{Status: 200, Body: bundle("batch-response", entries...)}
}

// failed is the entry of a response to what was refused.
func failed(status, code, reason, text, expression string) string {
	if reason != "" {
		reason = `"coding":[{"system":"http://example.org/fhir/firewolf/CodeSystem/reason","code":"` + reason + `"}],`
	}
	if strings.HasPrefix(expression, "http.") {
		expression = `,"location":["` + expression + `"]`
	} else if expression != "" {
		expression = `,"expression":["` + expression + `"]`
	}
	return `{"response":{"status":"` + status + `","outcome":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"` + code +
		`","details":{` + reason + `"text":"` + text + `"},"diagnostics":"` + text + `"` + expression + `}]}}}`
}

// https://hl7.org/fhir/R4/http.html#brules
func TestBatch(t *testing.T) {
	one := []interaction.Request{putWolf()}
	run(t, []scenario{
		{
			name: "an empty batch is no error",
			when: call("POST ", `{"resourceType":"Bundle","type":"batch"}`),
			want: answer{Status: 200, Body: `{"resourceType":"Bundle","type":"batch-response"}`},
		},
		{
			name:  "each entry succeeds or fails by itself, in order",
			given: one,
			when: batch(
				ask("GET", "Patient/9"), post("", namedWolf), put("Patient/1", wolfe, `"ifMatch":"W/\"7\""`),
				put("Patient/1", wolfe), ask("HEAD", "Patient/1"), ask("DELETE", "Patient/1"), ask("GET", "Patient/1"),
			),
			want: batchResponse(
				failed("404 Not Found", "not-found", "", "Patient/9 is not known", ""),
				created("Patient/new-1/_history/1", "02"),
				failed("412 Precondition Failed", "conflict", "version-mismatch", "If-Match asks for version 7 of Patient/1, the current version is 1", "http.If-Match"),
				answered("200 OK", "Patient/1/_history/2", "2", "02.001"),
				answered("200 OK", "", "2", "02.001"),
				answered("204 No Content", "", "3", "02.002"),
				`{"response":{"status":"410 Gone","etag":"W/\"3\"","lastModified":"2026-01-02T03:04:02.002Z","outcome":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"deleted","details":{"text":"Patient/1 was deleted with version 3"},"diagnostics":"Patient/1 was deleted with version 3"}]}}}`,
			),
			writes: 3,
		},
		{
			name:  "entries that are no requests fail by themselves",
			given: one,
			when: batch(
				`{}`,
				ask("GET", "Wolf/1"),
				`{"resource":{"resourceType":"Bundle","type":"transaction"},"request":{"method":"POST","url":""}}`,
				ask("PATCH", "Patient/1"),
				ask("HEAD", "Patient/1"),
			),
			want: batchResponse(
				failed("400 Bad Request", "required", "", "an entry of a batch or transaction needs a request", "Bundle.entry[0]"),
				failed("404 Not Found", "not-supported", "unknown-type", `\"Wolf\" is not a resource type of FHIR R4`, ""),
				failed("400 Bad Request", "not-supported", "", "a batch or transaction cannot be an entry of another", ""),
				failed("501 Not Implemented", "not-supported", "not-implemented", "patch is not implemented: read the resource, change it and update it with If-Match", ""),
				answered("200 OK", "", "1", "01"),
			),
		},
		{
			name:  "rights are looked at entry by entry",
			given: one,
			when:  call("POST ", bundle("batch", ask("HEAD", "Patient/1"), ask("DELETE", "Patient/1")), as(fhir.RoleReader)),
			want: batchResponse(
				answered("200 OK", "", "1", "01"),
				failed("403 Forbidden", "forbidden", "", `the role \"reader\" does not allow delete`, ""),
			),
		},
		{
			name:  "the conditions of an entry are its own",
			given: one,
			when: batch(
				post("", namedWolf, `"ifNoneExist":"name=wolf"`),
				ask("GET", "Patient/1", `"ifNoneMatch":"W/\"1\""`),
				ask("GET", "Patient/1", `"ifModifiedSince":"2026-01-02T03:04:01Z"`),
			),
			want: batchResponse(
				answered("200 OK", "Patient/1/_history/1", "1", "01"),
				answered("304 Not Modified", "", "1", "01"),
				answered("304 Not Modified", "", "1", "01"),
			),
		},
		{
			name:  "a representation is shown where the client prefers it",
			given: one,
			when:  call("POST ", bundle("batch", put("Patient/1", wolf)), prefer("representation")),
			want:  batchResponse(`{"fullUrl":"http://localhost:8080/fhir/Patient/1","resource":` + wolfV1 + `,"response":{"status":"200 OK","location":"Patient/1/_history/1","etag":"W/\"1\"","lastModified":"2026-01-02T03:04:01.000Z"}}`),
		},
		{
			name:  "a condition that is empty, or no text, is not taken for none",
			given: one,
			when: batch(
				post("", namedWolf, `"ifNoneExist":""`),
				put("Patient/1", wolfe, `"ifMatch":" "`),
				put("Patient/1", wolfe, `"ifMatch":1`),
				put("Patient/1", wolfe, `"ifNoneMatch":null`),
			),
			want: batchResponse(
				failed("400 Bad Request", "value", "", "ifNoneExist is a text that is not empty", "Bundle.entry[0].request.ifNoneExist"),
				failed("400 Bad Request", "value", "", "ifMatch is a text that is not empty", "Bundle.entry[1].request.ifMatch"),
				failed("400 Bad Request", "value", "", "ifMatch is a text that is not empty", "Bundle.entry[2].request.ifMatch"),
				failed("400 Bad Request", "value", "", "ifNoneMatch is a text that is not empty", "Bundle.entry[3].request.ifNoneMatch"),
			),
		},
		{
			name:  "an URL in a value of a search names no other server",
			given: one,
			when: batch(
				ask("GET", "/Patient?identifier=http://other.example/ids|1&_summary=count"),
				ask("GET", "http://other.example/Patient?identifier=1"),
			),
			want: batchResponse(
				`{"resource":{"resourceType":"Bundle","type":"searchset","total":0,"link":[{"relation":"self","url":"http://localhost:8080/fhir/Patient?identifier=http://other.example/ids%7C1&_summary=count"}]},"response":{"status":"200 OK"}}`,
				failed("400 Bad Request", "not-supported", "", `\"http://other.example/Patient?identifier=1\" is not on this server`, "Bundle.entry[1].request.url"),
			),
		},
		{
			name:  "a search is an entry like any other",
			given: one,
			when: batch(
				ask("GET", "Patient?name=wolf&_summary=count"),
				ask("POST", "Patient/_search?name=fox&_summary=count"),
			),
			want: batchResponse(
				`{"resource":{"resourceType":"Bundle","type":"searchset","total":1,"link":[{"relation":"self","url":"http://localhost:8080/fhir/Patient?name=wolf&_summary=count"}]},"response":{"status":"200 OK"}}`,
				`{"resource":{"resourceType":"Bundle","type":"searchset","total":0,"link":[{"relation":"self","url":"http://localhost:8080/fhir/Patient?name=fox&_summary=count"}]},"response":{"status":"200 OK"}}`,
			),
		},
		{
			name: "references between entries are left as they are",
			when: batch(post("urn:uuid:1", namedWolf), post("", observation("urn:uuid:1"))),
			want: batchResponse(
				created("Patient/new-1/_history/1", "01"),
				created("Observation/new-2/_history/1", "01.001"),
			),
			writes: 2,
		},
		{
			name:  "a batch with the same idempotency key is told again, entry by entry",
			given: []interaction.Request{call("POST ", bundle("batch", post("", namedWolf), post("", taggedWolf)), idempotent("k"))},
			when:  call("POST ", bundle("batch", post("", namedWolf), post("", taggedWolf)), idempotent("k")),
			want:  batchResponse(created("Patient/new-1/_history/1", "01"), created("Patient/new-2/_history/1", "01.001")),
		},
	})
}

// Where references are enforced an entry may refer to what one before it makes, and to nothing that comes later.
func TestEntriesOfABatchUnderEnforcedReferencesComeInTheirOrder(t *testing.T) {
	const pairs = 20
	for _, c := range []struct {
		name       string
		patient    int // which of each two entries makes the patient
		other, all string
	}{
		{"the patient first", 0, "201 Created", "20"},
		{"the patient last", 1, "422 Unprocessable Entity", "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(o *interaction.Options) { o.References = interaction.ReferencesEnforce })
			entries := make([]string, 2*pairs)
			for k := range pairs {
				entries[2*k+c.patient] = put(fmt.Sprintf("Patient/p%d", k), fmt.Sprintf(`{"resourceType":"Patient","id":"p%d"}`, k))
				entries[2*k+1-c.patient] = post("", observation(fmt.Sprintf("Patient/p%d", k)))
			}
			var b struct {
				Entry []struct{ Response struct{ Status string } }
			}
			if err := json.Unmarshal([]byte(w.do(batch(entries...)).Body), &b); err != nil {
				t.Fatal(err)
			}
			for k, e := range b.Entry {
				want := c.other
				if k%2 == c.patient {
					want = "201 Created"
				}
				if e.Response.Status != want {
					t.Errorf("entry %d: %s, want %s", k, e.Response.Status, want)
				}
			}
			if body := w.do(call("GET Observation?_summary=count", "")).Body; !strings.Contains(body, `"total":`+c.all+`,`) {
				t.Errorf("%s", body)
			}
		})
	}
}

// meeting is a store whose writes wait for each other: only writes that are under way together get through without waiting in vain.
type meeting struct {
	store.Store
	size   int
	mu     sync.Mutex
	inside int
	most   int
	once   sync.Once
	met    chan struct{}
}

func (m *meeting) Write(ctx context.Context, tx store.Tx) (store.Commit, error) {
	m.mu.Lock()
	m.inside++
	m.most = max(m.most, m.inside)
	if m.inside == m.size {
		m.once.Do(func() { close(m.met) })
	}
	m.mu.Unlock()
	select {
	case <-m.met:
	case <-time.After(time.Minute):
	}
	defer func() {
		m.mu.Lock()
		m.inside--
		m.mu.Unlock()
	}()
	return m.Store.Write(ctx, tx)
}

func TestWritesOfABatchAreUnderWayTogether(t *testing.T) {
	m := &meeting{size: 32, met: make(chan struct{})}
	w := newWorld(t, func(o *interaction.Options) { m.Store, o.Store = o.Store, m })
	var entries []string
	for k := range 40 {
		entries = append(entries, put(fmt.Sprintf("Patient/p%d", k), fmt.Sprintf(`{"resourceType":"Patient","id":"p%d","active":%v}`, k, k%2 == 0)))
	}
	got := w.do(batch(entries...))
	if m.most != m.size {
		t.Errorf("%d writes were under way together, want %d", m.most, m.size)
	}
	for k := range 40 { // in the order of the entries, whatever was done first
		if want := fmt.Sprintf(`"location":"Patient/p%d/_history/1"`, k); strings.Count(got.Body, want) != 1 {
			t.Errorf("no %s in %s", want, got.Body)
		}
	}
	if first, second := strings.Index(got.Body, "Patient/p3/"), strings.Index(got.Body, "Patient/p4/"); first > second {
		t.Error("the answers are out of order")
	}
}

func TestEntriesOfABatchThatMeetTheSameResourceComeOneAfterAnother(t *testing.T) {
	for _, references := range []interaction.References{interaction.ReferencesTransaction, interaction.ReferencesEnforce} {
		w := newWorld(t, func(o *interaction.Options) { o.References = references })
		var entries, want []string
		for k := range 30 {
			gender := []string{"male", "female"}[k%2]
			entries = append(entries, put("Patient/1", `{"resourceType":"Patient","id":"1","gender":"`+gender+`"}`), ask("GET", "Patient/1"), ask("GET", "Patient?gender="+gender+"&_summary=count"))
			want = append(want, fmt.Sprintf("%s %d", gender, k+1), "1")
			if k%10 == 9 { // creates beside each other, and what counts them
				for n := range 10 {
					entries = append(entries, post("", fmt.Sprintf(`{"resourceType":"Basic","code":{"text":"%d"}}`, n)))
				}
				entries = append(entries, ask("GET", "Basic?_summary=count"))
				want = append(want, fmt.Sprint(k+1))
			}
		}
		var b struct {
			Entry []struct {
				Resource struct {
					ResourceType, Gender string
					Total                int
					Meta                 struct{ VersionID string }
				}
				Response struct{ Status string }
			}
		}
		if err := json.Unmarshal([]byte(w.do(batch(entries...)).Body), &b); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range b.Entry {
			switch {
			case e.Response.Status >= "3":
				t.Errorf("%s: %s", references, e.Response.Status)
			case e.Response.Status == "200 OK" && e.Resource.ResourceType == "Patient":
				got = append(got, e.Resource.Gender+" "+e.Resource.Meta.VersionID)
			case e.Resource.ResourceType == "Bundle":
				got = append(got, fmt.Sprint(e.Resource.Total))
			}
		}
		// The answer of each update shows the resource too.
		if d := cmp.Diff(want, slices.Compact(got)); d != "" {
			t.Errorf("%s: %s", references, d)
		}
	}
}
