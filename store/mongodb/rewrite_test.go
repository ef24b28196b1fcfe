package mongodb

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// verbose makes more entries than the engine.
type verbose struct {
	Indexer
	more int
}

func (v verbose) Entries(t *tree.Tree) (search.Entries, error) {
	e, err := v.Indexer.Entries(t)
	for k := range v.more {
		e.Keys = append(e.Keys, fmt.Sprintf("build|%07d", k))
	}
	return e, err
}

// portrait is a patient of a size that no search asks for.
func portrait(id string, n int) string {
	return fmt.Sprintf(`{"resourceType":"Patient","id":%q,"photo":[{"data":%q}]}`, id, noise(1, n))
}

// verboseOptions are those of a build that makes more entries, with small documents.
func verboseOptions(e Indexer, more int) Options {
	o := reindexOptions(e, fmt.Sprint(more))
	o.Engine, o.document = verbose{e, more}, 3000
	return o
}

func TestAResourceWithoutRoomForItsNewEntriesMovesIntoParts(t *testing.T) {
	e, a, ctx := engine(t), newAddress(t), context.Background()
	s := openAt(t, a, verboseOptions(e, 0))
	small, large := put(t, patient("small", "A"), "family|a"), put(t, portrait("large", 2400), "family|a")
	want := mustWrite(t, s, small, large)
	if !fields(t, s, "Patient", "large/1")[fieldResource] {
		t.Fatal("it lies in parts from the beginning")
	}
	s.Close()
	for _, more := range []int{40, 41} { // the second time it lies in parts already
		if err := Reindex(ctx, a, verboseOptions(e, more), nil); err != nil {
			t.Fatal(err)
		}
	}
	s = openAt(t, a, verboseOptions(e, 41))
	defer s.Close()
	if is := fields(t, s, "Patient", "large/1"); is[fieldResource] || !is[fieldParts] {
		t.Errorf("its document has %v", is)
	}
	if is := fields(t, s, "Patient", "small/1"); !is[fieldResource] || is[fieldParts] {
		t.Errorf("the document of one with room has %v", is)
	}
	for _, r := range want.Results {
		if got := mustRead(t, s, "Patient", r.Version.ID); !same(r.Version, got) {
			t.Errorf("%s is not what was written", r.Version.ID)
		}
	}
	if got, err := foundBy(s, "Patient", "build|0000040"); len(got) != 2 || err != nil {
		t.Errorf("found by a new key: %v, %v", got, err)
	}
	if c := mustWrite(t, s, large); c.Results[0].Effect != store.Unchanged {
		t.Errorf("the same again has effect %d", c.Results[0].Effect)
	}
}

func TestPartsThatAnotherProcessBeganAreTakenOver(t *testing.T) {
	e, a, ctx := engine(t), newAddress(t), context.Background()
	s := openAt(t, a, verboseOptions(e, 0))
	defer s.Close()
	v := mustWrite(t, s, put(t, portrait("p", 2400))).Results[0].Version
	w := rewrite{s: s}
	for range 2 {
		if n, err := w.part(ctx, v); err != nil || n < 2 {
			t.Fatalf("%d parts, %v", n, err)
		}
	}
	v.JSON = bytes.ReplaceAll(v.JSON, []byte("p"), []byte("q"))
	if _, err := w.part(ctx, v); err == nil {
		t.Error("parts of something else are taken for its own")
	}
}

func TestAVersionThatCannotBeIndexedIsNamed(t *testing.T) {
	e, a := engine(t), newAddress(t)
	s := openAt(t, a, verboseOptions(e, 0))
	mustWrite(t, s, put(t, patient("p1", "A")))
	defer s.Close()
	w := rewrite{s: &Store{o: verboseOptions(e, 300), wire: s.wire, protocol: s.protocol}, generation: 9}
	doc, err := s.collection("Patient").FindOne(context.Background(), byNames([]name{{doc: "p1/1", id: "p1"}})).Raw()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.version(context.Background(), "Patient", doc); err == nil || !strings.Contains(err.Error(), "Patient/p1/_history/1") {
		t.Errorf("its entries are too large: %v", err)
	}
	v := fhir.Version{Key: fhir.Key{Type: "Patient", ID: "p1"}, VID: 1}
	refused := w.update(v, endDocument(append([]byte{0, 0, 0, 0}, "\x02_id\x00\x02\x00\x00\x00x\x00"...), 0), nil)
	err = w.write(context.Background(), "Patient", []rewritten{{v, refused}})
	if err == nil || !strings.Contains(redacted(err).Error(), "Patient/p1/_history/1") {
		t.Errorf("the server refuses it: %v", err)
	}
}
