package sqlite

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir/search"
)

// valsOf is what must be there again after a round.
func valsOf(e search.Entries) vals {
	var v vals
	for _, r := range e.Ranges {
		v.ranges = append(v.ranges, rangeVal{nameHash(r.Name), r.Kind, r.Lo, r.Hi})
	}
	for _, t := range e.Texts {
		v.texts = append(v.texts, textVal{nameHash(t.Name), t.Value})
	}
	v.refs = e.Refs
	return v
}

var showVals = cmp.AllowUnexported(vals{}, rangeVal{}, textVal{})

func TestValuesComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEntries(t)
		for i := range e.Refs {
			e.Refs[i].VID = rapid.SampledFrom([]string{"", "1", "a-long-one"}).Draw(t, "vid")
		}
		got, err := decodeVals(encodeVals(e))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(valsOf(e), got, showVals); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestValuesThatWereCutOrLengthenedAreDamaged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := encodeVals(drawEntries(t))
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		for _, damaged := range [][]byte{b[:cut], append(b[:len(b):len(b)], 0)} {
			if _, err := decodeVals(damaged); err == nil {
				t.Fatalf("%x was read", damaged)
			}
		}
	})
}

func TestAnyBytesAreReadAsValuesOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0xff})), 0, 40).Draw(t, "bytes")
		v, err := decodeVals(b)
		if err == nil && len(v.ranges)+len(v.texts)+len(v.refs) > len(b) {
			t.Fatalf("%x is %v", b, v)
		}
	})
}
