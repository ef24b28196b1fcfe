package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestByteSize(t *testing.T) {
	for text, want := range map[string]byteSize{"1": 1, "65536": 65536, "64KiB": 64 << 10, "64MiB": 64 << 20, "2GiB": 2 << 30, "1024GiB": 1 << 40} {
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s is %d (%v), want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "MiB", "1.5MiB", "64MB", "1025GiB", "9223372036854775807GiB", "1KiBMiB"} {
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %d, want an error", text, got)
		}
	}
}

func TestLocation(t *testing.T) {
	for text, want := range map[string]location{
		"sqlite:data":      {kind: "sqlite", path: "data"},
		"sqlite:/var/a:b/": {kind: "sqlite", path: "/var/a:b"},
		"memory:":          {kind: "memory"},
	} {
		var got location
		if err := got.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(location{})); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
	}
	for text, want := range map[string]string{
		"":                        "is no store",
		"data":                    "is no store",
		"sqlite:":                 "is no store",
		"memory:x":                "is no store",
		"mongodb://u:hidden@h/db": "no MongoDB store",
	} {
		var got location
		err := got.UnmarshalText([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: error %v, want one with %q and without the password", text, err, want)
		}
	}
}

func TestProxyNetworkIsAnAddressOrANetwork(t *testing.T) {
	for text, want := range map[string]string{"10.0.0.1": "10.0.0.1/32", "10.0.0.0/8": "10.0.0.0/8", "::1": "::1/128", "fd00::/8": "fd00::/8"} {
		var got proxyNetwork
		if err := got.UnmarshalText([]byte(text)); err != nil || netip.Prefix(got).String() != want {
			t.Errorf("%s is %v (%v), want %s", text, netip.Prefix(got), err, want)
		}
	}
	for _, text := range []string{"", "localhost", "10.0.0.1/33"} {
		if err := new(proxyNetwork).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestOwnBasesKnowEveryNameOfALoopbackAddress(t *testing.T) {
	for _, c := range []struct {
		addr, cert string
		want       []string
	}{
		{"127.0.0.1:8080", "", []string{"http://127.0.0.1:8080/fhir", "http://localhost:8080/fhir", "http://[::1]:8080/fhir"}},
		{"localhost:80", "", []string{"http://localhost:80/fhir", "http://127.0.0.1:80/fhir", "http://[::1]:80/fhir"}},
		{"192.0.2.1:443", "c.pem", []string{"https://192.0.2.1:443/fhir"}},
	} {
		s := serveCmd{Addr: c.addr, TLSCert: c.cert}
		if d := cmp.Diff(c.want, s.ownBases()); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.addr, d)
		}
	}
}
