package mongodb

import (
	"context"
	"sync/atomic"
	"time"
)

// reach remembers whether the database was there when it was last asked. The first request that finds it gone looks for a server for
// Options.Selection; those that waited behind it, and the next ones, look only shortly, so that none of them waits for both.
type reach struct{ lost atomic.Bool }

// shortly is how long a database that was gone a moment ago is looked for.
const shortly = 400 * time.Millisecond

// within bounds a request by what is to be expected.
func (r *reach) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.lost.Load() {
		return context.WithTimeout(ctx, shortly)
	}
	return context.WithCancel(ctx)
}

// heard notes how a request ended.
func (r *reach) heard(err error) error {
	r.lost.Store(err != nil && disturbed(err))
	return err
}
