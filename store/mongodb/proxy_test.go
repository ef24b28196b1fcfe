package mongodb

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// proxy stands between a store and its server, and knows the commands that pass. It can lose a reply, cut a connection, hold a
// request back until long after its sender has gone, and make a read stale: a primary that was deposed and does not know it yet answers so.
type proxy struct {
	t        testing.TB
	listener net.Listener
	server   string

	mu      sync.Mutex
	rule    func(command) verdictOf
	conns   map[net.Conn]bool
	holding sync.WaitGroup
	closed  bool
}

// command is a request that passes.
type command struct {
	name       string // insert, update, find, hello ...
	collection string // of those that name one
	doc        bsoncore.Document
	seq        []byte // the sections of documents beside it
}

// is reports whether it is a command on a collection.
func (c command) is(name, collection string) bool {
	return c.name == name && c.collection == collection
}

// verdictOf is what becomes of a request.
type verdictOf struct {
	what fate
	free <-chan struct{}                                 // of a request that is held back: it goes on when this is closed
	as   func(reply bsoncore.Document) bsoncore.Document // what is replied instead; nil for what the server said
}

type fate int

const (
	pass      fate = iota
	cut            // the server never gets it, and the connection breaks
	loseReply      // the server does it, and the connection breaks before the reply
	holdBack       // the connection breaks, and the server gets it later
)

// newProxy starts a proxy before the server of a connection string, and returns the string that leads through it.
func newProxy(t testing.TB, uri string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "mongodb" || strings.Contains(u.Host, ",") || u.Query().Get("tls") == "true" {
		t.Skip("a proxy needs a server with one address and without TLS")
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, listener: l, server: u.Host, conns: map[net.Conn]bool{}}
	if u.Port() == "" {
		p.server += ":27017"
	}
	go p.accept()
	t.Cleanup(p.close)
	u.Host = l.Addr().String()
	q := u.Query()
	q.Set("directConnection", "true")
	u.RawQuery = q.Encode()
	return p, u.String()
}

// obey sets what becomes of the requests from now on; nil lets all pass.
func (p *proxy) obey(rule func(command) verdictOf) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = rule
}

// once makes a rule that is for the first request it holds for.
func once(what fate, holds func(command) bool) (rule func(command) verdictOf, met func() bool) {
	var mu sync.Mutex
	done := false
	return func(c command) verdictOf {
			mu.Lock()
			defer mu.Unlock()
			if done || !holds(c) {
				return verdictOf{}
			}
			done = true
			return verdictOf{what: what}
		}, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return done
		}
}

func (p *proxy) close() {
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	_ = p.listener.Close()
	p.holding.Wait()
}

func (p *proxy) keep(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = c.Close()
	}
	p.conns[c] = true
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.keep(client)
		go p.serve(client)
	}
}

// serve passes one connection on, message by message.
func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := (&net.Dialer{}).Dial("tcp", p.server)
	if err != nil {
		return
	}
	p.keep(server)
	held := false
	defer func() {
		if !held {
			_ = server.Close()
		}
	}()
	for {
		request, err := readMessage(client)
		if err != nil {
			return
		}
		v := p.judge(request)
		switch v.what {
		case cut:
			return
		case holdBack:
			held = true
			p.holding.Go(func() {
				<-v.free
				_, _ = server.Write(request)
				_, _ = readMessage(server)
				_ = server.Close()
			})
			return
		default:
		}
		if _, err := server.Write(request); err != nil {
			return
		}
		for more := true; more; {
			reply, err := readMessage(server)
			if err != nil || v.what == loseReply {
				return
			}
			more = moreToCome(reply)
			if v.as != nil {
				reply = replied(reply, v.as)
			}
			if _, err := client.Write(reply); err != nil {
				return
			}
		}
	}
}

func (p *proxy) judge(message []byte) verdictOf {
	p.mu.Lock()
	rule := p.rule
	p.mu.Unlock()
	c, ok := parseCommand(message)
	if rule == nil || !ok {
		return verdictOf{}
	}
	return rule(c)
}

// The wire protocol. https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
const (
	headerSize   = 16
	opMsg        = 2013
	flagMore     = 1 << 1
	largestFrame = 64 << 20
)

func readMessage(from io.Reader) ([]byte, error) {
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	n := int(binary.LittleEndian.Uint32(head))
	if n < headerSize || n > largestFrame {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	whole := append(head, make([]byte, n-headerSize)...)
	_, err := io.ReadFull(from, whole[headerSize:])
	return whole, err
}

// replied is a reply with another document.
func replied(m []byte, as func(bsoncore.Document) bsoncore.Document) []byte {
	c, ok := parseCommand(m)
	if !ok {
		return m
	}
	out := append(append([]byte{}, m[:headerSize]...), 0, 0, 0, 0, 0) // no flags, one section of kind 0
	out = append(out, as(c.doc)...)
	binary.LittleEndian.PutUint32(out, uint32(len(out)))
	return out
}

func isMsg(m []byte) bool {
	return len(m) > headerSize+4 && binary.LittleEndian.Uint32(m[12:]) == opMsg
}

// moreToCome reports whether the server sends another reply without being asked, as it does to a streamed hello.
func moreToCome(m []byte) bool {
	return isMsg(m) && binary.LittleEndian.Uint32(m[headerSize:])&flagMore != 0
}

// parseCommand reads the document of the command in a message, which may stand behind sequences of documents.
func parseCommand(m []byte) (command, bool) {
	if !isMsg(m) {
		return command{}, false
	}
	var c command
	for rest := m[headerSize+4:]; len(rest) > 5; {
		n := int(binary.LittleEndian.Uint32(rest[1:]))
		if n < 4 || n+1 > len(rest) {
			break
		}
		if rest[0] == 0 {
			c.doc = bsoncore.Document(rest[1 : n+1])
		} else {
			c.seq = rest[5 : n+1]
		}
		rest = rest[n+1:]
	}
	first, err := c.doc.IndexErr(0)
	if err != nil {
		return c, false
	}
	c.name = first.Key()
	c.collection, _ = first.Value().StringValueOK()
	return c, true
}
