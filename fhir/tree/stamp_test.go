package tree_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/tree"
)

func TestAStampSetsVersionAndTimeAndNothingElse(t *testing.T) {
	at := time.Date(2024, 2, 29, 13, 4, 5, 67_000_000, time.FixedZone("", 3600))
	const set = `"versionId":"7","lastUpdated":"2024-02-29T12:04:05.067Z"`
	tests := []struct{ name, src, want string }{
		{"meta without them gets them first", `{"resourceType":"Basic","meta":{"tag":[{"code":"x"}]}}`, `{"resourceType":"Basic","meta":{` + set + `,"tag":[{"code":"x"}]}}`},
		{"those of the client go, in front", `{"meta":{"versionId":"1","lastUpdated":"2001","profile":["p"]}}`, `{"meta":{` + set + `,"profile":["p"]}}`},
		{"those of the client go, at the end", `{"meta":{"profile":["p"],"lastUpdated":"2001","versionId":"1"}}`, `{"meta":{` + set + `,"profile":["p"]}}`},
		{"those of the client go, from between", `{"meta":{"id":"a","versionId":"1","source":"s","lastUpdated":"2001","profile":["p"]}}`, `{"meta":{` + set + `,"id":"a","source":"s","profile":["p"]}}`},
		{"one of the client goes", `{"meta":{"source":"s","versionId":"1"},"id":"1"}`, `{"meta":{` + set + `,"source":"s"},"id":"1"}`},
		{"a meta with nothing else stays in its place", `{"meta":{"lastUpdated":"2001"},"id":"1"}`, `{"meta":{` + set + `},"id":"1"}`},
		{"an empty meta is filled", `{"id":"1","meta":{}}`, `{"id":"1","meta":{` + set + `}}`},
		{"a missing meta comes after the id", `{"resourceType":"Basic","id":"1","text":{}}`, `{"resourceType":"Basic","id":"1","meta":{` + set + `},"text":{}}`},
		{"a missing meta comes after an id at the end", `{"resourceType":"Basic","id":"1"}`, `{"resourceType":"Basic","id":"1","meta":{` + set + `}}`},
		{"without an id it comes after the type", `{"resourceType":"Basic","text":{}}`, `{"resourceType":"Basic","meta":{` + set + `},"text":{}}`},
		{"without either it comes first", `{"text":{}}`, `{"meta":{` + set + `},"text":{}}`},
		{"an empty object gets it", `{}`, `{"meta":{` + set + `}}`},
		{"a meta that is no object is replaced", `{"meta":null,"id":"1"}`, `{"meta":{` + set + `},"id":"1"}`},
		{"meta of contained resources stays", `{"id":"1","contained":[{"meta":{"versionId":"1"}}]}`, `{"id":"1","meta":{` + set + `},"contained":[{"meta":{"versionId":"1"}}]}`},
		{"extensions of the two stay", `{"meta":{"versionId":"1","_versionId":{"id":"x"}}}`, `{"meta":{` + set + `,"_versionId":{"id":"x"}}}`},
		{"names written with escapes count", `{"m\u0065ta":{"version\u0049d":"1","tag":[]}}`, `{"m\u0065ta":{` + set + `,"tag":[]}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parse(t, tt.src).Stamp().With(7, at)
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAStampIsUsedAgainWithoutMixing(t *testing.T) {
	s := parse(t, `{"id":"1","text":{}}`).Stamp()
	first := s.With(1, time.Unix(0, 0))
	second := s.With(1234567890123456789, time.Unix(1, 0))
	if diff := cmp.Diff([]string{
		`{"id":"1","meta":{"versionId":"1","lastUpdated":"1970-01-01T00:00:00.000Z"},"text":{}}`,
		`{"id":"1","meta":{"versionId":"1234567890123456789","lastUpdated":"1970-01-01T00:00:01.000Z"},"text":{}}`,
	}, []string{string(first), string(second)}); diff != "" {
		t.Error(diff)
	}
}

func TestWithAllocatesOnce(t *testing.T) {
	s := parse(t, patient).Stamp()
	at := time.Date(2024, 2, 29, 13, 4, 5, 67_000_000, time.UTC)
	if n := testing.AllocsPerRun(100, func() { s.With(3, at) }); n != 1 {
		t.Errorf("want 1 allocation, got %v", n)
	}
}

func TestStampedOfficialExamplesKeepTheirDigestAndGiveBackTheirVersion(t *testing.T) {
	at := time.Date(2024, 2, 29, 13, 4, 5, 67_000_000, time.UTC)
	for _, file := range smaller(t, 1<<20) {
		tr, err := tree.Parse(read(t, file), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		out := tr.Stamp().With(3, at)
		again, err := tree.Parse(out, tree.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", filepath.Base(file), err)
		}
		meta := again.Root().Member("meta")
		got := []string{meta.Member("versionId").Text(), meta.Member("lastUpdated").Text()}
		if diff := cmp.Diff([]string{"3", "2024-02-29T13:04:05.067Z"}, got); diff != "" {
			t.Errorf("%s: %s", filepath.Base(file), diff)
		}
		if tr.Digest() != again.Digest() {
			t.Errorf("%s: the stamp changed the digest", filepath.Base(file))
		}
		if !bytes.Equal(again.Stamp().With(3, at), out) {
			t.Errorf("%s: stamping again changed the document", filepath.Base(file))
		}
	}
}
