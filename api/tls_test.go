package api

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

// certFiles writes a new self-signed certificate of localhost and its key to a folder.
func certFiles(t *testing.T, dir, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// serveTLS starts a server with a certificate and a client that takes it for good.
func serveTLS(t *testing.T, s *script, change func(*Options)) (ts *testServer, dir string) {
	t.Helper()
	dir = t.TempDir()
	certFile, keyFile := certFiles(t, dir, "first")
	ts = serve(t, s, func(o *Options) {
		o.TLSCert, o.TLSKey = certFile, keyFile
		if change != nil {
			change(o)
		}
	})
	ts.client.Transport = &http.Transport{TLSClientConfig: anyCert(), ForceAttemptHTTP2: true}
	return ts, dir
}

func anyCert() *tls.Config { return &tls.Config{InsecureSkipVerify: true} } //nolint:gosec // a certificate of the test

func TestTLSServesHTTP1AndHTTP2(t *testing.T) {
	s := &script{}
	ts, _ := serveTLS(t, s, nil)
	for _, two := range []bool{true, false} {
		ts.client.CloseIdleConnections()
		ts.client.Transport = &http.Transport{TLSClientConfig: anyCert(), ForceAttemptHTTP2: two}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, ts.URL()+"/Patient?_pretty=true", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/fhir+json")
		a, err := ts.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(a.Body)
		a.Body.Close()
		if err != nil || a.StatusCode != http.StatusOK || (a.ProtoMajor == 2) != two {
			t.Errorf("%s: %d %s, %v", a.Proto, a.StatusCode, b, err)
		}
		if got := s.last(); got.Base != ts.root+"/fhir" || !strings.HasPrefix(got.Base, "https://") || string(got.Body) != "{}" {
			t.Errorf("%s: base %s, body %s", a.Proto, got.Base, got.Body)
		}
	}
}

func TestTLSOfOldVersionsIsRefused(t *testing.T) {
	ts, _ := serveTLS(t, &script{}, nil)
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		config := anyCert()
		config.MinVersion, config.MaxVersion = version, version
		c, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", ts.listener.Addr().String())
		if err == nil {
			c.Close()
		}
		if want != (err == nil) {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}

func TestPlainHTTPToTheTLSPortIsToldSo(t *testing.T) {
	ts, _ := serveTLS(t, &script{}, nil)
	got, err := ts.raw("GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	want := outcome(fhir.Invalid, "", "the request cannot be read: this is an HTTPS server, and the request is plain HTTP")
	if diff := cmp.Diff(want, got.body); diff != "" || got.status != 400 {
		t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
	}
}

func TestWhatCannotBeReadOverTLSIsAnsweredWithAnOutcome(t *testing.T) {
	ts, _ := serveTLS(t, &script{}, nil)
	c, err := (&tls.Dialer{Config: anyCert()}).DialContext(t.Context(), "tcp", ts.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET /fhir/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusBadRequest || a.Header.Get("Content-Type") != "application/fhir+json; charset=utf-8" {
		t.Errorf("%d %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
}

func TestASlowHandshakeHoldsUpNobody(t *testing.T) {
	ts, _ := serveTLS(t, &script{}, func(o *Options) { o.Limits.ReadHeader = 2 * time.Second }) // enough for a handshake that is not silent
	silent := []net.Conn{ts.dial(), ts.dial(), ts.dial()}
	if got := ts.do("GET", "/fhir/Patient/1", ""); got.status != 200 {
		t.Errorf("status %d", got.status)
	}
	for _, c := range silent {
		if _, err := io.ReadAll(c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("a silent connection: %v", err)
		}
	}
}

func TestHandshakesUnderWayEndWithTheServer(t *testing.T) {
	ts, _ := serveTLS(t, &script{}, nil)
	ts.dial()
	eventually(t, "the silent connection is accepted", func() bool { return ts.listener.open.Load() == 1 })
	if err := ts.stop(); err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

func TestCertificateIsReadAgainWithoutDroppingConnections(t *testing.T) {
	ts, dir := serveTLS(t, &script{}, func(o *Options) { o.Limits.Reload = 5 * time.Millisecond })
	name := func() string {
		c, err := (&tls.Dialer{Config: anyCert()}).DialContext(t.Context(), "tcp", ts.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	kept, err := (&tls.Dialer{Config: anyCert()}).DialContext(t.Context(), "tcp", ts.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	answers := bufio.NewReader(kept)
	ask := func() {
		t.Helper()
		if _, err := io.WriteString(kept, "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		a, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		if _, err := io.Copy(io.Discard, a.Body); err != nil || a.StatusCode != http.StatusOK {
			t.Fatalf("status %d, %v", a.StatusCode, err)
		}
	}
	ask()
	if n := name(); n != "first" {
		t.Fatalf("the certificate is of %s", n)
	}
	certFiles(t, dir, "second")
	eventually(t, "the new certificate is used", func() bool { return name() == "second" })
	ask()
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the mistake is logged", func() bool { return strings.Contains(ts.log.String(), "the one before stays in use") })
	if n := name(); n != "second" {
		t.Errorf("after the mistake the certificate is of %s", n)
	}
	ask()
}

func TestCertificateThatCannotBeReadIsAnErrorOfNew(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := certFiles(t, dir, "a")
	if err := os.WriteFile(keyFile, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := New(Options{Interactor: &script{}, Addr: "127.0.0.1:0", TLSCert: certFile, TLSKey: keyFile})
	want := "reading the TLS certificate " + certFile + " and its key " + keyFile + ": tls: failed to find any PEM data in key input"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestServerListensEverywhereWithTLSAndTokens(t *testing.T) {
	path, tokens := tokenFile(t, time.Time{})
	ts, _ := serveTLS(t, &script{}, func(o *Options) { o.Addr, o.TokenFile, o.AdminAddr = "0.0.0.0:0", path, "0.0.0.0:0" })
	if got := ts.do("GET", "/fhir/Patient/1", "", "Authorization: Bearer "+tokens[fhir.RoleReader]); got.status != 200 {
		t.Errorf("status %d", got.status)
	}
	ts.root = strings.TrimSuffix(ts.AdminURL(), "/metrics")
	if got := ts.do("GET", "/metrics", "", "Authorization: Bearer "+tokens[fhir.RoleReader]); got.status != 200 {
		t.Errorf("metrics: %d", got.status)
	}
}

func TestTLSOrTokensAloneAreNotEnoughToListenEverywhere(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := certFiles(t, dir, "a")
	path, _ := tokenFile(t, time.Time{})
	for name, o := range map[string]Options{
		"TLS alone":    {TLSCert: certFile, TLSKey: keyFile},
		"tokens alone": {TokenFile: path},
	} {
		o.Interactor, o.Addr = &script{}, "0.0.0.0:0"
		s, err := New(o)
		if err == nil {
			s.Close()
			t.Errorf("%s is enough", name)
		}
	}
}
