package mongodb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"
)

// A database that hangs does not answer, and breaks no connection. What takes long for it may take long for a good reason: a large document, a
// search over much. The two are told apart by what never takes long. Who has waited for a moment asks for the head, again and again, and
// gives up once that was not answered for a while.

const (
	// attention is how long something takes before the database is asked whether it is there, and how long until it is asked again.
	attention = 300 * time.Millisecond
	// silence is how long a database may say nothing: a client hears of it within two seconds.
	silence = 1500 * time.Millisecond
)

// errSilent says that the database is there for nobody, or not for this.
var errSilent = errors.New("the database says nothing")

// attend calls gone, once, if the database says nothing for as long as patience, or hindered gives a reason not to wait for so long. stop ends
// that. hindered may be nil.
func (s *Store) attend(patience time.Duration, hindered func() error, gone func(error)) (stop func()) {
	ctx, cancel := context.WithCancel(s.ctx)
	began := time.Now()
	t := time.AfterFunc(attention, func() { s.listen(ctx, began.Add(patience), patience, hindered, gone) })
	return func() {
		t.Stop()
		cancel()
	}
}

func (s *Store) listen(ctx context.Context, until time.Time, patience time.Duration, hindered func() error, gone func(error)) {
	for {
		err := s.answers(ctx, until)
		if err == nil && hindered != nil {
			err = hindered()
		}
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			until = time.Now().Add(patience)
		case !time.Now().Before(until):
			gone(fmt.Errorf("%w: %w", errSilent, err))
			return
		}
		if pause(ctx, min(attention, max(0, time.Until(until)))) != nil {
			return
		}
	}
}

// answers asks for the head, which many do at once. Whatever the answer is, it is one.
func (s *Store) answers(ctx context.Context, until time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	if _, err := s.heads.get(ctx); err != nil && disturbed(err) {
		return err
	}
	return nil
}

// attended is a context that ends when the database says nothing, for who would wait for it.
func (s *Store) attended(ctx context.Context) (context.Context, func()) {
	return s.attendedUnless(ctx, nil)
}

func (s *Store) attendedUnless(ctx context.Context, hindered func() error) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := s.attend(silence, hindered, cancel)
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// attendedRows reads rows under such a context. While the caller works at a row nothing is asked of the database.
func attendedRows[T any](ctx context.Context, s *Store, rows func(context.Context) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		stop := s.attend(silence, nil, cancel)
		defer func() { stop() }()
		for row, err := range rows(ctx) {
			stop()
			if !yield(row, err) {
				return
			}
			stop = s.attend(silence, nil, cancel)
		}
	}
}

// because returns the reason why a context ended, in place of what came of that.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errSilent) {
		return cause
	}
	return err
}

// stuck is what keeps this process from applying, while the database answers.
type stuck struct {
	jobs atomic.Int64 // of this process that gave up to answer
	help atomic.Bool  // what another process left cannot be applied
}

var errStuck = errors.New("what was committed before cannot be applied")

func (k *stuck) err() error {
	if k.jobs.Load() > 0 || k.help.Load() {
		return errStuck
	}
	return nil
}
