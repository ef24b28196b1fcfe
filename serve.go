package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"firewolf/api"
	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// serveCmd is `firewolf serve`.
type serveCmd struct {
	Addr      string `default:"127.0.0.1:8080" help:"Where to listen; port 0 takes a free one."`
	AdminAddr string `placeholder:"ADDR" help:"Where to serve /metrics; nowhere if left out."`
	Demo      bool   `help:"Load the sample bundles first; a second start adds nothing."`

	storeFlags
	passwordFlags
	tuningFlags
	ruleFlags
	registryFlags

	TLSCert      string         `name:"tls-cert" placeholder:"FILE" group:"security" help:"The certificate chain (PEM), read again when it changes."`
	TLSKey       string         `name:"tls-key" placeholder:"FILE" group:"security" help:"Its key (PEM)."`
	Tokens       string         `type:"path" placeholder:"FILE" group:"security" help:"The bearer tokens that are let in (firewolf token makes them), read again when it changes."`
	InsecureOpen bool           `group:"security" help:"Listen beyond loopback without TLS and a token file."`
	CORSOrigin   []string       `name:"cors-origin" placeholder:"ORIGIN" group:"security" help:"The origins whose pages may call from a browser; * for all."`
	TrustedProxy []proxyNetwork `placeholder:"NET" group:"security" help:"The proxies (address or CIDR) whose Forwarded and X-Forwarded-* headers count."`
	Audit        string         `placeholder:"FILE" group:"security" help:"Where to write one line a request: a file, - for standard output, none. Default: audit.jsonl in the store's folder; - with MongoDB; none in memory."`
	LogLevel     slog.Level     `default:"info" group:"security" help:"The least level of the debug log on standard error: debug, info, warn or error."`

	interactionFlags
	httpFlags
}

// Run serves until ctx ends.
func (s *serveCmd) Run(ctx context.Context, c *console) error {
	boundMemory(s.MemoryLimit)
	log := slog.New(slog.NewJSONHandler(c.err, &slog.HandlerOptions{Level: s.LogLevel}))
	var err error
	if s.Store, err = s.Store.withPassword(s.passwordFlags); err != nil {
		return err
	}
	listener, err := listen(ctx, s.Addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // unless the server closed it
	h, err := newHouse(ctx, plan{
		store:  s.Store,
		tuning: s.tuningFlags,
		rules:  s.ruleFlags,
		limits: s.interactionFlags.limits(),
		asks:   s.Tokens != "",
		log:    log,
		own:    ownBases(bound(s.Addr, listener.Addr()), s.TLSCert != ""),

		registry: s.registryFlags,
	})
	if err != nil {
		return err
	}
	audit, err := s.openAudit(c)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	server, err := api.New(s.options(h, listener, log, audit))
	if err == nil {
		err = s.serve(ctx, c, h, server, log)
	}
	if audit != nil {
		err = errors.Join(err, audit.Close())
	}
	return errors.Join(err, h.Close())
}

// serve loads the samples, says where it listens, and answers.
func (s *serveCmd) serve(ctx context.Context, c *console, h *house, server *api.Server, log *slog.Logger) error {
	if s.Demo {
		if err := loadDemo(ctx, c, h, s.Store, server.URL()); err != nil {
			return errors.Join(err, server.Close())
		}
	}
	if err := greet(c.out, s, server); err != nil {
		return errors.Join(err, server.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go h.registry.Keep(ctx, log)
	return server.Serve(ctx)
}

func (s *serveCmd) options(h *house, listener net.Listener, log *slog.Logger, audit io.WriteCloser) api.Options {
	o := api.Options{
		Interactor:   h.service,
		Listener:     listener,
		AdminAddr:    s.AdminAddr,
		BaseURL:      s.BaseURL,
		TLSCert:      s.TLSCert,
		TLSKey:       s.TLSKey,
		TokenFile:    s.Tokens,
		InsecureOpen: s.InsecureOpen,
		CORSOrigins:  s.CORSOrigin,
		Limits:       s.httpFlags.limits(),
		Log:          log,
		Version:      thisBuild().version,
		Ready: func(ctx context.Context) error {
			_, _, err := h.store.Head(ctx)
			return err
		},
		Head: func(ctx context.Context) (fhir.Moment, error) {
			t, _, err := h.store.Head(ctx)
			return t, err
		},
	}
	if audit != nil {
		o.Audit = audit
	}
	for _, p := range s.TrustedProxy {
		o.TrustedProxies = append(o.TrustedProxies, netip.Prefix(p))
	}
	return o
}

// openAudit opens the audit log, nil for none. What is written there names patients, so only its owner may read it.
func (s *serveCmd) openAudit(c *console) (io.WriteCloser, error) {
	path := s.Audit
	if path == "" {
		path = s.Store.auditPath()
	}
	switch path {
	case "none":
		return nil, nil
	case "-":
		return keepOpen{c.out}, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the audit log: %w", err)
	}
	return f, nil
}

// auditPath is where the audit log of a store lies if nobody says otherwise.
func (l location) auditPath() string {
	switch l.kind {
	case memoryStore:
		return "none"
	case mongodbStore:
		return "-"
	}
	return filepath.Join(l.folder(), "audit.jsonl")
}

// keepOpen is a writer that is not ours to close.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// proxyNetwork is an address or a network.
type proxyNetwork netip.Prefix

// UnmarshalText reads "10.0.0.1" or "10.0.0.0/8".
func (p *proxyNetwork) UnmarshalText(text []byte) error {
	if a, err := netip.ParseAddr(string(text)); err == nil {
		*p = proxyNetwork(netip.PrefixFrom(a, a.BitLen()))
		return nil
	}
	network, err := netip.ParsePrefix(string(text))
	*p = proxyNetwork(network)
	return err
}

// httpFlags are the limits of one connection and request.
type httpFlags struct {
	MemoryLimit    byteSize      `default:"200MiB" group:"limits" help:"From how much heap on garbage is collected more often; no hard bound."`
	MaxBody        byteSize      `default:"64MiB" group:"limits" help:"The largest request body, also once it is decompressed."`
	MaxBodies      byteSize      `default:"512MiB" group:"limits" help:"The most that all request bodies together hold in memory."`
	MaxHeader      byteSize      `default:"64KiB" group:"limits" help:"The largest request line and header."`
	MaxURL         byteSize      `default:"16KiB" name:"max-url" group:"limits" help:"The longest URL of a request."`
	MaxRequests    int           `default:"1024" group:"limits" help:"The most requests that are worked on at a time."`
	MaxConnections int           `default:"8192" group:"limits" help:"The most open connections."`
	HeaderTimeout  time.Duration `default:"10s" group:"limits" help:"How long a client may take to send its header."`
	ReadTimeout    time.Duration `default:"60s" group:"limits" help:"How long a client may take to send its body."`
	RequestTimeout time.Duration `default:"60s" group:"limits" help:"How long a request may be worked on."`
	WriteTimeout   time.Duration `default:"60s" group:"limits" help:"How long a client may take to read its answer."`
	IdleTimeout    time.Duration `default:"2m" group:"limits" help:"How long a connection may stay unused."`
	DrainTimeout   time.Duration `default:"30s" group:"limits" help:"How long a server that was told to stop waits for its requests."`
}

func (f httpFlags) limits() api.Limits {
	return api.Limits{
		Body:        int64(f.MaxBody),
		Bodies:      int64(f.MaxBodies),
		Header:      int(f.MaxHeader),
		URL:         int(f.MaxURL),
		ReadHeader:  f.HeaderTimeout,
		Concurrent:  f.MaxRequests,
		Connections: f.MaxConnections,
		Read:        f.ReadTimeout,
		Request:     f.RequestTimeout,
		Write:       f.WriteTimeout,
		Idle:        f.IdleTimeout,
		Drain:       f.DrainTimeout,
	}
}

// ruleFlags are what holds for every write, however it comes in.
type ruleFlags struct {
	BaseURL    string `name:"base-url" placeholder:"URL" help:"The base of the absolute URLs that are written, https://fhir.example.org/fhir; by default that of each request."`
	References string `default:"transaction" enum:"transaction,enforce,allow" help:"Where a reference to this server must point to something: inside a transaction, everywhere (enforce), or nowhere (allow)."`
	// A client that deletes by criteria means all that match; who fears that can forbid it.
	ConditionalDelete string `default:"multiple" enum:"multiple,single" help:"How many matches a conditional delete may have."`
}

// interactionFlags are the limits of one interaction.
type interactionFlags struct {
	MaxEntries   int `default:"10000" group:"limits" help:"The most entries of a batch or transaction."`
	MaxCount     int `default:"1000" group:"limits" help:"The largest page of a search or history."`
	DefaultCount int `default:"20" group:"limits" help:"The page where _count is not given."`
	MaxIncludes  int `default:"10000" group:"limits" help:"The most included resources of one page."`
	IncludeDepth int `default:"10" group:"limits" help:"How often :iterate follows what was included."`
	MaxDeletes   int `default:"1000" group:"limits" help:"The most matches that one conditional delete removes."`
	MaxDepth     int `default:"90" group:"limits" help:"The deepest nesting of a resource."`
}

func (f interactionFlags) limits() interaction.Limits {
	return interaction.Limits{
		Entries:       f.MaxEntries,
		Count:         f.MaxCount,
		DefaultCount:  f.DefaultCount,
		Includes:      f.MaxIncludes,
		IncludeDepth:  f.IncludeDepth,
		DeleteMatches: f.MaxDeletes,
		Depth:         f.MaxDepth,
	}
}
