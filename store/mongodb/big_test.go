package mongodb

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/store"
)

// noise is text that does not shrink.
func noise(seed byte, n int) string {
	b := make([]byte, n*3/4)
	src := rand.NewChaCha8([32]byte{seed})
	_, _ = src.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

func image(id string, n int) string {
	return fmt.Sprintf(`{"resourceType":"Binary","id":%q,"contentType":"image/png","data":%q}`, id, noise(id[len(id)-1], n))
}

func TestAResourceThatNoDocumentHoldsIsServedTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes tens of megabytes")
	}
	s := openNew(t, Options{})
	ctx := context.Background()
	c := mustWrite(t, s, put(t, image("b1", 20<<20)), put(t, patient("p1", "A")))
	want := c.Results[0].Version
	if fields(t, s, "Binary", "b1/1")[fieldResource] {
		t.Error("its document holds the resource")
	}
	got := mustRead(t, s, "Binary", "b1")
	if !same(want, got) {
		t.Errorf("read: %d bytes that are not the %d written", len(got.JSON), len(want.JSON))
	}
	for _, v := range histories(t, s, store.Scope{Type: "Binary"}) {
		if !same(want, v) {
			t.Error("the history shows something else")
		}
	}
	again, err := s.Write(ctx, store.Tx{Ops: []store.Op{put(t, image("b1", 20<<20))}})
	if err != nil || again.Results[0].Effect != store.Unchanged || !same(want, again.Results[0].Version) {
		t.Errorf("the same again: effect %d, %v", again.Results[0].Effect, err)
	}
	mustWrite(t, s, put(t, image("b1", 100)))
	old, err := s.ReadVersion(ctx, want.Key, 1)
	if err != nil || !same(want, old) {
		t.Errorf("the version before is not as it was (%v)", err)
	}
}

// same compares versions; cmp.Diff takes minutes for megabytes.
func same(a, b fhir.Version) bool {
	equal := bytes.Equal(a.JSON, b.JSON)
	a.JSON, b.JSON = nil, nil
	return equal && cmp.Equal(a, b)
}

func TestATransactionThatNoDocumentHoldsIsCommittedWhole(t *testing.T) {
	s := openNew(t, Options{})
	s.protocol.chunk = 64 << 10
	var ops []store.Op
	for k := range 8 {
		ops = append(ops, put(t, image(fmt.Sprint("b", k), 30<<10)))
	}
	c := mustWrite(t, s, ops...)
	log, _, err := s.wire.readCommit(context.Background(), 1)
	if err != nil || log.parts < 3 || log.payload != nil {
		t.Errorf("the commit has %d parts (%v)", log.parts, err)
	}
	for _, r := range c.Results {
		if diff := cmp.Diff(r.Version, mustRead(t, s, "Binary", r.Version.ID)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestPartsAreJoinedInTheirOrder(t *testing.T) {
	pack, _ := newPacker()
	v := fhir.Version{Key: fhir.Key{Type: "Binary", ID: "b"}, VID: 3, T: 77}
	json := []byte(noise(1, 1000))
	all := parts(v, pack.pack(json), 300)
	if len(all) < 4 {
		t.Fatalf("%d parts", len(all))
	}
	for k, one := range all {
		if nameOf(one.doc).doc != fmt.Sprintf("Binary/b/3/%d", k) || one.collection != partCollection || momentOf(one.doc) != 77 {
			t.Errorf("part %d is %s of %s at %d", k, nameOf(one.doc).doc, one.collection, momentOf(one.doc))
		}
	}
}
