package api

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// Options are what a Server is built of. Interactor and Addr are needed; the rest has defaults.
type Options struct {
	Interactor interaction.Interactor

	Addr      string       // "127.0.0.1:8080"; port 0 takes a free one, which Server.URL tells
	Listener  net.Listener // in place of Addr: an address that is bound already; the Server closes it
	AdminAddr string       // where /metrics is served; "" for nowhere

	// BaseURL is the base of all absolute URLs that are built, "https://fhir.example.org/fhir". Without it they
	// are built from what a trusted proxy says, or else from the Host header.
	BaseURL        string
	TrustedProxies []netip.Prefix // whose Forwarded and X-Forwarded-* headers count

	TLSCert, TLSKey string // PEM files, both or none; read again when they change
	TokenFile       string // see auth.Open; read again when it changes
	// InsecureOpen allows to listen beyond loopback without TLS and a token file.
	InsecureOpen bool
	// CORSOrigins are the origins whose pages may call the server from a browser; "*" stands for all.
	CORSOrigins []string

	Limits Limits

	Log   *slog.Logger // the debug log; nil for none
	Audit io.Writer    // one JSON line a request; nil for none
	Clock fhir.Clock   // nil means time.Now

	// Ready reports why the server cannot serve now, for /health/ready; nil means that it always can.
	Ready func(context.Context) error
	// Head returns the newest moment of the store, for the metrics; nil leaves it out.
	Head func(context.Context) (fhir.Moment, error)

	Version string // of the program, told at /
}

// Limits bound what one client can make the server do. A zero field means its default.
type Limits struct {
	Body        int64 // bytes of a request body, as sent and decompressed; default 64 MiB
	Bodies      int64 // bytes of all request bodies that are held at a time; default 512 MiB
	Header      int   // bytes of the request line and the header fields; default 64 KiB
	URL         int   // bytes of the request target; default 16 KiB
	Concurrent  int   // requests that are worked on at a time; default 1,024
	Connections int   // open connections; default 8,192

	ReadHeader time.Duration // until the header fields are there; default 10 s
	Read       time.Duration // until the body is there; default 60 s
	Request    time.Duration // for the work on a request; default 60 s
	Write      time.Duration // until the client took the answer; default 60 s
	Idle       time.Duration // between two requests of a connection; default 120 s
	Drain      time.Duration // for requests under way at shutdown; default 30 s
	Reload     time.Duration // between two looks at the certificate and the token file; default 2 s

	Compress int // answers of at least so many bytes are compressed; default 1,400 (one packet)
}
