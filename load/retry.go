package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// patient sends a unit again while the target is busy or away.
type patient struct {
	sink     Sink
	patience time.Duration // how long one unit is tried
	pause    func(context.Context, time.Duration) error
}

// Patiently returns a Sink that sends a unit again while the target is busy or away, as long as the patience lasts.
func Patiently(s Sink, patience time.Duration) Sink {
	return patient{sink: s, patience: patience, pause: sleep}
}

// errUnknown is why a batch that creates is not sent again.
var errUnknown = errors.New("no answer came, and sending it again could create its resources twice: it may be stored in part")

// Send delivers a unit, however long that takes within the patience. An error means that the target is lost.
func (p patient) Send(ctx context.Context, u Unit) (Answer, error) {
	var waited time.Duration
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		a, err := p.sink.Send(ctx, u)
		switch {
		case ctx.Err() != nil:
			return a, ctx.Err()
		case err != nil && !u.Repeatable():
			return a, &fault{u.place, errUnknown.Error()}
		case err == nil && (!a.busy() || !u.Repeatable() && a.Status != 429):
			return a, nil
		case waited >= p.patience && err != nil:
			return a, fmt.Errorf("the target is away: %w", err)
		case waited >= p.patience:
			return a, fmt.Errorf("the target is busy: %s", a.reason())
		}
		// Half of the pause is chance, so that those who were turned away together do not come back together.
		pause := max(a.RetryAfter, wait/2+rand.N(wait/2))
		waited += pause
		if err := p.pause(ctx, pause); err != nil {
			return a, err
		}
	}
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
