package load

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadHead(t *testing.T) {
	tests := []struct {
		name, text string
		want       head
		wantErr    string
	}{
		{
			name: "a resource gives its type and id, wherever they stand",
			text: `{"name":[{"id":"inner","family":"Wolf"}],"id":"p1","resourceType":"Patient"}`,
			want: head{resourceType: "Patient", id: "p1"},
		},
		{
			name: "members of the wrong kind give nothing, for the server to refuse",
			text: `{"resourceType":["Patient"],"id":17,"type":{"coding":[]},"entry":{"resource":{}}}`,
			want: head{},
		},
		{
			name: "a Bundle whose type stands behind its entries gives the requests of all of them",
			text: `{"resourceType":"Bundle","entry":[
				{"resource":{"id":"a","resourceType":"Patient"},"request":{"url":"Patient/a","method":"PUT"}},
				{"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=x|1"},"resource":{"resourceType":"Patient"}},
				{"request":{"method":"DELETE","url":"Patient/b"}},
				{"fullUrl":"urn:uuid:1"},
				17
			],"type":"transaction"}`,
			want: head{resourceType: "Bundle", bundleType: "transaction", entries: []entry{
				{method: "PUT", url: "Patient/a", resourceType: "Patient"},
				{method: "POST", url: "Patient", ifNoneExist: "identifier=x|1", resourceType: "Patient"},
				{method: "DELETE", url: "Patient/b"},
				{},
				{},
			}},
		},
		{
			name: "a name that stands twice is left for the server to refuse, the last one counts",
			text: `{"resourceType":"Patient","id":"a","id":"b"}`,
			want: head{resourceType: "Patient", id: "b"},
		},
		{
			name: "white space around the document is no second document",
			text: " \n{\"resourceType\":\"Patient\"}\n\n",
			want: head{resourceType: "Patient"},
		},
		{name: "an empty text is an error", text: "", wantErr: "unexpected EOF"},
		{name: "an array is an error", text: "[1]", wantErr: "a resource is a JSON object, this is something else"},
		{name: "a number is an error", text: "1", wantErr: "a resource is a JSON object, this is something else"},
		{
			name:    "a second document is an error that says how such a file is named",
			text:    "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}",
			wantErr: "a second JSON value follows the first: a file of one resource a line is named .ndjson",
		},
		{name: "rubbish behind the document is an error", text: `{} }`, wantErr: "at start of value"},
		{name: "a document that ends early is an error", text: `{"resourceType":"Patient"`, wantErr: "unexpected EOF"},
		{name: "an entry list that ends early is an error", text: `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":`, wantErr: "unexpected EOF"},
		{name: "rubbish inside is an error", text: `{"resourceType":"Patient","id":nul}`, wantErr: "invalid character"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := readHead(strings.NewReader(test.text))
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Fatalf("error %v, want one with %q", err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, got, cmp.AllowUnexported(head{}, entry{})); d != "" {
				t.Errorf("head (-want +got):\n%s", d)
			}
		})
	}
}

func TestReadHeadKeepsABoundedNumberOfEntries(t *testing.T) {
	text := `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Repeat(`{},`, maxEntries+10) + `{}]}`
	got, err := readHead(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.entries) != maxEntries {
		t.Errorf("%d entries are kept, want %d", len(got.entries), maxEntries)
	}
}
