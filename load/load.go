package load

import (
	"context"
	"encoding/hex"
	"errors"
	"iter"
	"strconv"
	"sync"
	"time"

	"firewolf/fhir"
)

// Options say how files are loaded. Sink is needed; the rest has defaults.
type Options struct {
	Sink     Sink
	Ledger   *Ledger                                    // what was loaded before, which is skipped; nil for a ledger of this run alone
	Salt     string                                     // makes the idempotency keys of this run its own; "" lets them equal those of an earlier run
	Parallel int                                        // units under way at a time; default 8
	Limit    int                                        // bytes of one unit; default 64 MiB
	Patience time.Duration                              // how long a unit waits for a busy target; default two minutes
	Head     func(context.Context) (fhir.Moment, error) // the newest moment of the target; nil where it has none
	Progress func(bytes int)                            // told how much of the files (as they lie there) was read; may be nil
	Reject   func(Rejection)                            // told each rejection; called by one goroutine at a time; may be nil
}

// Rejection is a file, or a part of it, that was not loaded.
type Rejection struct {
	File   string
	Place  string // "line 7", "entry 3"; "" for the whole file
	Reason string
}

// String names the part and its reason in one line.
func (r Rejection) String() string {
	if r.Place == "" {
		return r.File + ": " + r.Reason
	}
	return r.File + ", " + r.Place + ": " + r.Reason
}

// Report is what a run did.
type Report struct {
	Stored   map[string]int // resources by type
	Skipped  int            // units that were loaded before
	Rejected int            // rejections
	Took     time.Duration
}

// Total is the number of resources that were stored.
func (r Report) Total() int {
	total := 0
	for _, n := range r.Stored {
		total += n
	}
	return total
}

// Run loads the files. What is rejected does not end it and is in the Report; an error means that the rest was not tried.
//
// A transaction that is refused because something it refers to is not there is tried again once the other files are loaded.
func Run(ctx context.Context, files []File, o Options) (Report, error) {
	l, err := newLoader(files, o)
	if err != nil {
		return Report{}, err
	}
	started := time.Now()
	err = l.passes(ctx)
	l.report.Took = time.Since(started)
	return l.report, err
}

// loader is one run.
type loader struct {
	Options
	files []File
	gate  *gate
	stop  context.CancelCauseFunc // ends the run because the target is lost

	mu      sync.Mutex // guards what follows
	report  Report
	later   places    // what is tried again in the next pass
	flushed time.Time // the ledger
}

// places are units of files, by the file's number and the place in it.
type places map[int]map[int]Digest

func (p places) len() int {
	n := 0
	for _, units := range p {
		n += len(units)
	}
	return n
}

// job is one unit on its way.
type job struct {
	file   int
	unit   Unit
	digest Digest
	last   bool // a refusal is final
}

func newLoader(files []File, o Options) (*loader, error) {
	if o.Parallel <= 0 {
		o.Parallel = 8
	}
	if o.Limit <= 0 {
		o.Limit = 64 << 20
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Minute
	}
	if o.Ledger == nil {
		forgetful, err := OpenLedger(LedgerOptions{})
		if err != nil {
			return nil, err
		}
		o.Ledger = forgetful
	}
	o.Sink = Patiently(o.Sink, o.Patience)
	return &loader{
		Options: o,
		files:   files,
		gate:    newGate(o.Parallel, 4*o.Limit),
		report:  Report{Stored: map[string]int{}},
		later:   places{},
	}, nil
}

// passes loads the files, and then what was postponed, until a pass brings nothing more.
func (l *loader) passes(ctx context.Context) error {
	err := l.pass(ctx, nil, false)
	for last := false; err == nil && len(l.later) > 0; {
		only := l.later
		l.later = places{}
		err = l.pass(ctx, only, last)
		last = l.later.len() == only.len()
	}
	return err
}

// pass sends the units of the files, or of these those that stand in only. In the last pass none is postponed.
func (l *loader) pass(ctx context.Context, only places, last bool) error {
	ctx, l.stop = context.WithCancelCause(ctx)
	defer l.stop(nil)
	// What is under way when the run is stopped gets some time to end, so that its outcome is known.
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	var under sync.WaitGroup
	for j := range l.jobs(ctx, only) {
		j.last = last
		if l.gate.enter(ctx, j.unit) != nil {
			break
		}
		under.Go(func() {
			defer l.gate.leave(j.unit)
			answer, err := l.Sink.Send(sending, j.unit)
			l.settle(j, answer, err)
			if err := l.flushAtTimes(sending); err != nil {
				l.stop(err)
			}
		})
	}
	under.Wait()
	err := context.Cause(ctx)
	return errors.Join(err, l.flush(context.WithoutCancel(ctx)))
}

// grace is how long a stopped run waits for what is under way.
const grace = 10 * time.Second

// jobs yields what is to be sent, and rejects what cannot be.
func (l *loader) jobs(ctx context.Context, only places) iter.Seq[job] {
	return func(yield func(job) bool) {
		for n, f := range l.files {
			r := reader{file: f, limit: l.Limit, progress: l.Progress}
			if only != nil {
				if r.progress = nil; len(only[n]) == 0 {
					continue
				}
			}
			for u, err := range r.units(ctx) {
				// What the end of the run cut off is not rejected.
				if ctx.Err() != nil {
					return
				}
				if j, send := l.job(n, u, err, only); send && !yield(j) {
					return
				}
			}
		}
	}
}

// job prepares a unit and reports whether it is to be sent.
func (l *loader) job(file int, u Unit, err error, only places) (job, bool) {
	j := job{file: file, unit: u}
	if only != nil {
		// What is no unit was rejected in the first pass.
		digest, wanted := only[file][u.place]
		j.digest = digest
		j.unit.Key = l.key(digest)
		return j, wanted && err == nil
	}
	if err != nil {
		l.reject(file, err)
		return j, false
	}
	digest, before := l.Ledger.Claim(int32(file+1), u)
	if before {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.report.Skipped++
		return j, false
	}
	j.digest = digest
	j.unit.Key = l.key(digest)
	return j, true
}

// key is the idempotency key of a unit: equal in every run, so that a unit whose answer was lost with an earlier run is not stored twice.
func (l *loader) key(d Digest) string { return "load-" + hex.EncodeToString(d[:]) + l.Salt }

// settle notes the outcome of a unit.
func (l *loader) settle(j job, a Answer, err error) {
	var f *fault
	switch {
	case errors.As(err, &f):
		l.reject(j.file, f)
	case err != nil:
		l.stop(err)
	case a.hopeless():
		l.stop(errors.New(a.reason()))
	case a.accepted():
		l.accept(j, a)
	case !j.last && j.unit.Path == "" && a.wantsOthers():
		l.postpone(j)
	default:
		l.reject(j.file, &fault{j.unit.place, a.reason()})
	}
}

// accept counts what was stored and remembers it. A batch that was stored in part is not remembered.
func (l *loader) accept(j job, a Answer) {
	count := map[string]int{}
	faults := stored(j.unit, a, count)
	for _, f := range faults {
		l.reject(j.file, f)
	}
	if len(faults) == 0 {
		l.Ledger.Done(j.digest)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for typ, n := range count {
		l.report.Stored[typ] += n
	}
}

func (l *loader) postpone(j job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.later[j.file] == nil {
		l.later[j.file] = map[int]Digest{}
	}
	l.later[j.file][j.unit.place] = j.digest
}

func (l *loader) reject(file int, err error) {
	f := l.files[file]
	r := Rejection{File: f.Name, Reason: err.Error()}
	var why *fault
	if errors.As(err, &why) && why.place > 0 {
		r.Place = placeName(f, why.place)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report.Rejected++
	if l.Reject != nil {
		l.Reject(r)
	}
}

func placeName(f File, place int) string {
	if formOf(f.Name) == lines {
		return "line " + strconv.Itoa(place)
	}
	return "entry " + strconv.Itoa(place)
}

// flushAtTimes flushes once a second, so that a run that is killed has little to do again.
func (l *loader) flushAtTimes(ctx context.Context) error {
	l.mu.Lock()
	due := time.Since(l.flushed) > time.Second
	if due {
		l.flushed = time.Now()
	}
	l.mu.Unlock()
	if !due {
		return nil
	}
	return l.flush(ctx)
}

// flush brings the ledger to its file. What it remembers was stored by the moment that is the newest now.
func (l *loader) flush(ctx context.Context) error {
	return l.Ledger.Flush(func() (fhir.Moment, error) {
		if l.Head == nil {
			return 0, nil
		}
		return l.Head(ctx)
	})
}
