package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// server is a `firewolf serve` of its own process.
type server struct {
	cmd      *exec.Cmd
	base     string
	out, err *lockedBuffer
	ended    chan struct{}
	result   error // once ended is closed
}

var listens = regexp.MustCompile(`(?m)^ *base +(https?://\S+)$`)

// startServer starts it and waits until it says where it listens.
func startServer(c *exec.Cmd) (*server, error) {
	s := &server{cmd: c, out: &lockedBuffer{said: make(chan struct{}, 1)}, err: &lockedBuffer{}, ended: make(chan struct{})}
	c.Stdout, c.Stderr = s.out, s.err
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.result = c.Wait()
		close(s.ended)
	}()
	timeout := time.After(time.Minute)
	for {
		if m := listens.FindStringSubmatch(s.out.String()); m != nil {
			s.base = m[1]
			return s, nil
		}
		select {
		case <-s.out.said:
		case <-s.ended:
			return nil, fmt.Errorf("the server ended (%w) before it said where it listens\n%s%s", s.result, s.out, s.err)
		case <-timeout:
			s.kill()
			return nil, fmt.Errorf("the server does not say where it listens\n%s%s", s.out, s.err)
		}
	}
}

// stop sends a signal and waits for the end. It returns nil if the exit code is 0.
func (s *server) stop(signal os.Signal) error {
	if err := s.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
		return s.result
	case <-time.After(time.Minute):
		s.kill()
		return errors.New("it did not end within a minute")
	}
}

// kill ends it as a crash does.
func (s *server) kill() {
	_ = s.cmd.Process.Signal(syscall.SIGKILL)
	<-s.ended
}

// lockedBuffer keeps what a process prints.
type lockedBuffer struct {
	mu   sync.Mutex
	b    bytes.Buffer
	said chan struct{} // told of more; may be nil
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.b.Write(p)
	select {
	case l.said <- struct{}{}:
	default:
	}
	return n, err
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
