package memory_test

import (
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/store"
	"firewolf/store/memory"
	"firewolf/store/storetest"
)

func TestMemoryKeepsTheContractOfAStore(t *testing.T) {
	definitions, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, storetest.Options{
		Open: func(_ *testing.T, clock fhir.Clock) store.Store {
			return memory.New(definitions, clock, storetest.Base)
		},
		Walk: 2000, // every page evaluates every resource
	})
}
