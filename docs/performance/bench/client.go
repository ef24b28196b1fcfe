package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

// patience is how long the client waits for an answer.
const patience = time.Minute

// client speaks as much HTTP/1.1 as Firewolf's answers need. It takes little of the processors that it shares with the server: net/http's client
// costs as much for a read as the server does, and fasthttp's most of that.
type client struct {
	addr string
	mu   sync.Mutex
	idle []*wire
}

// wire is one connection.
type wire struct {
	conn net.Conn
	out  []byte
	in   answer
}

// take returns a connection that nobody uses.
func (c *client) take(ctx context.Context) (*wire, error) {
	c.mu.Lock()
	if n := len(c.idle); n > 0 {
		w := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		return w, nil
	}
	c.mu.Unlock()
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn}, nil
}

func (c *client) give(w *wire) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, w)
}

// close ends the connections that nobody uses.
func (c *client) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.idle {
		_ = w.conn.Close()
	}
	c.idle = nil
}

// do sends a request for a target, "/fhir/Patient/1", and returns status and body of the answer.
func (c *client) do(ctx context.Context, method, target, body string) (int, []byte, error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	w, err := c.take(ctx)
	if err != nil {
		return 0, nil, err
	}
	status, answer, err := w.exchange(c.addr, method, target, body)
	if err != nil {
		_ = w.conn.Close()
		return 0, nil, fmt.Errorf("%s %s: %w", method, target, err)
	}
	c.give(w)
	return status, answer, nil
}

func (w *wire) exchange(host, method, target, body string) (int, []byte, error) {
	w.out = appendRequest(w.out[:0], host, method, target, body)
	if err := w.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	if _, err := w.conn.Write(w.out); err != nil {
		return 0, nil, err
	}
	w.in.reset()
	for {
		n, err := w.conn.Read(w.in.room())
		if err != nil {
			return 0, nil, err
		}
		if whole, err := w.in.add(n); err != nil || whole {
			return w.in.status, bytes.Clone(w.in.body()), err
		}
	}
}

func appendRequest(b []byte, host, method, target, body string) []byte {
	b = append(append(append(append(b, method...), ' '), target...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, host...), "\r\n"...)
	if body != "" {
		b = append(b, "Content-Type: application/fhir+json\r\nContent-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(body)), 10), "\r\n"...)
	}
	return append(append(b, "\r\n"...), body...)
}
