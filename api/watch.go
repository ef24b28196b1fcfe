package api

import (
	"context"
	"os"
	"time"
)

// watched are files that are read again when one of them changes. They are looked at from time to time rather than
// subscribed to, since secrets that an orchestrator mounts change by the swap of a link somewhere above them.
type watched struct {
	what   string
	files  []string
	reload func() error
	seen   []os.FileInfo
}

// look takes down how the files are now. It reports whether that is another state than the last one.
func (w *watched) look() bool {
	now := make([]os.FileInfo, len(w.files))
	changed := w.seen == nil
	for k, name := range w.files {
		now[k], _ = os.Stat(name) // nil where it is not there
		changed = changed || !sameFile(w.seen[k], now[k])
	}
	w.seen = now
	return changed
}

func sameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// watch looks at the files until ctx is done.
func (s *Server) watch(ctx context.Context, files []*watched) {
	tick := time.NewTicker(s.o.Limits.Reload)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, w := range files {
			if !w.look() {
				continue
			}
			if err := w.reload(); err != nil {
				s.o.Log.Error("reading "+w.what+" again; the one before stays in use", "err", err)
			} else {
				s.o.Log.Info("read " + w.what + " again")
			}
		}
	}
}
