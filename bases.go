package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/store/mongodb"
	"firewolf/store/sqlite"
)

// ownBases are the base URLs by which clients name a server that listens on addr, as far as that tells them: a loopback address
// has several names, and so has one that stands for all of this machine.
func ownBases(addr string, secure bool) []string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "0" {
		return nil
	}
	names := []string{host}
	if isLoopback(host) {
		names = append(names, "localhost", "127.0.0.1", "::1")
	}
	scheme, usual := "http", "80"
	if secure {
		scheme, usual = "https", "443"
	}
	var bases []string
	add := func(authority string) {
		if base := scheme + "://" + authority + "/fhir"; !slices.Contains(bases, base) {
			bases = append(bases, base)
		}
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		add(net.JoinHostPort(name, port))
		if port == usual {
			bare := net.JoinHostPort(name, "")
			add(bare[:len(bare)-1])
		}
	}
	return bases
}

// isLoopback reports whether clients on this machine reach a host of --addr by the names of its loopback address.
func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "" || host == "localhost" || err == nil && (a.IsLoopback() || a.IsUnspecified())
}

// bound is the address that clients connect to: the one that was asked for, with the port that it got.
func bound(asked string, got net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	t, ok := got.(*net.TCPAddr)
	if err != nil || !ok {
		return asked
	}
	return net.JoinHostPort(host, fmt.Sprint(t.Port))
}

// keptBases are the base URLs that a store was indexed with last: those of its server, for a command that works on the store without it.
func keptBases(at location) ([]string, error) {
	if at.kind != sqliteStore {
		return nil, nil
	}
	return sqlite.Bases(at.path)
}

// sharedBases are the base URLs of the servers that share a database: the one that is asked for, or that of the database. The store refuses
// one that is another.
func sharedBases(ctx context.Context, at location, asked string) ([]string, error) {
	if asked != "" {
		return []string{asked}, nil
	}
	bases, _, err := mongodb.Bases(ctx, at.mongo)
	return bases, err
}

// sqliteOptions are those of a store that is worked on without serving it.
func sqliteOptions(bases []string) (sqlite.Options, error) {
	s, err := spec.Open()
	if err != nil {
		return sqlite.Options{}, fmt.Errorf("reading the definitions: %w", err)
	}
	e, err := search.NewEngine(s, bases...)
	if err != nil {
		return sqlite.Options{}, fmt.Errorf("compiling the search parameters: %w", err)
	}
	return sqlite.Options{Engine: e, Index: search.Format, Bases: e.Own()}, nil
}

// forServer returns the options of a server that listens and is named as the flags say; with neither, those of the last one.
func forServer(path, addr, base string) (sqlite.Options, error) {
	if addr == "" && base == "" {
		kept, err := sqlite.Bases(path)
		if err != nil {
			return sqlite.Options{}, err
		}
		return sqliteOptions(kept)
	}
	if addr == "" {
		addr = defaultAddr
	}
	bases := ownBases(addr, false) // http and https name the same
	if base != "" {
		bases = append(bases, base)
	}
	return sqliteOptions(bases)
}

// defaultAddr is that of serve.
const defaultAddr = "127.0.0.1:8080"

// listen binds the address of a server, so that its port is known before anything that depends on its name.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", addr, err)
	}
	return l, nil
}
