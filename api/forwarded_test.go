package api

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

func TestBaseAndClientComeFromTrustedProxiesOnly(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	others := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	tests := []struct {
		name         string
		trusted      []netip.Prefix
		header       []string
		base, remote string
	}{
		{"no proxy", nil, nil, "http://HOST/fhir", "127.0.0.1"},
		{"headers while no proxy is trusted", nil, []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-For: 192.0.2.1"}, "http://HOST/fhir", "127.0.0.1"},
		{"headers of a peer that is not trusted", others, []string{"Forwarded: for=192.0.2.1;proto=https;host=evil.example"}, "http://HOST/fhir", "127.0.0.1"},
		{"Forwarded", loopback, []string{"Forwarded: for=192.0.2.1;proto=https;host=fhir.example.org"}, "https://fhir.example.org/fhir", "192.0.2.1"},
		{"Forwarded in quotes and capitals", loopback, []string{`Forwarded: For="[2001:db8::17]:4711";Proto=HTTPS;Host="fhir.example.org:8443"`}, "https://fhir.example.org:8443/fhir", "2001:db8::17"},
		{"Forwarded before X-Forwarded-*", loopback, []string{"Forwarded: proto=https", "X-Forwarded-Host: other.example"}, "https://HOST/fhir", "127.0.0.1"},
		{
			"an element that the client itself wrote does not count", loopback,
			[]string{"Forwarded: for=203.0.113.9;host=evil.example;proto=http", "Forwarded: for=192.0.2.1;host=fhir.example.org;proto=https"},
			"https://fhir.example.org/fhir", "192.0.2.1",
		},
		{
			"two trusted proxies: the outer one knows the client", loopback,
			[]string{"Forwarded: for=192.0.2.1;host=fhir.example.org;proto=https, for=10.1.2.3;host=inner;proto=http"},
			"https://fhir.example.org/fhir", "192.0.2.1",
		},
		{"a client that hides", loopback, []string{"Forwarded: for=_hidden;proto=https, for=unknown"}, "http://HOST/fhir", "127.0.0.1"},
		{"X-Forwarded-*", loopback, []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: fhir.example.org"}, "https://fhir.example.org/fhir", "192.0.2.1"},
		{
			"the prefix of a path that the proxy took off", loopback,
			[]string{"X-Forwarded-Host: example.org", "X-Forwarded-Prefix: /clinic/north-1/"},
			"http://example.org/clinic/north-1/fhir", "127.0.0.1",
		},
		{"a prefix while no proxy is trusted", nil, []string{"X-Forwarded-Prefix: /evil"}, "http://HOST/fhir", "127.0.0.1"},
		{
			"a prefix behind what the client wrote", loopback,
			[]string{"X-Forwarded-For: 203.0.113.9, 192.0.2.1", "X-Forwarded-Prefix: /evil, /clinic"},
			"http://HOST/clinic/fhir", "192.0.2.1",
		},
		{"a prefix of another host", loopback, []string{"X-Forwarded-Prefix: //evil.example"}, "http://HOST/fhir", "127.0.0.1"},
		{"a prefix that climbs", loopback, []string{"X-Forwarded-Prefix: /a/../b"}, "http://HOST/fhir", "127.0.0.1"},
		{"a prefix that is no path", loopback, []string{"X-Forwarded-Prefix: /a?b"}, "http://HOST/fhir", "127.0.0.1"},
		{"the root as a prefix", loopback, []string{"X-Forwarded-Prefix: /"}, "http://HOST/fhir", "127.0.0.1"},
		{"X-Forwarded-For that the client began", loopback, []string{"X-Forwarded-For: 203.0.113.9, 192.0.2.1", "X-Forwarded-Proto: https"}, "https://HOST/fhir", "192.0.2.1"},
		{
			"X-Forwarded-* of two trusted proxies", loopback,
			[]string{"X-Forwarded-For: 192.0.2.1, 10.1.2.3", "X-Forwarded-Proto: https, http", "X-Forwarded-Host: fhir.example.org, inner"},
			"https://fhir.example.org/fhir", "192.0.2.1",
		},
		{
			"X-Forwarded-* of one trusted proxy, behind what the client wrote", loopback,
			[]string{"X-Forwarded-For: 203.0.113.9, 192.0.2.1", "X-Forwarded-Proto: ftp, https", "X-Forwarded-Host: evil.example, fhir.example.org"},
			"https://fhir.example.org/fhir", "192.0.2.1",
		},
		{"a port beside the host", loopback, []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: fhir.example.org", "X-Forwarded-Port: 8443"}, "https://fhir.example.org:8443/fhir", "127.0.0.1"},
		{"the port of the scheme", loopback, []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: fhir.example.org", "X-Forwarded-Port: 443"}, "https://fhir.example.org/fhir", "127.0.0.1"},
		{"a port beside a host that names its own", loopback, []string{"X-Forwarded-Host: fhir.example.org:8080", "X-Forwarded-Port: 443"}, "http://fhir.example.org:8080/fhir", "127.0.0.1"},
		{"a port beside an IPv6 address", loopback, []string{"X-Forwarded-Host: [2001:db8::1]", "X-Forwarded-Port: 8080"}, "http://[2001:db8::1]:8080/fhir", "127.0.0.1"},
		{"a port that is none", loopback, []string{"X-Forwarded-Host: fhir.example.org", "X-Forwarded-Port: 80@evil.example"}, "http://fhir.example.org/fhir", "127.0.0.1"},
		{"a port while no proxy is trusted", nil, []string{"X-Forwarded-Port: 8443"}, "http://HOST/fhir", "127.0.0.1"},
		{
			"a port behind what the client wrote", loopback,
			[]string{"X-Forwarded-For: 203.0.113.9, 192.0.2.1", "X-Forwarded-Host: fhir.example.org", "X-Forwarded-Port: 666, 8080"},
			"http://fhir.example.org:8080/fhir", "192.0.2.1",
		},
		{"only trusted addresses", loopback, []string{"X-Forwarded-For: 10.0.0.1, 10.0.0.2"}, "http://HOST/fhir", "10.0.0.1"},
		{"addresses that are none", loopback, []string{"X-Forwarded-For: 192.0.2.1, unknown"}, "http://HOST/fhir", "127.0.0.1"},
		{"a scheme that is none", loopback, []string{"X-Forwarded-Proto: gopher"}, "http://HOST/fhir", "127.0.0.1"},
		{"an IPv6 proxy", loopback, []string{"X-Forwarded-For: 2001:db8:9::1, 2001:db8:1::5"}, "http://HOST/fhir", "2001:db8:9::1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{}
			ts := serve(t, s, func(o *Options) { o.TrustedProxies = tt.trusted })
			if got := ts.do("GET", "/fhir/Patient/1", "", tt.header...); got.status != 200 {
				t.Fatalf("status %d: %s", got.status, got.body)
			}
			want := strings.ReplaceAll(tt.base, "HOST", strings.TrimPrefix(ts.root, "http://"))
			if diff := cmp.Diff(want, s.last().Base); diff != "" {
				t.Errorf("base (-want +got):\n%s", diff)
			}
			eventually(t, "the audit line", func() bool { return ts.audit.String() != "" })
			if !strings.Contains(ts.audit.String(), `"remote":"`+tt.remote+`"`) {
				t.Errorf("the client is not %s: %s", tt.remote, ts.audit.String())
			}
		})
	}
}

func TestBaseURLOverridesEverything(t *testing.T) {
	s := &script{}
	ts := serve(t, s, func(o *Options) {
		o.BaseURL = "https://fhir.example.org/r4/"
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	ts.do("GET", "/fhir/Patient/1", "", "X-Forwarded-Host: other.example")
	if got := s.last().Base; got != "https://fhir.example.org/r4" {
		t.Errorf("base %s", got)
	}
}

func TestHostsThatAreNoneAreRefused(t *testing.T) {
	ts := serve(t, &script{}, func(o *Options) {
		o.InsecureOpen = true
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	want := outcome(fhir.Invalid, "", "the Host header is no host", "http.Host")
	for _, header := range []string{"X-Forwarded-Host: a/b", "X-Forwarded-Host: <script>", "X-Forwarded-Host: " + strings.Repeat("a", 300)} {
		got := ts.do("GET", "/fhir/Patient/1", "", header)
		if got.status != 400 || got.body != want {
			t.Errorf("%s: %d %s", header, got.status, got.body)
		}
	}
}

func TestServerWithoutTokensAnswersToItsOwnNamesOnly(t *testing.T) {
	s := &script{}
	ts := serve(t, s, func(o *Options) { o.BaseURL = "http://Fhir.example.org:8080/fhir" })
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:8080": 200, "firewolf.localhost": 200, "127.0.0.1": 200, "[::1]:8080": 200, "192.0.2.1": 200,
		"fhir.example.org": 200, "fhir.example.org:99": 200,
		"evil.example": 421, "evil.example:8080": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421,
	} {
		got := ts.do("GET", "/fhir/Patient/1", "", "Host: "+host)
		if got.status != want {
			t.Errorf("%s: %d, want %d", host, got.status, want)
		}
		text := outcome(fhir.Security, "", "this server answers to localhost and to the host of its base URL only, since it asks for no token", "http.Host")
		if want == 421 && got.body != text {
			t.Errorf("%s: %s", host, got.body)
		}
	}
	if s.count() != 8 {
		t.Errorf("the interactor was asked %d times", s.count())
	}
}
