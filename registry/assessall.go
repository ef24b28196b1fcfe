package registry

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"sync"

	"firewolf/fhir"
	"firewolf/registry/course"
	"firewolf/registry/term"
)

// assessBatch is how many patients are read at a time.
const assessBatch = 8

// assessAll computes the outcomes of every patient of the analysis set and tells how many there are of each. Of who is not in it any more, because
// no infusion stands, what was written before is withdrawn.
func (g *Registry) assessAll(ctx context.Context, x *assessment) error {
	merges, err := g.source.Merges(ctx, x.t)
	if err != nil {
		return err
	}
	ids, err := g.source.Infused(ctx, x.t, merges, nil)
	if err != nil {
		return err
	}
	slices.Sort(ids)
	n, about := newTally(), x.about()
	for some, err := range g.ahead(ctx, x.t, merges, ids) {
		if err != nil {
			return err
		}
		for _, id := range some.ids {
			if err := g.assessNext(ctx, *x, n, some.read[id]); err != nil {
				return err
			}
		}
	}
	x.answer.add("about", append(about, integer("patients", n.patients))...)
	x.answer.tellRules(x.used)
	x.tellWritten()
	n.tell(x.answer)
	return nil
}

// assessNext counts the outcomes of one of all patients, nil for who is not there.
func (g *Registry) assessNext(ctx context.Context, x assessment, n *tally, c *course.Course) error {
	in := c != nil && c.Analyzed(x.today)
	if !in && (x.w == nil || c == nil || c.Withdrawn || c.Unread || c.T0().Known()) {
		return nil
	}
	c, outcomes, err := g.keep(ctx, &x, c)
	if errors.Is(err, errUnread) || errors.Is(err, errLeft) && !errors.Is(err, errNotTakenBack) {
		return nil // meanwhile
	}
	if err == nil && in {
		n.add(outcomes, scoresOf(x.rules, c, x.asked))
	}
	return err
}

// tally counts outcomes by their results, and scores by whether they are complete.
type tally struct {
	patients int
	outcomes map[string]map[term.Result]int
	scores   map[string]map[bool]int
}

func newTally() *tally {
	return &tally{outcomes: map[string]map[term.Result]int{}, scores: map[string]map[bool]int{}}
}

func (n *tally) add(outcomes []judged, scores []scored) {
	n.patients++
	for _, o := range outcomes {
		if n.outcomes[o.Code] == nil {
			n.outcomes[o.Code] = map[term.Result]int{}
		}
		n.outcomes[o.Code][o.Result]++
	}
	for _, s := range scores {
		if n.scores[s.code] == nil {
			n.scores[s.code] = map[bool]int{}
		}
		n.scores[s.code][s.whole]++
	}
}

func (n *tally) tell(a *answer) {
	for _, e := range assessable() {
		if by := n.outcomes[e]; by != nil {
			a.add("outcomes", code("endpoint", e), integer("met", by[term.Met]), integer("not-met", by[term.NotMet]), integer("not-evaluable", by[term.NotEvaluable]))
		}
		if by := n.scores[e]; by != nil {
			a.add("scores", code("score", e), integer("complete", by[true]), integer("incomplete", by[false]))
		}
	}
}

// portion is some patients who were read.
type portion struct {
	ids  []string
	read map[string]*course.Course
	err  error
}

// ahead reads patients some at a time, in their order, and the next while the caller is busy with the last.
func (g *Registry) ahead(ctx context.Context, t fhir.Moment, m *course.Merges, ids []string) iter.Seq2[portion, error] {
	return func(yield func(portion, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		var wait sync.WaitGroup
		defer wait.Wait()
		defer stop()
		under := make(chan chan portion, min(4, runtime.GOMAXPROCS(0)))
		wait.Go(func() {
			defer close(under)
			for some := range slices.Chunk(ids, assessBatch) {
				to := make(chan portion, 1)
				select {
				case under <- to:
				case <-ctx.Done():
					return
				}
				wait.Go(func() {
					read, err := g.source.Read(ctx, t, m, some, true)
					to <- portion{some, read, err}
				})
			}
		})
		for from := range under {
			if p := <-from; !yield(p, p.err) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(portion{}, err)
		}
	}
}
