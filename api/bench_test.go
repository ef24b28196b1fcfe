package api

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"firewolf/fhir/interaction"
)

// patient is a resource of the usual size.
var patient = []byte(`{"resourceType":"Patient","id":"1","text":{"status":"generated","div":"` + strings.Repeat("x", 1000) + `"}}`)

// canned answers every read alike, so that what is measured is the way through HTTP.
type canned struct{}

func (canned) Names(string, string) (interaction, typ string) { return "", "" }

func (canned) Interact(context.Context, interaction.Request) interaction.Response {
	return interaction.Response{Status: 200, Body: patient, ETag: `W/"1"`, LastModified: noon, Interaction: "read", Type: "Patient", Patient: "Patient/1"}
}

// BenchmarkReadsOver8Connections sends reads over a real listener, client and server on the same machine. The
// case "net/http alone" is what the same costs without Firewolf.
func BenchmarkReadsOver8Connections(b *testing.B) {
	b.Run("net/http alone", func(b *testing.B) {
		l, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/fhir+json")
			_, _ = w.Write(patient)
		})}
		go func() { _ = server.Serve(l) }()
		defer server.Close()
		read(b, "http://"+l.Addr().String()+"/fhir/Patient/1")
	})
	b.Run("firewolf", func(b *testing.B) { readFirewolf(b, canned{}, nil) })
	b.Run("firewolf with an audit trail", func(b *testing.B) { readFirewolf(b, canned{}, io.Discard) })
}

func readFirewolf(b *testing.B, i interaction.Interactor, audit io.Writer) {
	s, err := New(Options{Interactor: i, Addr: "127.0.0.1:0", Audit: audit})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	read(b, s.URL()+"/Patient/1")
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// read sends b.N reads over 8 connections.
func read(b *testing.B, url string) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true}}
	defer client.CloseIdleConnections()
	b.SetBytes(int64(len(patient)))
	b.SetParallelism(4) // times GOMAXPROCS
	b.ReportAllocs()
	b.ResetTimer()
	defer reportCPU(b)()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
			if err != nil {
				b.Error(err)
				return
			}
			r.Header.Set("Accept", "application/fhir+json")
			a, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, a.Body)
			a.Body.Close()
			if a.StatusCode != http.StatusOK {
				b.Errorf("status %d", a.StatusCode)
				return
			}
		}
	})
}

// BenchmarkHandler is the way of a read through the handlers alone, without socket and parser.
func BenchmarkHandler(b *testing.B) {
	s, err := New(Options{Interactor: canned{}, Addr: "127.0.0.1:0", Audit: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	handler := s.front(s.routes(), false)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://localhost/fhir/Patient/1", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.RequestURI, r.RemoteAddr = "/fhir/Patient/1", "127.0.0.1:4711"
	r.Header.Set("Accept", "application/fhir+json")
	w := &nothing{header: http.Header{}}
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		clear(w.header)
		handler.ServeHTTP(w, r)
	}
}

// nothing is a writer that keeps nothing.
type nothing struct{ header http.Header }

func (n *nothing) Header() http.Header         { return n.header }
func (n *nothing) Write(b []byte) (int, error) { return len(b), nil }
func (n *nothing) WriteHeader(int)             {}

// reportCPU reports the processor time of this process for each operation, which other processes do not lengthen.
func reportCPU(b *testing.B) (done func()) {
	cpu := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := cpu()
	return func() { b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op") }
}
