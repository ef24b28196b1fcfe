package mongodb

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

func TestHeadersAreThoseOfAMomentWhateverIsGuessed(t *testing.T) {
	s := openAt(t, newAddress(t), Options{})
	defer s.Close()
	ctx := context.Background()
	key := func(id string) fhir.Key { return fhir.Key{Type: "Patient", ID: id} }
	var moments []fhir.Moment
	write := func(ops ...store.Op) {
		t.Helper()
		c, err := s.Write(ctx, store.Tx{Ops: ops})
		if err != nil {
			t.Fatal(err)
		}
		moments = append(moments, c.T)
	}
	put := func(id, text string) store.Op {
		tx := (&simTx{label: fhir.Method(text)})
		tx.put(key(id), 0, search.Entries{})
		return tx.tx.Ops[0]
	}
	write(put("once", "PUT"), put("twice", "PUT"), put("gone", "PUT"))
	write(put("twice", "POST"))
	write(store.Op{Action: store.Delete, Key: key("gone"), Method: fhir.MethodDelete})
	keys := []fhir.Key{key("once"), key("twice"), key("gone"), key("never")}
	want := []map[string]string{
		{"once": "1", "twice": "1", "gone": "1"},
		{"once": "1", "twice": "2", "gone": "1"},
		{"once": "1", "twice": "2", "gone": "2 deleted"},
	}
	for _, guess := range []int64{0, 1, 2, 7} {
		for n, at := range moments {
			t.Run(fmt.Sprintf("version %d is guessed, moment %d", guess, n), func(t *testing.T) {
				s.guesses = guesses{}
				for _, k := range keys {
					s.guesses.set(k, guess)
				}
				found, err := applied{s}.headers(ctx, at, keys)
				if err != nil {
					t.Fatal(err)
				}
				got := map[string]string{}
				for k, h := range found {
					got[k.ID] = fmt.Sprint(h.vid)
					if h.deleted {
						got[k.ID] += " deleted"
					}
				}
				if d := cmp.Diff(want[n], got); d != "" {
					t.Error(d)
				}
			})
		}
	}
}
