package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// call is a request, and what is made of its answer. The body is valid until answered returns.
type call struct {
	method, target, body string
	answered             func(status int, body []byte) error
}

// drive keeps a number of clients busy for a duration: each has a connection of its own, and sends its next call as soon as the one before is
// answered. One thread does it for all of them: a goroutine each would cost the server, which shares the processors, a fifth of them for
// being put to sleep and woken.
func drive(ctx context.Context, c config, clients int, duration time.Duration, next func(client int) call) error {
	lanes, ready := make([]*lane, clients), make([]unix.PollFd, clients)
	for i := range lanes {
		l, err := openLane(c.addr)
		if err != nil {
			return err
		}
		defer l.close()
		lanes[i], ready[i] = l, unix.PollFd{Fd: int32(l.fd), Events: unix.POLLIN}
	}
	until := time.Now().Add(duration)
	for i, l := range lanes {
		if err := l.send(next(i)); err != nil {
			return err
		}
	}
	for busy := clients; busy > 0; {
		if err := errors.Join(ctx.Err(), wait(ready)); err != nil {
			return err
		}
		for i, l := range lanes {
			if ready[i].Revents == 0 {
				continue
			}
			answered, err := l.receive()
			if err == nil && answered && time.Now().Before(until) {
				err = l.send(next(i))
			} else if answered {
				ready[i].Fd = -1 // poll passes over it
				busy--
			}
			if err != nil {
				return fmt.Errorf("%s %s: %w", l.call.method, l.call.target, err)
			}
		}
	}
	return nil
}

// wait waits until a connection has something to read.
func wait(ready []unix.PollFd) error {
	for {
		n, err := unix.Poll(ready, int(patience.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err == nil && n == 0:
			return fmt.Errorf("no answer within %v", patience)
		}
		return err
	}
}

// lane is the connection of one client.
type lane struct {
	fd   int
	call call
	out  []byte
	in   answer
	host string
}

func openLane(addr string) (*lane, error) {
	to, err := netip.ParseAddrPort(addr)
	if err == nil && !to.Addr().Is4() {
		err = fmt.Errorf("-addr %s: the benchmark connects to an IPv4 address", addr)
	}
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	l := &lane{fd: fd, host: addr}
	if err := errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()})); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lane) close() { _ = unix.Close(l.fd) }

func (l *lane) send(c call) error {
	l.call = c
	l.in.reset()
	l.out = appendRequest(l.out[:0], l.host, c.method, c.target, c.body)
	for rest := l.out; len(rest) > 0; {
		n, err := unix.Write(l.fd, rest)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		rest = rest[max(0, n):]
	}
	return nil
}

// receive reads what has come, and gives the answer on once it is whole.
func (l *lane) receive() (answered bool, err error) {
	n, err := unix.Read(l.fd, l.in.room())
	switch {
	case errors.Is(err, unix.EINTR):
		return false, nil
	case err != nil:
		return false, err
	case n == 0:
		return false, io.ErrUnexpectedEOF
	}
	if answered, err = l.in.add(n); err != nil || !answered {
		return false, err
	}
	return true, l.call.answered(l.in.status, l.in.body())
}
