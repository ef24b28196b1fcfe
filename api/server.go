package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"

	"firewolf/api/auth"
	"firewolf/api/observe"
)

// Server serves FHIR over HTTP.
type Server struct {
	o        Options
	baseHost string // the host of Options.BaseURL
	local    bool   // on loopback and without tokens: see checkHost
	vary     []string
	cors     *cors
	tokens   *auth.Tokens // nil: nobody is asked for one
	metrics  *observe.Metrics
	scrape   http.Handler
	audit    *observe.Audit // nil: not wanted
	zstd     *zstd.Encoder
	watched  []*watched

	listener, admin *listener // admin is nil without an address
	adminAsks       bool      // /metrics asks for a token
	secure          bool      // TLS

	working  atomic.Int64 // requests
	bodies   atomic.Int64 // bytes
	draining atomic.Bool
}

// New checks the options, reads the certificate and the token file, and starts to listen, so that every reason
// not to serve is an error here. A Server that New returned is to be ended by Serve or Close.
func New(o Options) (*Server, error) {
	s := &Server{o: o.withDefaults()}
	if s.o.Interactor == nil || s.o.Addr == "" && s.o.Listener == nil {
		return nil, errors.New("api.New needs Interactor, and Addr or Listener")
	}
	for _, step := range []func() error{s.readBase, s.openTokens, s.openObservers, s.bind} {
		if err := step(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.withDefaults()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	return o
}

func (s *Server) readBase() error {
	if s.o.BaseURL == "" {
		return nil
	}
	u, err := url.Parse(s.o.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("the base URL %q is not of the form https://host[:port]/path", s.o.BaseURL)
	}
	s.o.BaseURL = strings.TrimRight(s.o.BaseURL, "/")
	s.baseHost = strings.ToLower(u.Hostname())
	return nil
}

func (s *Server) openTokens() error {
	if s.o.TokenFile == "" {
		return nil
	}
	w := &watched{what: "the token file", files: []string{s.o.TokenFile}}
	w.look() // before it is read: what changes meanwhile is seen as a change
	tokens, err := auth.Open(s.o.TokenFile)
	if err != nil {
		return err
	}
	if tokens.Len() == 0 {
		s.o.Log.Warn("the token file holds no token: nobody is let in")
	}
	w.reload = tokens.Reload
	s.tokens, s.watched = tokens, append(s.watched, w)
	return nil
}

func (s *Server) openObservers() error {
	var err error
	if s.cors, err = newCORS(s.o.CORSOrigins, s.tokens != nil); err != nil {
		return err
	}
	if s.zstd, err = newZstd(); err != nil {
		return err
	}
	s.vary = []string{"Accept, Accept-Encoding"}
	if len(s.o.CORSOrigins) > 0 && !slices.Contains(s.o.CORSOrigins, "*") {
		s.vary = []string{"Accept, Accept-Encoding, Origin"}
	}
	s.metrics = observe.NewMetrics(s.o.Head)
	s.scrape = s.metrics.Handler()
	if s.o.Audit != nil {
		s.audit = observe.NewAudit(s.o.Audit)
	}
	return nil
}

// bind starts to listen, unless that would open patient data to other machines without TLS and tokens.
func (s *Server) bind() error {
	var config *tls.Config
	if s.o.TLSCert != "" || s.o.TLSKey != "" {
		w := &watched{what: "the TLS certificate", files: []string{s.o.TLSCert, s.o.TLSKey}}
		w.look()
		c, err := openCertificate(s.o.TLSCert, s.o.TLSKey)
		if err != nil {
			return err
		}
		config, w.reload, s.secure = c.config(), c.reload, true
		s.watched = append(s.watched, w)
	}
	var err error
	if s.o.Listener != nil {
		s.listener = s.listenOn(s.o.Listener, config)
	} else if s.listener, err = s.listen(s.o.Addr, config); err != nil {
		return err
	}
	s.local = s.listener.loopback() && s.tokens == nil && !s.o.InsecureOpen
	if err := s.checkReach(s.listener); err != nil || s.o.AdminAddr == "" {
		return err
	}
	if s.admin, err = s.listen(s.o.AdminAddr, config); err != nil {
		return err
	}
	s.adminAsks = !s.admin.loopback() && s.tokens != nil
	return s.checkReach(s.admin)
}

func (s *Server) checkReach(l *listener) error {
	if s.o.InsecureOpen || l.loopback() || s.secure && s.tokens != nil {
		return nil
	}
	return fmt.Errorf("refusing to listen on %s, which other machines can reach, without TLS (--tls-cert, --tls-key) and "+
		"a token file (--tokens); --insecure-open overrides this", l.Addr())
}

// Close ends a Server that never served.
func (s *Server) Close() error {
	var errs []error
	for _, l := range []*listener{s.listener, s.admin} {
		if l != nil {
			errs = append(errs, ignoreClosed(l.Close()))
		}
	}
	if s.zstd != nil {
		errs = append(errs, s.zstd.Close())
	}
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// URL returns the base URL for clients on this machine or, if Options.BaseURL is set, that one:
// "http://127.0.0.1:8080/fhir".
func (s *Server) URL() string {
	if s.o.BaseURL != "" {
		return s.o.BaseURL
	}
	return s.scheme() + "://" + reachable(s.listener.Addr()) + fhirPath
}

// AdminURL returns where the metrics are, "http://127.0.0.1:9090/metrics"; "" without Options.AdminAddr.
func (s *Server) AdminURL() string {
	if s.admin == nil {
		return ""
	}
	return s.scheme() + "://" + reachable(s.admin.Addr()) + "/metrics"
}

func (s *Server) scheme() string {
	if s.secure {
		return "https"
	}
	return "http"
}

// reachable returns the address that a client on this machine connects to.
func reachable(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if !ok || !t.IP.IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("localhost", fmt.Sprint(t.Port))
}

// Serve answers requests until ctx is done. Then it stops to accept, waits up to Limits.Drain for the requests
// under way, closes, and returns nil if none of them was cut off.
func (s *Server) Serve(ctx context.Context) error {
	// Requests under way outlive ctx: they end by themselves or when the time to drain is up.
	base, cutOff := context.WithCancel(context.WithoutCancel(ctx))
	defer cutOff()
	watching, stopWatching := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { s.watch(watching, s.watched) })
	failed := make(chan error, 2)
	servers := []*http.Server{s.start(base, &background, failed, s.listener, s.front(s.routes(), false))}
	if s.admin != nil {
		servers = append(servers, s.start(base, &background, failed, s.admin, s.front(s.adminRoutes(), true)))
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.draining.Store(true)
	stopWatching()
	err = errors.Join(err, s.drain(servers, cutOff))
	background.Wait()
	return errors.Join(err, s.Close())
}

// start serves on a listener.
func (s *Server) start(base context.Context, background *sync.WaitGroup, failed chan<- error, l *listener, handler http.Handler) *http.Server {
	limits := s.o.Limits
	server := &http.Server{
		Handler:                      handler,
		DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout:            limits.ReadHeader,
		WriteTimeout:                 limits.Read + limits.Request + limits.Write, // the last resort: answers have a deadline of their own
		IdleTimeout:                  limits.Idle,
		MaxHeaderBytes:               limits.Header,
		TLSConfig:                    l.tls.Clone(), // net/http writes to it
		BaseContext:                  func(net.Listener) context.Context { return base },
		ConnContext:                  withConn,
		ConnState:                    idle,
		ErrorLog:                     slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	background.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serving on %s: %w", l.Addr(), err)
		}
	})
	return server
}

// drain waits for the requests under way, and cuts off what is left when the time is up.
func (s *Server) drain(servers []*http.Server, cutOff context.CancelFunc) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.o.Limits.Drain)
	defer cancel()
	var errs []error
	for _, server := range servers {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("waiting for requests under way: %w", err))
		}
	}
	cutOff()
	for _, server := range servers {
		errs = append(errs, ignoreClosed(server.Close()))
	}
	return errors.Join(errs...)
}
