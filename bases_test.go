package main

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOwnBasesAreAllNamesThatAnAddressTells(t *testing.T) {
	for _, c := range []struct {
		name, addr string
		secure     bool
		want       []string
	}{
		{"a loopback address", "127.0.0.1:8080", false, []string{"http://127.0.0.1:8080/fhir", "http://localhost:8080/fhir", "http://[::1]:8080/fhir"}},
		{
			"the usual port, which need not be said", "localhost:80", false,
			[]string{
				"http://localhost:80/fhir", "http://localhost/fhir", "http://127.0.0.1:80/fhir", "http://127.0.0.1/fhir",
				"http://[::1]:80/fhir", "http://[::1]/fhir",
			},
		},
		{"an address that others reach", "192.0.2.1:443", true, []string{"https://192.0.2.1:443/fhir", "https://192.0.2.1/fhir"}},
		{
			"every address of the machine", "0.0.0.0:8443", true,
			[]string{"https://0.0.0.0:8443/fhir", "https://localhost:8443/fhir", "https://127.0.0.1:8443/fhir", "https://[::1]:8443/fhir"},
		},
		{"every address, unwritten", ":8080", false, []string{"http://localhost:8080/fhir", "http://127.0.0.1:8080/fhir", "http://[::1]:8080/fhir"}},
		{"a port that is not known yet", "127.0.0.1:0", false, nil},
		{"no address", "nowhere", false, nil},
	} {
		if d := cmp.Diff(c.want, ownBases(c.addr, c.secure)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestAFreePortIsKnownOnceItIsBound(t *testing.T) {
	for asked, want := range map[string]string{"localhost:0": "localhost:4711", ":0": ":4711", "[::1]:80": "[::1]:4711"} {
		if got := bound(asked, &net.TCPAddr{Port: 4711}); got != want {
			t.Errorf("%s is bound as %s, want %s", asked, got, want)
		}
	}
	if got := bound("nowhere", &net.TCPAddr{Port: 4711}); got != "nowhere" {
		t.Errorf("got %s", got)
	}
}
