package mapping

import (
	"context"
	"fmt"
	"iter"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Source yields the cases of a delivery.
//
// Cases is called once, and its sequence runs in one goroutine. Each patient is one Case, and no two Cases share memory that changes: who
// received a Case owns it. Findings about whole files come as a Case without a Record. An error ends the run.
type Source interface {
	Cases(ctx context.Context) iter.Seq2[*Case, error]
}

// Step works on a case in place.
//
// Do is called by several goroutines at a time, each with a Case of its own, in no order of the cases; it must not keep the Case. What is
// wrong with data it reports to the Case; an error ends the run. Of one case, steps follow each other.
type Step interface {
	Do(ctx context.Context, c *Case) error
}

// Sink takes the drafts of a case.
//
// Put is called by several goroutines at a time, each with a Case of its own, in no order of the cases - or, with Options.InOrder, by one and in
// the order of the cases; it must not keep the Case. It sets
// the Fate of every draft: what the target refuses is Refused, with a finding for each row that gave it. An error means that the target is lost
// and ends the run.
type Sink interface {
	Put(ctx context.Context, c *Case) error
}

// Options say how a delivery is mapped.
type Options struct {
	Source  Source
	Steps   []Step
	Sink    Sink
	InOrder bool          // the sink is given the cases one after another, in their order
	Workers int           // cases under way at a time; default: the processors
	Found   func(Finding) // told each finding, in the order of the cases, by one goroutine; may be nil
}

// job is a case on its way.
type job struct {
	c     *Case
	ended chan struct{} // closed when nobody works on it any more
	done  bool          // the sink has it whole; to be read once it ended
}

// Run maps a delivery. Cases are worked on in parallel and reported in their order; how many are in memory is bounded. What was rejected is
// in the Report; an error means that the rest was not tried.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	whole := ctx
	g, ctx := errgroup.WithContext(whole)
	work := make(chan *job)
	order := make(chan *job, 4*o.Workers)
	g.Go(func() error {
		defer close(order)
		defer close(work)
		return read(ctx, o.Source, work, order)
	})
	for range o.Workers {
		g.Go(func() error {
			for j := range work {
				err := o.do(ctx, j.c)
				j.done = err == nil
				close(j.ended)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	report := newReport()
	g.Go(func() error {
		for j := range order {
			// Of a run that ends early, what is whole is told: it is where it was put.
			<-j.ended
			if !j.done || o.InOrder && ctx.Err() != nil {
				continue
			}
			if o.InOrder && len(j.c.Drafts) > 0 {
				if err := o.Sink.Put(ctx, j.c); err != nil {
					return err
				}
			}
			report.add(j.c, o.Found)
		}
		return nil
	})
	err := g.Wait()
	if err == nil {
		// A source that was stopped just ends: what it did not give is missing all the same.
		err = whole.Err()
	}
	return report, err
}

// read hands the cases of a source out.
func read(ctx context.Context, s Source, work, order chan<- *job) error {
	for c, err := range s.Cases(ctx) {
		if err != nil {
			return err
		}
		j := &job{c: c, ended: make(chan struct{})}
		select {
		case order <- j:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		select {
		case work <- j:
		case <-ctx.Done():
			close(j.ended)
			return context.Cause(ctx)
		}
	}
	return nil
}

// do takes a case through the steps to the sink.
func (o *Options) do(ctx context.Context, c *Case) error {
	for _, s := range o.Steps {
		if err := s.Do(ctx, c); err != nil {
			return fmt.Errorf("mapping record %s: %w", Quote(c.Record), err)
		}
	}
	if len(c.Drafts) == 0 || o.InOrder {
		return nil
	}
	return o.Sink.Put(ctx, c)
}
