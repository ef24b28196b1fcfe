package store_test

import (
	"testing"

	"firewolf/fhir"
	"firewolf/store"
)

func TestTheOldestMomentIsThatOfTheReadersWhoStillHoldOne(t *testing.T) {
	var h store.Holds
	check := func(want fhir.Moment, held bool) {
		t.Helper()
		if got, some := h.Oldest(2); got != want || some != held {
			t.Errorf("%d %t, want %d %t", got, some, want, held)
		}
	}
	check(0, false)
	five, three, again := h.Add(5), h.Add(3), h.Add(5)
	defer h.Add(1)() // it came too late
	check(3, true)
	three()
	three()
	check(5, true)
	five()
	check(5, true)
	again()
	check(0, false)
}
