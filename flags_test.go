package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/store/mongodb"
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
		if d := cmp.Diff(want, got, cmp.AllowUnexported(location{}), cmp.Comparer(func(a, b mongodb.Address) bool { return a.String() == b.String() })); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
	}
	for text, want := range map[string]string{
		"":                      "is no store",
		"data":                  "is no store",
		"sqlite:":               "is no store",
		"memory:x":              "is no store",
		"mongodb://":            "names no hosts",
		"mongodb://u:@hidden@h": "must be escaped",
		"postgres://u:hidden@h": "this is no store",
		"mongodb:h":             "starts with mongodb://",
	} {
		var got location
		err := got.UnmarshalText([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: error %v, want one with %q and without the password", text, err, want)
		}
	}
}

func TestALocationOfMongoDBIsShownWithoutItsSecrets(t *testing.T) {
	var at location
	if err := at.UnmarshalText([]byte("mongodb://wolf@h:1,i/db?tls=true")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("hid/den\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	with, err := at.withPassword(passwordFlags{StorePasswordFile: file})
	if err != nil {
		t.Fatal(err)
	}
	if !with.mongo.HasSecret() || at.mongo.HasSecret() {
		t.Error("the password of the file is not that of the store alone")
	}
	for _, shown := range []string{with.String(), fmt.Sprintf("%v %+v", plan{store: with}, serveCmd{storeFlags: storeFlags{Store: with}})} {
		if !strings.Contains(shown, "mongodb://h:1,i/db") || strings.Contains(shown, "hid") || strings.Contains(shown, "wolf") {
			t.Errorf("it is shown as %s", shown)
		}
	}
}

func TestASecretOnTheCommandLineIsSeen(t *testing.T) {
	for args, want := range map[string]bool{
		"serve":                                                          false,
		"serve --store mongodb://h/db":                                   false,
		"serve --store mongodb://wolf@h/db":                              false,
		"serve --store mongodb://wolf:x@h/db":                            true,
		"serve --store=mongodb://wolf:x@h/db":                            true,
		"serve --store=mongodb://h/?a=b&Password=x":                      true,
		"serve --store mongodb://h/?a=b&tlsCertificateKeyFilePassword=x": true,
		"load http://wolf:x@h/db":                                        false,
	} {
		if got := openSecret(strings.Fields(args)); got != want {
			t.Errorf("%s: %v, want %v", args, got, want)
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
