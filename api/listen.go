package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// listener accepts connections: no more than a number at a time, with the TLS handshake done, and as conn where they
// speak HTTP/1.
type listener struct {
	net.Listener
	server *Server
	tls    *tls.Config // nil for plain text
	open   atomic.Int64

	ready   chan net.Conn // with TLS: connections after their handshake
	ctx     context.Context
	stop    context.CancelFunc
	pending sync.WaitGroup
	once    sync.Once
}

// listen binds an address.
func (s *Server) listen(address string, config *tls.Config) (*listener, error) {
	var lc net.ListenConfig
	inner, err := lc.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	return s.listenOn(inner, config), nil
}

func (s *Server) listenOn(inner net.Listener, config *tls.Config) *listener {
	ctx, stop := context.WithCancel(context.Background())
	return &listener{Listener: inner, server: s, tls: config, ready: make(chan net.Conn), ctx: ctx, stop: stop}
}

// loopback reports whether only this machine can reach the listener.
func (l *listener) loopback() bool {
	a, ok := l.Addr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}

// Accept returns the next connection that is ready to be served.
func (l *listener) Accept() (net.Conn, error) {
	if l.tls == nil {
		c, err := l.accept()
		if err != nil {
			return nil, err
		}
		return &conn{Conn: c, server: l.server}, nil
	}
	l.once.Do(func() { l.pending.Go(l.shakeHands) })
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// accept returns the next connection that is within the limit; those beyond it are closed at once.
func (l *listener) accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= int64(l.server.o.Limits.Connections) {
			return &counted{Conn: c, open: &l.open}, nil
		}
		l.open.Add(-1)
		_ = c.Close()
	}
}

// shakeHands accepts connections and does their handshakes beside each other, so that a slow one holds up nobody.
func (l *listener) shakeHands() {
	pause := time.Duration(0)
	for {
		c, err := l.accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many open files, most likely
			l.server.o.Log.Warn("accepting a connection", "err", err)
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			select {
			case <-time.After(pause):
				continue
			case <-l.ctx.Done():
				return
			}
		}
		pause = 0
		l.pending.Go(func() { l.handshake(c) })
	}
}

// handshake hands a connection on once it speaks TLS.
func (l *listener) handshake(raw net.Conn) {
	ctx, cancel := context.WithTimeout(l.ctx, l.server.o.Limits.ReadHeader)
	defer cancel()
	c := tls.Server(raw, l.tls)
	if err := c.HandshakeContext(ctx); err != nil {
		l.server.o.Log.Debug("TLS handshake", "remote", raw.RemoteAddr().String(), "err", err)
		var plain tls.RecordHeaderError
		if errors.As(err, &plain) && plain.Conn != nil && speaksHTTP(plain.RecordHeader) {
			_ = plain.Conn.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = plain.Conn.Write(l.server.unreadable(raw.RemoteAddr(), 400, "this is an HTTPS server, and the request is plain HTTP"))
		}
		_ = raw.Close()
		return
	}
	// net/http finds HTTP/2 only in a *tls.Conn itself.
	var served net.Conn = c
	if c.ConnectionState().NegotiatedProtocol != "h2" {
		served = &conn{Conn: c, server: l.server}
	}
	select {
	case l.ready <- served:
	case <-l.ctx.Done():
		_ = c.Close()
	}
}

// speaksHTTP reports whether the first bytes of a connection are those of a request in plain text.
func speaksHTTP(header [5]byte) bool {
	switch string(header[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "PATCH", "DELET":
		return true
	default:
		return false
	}
}

// Close stops to accept and ends handshakes under way.
func (l *listener) Close() error {
	l.stop()
	err := l.Listener.Close()
	l.pending.Wait()
	return err
}

// counted frees its place when it is closed.
type counted struct {
	net.Conn
	open   *atomic.Int64
	closed atomic.Bool
}

// Close closes the connection.
func (c *counted) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}

// CloseWrite ends the side of the server.
func (c *counted) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}
