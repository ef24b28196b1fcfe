package api

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"firewolf/fhir/interaction"
)

// FuzzHeaders reads whatever a client can put into the headers that are parsed here: nothing panics, and what is chosen is
// one of the things that there are.
func FuzzHeaders(f *testing.F) {
	for _, seed := range []string{
		"application/fhir+json;q=0.5, */*", `for="[2001:db8::1]:80";proto=https;host="a\"b", for=unknown`, "return=minimal; a, handling=lenient",
		"gzip;q=0.5, zstd", `a;b="c,d;e=\`, `"`, ",;,=", "192.0.2.1, 10.0.0.1",
	} {
		f.Add(seed)
	}
	s := &Server{o: Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	f.Fuzz(func(t *testing.T, header string) {
		if types, err := negotiate([]string{header}); (err == nil) != (len(types) == 1) {
			t.Errorf("negotiate: %v, %v", types, err)
		}
		if name := acceptedEncoding(header); name != nil && name[0] != "gzip" && name[0] != "zstd" {
			t.Errorf("acceptedEncoding: %v", name)
		}
		var q interaction.Request
		readPrefer([]string{header}, &q)
		switch q.Return {
		case "", "minimal", "representation", "OperationOutcome":
		default:
			t.Errorf("readPrefer: %s", q.Return)
		}
		if name, err := contentType([]string{header}); err == nil && !strings.Contains(name, "/") {
			t.Errorf("contentType: %q", name)
		}
		rawAccept([]string{header})
		for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"} {
			o := s.originOf(&http.Request{RemoteAddr: "10.0.0.1:4711", Host: "localhost", Header: http.Header{name: {header}}})
			if _, err := netip.ParseAddr(o.remote); err != nil || o.scheme != "http" && o.scheme != "https" {
				t.Errorf("%s: %+v", name, o)
			}
		}
	})
}

// FuzzQueryString reads query strings: every pair is UTF-8, or the whole is refused.
func FuzzQueryString(f *testing.F) {
	for _, seed := range []string{"a=b&c=%41+d", "%", "a=%zz", "&&=&", "a=%FF", "a=\xff", "=%2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := parseQuery(nil, raw)
		if err != nil && got != nil {
			t.Error("pairs beside an error")
		}
		for _, p := range got {
			if !utf8.ValidString(p.Name) || !utf8.ValidString(p.Value) {
				t.Errorf("%q is not UTF-8", p)
			}
		}
	})
}
