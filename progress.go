package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"firewolf/load"
)

// progress shows how far a load is: a bar on a terminal, elsewhere nothing but the rejections.
type progress struct {
	w   io.Writer
	mu  sync.Mutex
	bar *progressbar.ProgressBar // nil where there is no terminal
}

func newProgress(w io.Writer, files []load.File) *progress {
	p := &progress{w: w}
	if !isTerminal(w) {
		return p
	}
	var total int64
	for _, f := range files {
		total += f.Size
	}
	p.bar = progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("loading"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionFullWidth(),
		progressbar.OptionClearOnFinish(),
	)
	return p
}

func (p *progress) add(n int) {
	if p.bar != nil {
		_ = p.bar.Add(n)
	}
}

// reject prints a rejection above the bar.
func (p *progress) reject(r load.Rejection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintln(p.w, "rejected:", r)
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

// tell prints what a load did.
func tell(w io.Writer, r load.Report) {
	seconds := max(r.Took.Seconds(), 0.001)
	fmt.Fprintf(w, "stored %s in %.1f s (%.0f/s)\n", count(r.Total(), "resource"), seconds, float64(r.Total())/seconds)
	width := 0
	for typ := range r.Stored {
		width = max(width, len(typ))
	}
	for _, typ := range slices.Sorted(maps.Keys(r.Stored)) {
		fmt.Fprintf(w, "  %s%s %8d\n", typ, strings.Repeat(" ", width-len(typ)), r.Stored[typ])
	}
	if r.Skipped > 0 {
		fmt.Fprintf(w, "skipped %s loaded before (--again loads them too)\n", count(r.Skipped, "part"))
	}
	if r.Rejected > 0 {
		fmt.Fprintf(w, "rejected %s\n", count(r.Rejected, "part"))
	}
}

// count returns "1 resource" or "2 resources".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// steps shows how far a command is that counts what it does: a bar on a terminal, elsewhere nothing.
type steps struct {
	w    io.Writer
	what string
	bar  *progressbar.ProgressBar
}

func newSteps(w io.Writer, what string) *steps { return &steps{w: w, what: what} }

func (s *steps) show(done, total int64) {
	if s.bar == nil {
		if !isTerminal(s.w) {
			return
		}
		s.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(s.w),
			progressbar.OptionSetDescription(s.what),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish(),
		)
	}
	_ = s.bar.Set64(done)
}

func (s *steps) finish() {
	if s.bar != nil {
		_ = s.bar.Finish()
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
