package mongodb

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"pgregory.net/rapid"

	"firewolf/fhir/tree"
)

// kept writes JSON as a resource, reads it again and returns both.
func kept(t testing.TB, json string) (bsoncore.Document, string) {
	t.Helper()
	doc, err := appendResource(nil, []byte(json))
	if err != nil {
		t.Fatalf("writing %s: %v", json, err)
	}
	if err := bsoncore.Document(doc).Validate(); err != nil {
		t.Fatalf("%s became BSON that is not valid: %v", json, err)
	}
	back, err := appendJSON(nil, doc)
	if err != nil {
		t.Fatalf("reading %s: %v", json, err)
	}
	return doc, string(back)
}

func TestAResourceComesBackTokenByToken(t *testing.T) {
	for _, json := range []string{
		`{}`,
		`{"resourceType":"Patient","id":"a","active":true,"deceasedBoolean":false}`,
		`{"b":1,"a":2,"c":{"z":{},"y":[]}}`,
		`{"given":["a",null,"b"],"_given":[null,{"id":"x"},null]}`,
		`{"a":[[1,[2,[]]],[{}]]}`,
		`{"s":""}`,
		`{"s":"` + strings.Repeat("x", 70) + `"}`,
		`{"s":"Grüße, 狼 🐺 \u0000\u001f\"\\"}`,
		`{"_id":"mine","resource":{"_id":1}}`,
		`{"$set":{"$ref":1},"a.b":"c","":{"":0}}`,
		`{"＄":1,"．":2,"％":3,"％numbers":[1],"％％":4,"$＄.．％":5}`,
		`{"na\"me\\":1}`,
		`{"n":[0,-1,7,2147483647,2147483648,-2147483648,-2147483649,999999999999999999]}`,
		`{"n":[9223372036854775807,-9223372036854775808,9223372036854775808,1234567890123456789012345678901234]}`,
		`{"n":[1.50,1.0,0.0,-0,-0.0,0.00001,72.4,-3.14,1234567890.123456789012345678901234]}`,
		`{"n":[1e3,1E3,1e+3,10e2,1.0e1,1e-7,0.0000001,0e5,-0e-5,1e-6176,1e6111,1e0,1E0]}`,
		`{"n":[0.00000000000000000000000000000000000000001,1,1e1,1,1E-1]}`,
		`{"value":1E+2,"later":{"value":1e2,"then":1E2}}`,
	} {
		_, back := kept(t, json)
		if d := cmp.Diff(json, back); d != "" {
			t.Errorf("%s (-sent +read):\n%s", json, d)
		}
	}
}

func TestEscapesThatMeanTheSameAreWrittenInOneWay(t *testing.T) {
	for _, c := range []struct{ sent, want string }{
		{`{"s":"\u0041\/\b\f\n\r\t\""}`, `{"s":"A/\u0008\u000c\u000a\u000d\u0009\""}`},
		{`{"s":"\ud83d\udc3a"}`, `{"s":"🐺"}`},
		{`{"\u0061":1}`, `{"a":1}`},
		{`{"\u0024a\u002e":1}`, `{"$a.":1}`},
	} {
		if _, got := kept(t, c.sent); got != c.want {
			t.Errorf("%s came back as %s, want %s", c.sent, got, c.want)
		}
	}
}

func TestValuesAreWhatAnAnalystAsksFor(t *testing.T) {
	doc, _ := kept(t, `{"resourceType":"Observation","value":1.50,"big":1e2,"count":7,"long":3000000000,"old":-0,"on":"2024-05","no":null,"is":true}`)
	dec := func(s string) bson.Decimal128 {
		d, err := bson.ParseDecimal128(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	want := bson.D{
		{Key: "resourceType", Value: "Observation"},
		{Key: "value", Value: dec("1.50")},
		{Key: "big", Value: dec("1E+2")},
		{Key: "count", Value: int32(7)},
		{Key: "long", Value: int64(3000000000)},
		{Key: "old", Value: dec("-0")},
		{Key: "on", Value: "2024-05"},
		{Key: "no", Value: nil},
		{Key: "is", Value: true},
	}
	var got bson.D
	if err := bson.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(bson.Decimal128{})); d != "" {
		t.Errorf("the document (-want +got):\n%s", d)
	}
}

func TestTheTextOfANumberStandsBesideItsValueOnlyWhereItMust(t *testing.T) {
	for _, c := range []struct {
		json string
		want bson.D
	}{
		{`{"n":1.50}`, bson.D{{Key: "n", Value: "150E-2"}}},
		{`{"n":[1,1e2,1.5e1]}`, bson.D{{Key: "％numbers", Value: bson.A{int32(2), "1.5e1"}}, {Key: "n", Value: bson.A{int32(1), "1E2", "15"}}}},
		{`{"a":1E2,"b":{"c":2,"d":1e+0}}`, bson.D{
			{Key: "％numbers", Value: bson.A{int32(0), "1E2", int32(2), "1e+0"}},
			{Key: "a", Value: "1E2"},
			{Key: "b", Value: bson.D{{Key: "c", Value: int32(2)}, {Key: "d", Value: "1"}}},
		}},
	} {
		doc, _ := kept(t, c.json)
		var got bson.D
		if err := bson.Unmarshal(doc, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(withDecimals(t, c.want), withDecimals(t, got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.json, d)
		}
	}
}

// withDecimals writes a document as Go text, decimals and the texts that stand for them alike.
func withDecimals(t *testing.T, v any) any {
	switch v := v.(type) {
	case bson.D:
		out := bson.D{}
		for _, e := range v {
			if e.Key != numbersName {
				e.Value = withDecimals(t, e.Value)
			}
			out = append(out, e)
		}
		return out
	case bson.A:
		out := bson.A{}
		for _, e := range v {
			out = append(out, withDecimals(t, e))
		}
		return out
	case string:
		d, err := bson.ParseDecimal128(v)
		if err != nil {
			t.Fatal(err)
		}
		return d.String()
	case bson.Decimal128:
		return v.String()
	}
	return v
}

func TestNamesAreKeptWithoutWhatTheEngineReserves(t *testing.T) {
	for name, want := range map[string]string{
		"status": "status", "_birthDate": "_birthDate", "": "％", "$": "＄", "a.b": "a．b", "％": "％％", "＄": "％＄", "．": "％．", "$％.": "＄％％．",
	} {
		got := string(appendName(nil, name))
		if got != want || strings.ContainsAny(got, "$.") {
			t.Errorf("the name %q is kept as %q, want %q", name, got, want)
		}
		if back, ok := memberName(got); !ok || back != name {
			t.Errorf("the name %q comes back as %q (%v)", name, back, ok)
		}
	}
	for _, bad := range []string{"％n", "a％", "％％％", "\xff"} {
		if got, ok := memberName(bad); ok {
			t.Errorf("%q was taken as the name %q", bad, got)
		}
	}
}

func TestWhatIsNoJSONIsNotWritten(t *testing.T) {
	for _, json := range []string{
		``, `[]`, `1`, `{`, `{}{}`, `{} `, `{"a"`, `{"a"}`, `{"a":`, `{"a":}`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`, `{"a":[1}`, `{"a":[1`, `{"a":[,]}`,
		`{"a":tru}`, `{"a":nul}`, `{"a":falze}`, `{"a":"`, `{"a":"\`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\ud800"}`, `{"a":"\ud800\u0041"}`, `{"a\u0000":1}`, `{"a":+1}`,
		`{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":1e}`, `{"a":00.1}`, `{"a":12345678901234567890123456789012345}`, `{"a":1e6112}`, `{"a":1e-6177}`,
		`{"a":1e99999999999999999999}`, `{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`,
	} {
		if doc, err := appendResource([]byte("before"), []byte(json)); err == nil || string(doc) != "before" {
			t.Errorf("%.60s was written as %x (%v)", json, doc, err)
		}
	}
}

func TestWhatTheStoreDidNotWriteIsNotRead(t *testing.T) {
	deep, err := bson.Marshal(bson.D{})
	for range 300 {
		deep, err = bson.Marshal(bson.D{{Key: "a", Value: bson.Raw(deep)}})
	}
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string][]byte{
		"nothing": nil, "a length alone": {4, 0, 0, 0}, "a length too far": {9, 0, 0, 0, 0}, "no end": {5, 0, 0, 0, 1}, "more behind": {5, 0, 0, 0, 0, 0},
		"a type alone": {6, 0, 0, 0, 2, 0}, "nested too deep": deep,
		"a boolean of 2": {9, 0, 0, 0, 8, 'a', 0, 2, 0}, "a string too long": {13, 0, 0, 0, 2, 'a', 0, 9, 0, 0, 0, 0, 0},
		"an array without names": {13, 0, 0, 0, 4, 'a', 0, 6, 0, 0, 0, 10, 0},
	}
	for name, d := range map[string]bson.D{
		"a double":               {{Key: "a", Value: 1.5}},
		"a date":                 {{Key: "a", Value: bson.DateTime(1)}},
		"an infinite decimal":    {{Key: "a", Value: bson.NewDecimal128(0x7800000000000000, 0)}},
		"a decimal not a number": {{Key: "a", Value: bson.NewDecimal128(0x7c00000000000000, 0)}},
		"a decimal too long":     {{Key: "a", Value: bson.NewDecimal128(0x3041ed09bead87c0, 0x378d8e6400000000)}},
		"bad UTF-8":              {{Key: "a", Value: "\xff"}},
		"bad UTF-8 and a quote":  {{Key: "a", Value: "\"\xff"}},
		"a bad name":             {{Key: "％x", Value: "a"}},
		"no name":                {{Key: "", Value: "a"}},
		"a text of no number":    {{Key: numbersName, Value: bson.A{int32(0), "1e1"}}},
		"another number's text":  {{Key: numbersName, Value: bson.A{int32(0), "1E3"}}, {Key: "a", Value: bson.NewDecimal128(0x3040000000000000, 1)}},
		"texts that are no text": {{Key: numbersName, Value: bson.A{int32(0), int32(1)}}},
		"texts without a place":  {{Key: numbersName, Value: bson.A{"1E3"}}},
		"texts further down":     {{Key: "a", Value: int32(1)}, {Key: numbersName, Value: bson.A{}}},
	} {
		doc, err := bson.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		docs[name] = doc
	}
	for name, doc := range docs {
		if json, err := appendJSON([]byte("before"), doc); err == nil || string(json) != "before" {
			t.Errorf("%s was read as %s (%v)", name, json, err)
		}
	}
}

func TestEveryOfficialExampleComesBackAsItWas(t *testing.T) {
	for _, file := range examples(t) {
		comesBack(t, file)
	}
}

func TestEveryGeneratedBundleComesBackAsItWas(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), "..", "shared", "data", "synthea", "*.json.gz"))
	if err != nil || len(files) == 0 && os.Getenv("CI") == "true" {
		t.Fatalf("the Synthea bundles are not there: ../shared/data/synthea (%v)", err)
	}
	if len(files) == 0 {
		t.Skip("the Synthea bundles are not there: ../shared/data/synthea")
	}
	for _, file := range files {
		comesBack(t, file)
	}
}

// comesBack compares by the digest of the tokens, which leaves out how strings are escaped.
func comesBack(t *testing.T, file string) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".gz") {
		src = unzip(t, src)
	}
	tr, err := tree.Parse(src, tree.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	_, back := kept(t, string(tr.Bytes()))
	if back == string(tr.Bytes()) {
		return
	}
	again, err := tree.Parse([]byte(back), tree.Limits{})
	if err != nil || again.Digest() != tr.Digest() {
		t.Errorf("%s came back another (%v)", filepath.Base(file), err)
	}
}

func unzip(t *testing.T, b []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	b, err = io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// root is the folder of the module.
func root(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// examples returns the files of the official R4 package; in a short test, or under the race detector, those of up to 300 KB.
func examples(t testing.TB) []string {
	files, err := filepath.Glob(filepath.Join(root(t), ".cache", "r4", "*-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case len(files) == 0 && os.Getenv("CI") != "true":
		t.Skip("the official examples are not there: run scripts/testdata")
	case len(files) != 5306:
		t.Fatalf("there are %d official examples instead of 5306: run scripts/testdata", len(files))
	}
	return slices.DeleteFunc(files, func(file string) bool {
		info, err := os.Stat(file)
		return err == nil && (testing.Short() || underRace) && info.Size() > 300_000
	})
}

// anyJSON draws a JSON object whose strings have no escape that could be written otherwise.
func anyJSON(depth int) *rapid.Generator[string] {
	name := rapid.OneOf(rapid.StringMatching(`[a-z_]{1,8}`), rapid.StringMatching(`[$.＄．％a-n]{0,5}`))
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,16})?([eE][+-]?[0-9]{1,3})?`)
	text := rapid.Map(rapid.String(), func(s string) string { return string(tree.Quote(nil, s)) })
	scalar := rapid.OneOf(number, text, rapid.SampledFrom([]string{"true", "false", "null", "0", "-0", "100", "1e2", "1.50"}))
	return rapid.Custom(func(t *rapid.T) string {
		names := rapid.SliceOfNDistinct(name, 0, 5, rapid.ID).Draw(t, "names")
		members := make([]string, len(names))
		for i, n := range names {
			value := scalar
			if depth > 0 {
				value = rapid.OneOf(scalar, anyJSON(depth-1), rapid.Map(rapid.SliceOfN(scalar, 0, 12), func(items []string) string {
					return "[" + strings.Join(items, ",") + "]"
				}))
			}
			members[i] = string(tree.Quote(nil, n)) + ":" + value.Draw(t, "value")
		}
		return "{" + strings.Join(members, ",") + "}"
	})
}

func TestAnyResourceComesBackTokenByToken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		json := anyJSON(3).Draw(t, "json")
		tr, err := tree.Parse([]byte(json), tree.Limits{})
		if err != nil {
			t.Skip("what tree refuses is never written")
		}
		doc, err := appendResource(nil, tr.Bytes())
		if err != nil {
			t.Fatalf("writing %s: %v", json, err)
		}
		back, err := appendJSON(nil, doc)
		if d := cmp.Diff(json, string(back)); err != nil || d != "" {
			t.Fatalf("(-sent +read, %v)\n%s", err, d)
		}
	})
}

func FuzzJSONComesBackThroughBSON(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","given":["a",null],"$a.b":[1.50,1E2,-0,100,{}],"s":"\u0041\n😀"}`))
	f.Add([]byte(`{"％":9223372036854775808,"x":[[],{}],"":0.0000000000000000000000000000000000000000000001}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		tr, err := tree.Parse(src, tree.Limits{})
		if err != nil {
			_, _ = appendResource(nil, src) // it must not panic
			return
		}
		doc, err := appendResource(nil, tr.Bytes())
		if err != nil {
			t.Fatalf("%s is not written: %v", src, err)
		}
		if err := bsoncore.Document(doc).Validate(); err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		back, err := appendJSON(nil, doc)
		if err != nil {
			t.Fatalf("%s is not read: %v", src, err)
		}
		again, err := tree.Parse(back, tree.Limits{})
		if err != nil || again.Digest() != tr.Digest() {
			t.Fatalf("%s came back as %s (%v)", src, back, err)
		}
	})
}

func FuzzBSONComesBackThroughJSON(f *testing.F) {
	for _, json := range []string{`{"a":[1,1.5,"x",null,true,{"b":3000000000}]}`, `{"a":1E2,"$b":"ü"}`} {
		doc, err := appendResource(nil, []byte(json))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		json, err := appendJSON(nil, doc)
		if err != nil {
			return
		}
		tr, err := tree.Parse(json, tree.Limits{Depth: maxNesting})
		if err != nil {
			return // names that stand twice
		}
		again, err := appendResource(nil, tr.Bytes())
		if err != nil {
			t.Fatalf("%x was read as %s, which is not written: %v", doc, json, err)
		}
		back, err := appendJSON(nil, again)
		if err != nil || !bytes.Equal(back, json) {
			t.Fatalf("%x was read as %s and then as %s (%v)", doc, json, back, err)
		}
	})
}

// benchmarkTexts are the examples and generated resources up to 100 KB.
func benchmarkTexts(b *testing.B) (texts [][]byte, size int64) {
	for _, file := range examples(b) {
		src, err := os.ReadFile(file)
		if err != nil || len(src) > 100_000 {
			continue
		}
		if tr, err := tree.Parse(src, tree.Limits{}); err == nil {
			texts = append(texts, tr.Bytes())
			size += int64(tr.Len())
		}
	}
	return texts, size
}

func BenchmarkAppendResource(b *testing.B) {
	texts, size := benchmarkTexts(b)
	b.SetBytes(size)
	b.ReportAllocs()
	var doc []byte
	for b.Loop() {
		for _, json := range texts {
			var err error
			if doc, err = appendResource(doc[:0], json); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	texts, size := benchmarkTexts(b)
	var docs [][]byte
	for _, json := range texts {
		doc, err := appendResource(nil, json)
		if err != nil {
			b.Fatal(err)
		}
		docs = append(docs, doc)
	}
	b.SetBytes(size) // of JSON
	b.ReportAllocs()
	var json []byte
	for b.Loop() {
		for _, doc := range docs {
			var err error
			if json, err = appendJSON(json[:0], doc); err != nil {
				b.Fatal(err)
			}
		}
	}
}
