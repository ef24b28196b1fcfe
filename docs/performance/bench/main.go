// Command bench measures Firewolf as its users meet it: the real binary, the
// embedded store or a MongoDB, HTTP on loopback, the clients on the same machine.
//
// It fills a store with Observations whose answers it can compute by itself, so
// that it checks a sample of what it is told. Every request has arguments of its
// own. Throughput is measured with a fixed number of clients that ask one request
// after another; latency at a fixed offered load, counted from the moment when a
// request was due, so that a slow answer does not hide the requests behind it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

type config struct {
	binary   string
	dir      string
	synthea  string
	rounds   int
	small    int
	large    int
	duration time.Duration
	clients  int
	addr     string
	only     string
	mongodb  string
	bare     int
}

func main() {
	var c config
	flag.StringVar(&c.binary, "binary", "./firewolf", "the server to measure")
	flag.StringVar(&c.dir, "dir", "", "where to keep the embedded stores; a temporary folder if left out")
	flag.StringVar(&c.mongodb, "mongodb", "", "the connection string of a server, without a database: keep the stores there, and compare with its bare driver")
	flag.IntVar(&c.bare, "bare", 30_000, "Observations in the store that is compared with the bare driver")
	flag.StringVar(&c.synthea, "synthea", "../shared/data/synthea", "transaction Bundles to load again and again; skipped if it is not there")
	flag.IntVar(&c.rounds, "rounds", 10, "how often to load them")
	flag.IntVar(&c.small, "small", 10_000, "Observations in the small store")
	flag.IntVar(&c.large, "large", 1_000_000, "Observations in the large store")
	flag.DurationVar(&c.duration, "duration", 10*time.Second, "how long to measure each rate and each latency")
	flag.IntVar(&c.clients, "clients", 8, "clients that read and search")
	flag.StringVar(&c.addr, "addr", "127.0.0.1:18099", "where the measured server listens")
	flag.StringVar(&c.only, "only", "", "ask only questions whose name contains this; pages and creates are names too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, c)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures loading, then all questions on the small and on the large store.
func run(ctx context.Context, c config) error {
	if c.dir == "" {
		dir, err := os.MkdirTemp("", "firewolf-bench")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		c.dir = dir
	}
	head(ctx, c)
	if err := loadSynthea(ctx, c); err != nil {
		return fmt.Errorf("loading again and again: %w", err)
	}
	var m measured
	if c.mongodb != "" && c.bare > 0 {
		if err := compareWithDriver(ctx, c, &m); err != nil {
			return fmt.Errorf("comparing with the bare driver: %w", err)
		}
	}
	for _, size := range []int{c.small, c.large} {
		if size == 0 {
			continue
		}
		if err := measureStore(ctx, c, size, &m); err != nil {
			return fmt.Errorf("with %d Observations: %w", size, err)
		}
	}
	return m.tell(c)
}

// wants reports whether what has the name is to be measured.
func (c config) wants(name string) bool { return strings.Contains(name, c.only) }

// measureStore fills a store, starts the server anew on it and asks all questions.
func measureStore(ctx context.Context, c config, size int, m *measured) error {
	w := newWorld(size)
	name := fmt.Sprintf("store-%d", size)
	s, err := start(ctx, c, name)
	if err != nil {
		return err
	}
	fmt.Printf("\n## %d Observations of %d patients\n\nload average before: %s\n\n", w.observations(), w.patients, busy())
	if err := fill(ctx, s, w); err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	if s, err = start(ctx, c, name); err != nil {
		return err
	}
	fmt.Printf("start to first answer: %d ms, resident %d MB\n", s.started.Milliseconds(), s.resident())
	if c.wants("pages") {
		m.fail("walking through pages", size, walkPages(ctx, s, w))
	}
	fmt.Println()
	fmt.Println("| request | clients | rate/s | rows/s | MB/s | server CPU µs | client CPU µs | steal % | checked | offered/s | p50 ms | p99 ms |")
	fmt.Println("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |")
	for _, q := range questions(w) {
		if !c.wants(q.name) {
			continue
		}
		rate, err := ask(ctx, c, s, q)
		m.note(size, q, rate, err)
	}
	if c.wants("creates") {
		m.fail("creating", size, creates(ctx, c, s, w))
	}
	fmt.Printf("\nlargest resident memory under load: %d MB\n", s.peak())
	if err := s.stop(); err != nil {
		return err
	}
	if c.mongodb != "" {
		return tellSizes(ctx, c, name)
	}
	fmt.Printf("store on disk: %d MB\n", diskMB(c.dir+"/"+name))
	return nil
}
