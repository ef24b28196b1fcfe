package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// loadSynthea runs `firewolf load --again` on a fresh store and reports what the server keeps up.
func loadSynthea(ctx context.Context, c config) error {
	if _, err := os.Stat(c.synthea); errors.Is(err, os.ErrNotExist) {
		fmt.Printf("\n%s is not there: loading again and again is not measured\n", c.synthea)
		return nil
	}
	s, err := start(ctx, c, "synthea")
	if err != nil {
		return err
	}
	fmt.Printf("\n## Loading transaction Bundles again and again (every resource is new each time)\n\n")
	fmt.Println("| round | resources | s | resources/s | resident MB |")
	fmt.Println("| --: | --: | --: | --: | --: |")
	total, began := 0, time.Now()
	for round := range c.rounds {
		before, from := total, time.Now()
		cmd := exec.CommandContext(ctx, c.binary, "load", "--again", "--server", s.base, c.synthea)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		var n int
		if _, err := fmt.Sscanf(string(out[strings.Index(string(out), "stored"):]), "stored %d", &n); err != nil {
			return fmt.Errorf("reading %q: %w", out, err)
		}
		total += n
		took := time.Since(from).Seconds()
		fmt.Printf("| %d | %d | %.1f | %.0f | %d |\n", round+1, total-before, took, float64(total-before)/took, s.resident())
	}
	took := time.Since(began).Seconds()
	fmt.Printf("| all | %d | %.1f | **%.0f** | %d |\n", total, took, float64(total)/took, s.peak())
	return s.stop()
}

// fill creates the world, four patients at a time.
func fill(ctx context.Context, s *server, w world) error {
	var bytes atomic.Int64
	began := time.Now()
	if err := sendAll(ctx, s, w, 4, &bytes); err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	n := w.resources()
	fmt.Printf("filled with %d resources in %.0f s: %.0f resources/s, %.1f MB/s, resident %d MB\n", n, took, float64(n)/took,
		float64(bytes.Load())/took/1e6, s.peak())
	return nil
}

// sendAll sends the transactions of the world, some at a time, and adds up their bytes.
func sendAll(ctx context.Context, s *server, w world, parallel int, bytes *atomic.Int64) error {
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range parallel {
		g.Go(func() error {
			for p := int(next.Add(1)) - 1; p < w.patients; p = int(next.Add(1)) - 1 {
				body := w.bundle(p)
				if bytes != nil {
					bytes.Add(int64(len(body)))
				}
				status, answer, err := s.post(ctx, "", body)
				if err == nil && status != 200 {
					err = fmt.Errorf("status %d: %.300s", status, answer)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}
