package mongotest

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Gate stands between a client and the server. It can be shut: connections end then, and no new one goes through. And it can hold: nothing
// ends then, and nothing goes through.
type Gate struct {
	// URI is the client's connection string, with the path and the options of the server's.
	URI    string
	server string // its address
	listen net.Listener
	wrap   func(net.Conn) (net.Conn, error) // of what a client connects with; nil for nothing

	mu    sync.Mutex
	shut  bool
	held  chan struct{} // closed when what is held goes on; nil while nothing is
	conns map[net.Conn]bool
}

// NewGate opens a gate before the server of a connection string with one host. It is closed when the test ends. What clients connect with is
// given to wrap, which may end TLS; nil leaves it.
func NewGate(t testing.TB, uri string, wrap func(net.Conn) (net.Conn, error)) *Gate {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal("the connection string is none of one host")
	}
	g := &Gate{server: u.Host, wrap: wrap, conns: map[net.Conn]bool{}}
	if g.listen, err = new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	u.Host = g.listen.Addr().String()
	g.URI = u.String()
	var all sync.WaitGroup
	all.Go(func() { g.accept(&all) })
	t.Cleanup(func() {
		_ = g.listen.Close()
		g.Shut()
		all.Wait()
	})
	return g
}

// Shut ends all connections and lets none through.
func (g *Gate) Shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	g.release()
	for c := range g.conns {
		_ = c.Close()
	}
}

// Hold keeps all connections, and what is sent over them, until the gate is opened or shut.
func (g *Gate) Hold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held == nil {
		g.held = make(chan struct{})
	}
}

// Open lets connections through again, and what was held.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
	g.release()
}

func (g *Gate) release() {
	if g.held != nil {
		close(g.held)
		g.held = nil
	}
}

func (g *Gate) accept(all *sync.WaitGroup) {
	for {
		c, err := g.listen.Accept()
		if err != nil {
			return
		}
		all.Go(func() { g.pass(c) })
	}
}

// pass carries bytes both ways until one side ends.
func (g *Gate) pass(client net.Conn) {
	defer client.Close()
	if !g.keep(client) {
		return
	}
	defer g.drop(client)
	if g.wrap != nil {
		wrapped, err := g.wrap(client)
		if err != nil {
			return
		}
		client = wrapped
	}
	server, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(context.Background(), "tcp", g.server)
	if err != nil {
		return
	}
	defer server.Close()
	if !g.keep(server) {
		return
	}
	defer g.drop(server)
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(held{g, client}, server)
		_ = client.Close()
	})
	_, _ = io.Copy(held{g, server}, client)
	_ = server.Close()
	back.Wait()
}

// keep remembers a connection, unless the gate is shut.
func (g *Gate) keep(c net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		g.conns[c] = true
	}
	return !g.shut
}

func (g *Gate) drop(c net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
}

// held is a connection that gets nothing while the gate holds.
type held struct {
	g  *Gate
	to io.Writer
}

func (h held) Write(b []byte) (int, error) {
	for {
		h.g.mu.Lock()
		held := h.g.held
		h.g.mu.Unlock()
		if held == nil {
			return h.to.Write(b)
		}
		<-held
	}
}
