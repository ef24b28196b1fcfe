package main

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A client that never sends the rest of its body would hold the server up for as long as it waits.
func TestTheDrainTimeoutEndsAServerThatAClientHoldsUp(t *testing.T) {
	s, err := startServer(exec.Command("firewolf", "serve", "--addr", "127.0.0.1:0", "--store", "memory:", "--drain-timeout", "200ms"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	addr, _, _ := strings.Cut(strings.TrimPrefix(s.base, "http://"), "/")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The server asks for the body once it works on the request.
	fmt.Fprintf(conn, "POST /fhir/Patient HTTP/1.1\r\nHost: %s\r\nContent-Type: application/fhir+json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", addr)
	if _, err := conn.Read(make([]byte, 12)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	err = s.stop(syscall.SIGTERM)
	if took := time.Since(began); took < 200*time.Millisecond || took > 20*time.Second {
		t.Errorf("it ended after %s", took)
	}
	if err == nil || !strings.Contains(s.err.String(), "waiting for requests under way") {
		t.Errorf("a request was cut off, and it ended with %v\n%s", err, s.err)
	}
}
