package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// slow is an Interactor whose answers wait until they are let go, or until the request is given up.
func slow() (s *script, began <-chan struct{}, letGo chan<- struct{}) {
	start, end := make(chan struct{}, 100), make(chan struct{})
	return &script{answer: func(ctx context.Context, _ interaction.Request) interaction.Response {
		start <- struct{}{}
		select {
		case <-end:
			return okWith(`{}`)
		case <-ctx.Done():
			return interaction.Response{Err: ctx.Err()}
		}
	}}, start, end
}

func TestShutdownWaitsForRequestsUnderWay(t *testing.T) {
	s, began, letGo := slow()
	ts := serve(t, s, nil)
	answer := make(chan reply, 1)
	go func() { answer <- ts.do("GET", "/fhir/Patient/1", "") }()
	<-began
	stopped := make(chan error, 1)
	go func() { stopped <- ts.stop() }()
	eventually(t, "new connections are refused", func() bool {
		c, err := (&http.Client{}).Get(ts.root + "/health/live")
		if err == nil {
			c.Body.Close()
		}
		return err != nil
	})
	select {
	case err := <-stopped:
		t.Fatalf("Serve returned %v with a request under way", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(letGo)
	if got := <-answer; got.status != 200 || got.body != "{}" {
		t.Errorf("the request under way got %d %s", got.status, got.body)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

func TestShutdownCutsOffWhatTakesLongerThanTheDrainLimit(t *testing.T) {
	s, began, _ := slow()
	ts := serve(t, s, func(o *Options) { o.Limits.Drain = 30 * time.Millisecond })
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ts.root+"/fhir/Patient/1", nil)
		if err != nil {
			return
		}
		if a, err := ts.client.Do(r); err == nil {
			a.Body.Close()
		}
	}()
	<-began
	err := ts.stop()
	if err == nil || err.Error() != "waiting for requests under way: context deadline exceeded" {
		t.Errorf("Serve returned %v", err)
	}
	<-gone
	ts.stop = func() error { return nil } // its error was expected
}

func TestReadyTellsOfTheStoreAndOfShutdown(t *testing.T) {
	var problem error
	ts := serve(t, &script{}, func(o *Options) { o.Ready = func(context.Context) error { return problem } })
	if got := ts.do("GET", "/health/ready", ""); got.status != 200 || got.body != `{"status":"ready"}`+"\n" {
		t.Errorf("ready: %d %s", got.status, got.body)
	}
	problem = context.DeadlineExceeded
	got := ts.do("GET", "/health/ready", "")
	if diff := cmp.Diff(outcome(fhir.Transient, fhir.ReasonUnavailable, "the store cannot be used now"), got.body); diff != "" || got.status != 503 {
		t.Errorf("store away: %d, body (-want +got):\n%s", got.status, diff)
	}
	ts.draining.Store(true)
	got = ts.do("GET", "/health/ready", "")
	if diff := cmp.Diff(outcome(fhir.Transient, fhir.ReasonUnavailable, "the server is shutting down"), got.body); diff != "" || got.status != 503 {
		t.Errorf("shutting down: %d, body (-want +got):\n%s", got.status, diff)
	}
	if live := ts.do("GET", "/health/live", ""); live.status != 200 || live.body != `{"status":"live"}`+"\n" {
		t.Errorf("live: %d %s", live.status, live.body)
	}
}

func TestRootTellsWhereFHIRIs(t *testing.T) {
	for version, name := range map[string]string{"": "Firewolf", "1.2": "Firewolf 1.2"} {
		ts := serve(t, &script{}, func(o *Options) { o.Version = version })
		for accept, want := range map[string][]string{
			"*/*":                 {"text/plain; charset=utf-8", name + " is a FHIR R4 (4.0.1) server.", "/fhir/metadata"},
			"text/html,*/*;q=0.8": {"text/html; charset=utf-8", "<h1>" + name + "</h1>", `<a href="fhir/metadata">`},
		} {
			got := ts.do("GET", "/", "", "Accept: "+accept)
			if got.status != 200 || got.header.Get("Content-Type") != want[0] || !strings.Contains(got.body, want[1]) || !strings.Contains(got.body, want[2]) {
				t.Errorf("Accept %s: %d %s %s", accept, got.status, got.header.Get("Content-Type"), got.body)
			}
		}
	}
}

func TestMetricsAreServedOnTheAdminAddressOnly(t *testing.T) {
	ts := serve(t, &script{}, func(o *Options) {
		o.AdminAddr = "127.0.0.1:0"
		o.Head = func(context.Context) (fhir.Moment, error) { return 7, nil }
	})
	ts.do("GET", "/fhir/Patient/1", "")
	if got := ts.do("GET", "/metrics", ""); got.status != 404 {
		t.Errorf("/metrics beside FHIR: %d", got.status)
	}
	ts.root = strings.TrimSuffix(ts.AdminURL(), "/metrics")
	got := ts.do("GET", "/metrics", "")
	for _, want := range []string{
		`firewolf_requests_total{interaction="read",status="2xx",type="Patient"} 1`, "firewolf_store_moment 7", "go_goroutines",
		"firewolf_response_bytes_total", "firewolf_requests_in_flight 1",
	} {
		if got.status != 200 || !strings.Contains(got.body, want) {
			t.Errorf("status %d; the metrics lack %s", got.status, want)
		}
	}
	if fhirHere := ts.do("GET", "/fhir/Patient/1", ""); fhirHere.status != 404 {
		t.Errorf("FHIR on the admin address: %d", fhirHere.status)
	}
	if live := ts.do("GET", "/health/live", ""); live.status != 200 {
		t.Errorf("health on the admin address: %d", live.status)
	}
}

func TestNewRefusesOptionsThatCannotWork(t *testing.T) {
	taken := serve(t, &script{}, nil)
	address := taken.listener.Addr().String()
	tests := []struct {
		name, want string
		change     func(*Options)
	}{
		{"no interactor", "api.New needs Interactor, and Addr or Listener", func(o *Options) { o.Interactor = nil }},
		{"no address", "api.New needs Interactor, and Addr or Listener", func(o *Options) { o.Addr = "" }},
		{"a port in use", "listening on " + address + ": listen tcp " + address + ": bind: address already in use", func(o *Options) { o.Addr = address }},
		{"a base URL that is none", `the base URL "example.org/fhir" is not of the form https://host[:port]/path`, func(o *Options) { o.BaseURL = "example.org/fhir" }},
		{"a base URL with a query", `the base URL "http://example.org/fhir?a" is not of the form https://host[:port]/path`, func(o *Options) { o.BaseURL = "http://example.org/fhir?a" }},
		{"a CORS origin with a path", `the CORS origin "https://example.org/" is not of the form https://host[:port]`, func(o *Options) { o.CORSOrigins = []string{"https://example.org/"} }},
		{"a certificate without a key", "TLS needs both a certificate and a key", func(o *Options) { o.TLSCert = "cert.pem" }},
		{"a token file that is not there", "opening the token file: open none: no such file or directory", func(o *Options) { o.TokenFile = "none" }},
		{
			"an address that other machines reach", "refusing to listen on 0.0.0.0:PORT, which other machines can reach, without TLS (--tls-cert, --tls-key) and " +
				"a token file (--tokens); --insecure-open overrides this", func(o *Options) { o.Addr = "0.0.0.0:0" },
		},
		{
			"an admin address that other machines reach", "refusing to listen on 0.0.0.0:PORT, which other machines can reach, without TLS (--tls-cert, --tls-key) and " +
				"a token file (--tokens); --insecure-open overrides this", func(o *Options) { o.AdminAddr = "0.0.0.0:0" },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Interactor: &script{}, Addr: "127.0.0.1:0"}
			tt.change(&o)
			s, err := New(o)
			if err == nil {
				s.Close()
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, portPattern.ReplaceAllString(err.Error(), "0.0.0.0:PORT")); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInsecureOpenListensEverywhere(t *testing.T) {
	ts := serve(t, &script{}, func(o *Options) { o.Addr, o.InsecureOpen = "0.0.0.0:0", true })
	if !strings.HasPrefix(ts.URL(), "http://localhost:") {
		t.Errorf("URL %s", ts.URL())
	}
	if got := ts.do("GET", "/fhir/Patient/1", "", "Host: fhir.example.org"); got.status != 200 {
		t.Errorf("status %d", got.status)
	}
}

func TestServerThatNeverServedCanBeClosed(t *testing.T) {
	s, err := New(Options{Interactor: &script{}, Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", BaseURL: "https://example.org/fhir/"})
	if err != nil {
		t.Fatal(err)
	}
	if s.URL() != "https://example.org/fhir" {
		t.Errorf("URL %s", s.URL())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestAListenerThatIsBoundAlreadyIsServedAndClosed(t *testing.T) {
	bound, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{Interactor: &script{}, Listener: bound})
	if err != nil {
		t.Fatal(err)
	}
	if want := "http://" + bound.Addr().String() + "/fhir"; s.URL() != want {
		t.Errorf("it is at %s, want %s", s.URL(), want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := bound.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is left open: %v", err)
	}
	if _, err := New(Options{Interactor: &script{}}); err == nil {
		t.Error("a server without an address is made")
	}
}
