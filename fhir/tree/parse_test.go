package tree_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

func TestParseKeepsEveryTokenAsWritten(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"an empty object stays", `{}`, `{}`},
		{"white space between tokens goes", " { \"a\" :\r\n\t[ 1 , { } , [ ] ] } \n", `{"a":[1,{},[]]}`},
		{"white space in strings stays", `{ "a b" : " c  d " }`, `{"a b":" c  d "}`},
		{"number text stays", `{"a":[1.50,1e2,1E+2,-0,-0.0,0.000,100.00]}`, `{"a":[1.50,1e2,1E+2,-0,-0.0,0.000,100.00]}`},
		{"escapes stay as written", `{"a":"\u0041\/\"\\\b\f\n\r\t\ud83d\uDE00"}`, `{"a":"\u0041\/\"\\\b\f\n\r\t\ud83d\uDE00"}`},
		{"escapes in names stay as written", `{"\u0041":1}`, `{"\u0041":1}`},
		{"member order stays", `{"b":1,"a":2,"resourceType":"Patient"}`, `{"b":1,"a":2,"resourceType":"Patient"}`},
		{"nulls in primitive arrays stay", `{"given":["a",null],"_given":[null,{"id":"x"}]}`, `{"given":["a",null],"_given":[null,{"id":"x"}]}`},
		{"an empty name is a name", `{"":true}`, `{"":true}`},
		{"text beyond ASCII stays", `{"a":"äöü €\u20ac 😀"}`, `{"a":"äöü €\u20ac 😀"}`},
		{"a byte order mark goes", "\ufeff{}", `{}`},
		{"34 digits are kept", `{"a":1234567890123456789012345678901234}`, `{"a":1234567890123456789012345678901234}`},
		{"leading zeros are no digits of a decimal128", `{"a":0.0001234567890123456789012345678901234}`, `{"a":0.0001234567890123456789012345678901234}`},
		{"the largest exponent is kept", `{"a":1e6111}`, `{"a":1e6111}`},
		{"the smallest exponent is kept", `{"a":1E-6176}`, `{"a":1E-6176}`},
		{"the same name in different objects is fine", `{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}`, `{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(parse(t, tt.src).Bytes())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The scanner reads strings eight bytes at a time, so each byte is tried at each of eight places and behind.
func TestEachByteOfAStringIsSeenAtEveryPlace(t *testing.T) {
	for c := range 256 {
		for place := range 20 {
			text := []byte(strings.Repeat("a", 20))
			text[place] = byte(c)
			src := []byte(`{"x":"` + string(text) + `"}`)
			_, err := tree.Parse(src, tree.Limits{})
			if _, want := accepts(src); want != (err == nil) {
				t.Errorf("the byte %#x at %d: %v", c, place, err)
			}
		}
	}
}

func TestParseDoesNotKeepTheMemoryOfItsSource(t *testing.T) {
	src := []byte(`{"a":"b"}`)
	tr, err := tree.Parse(src, tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	copy(src, "xxxxxxxxx")
	if got := string(tr.Bytes()); got != `{"a":"b"}` {
		t.Errorf("the tree changed with its source: %s", got)
	}
}

// issue is a fault on one line: code, text, location.
func issue(i *fhir.Issue) string {
	return fmt.Sprintf("%s: %s @%s", i.Code, i.Text, strings.Join(i.Expression, ","))
}

func faults(t *testing.T, err error) []string {
	t.Helper()
	issues, ok := fhir.IssuesOf(err)
	if !ok {
		t.Fatalf("no issues in %v", err)
	}
	var got []string
	for _, i := range issues {
		got = append(got, issue(i))
	}
	return got
}

func TestParseRefusesWithThePlaceAndTheLocation(t *testing.T) {
	const number = "a number has more than 34 digits or an exponent beyond those of a decimal128"
	tests := []struct {
		name, src string
		want      []string
	}{
		{"nothing", "", []string{"structure: line 1, column 1: a resource starts as a JSON object, with a brace @"}},
		{"an array as root", "\n [1]", []string{"structure: line 2, column 2: a resource starts as a JSON object, with a brace @"}},
		{"an object without end", `{"a":1`, []string{"structure: line 1, column 7: the document ends too early @"}},
		{"an object that ends after a name", `{"a"`, []string{"structure: line 1, column 5: a colon is missing after a member name @"}},
		{"an object that ends after a colon", `{"a":`, []string{"structure: line 1, column 6: the document ends too early @"}},
		{"an array without end", `{"a":[1`, []string{"structure: line 1, column 8: the document ends too early @a"}},
		{"a trailing comma in an object", `{"a":1,}`, []string{"structure: line 1, column 8: a member name in quotes is missing @"}},
		{"a trailing comma in an array", `{"a":[1,]}`, []string{"structure: line 1, column 9: there is no JSON value here @a[1]"}},
		{"a missing comma in an object", `{"a":1 "b":2}`, []string{"structure: line 1, column 8: a comma or a closing brace is missing @"}},
		{"a missing comma in an array", `{"a":[1 2]}`, []string{"structure: line 1, column 9: a comma or a closing bracket is missing @a"}},
		{"a bracket for a brace", `{"a":1]`, []string{"structure: line 1, column 7: a comma or a closing brace is missing @"}},
		{"a name without quotes", `{a:1}`, []string{"structure: line 1, column 2: a member name in quotes is missing @"}},
		{"data after the end", "{}\n x", []string{"structure: line 2, column 2: there is something after the end of the document @"}},
		{"a second document", `{}{}`, []string{"structure: line 1, column 3: there is something after the end of the document @"}},
		{"a misspelled literal", `{"a":tru}`, []string{"structure: line 1, column 6: there is no JSON value here @a"}},
		{"NaN", `{"a":NaN}`, []string{"structure: line 1, column 6: there is no JSON value here @a"}},
		{"a number that starts with zero", `{"a":01}`, []string{"structure: line 1, column 6: a number is not written as JSON says @a"}},
		{"a number that starts with a plus", `{"a":+1}`, []string{"structure: line 1, column 6: there is no JSON value here @a"}},
		{"a number that ends with a dot", `{"a":1.}`, []string{"structure: line 1, column 6: a number is not written as JSON says @a"}},
		{"a number that ends with an e", `{"a":1e+}`, []string{"structure: line 1, column 6: a number is not written as JSON says @a"}},
		{"a minus alone", `{"a":-}`, []string{"structure: line 1, column 6: a number is not written as JSON says @a"}},
		{"a string without end", `{"resourceType":"Patient","id":"x`, []string{"structure: line 1, column 32: a string has no end @Patient.id"}},
		{"a type without end", `{"resourceType":"`, []string{"structure: line 1, column 17: a string has no end @resourceType"}},
		{"a line break in a string", "{\"a\":\"x\ny\"}", []string{"structure: line 1, column 8: a control character stands in a string without an escape @a"}},
		{"an escape that JSON does not have", `{"a":"\x41"}`, []string{"structure: line 1, column 7: an escape in a string is not one of JSON @a"}},
		{"an escape with too few digits", `{"a":"\u04"}`, []string{"structure: line 1, column 7: an escape in a string is not one of JSON @a"}},
		{"the first half of a surrogate pair", `{"a":"\ud83d!"}`, []string{"structure: line 1, column 7: an escape in a string is not one of JSON @a"}},
		{"the second half of a surrogate pair", `{"a":"\ude00"}`, []string{"structure: line 1, column 7: an escape in a string is not one of JSON @a"}},
		{"bytes that are not UTF-8", "{\"a\":\"x\xff\"}", []string{"structure: line 1, column 8: a string is not UTF-8 @a"}},
		{"a surrogate as UTF-8", "{\"a\":\"\xed\xa0\x80\"}", []string{"structure: line 1, column 7: a string is not UTF-8 @a"}},
		{"a name that is not UTF-8", "{\"\xc3(\":1}", []string{"structure: line 1, column 3: a string is not UTF-8 @"}},
		{"columns count characters", `{"ä":"öü" 1}`, []string{"structure: line 1, column 11: a comma or a closing brace is missing @"}},
		{
			"a place deep in a resource",
			"{\"resourceType\":\"Patient\",\n \"name\": [{}, {\n  \"given\": [\"a\", \"b\", tru]}]}",
			[]string{"structure: line 3, column 23: there is no JSON value here @Patient.name[1].given[2]"},
		},
		{
			"repeated names, all of them", "{\"resourceType\":\"Patient\",\n \"id\":\"a\", \"id\":\"b\",\"name\":[{\"text\":1,\"text\":2}]}",
			[]string{
				"invalid: line 2, column 39: a member name is there twice in one object @Patient.name[0].text",
				"invalid: line 2, column 12: a member name is there twice in one object @Patient.id",
			},
		},
		{"a name repeated by an escape", `{"a":1,"\u0061":2}`, []string{"invalid: line 1, column 8: a member name is there twice in one object @a"}},
		{"a name with NUL", `{"a\u0000":1}`, []string{"invalid: line 1, column 2: a member name contains the character U+0000 @`a\\u0000`"}},
		{
			"numbers that a decimal128 does not hold, all of them",
			`{"a":[12345678901234567890123456789012345, 1e6112, 1e-6177, 0.1e-6176, 9e99999999999999999999, 1]}`,
			[]string{
				"invalid: line 1, column 7: " + number + " @a[0]",
				"invalid: line 1, column 44: " + number + " @a[1]",
				"invalid: line 1, column 52: " + number + " @a[2]",
				"invalid: line 1, column 61: " + number + " @a[3]",
				"invalid: line 1, column 72: " + number + " @a[4]",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tree.Parse([]byte(tt.src), tree.Limits{})
			if diff := cmp.Diff(tt.want, faults(t, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseCollectsAtMostTwentyProblems(t *testing.T) {
	src := `{"a":[` + strings.Repeat("1e9999,", 100) + `1]}`
	_, err := tree.Parse([]byte(src), tree.Limits{})
	if got := faults(t, err); len(got) != 20 {
		t.Errorf("want 20 problems, got %d", len(got))
	}
}

func TestParseFindsRepeatedNamesInLargeObjects(t *testing.T) {
	var b strings.Builder
	for k := range 5000 {
		fmt.Fprintf(&b, `"name%d":%d,`, k, k)
	}
	if _, err := tree.Parse([]byte(`{`+b.String()+`"x":1}`), tree.Limits{}); err != nil {
		t.Errorf("all names differ: %v", err)
	}
	_, err := tree.Parse([]byte(`{`+b.String()+`"name4711":1}`), tree.Limits{})
	want := []string{"invalid: line 1, column 77782: a member name is there twice in one object @name4711"}
	if diff := cmp.Diff(want, faults(t, err)); diff != "" {
		t.Error(diff)
	}
}

func TestParseObeysItsLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat(`{"a":`, n-1) + `{}` + strings.Repeat(`}`, n-1) }
	tests := []struct {
		name, src string
		lim       tree.Limits
		want      []string
	}{
		{"depth 90 is accepted by default", nested(90), tree.Limits{}, nil},
		{"depth 91 is too deep by default", nested(91), tree.Limits{}, []string{
			"structure: line 1, column 451: objects and arrays are nested too deep @" + strings.Repeat(".a", 90)[1:],
		}},
		{"arrays count too", `{"a":[[]]}`, tree.Limits{Depth: 2}, []string{"structure: line 1, column 7: objects and arrays are nested too deep @a[0]"}},
		{"siblings do not add up", `{"a":{},"b":{},"c":[{},{}]}`, tree.Limits{Depth: 3}, nil},
		{"a source of the allowed length is accepted", `{"a":1}`, tree.Limits{Bytes: 7}, nil},
		{"a longer source is refused unread", `{"a":!}x`, tree.Limits{Bytes: 7}, []string{
			"too-long: the document has 8 bytes, more than this server accepts @",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tree.Parse([]byte(tt.src), tt.lim)
			var got []string
			if err != nil {
				got = faults(t, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheOfficialExamplesComeOutByteEqualAfterCompaction(t *testing.T) {
	for _, file := range smaller(t, 1<<30) {
		src := read(t, file)
		var want bytes.Buffer
		if err := json.Compact(&want, src); err != nil {
			t.Fatal(err)
		}
		tr, err := tree.Parse(src, tree.Limits{})
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		if !bytes.Equal(want.Bytes(), tr.Bytes()) {
			t.Errorf("%s: %s", filepath.Base(file), cmp.Diff(want.String(), string(tr.Bytes())))
		}
	}
}

// accepts says what an independent JSON reader makes of src: its compact form, or not a document for Parse.
func accepts(src []byte) ([]byte, bool) {
	v := jsontext.Value(bytes.TrimPrefix(src, []byte("\ufeff"))).Clone()
	if !v.IsValid() || v.Kind() != '{' {
		return nil, false
	}
	if err := v.Compact(); err != nil {
		return nil, false
	}
	return v, true
}

// tokens returns the decoded strings and names and the other tokens as written, by an independent reader.
func tokens(t testing.TB, src []byte) []string {
	t.Helper()
	var all []string
	d := jsontext.NewDecoder(bytes.NewReader(src))
	for {
		tok, err := d.ReadToken()
		if err != nil {
			return all
		}
		all = append(all, tok.Kind().String()+" "+tok.String())
	}
}

// walked returns the same by the tree's own walk.
func walked(n tree.Node) []string {
	switch n.Kind() {
	case tree.Object:
		all := []string{"{ {"}
		for m := range n.Members() {
			all = append(append(all, "string "+m.Name()), walked(m)...)
		}
		return append(all, "} }")
	case tree.Array:
		all := []string{"[ ["}
		for m := range n.Items() {
			all = append(all, walked(m)...)
		}
		return append(all, "] ]")
	case tree.Null:
		return []string{"null null"}
	case tree.Bool:
		return []string{n.Text() + " " + n.Text()}
	default:
		return []string{n.Kind().String() + " " + n.Text()}
	}
}

func TestAWalkThroughTheOfficialExamplesMeetsTheTokensOfAnotherReader(t *testing.T) {
	for _, file := range smaller(t, 1<<20) {
		src := read(t, file)
		tr, err := tree.Parse(src, tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if want, got := tokens(t, src), walked(tr.Root()); !slices.Equal(want, got) {
			t.Errorf("%s: %s", filepath.Base(file), cmp.Diff(want, got))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":[1.50,-0e+1,true,false,null,"x\u0041\ud83d\ude00"]}`, ` { "a" : [ ] , "b" : { } } `,
		`{"resourceType":"Patient","id":"1","meta":{"versionId":"3","tag":[{"code":"HTEST"}]}}`,
		`{"given":["a",null],"_given":[null,{"extension":[{"url":"http://x","valueDecimal":1.0}]}]}`,
		`{"a":1,"\u0061":2}`, `{"a":"\ud83d"}`, "{\"a\":\"\xff\"}", `{"a":1e9999}`, `{"a":01}`, `[{}]`, `{"a":1}{}`, "\ufeff{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		tr, err := tree.Parse(src, tree.Limits{Depth: 9000})
		want, ok := accepts(src)
		if err != nil {
			if _, isIssue := fhir.IssuesOf(err); !isIssue {
				t.Fatalf("not an issue: %v", err)
			}
			if ok && !bytes.Contains([]byte(err.Error()), []byte("invalid: ")) {
				t.Fatalf("refused %q: %v", src, err)
			}
			return
		}
		if !ok {
			t.Fatalf("accepted %q", src)
		}
		if diff := cmp.Diff(string(want), string(tr.Bytes())); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(tokens(t, src), walked(tr.Root())); diff != "" && !bytes.HasPrefix(src, []byte("\ufeff")) {
			t.Fatal(diff)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"Patient-example.json", "Bundle-resources.json", "Observation-f001.json"} {
		src, err := os.ReadFile(filepath.Join(filepath.Dir(examples(b)[0]), name))
		if err != nil {
			b.Fatal(err)
		}
		var c bytes.Buffer
		if err := json.Compact(&c, src); err != nil {
			b.Fatal(err)
		}
		for kind, in := range map[string][]byte{"indented": src, "compact": c.Bytes()} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.SetBytes(int64(len(in)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := tree.Parse(in, tree.Limits{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func TestTheCallerNamesThePlacesOfProblems(t *testing.T) {
	var asked []string
	named := func(n tree.Node) string {
		asked = append(asked, n.Location())
		return "there"
	}
	_, err := tree.Parse([]byte(`{"a":1,"a":[true,"b":+]}`), tree.Limits{Locate: named})
	is, _ := fhir.IssuesOf(err)
	var got []string
	for _, i := range is {
		got = append(got, i.Expression...)
	}
	if diff := cmp.Diff([]string{"a"}, asked); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"there"}, got); diff != "" {
		t.Error(diff)
	}
}
