package load

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seen is a unit or a fault as one line.
func seen(u Unit, err error) string {
	var f *fault
	switch {
	case errors.As(err, &f) && f.place > 0:
		return "fault at " + placeName(memFile("x.json", ""), f.place) + ": " + f.reason
	case err != nil:
		return "fault: " + err.Error()
	}
	s := u.Method + " /" + u.Path + " " + string(u.Body)
	if u.place > 0 {
		s = placeName(memFile("x.json", ""), u.place) + ": " + s
	}
	return s
}

func TestUnits(t *testing.T) {
	const transaction = `{"resourceType":"Bundle","type":"transaction","entry":[]}`
	tests := []struct {
		name     string
		file     string
		contents string
		limit    int
		want     []string
	}{
		{
			name: "a resource with an id is put", file: "x.json", contents: `{"resourceType":"Patient","id":"a"}`,
			want: []string{`PUT /Patient/a {"resourceType":"Patient","id":"a"}`},
		},
		{
			name: "a resource without an id is posted, a byte order mark left out", file: "x.json", contents: "\xef\xbb\xbf" + `{"resourceType":"Patient"}`,
			want: []string{`POST /Patient {"resourceType":"Patient"}`},
		},
		{name: "a transaction is posted to the base as it is", file: "x.json", contents: transaction, want: []string{"POST / " + transaction}},
		{
			name: "a batch with an id is posted to the base", file: "x.json", contents: `{"resourceType":"Bundle","id":"b","type":"batch"}`,
			want: []string{`POST / {"resourceType":"Bundle","id":"b","type":"batch"}`},
		},
		{
			name: "the entries of a collection are loaded one by one, white space between them left out", file: "x.json",
			contents: `{"resourceType":"Bundle","entry":[
				{"fullUrl":"http://a/Patient/a","resource":{"resourceType":"Patient", "id":"a"}},
				{"resource":{"resourceType":"Patient"}}, {"fullUrl":"urn:uuid:1"}, {"resource":{"id":"x"}},
				{"resource":{"resourceType":"Bundle","type":"transaction","id":"kept"}}
			],"type":"collection"}`,
			want: []string{
				`entry 1: PUT /Patient/a {"resourceType":"Patient", "id":"a"}`,
				`entry 2: POST /Patient {"resourceType":"Patient"}`,
				`fault at entry 3: the entry has no resource`,
				`fault at entry 4: no resourceType: this is not a FHIR resource`,
				`entry 5: PUT /Bundle/kept {"resourceType":"Bundle","type":"transaction","id":"kept"}`,
			},
		},
		{
			name: "of a searchset the matches and what they include are loaded, what it says about itself is not", file: "x.json",
			contents: `{"resourceType":"Bundle","type":"searchset","entry":[
				{"search":{"mode":"outcome"},"resource":{"resourceType":"OperationOutcome"}},
				{"resource":{"resourceType":"Patient","id":"a"},"search":{"mode":"match"}},
				{"resource":{"resourceType":"Patient","id":"b"},"search":{"mode":"include"}},
				{"resource":{"resourceType":"OperationOutcome"},"search":{"mode":"outcome"}}]}`,
			want: []string{`entry 2: PUT /Patient/a {"resourceType":"Patient","id":"a"}`, `entry 3: PUT /Patient/b {"resourceType":"Patient","id":"b"}`},
		},
		{
			name: "in a line a searchset is a resource", file: "x.ndjson",
			contents: `{"resourceType":"Bundle","id":"s","type":"searchset"}`,
			want:     []string{`entry 1: PUT /Bundle/s {"resourceType":"Bundle","id":"s","type":"searchset"}`},
		},
		{
			name: "a history Bundle is refused", file: "x.json", contents: `{"resourceType":"Bundle","id":"h","type":"history","entry":[{"resource":{"resourceType":"Patient"}}]}`,
			want: []string{"fault: a history Bundle is not loaded: its entries are versions of the past"},
		},
		{
			name: "a Bundle of another type is a resource", file: "x.json", contents: `{"resourceType":"Bundle","id":"r","type":"batch-response"}`,
			want: []string{`PUT /Bundle/r {"resourceType":"Bundle","id":"r","type":"batch-response"}`},
		},
		{
			name: "each line is a unit, empty ones left out, the last one without an end", file: "x.ndjson",
			contents: "\xef\xbb\xbf{\"resourceType\":\"Patient\",\"id\":\"a\"}\r\n\n  \n" + transaction + "\n{\"resourceType\":\"Patient\"}",
			want: []string{
				`entry 1: PUT /Patient/a {"resourceType":"Patient","id":"a"}`,
				"entry 4: POST / " + transaction,
				`entry 5: POST /Patient {"resourceType":"Patient"}`,
			},
		},
		{
			name: "a bad line does not end the file", file: "x.jsonl",
			contents: "{\"resourceType\":\"Patient\",}\nnull\n{\"resourceType\":\"Patient\",\"id\":\"a/b\"}\n{\"resourceType\":\"patient\"}\n{\"resourceType\":\"Patient\"}\n",
			want: []string{
				"fault at entry 1: not JSON: invalid character ',' at start of value at line 1, column 26",
				"fault at entry 2: a resource is a JSON object, this is something else",
				`fault at entry 3: "a/b" is not an id: 1 to 64 letters, digits, - and .`,
				`fault at entry 4: "patient" is not the name of a resource type`,
				`entry 5: POST /Patient {"resourceType":"Patient"}`,
			},
		},
		{
			name: "bad JSON is named with line and column", file: "x.json", contents: "{\n  \"resourceType\": \"Patient\",\n  \"active\": yes\n}",
			want: []string{"fault: not JSON: invalid character 'y' at start of value at line 3, column 13"},
		},
		{name: "an empty document is refused", file: "x.json", contents: "", want: []string{"fault: the document is empty"}},
		{name: "an empty NDJSON file has no units", file: "x.ndjson", contents: ""},
		{
			name: "a file of another name is refused", file: "x.xml", contents: "<Patient/>",
			want: []string{"fault: the name is not that of a JSON or NDJSON file: .json, .ndjson or .jsonl, each also with .gz or .zst"},
		},
		{
			name: "a line beyond the limit is refused and the next one read", file: "x.ndjson", limit: 40,
			contents: strings.Repeat(" ", 41) + "\n" + `{"resourceType":"Patient","id":"1234567"}` + "\n" + `{"resourceType":"Patient","id":"123456"}` + "\n",
			want: []string{
				"fault at entry 1: the line is longer than 40 bytes, the limit of what is sent as one",
				"fault at entry 2: the line is longer than 40 bytes, the limit of what is sent as one",
				`entry 3: PUT /Patient/123456 {"resourceType":"Patient","id":"123456"}`,
			},
		},
		{
			name: "a resource beyond the limit is refused", file: "x.json", limit: 40, contents: `{"resourceType":"Patient","id":"1234567"}`,
			want: []string{"fault: the document is longer than 40 bytes, the limit of what is sent as one"},
		},
		{
			name: "a collection beyond the limit is streamed, an entry beyond it refused", file: "x.json", limit: 40,
			contents: `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"1234567"}},{"resource":{"resourceType":"Patient","id":"123456"}}]}`,
			want: []string{
				"fault at entry 1: the entry is longer than 40 bytes, the limit of what is sent as one",
				`entry 2: PUT /Patient/123456 {"resourceType":"Patient","id":"123456"}`,
			},
		},
		{
			name: "an entry far beyond the limit ends the file", file: "x.json", limit: 40,
			contents: `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"123456"}},{"resource":{"resourceType":"Patient","id":"` +
				strings.Repeat("x", 1<<20) + `"}}]}`,
			want: []string{
				`entry 1: PUT /Patient/123456 {"resourceType":"Patient","id":"123456"}`,
				"fault at entry 2: the entry is longer than 40 bytes, the limit of what is sent as one; the rest of the file is not loaded",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.limit == 0 {
				test.limit = 1 << 20
			}
			var got []string
			read := 0
			r := reader{file: memFile(test.file, test.contents), limit: test.limit, progress: func(n int) { read += n }}
			for u, err := range r.units(t.Context()) {
				got = append(got, seen(u, err))
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("units (-want +got):\n%s", d)
			}
			if read > len(test.contents) {
				t.Errorf("progress tells %d bytes of a file of %d", read, len(test.contents))
			}
		})
	}
}

func TestUnitsEndWhenNobodyWantsMore(t *testing.T) {
	for _, file := range []File{
		memFile("x.ndjson", strings.Repeat("{\"resourceType\":\"Patient\"}\n", 3)),
		memFile("x.json", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient"}},{},{}]}`),
		memFile("x.json", `{"resourceType":"Patient"}`),
		memFile("x.txt", ``),
	} {
		n := 0
		for range (reader{file: file, limit: 100}).units(t.Context()) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%s: %d units", file.Name, n)
		}
	}
}

func TestUnitsEndWithTheirContext(t *testing.T) {
	for _, file := range []File{
		memFile("x.ndjson", strings.Repeat("{\"resourceType\":\"Patient\"}\n", 3)),
		memFile("x.json", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient"}},{"resource":{"resourceType":"Patient"}}]}`),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		var last error
		n := 0
		for _, err := range (reader{file: file, limit: 100}).units(ctx) {
			cancel()
			last = err
			n++
		}
		cancel()
		if n != 2 || !errors.Is(last, context.Canceled) {
			t.Errorf("%s: %d units, the last with error %v; want one unit and the context's error", file.Name, n, last)
		}
	}
}

func TestAFileThatBreaksOffIsAFault(t *testing.T) {
	for name, contents := range map[string]string{
		"x.ndjson.gz": strings.Repeat("{\"resourceType\":\"Patient\"}\n", 1000),
		"x.json.gz":   `{"resourceType":"Patient","id":"` + strings.Repeat("x", 1000) + `"}`,
	} {
		whole := gz(t, contents)
		var last error
		for _, err := range (reader{file: memFile(name, whole[:len(whole)-10]), limit: 10000}).units(t.Context()) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), "unexpected EOF") {
			t.Errorf("%s: the last error is %v, want unexpected EOF", name, last)
		}
	}
}
