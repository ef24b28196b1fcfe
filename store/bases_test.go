package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/store"
)

func TestBasesThatChangedAreThoseOfOneListAlone(t *testing.T) {
	made, now := []string{"http://a/fhir", "http://b/fhir"}, []string{"http://b/fhir", "http://c/fhir"}
	if d := cmp.Diff([]string{"http://a/fhir", "http://c/fhir"}, store.ChangedBases(made, now)); d != "" {
		t.Error(d)
	}
	if got := store.ChangedBases(now, now); got != nil {
		t.Errorf("nothing changed, got %v", got)
	}
}

func TestAnotherBaseIsToldWithWhatBecameOfIt(t *testing.T) {
	made := []string{"http://a/fhir"}
	for base, want := range map[string]string{
		"http://a/fhir": "http://a/fhir is no longer an address of this server",
		"http://c/fhir": "http://c/fhir has become an address of this server",
	} {
		want += ", and resources refer to what lies below it: start with the --addr and --base-url of before, or run firewolf reindex with those of now"
		if got := store.OtherBases(made, base).Text; got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}
