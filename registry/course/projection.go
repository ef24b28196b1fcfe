package course

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// batch is how many patients are read by one search of each type.
const batch = 8

// tooMany is how many versions a projection follows one by one; after more it reads all patients anew.
const tooMany = 250_000

// View is the courses of all who were infused, at one moment. It is immutable.
type View struct {
	T       fhir.Moment
	At      time.Time
	Courses []*Course // in order of the patients' ids
	Merges  *Merges
}

// Of returns the course of a patient by any record, nil for who is not there or was not infused.
func (v *View) Of(patient string) *Course {
	patient = v.Merges.Of(patient)
	k, ok := slices.BinarySearchFunc(v.Courses, patient, func(c *Course, id string) int { return strings.Compare(c.Patient, id) })
	if !ok {
		return nil
	}
	return v.Courses[k]
}

// Projection keeps the courses of all patients who were infused. It is safe for concurrent use.
type Projection struct {
	source  Source
	closing sync.Once
	closed  chan struct{}
	working chan struct{} // holds one token: who has it may change what follows
	view    *View
	courses map[string]*Course
}

// NewProjection returns an empty projection; it is filled when it is first asked.
func NewProjection(s Source) *Projection {
	p := &Projection{source: s, closed: make(chan struct{}), working: make(chan struct{}, 1), view: &View{}, courses: map[string]*Course{}}
	p.working <- struct{}{}
	return p
}

// View returns all courses at the newest moment of the store. The work goes on if the caller gives up, so that the first
// reading of a large store is done once, however impatient its callers are.
func (p *Projection) View(ctx context.Context) (*View, error) {
	select {
	case <-p.working:
	case <-p.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	type answer struct {
		view *View
		err  error
	}
	done := make(chan answer, 1)
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-p.closed:
			stop()
		case <-work.Done():
		}
	}()
	go func() {
		defer func() { p.working <- struct{}{} }()
		defer stop()
		view, err := p.catchUp(work)
		done <- answer{view, err}
	}()
	select {
	case a := <-done:
		return a.view, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// errClosed is what a View hears after Close.
var errClosed = errors.New("the courses are closed")

// Close stops what is under way, and waits for its end: the store may be closed then.
func (p *Projection) Close() {
	p.closing.Do(func() {
		close(p.closed)
		<-p.working
	})
}

// Keep keeps the projection current until ctx ends, so that a question finds little to read: it reads all courses at once,
// and then, whenever the store was still for some time, what was written before. What is told of each reading is its view or why it
// failed, and how long it took.
func (p *Projection) Keep(ctx context.Context, still time.Duration, told func(*View, time.Duration, error)) {
	tick := time.NewTicker(still)
	defer tick.Stop()
	shown, before := fhir.Moment(-1), fhir.Moment(-1)
	for first := true; ; first = false {
		t, _, err := p.source.Store.Head(ctx)
		if err == nil && t != shown && (first || t == before) {
			start := time.Now()
			var v *View
			if v, err = p.View(ctx); err == nil {
				shown = v.T
			}
			if ctx.Err() == nil {
				told(v, time.Since(start), err)
			}
		}
		before = t
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// catchUp brings the projection to the newest moment.
func (p *Projection) catchUp(ctx context.Context) (*View, error) {
	t, at, err := p.source.Store.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking for the newest moment: %w", err)
	}
	if t == p.view.T {
		return p.view, nil
	}
	// To read all patients may take longer than moments are kept.
	_, release, err := p.source.Store.Hold(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("holding moment %d: %w", t, err)
	}
	defer release()
	fresh, err := p.outdated(ctx, t)
	if err != nil {
		return nil, err
	}
	patients, merges, err := p.toRead(ctx, t, fresh)
	if err != nil {
		return nil, err
	}
	read, err := p.read(ctx, t, merges, patients)
	if err != nil {
		return nil, err
	}
	if fresh {
		clear(p.courses)
	}
	for id := range patients {
		delete(p.courses, id)
	}
	for id, c := range read {
		if c.T0().Known() {
			p.courses[id] = c
		}
	}
	p.view = &View{T: t, At: at, Courses: p.sorted(), Merges: merges}
	return p.view, nil
}

// toRead returns the patients to read, and which records are one person's: all, or those of whom something was written since the view.
func (p *Projection) toRead(ctx context.Context, t fhir.Moment, fresh bool) (map[string]bool, *Merges, error) {
	if fresh {
		m, err := p.source.Merges(ctx, t)
		if err != nil {
			return nil, nil, err
		}
		patients, err := p.everyone(ctx, t, m)
		return patients, m, err
	}
	touched, records, err := p.changed(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	m := p.view.Merges
	if records {
		if m, err = p.source.Merges(ctx, t); err != nil {
			return nil, nil, err
		}
	}
	patients := make(map[string]bool, len(touched))
	for id := range touched {
		patients[p.view.Merges.Of(id)], patients[m.Of(id)] = true, true
	}
	m.changed(p.view.Merges, patients)
	return patients, m, nil
}

// outdated reports whether there is no view yet, or too much was written since. How far two moments are apart says nothing: stores number
// them as they like.
func (p *Projection) outdated(ctx context.Context, t fhir.Moment) (bool, error) {
	if p.view.T == 0 {
		return true, nil
	}
	n, err := p.source.Store.HistoryCount(ctx, store.Scope{}, store.HistoryPage{T: t, Since: p.view.At})
	if err != nil {
		return false, fmt.Errorf("counting what was written: %w", err)
	}
	return n > tooMany, nil
}

func (p *Projection) sorted() []*Course {
	l := make([]*Course, 0, len(p.courses))
	for _, c := range p.courses {
		l = append(l, c)
	}
	slices.SortFunc(l, func(a, b *Course) int { return strings.Compare(a.Patient, b.Patient) })
	return l
}

func (p *Projection) everyone(ctx context.Context, t fhir.Moment, m *Merges) (map[string]bool, error) {
	ids, err := p.source.Infused(ctx, t, m, nil)
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}

// changed returns the patients whose resources were written after the moment of the view: those that the versions belong to,
// and those that the versions before them belonged to; and whether any of the resources is the record of a patient.
func (p *Projection) changed(ctx context.Context, t fhir.Moment) (out map[string]bool, records bool, err error) {
	out = map[string]bool{}
	products, medications := map[string]bool{}, map[string]bool{}
	for v, err := range p.source.Store.History(ctx, store.Scope{}, store.HistoryPage{T: t}) {
		if err != nil {
			return nil, false, fmt.Errorf("reading what was written: %w", err)
		}
		if v.T <= p.view.T {
			break
		}
		if !read(v.Type) {
			continue
		}
		switch v.Type {
		case productType:
			products[v.ID] = true
			continue
		case medicationType:
			medications[v.ID] = true
			continue
		}
		records = records || v.Type == "Patient"
		if err := p.touch(ctx, v, out); err != nil {
			return nil, false, err
		}
	}
	delete(out, "")
	p.given(products, medications, out)
	return out, records, nil
}

// given adds the patients to whom one of these products or medications was given.
func (p *Projection) given(products, medications, out map[string]bool) {
	if len(products)+len(medications) == 0 {
		return
	}
	for id, c := range p.courses {
		if slices.ContainsFunc(c.Infusions, func(i Infusion) bool { return products[i.ProductID] }) ||
			slices.ContainsFunc(c.Medications, func(m string) bool { return medications[m] }) {
			out[id] = true
		}
	}
}

func (p *Projection) touch(ctx context.Context, v fhir.Version, out map[string]bool) error {
	if v.Type == "Patient" {
		out[v.ID] = true
		return nil
	}
	if !v.Deleted {
		owner, err := p.ownerOf(v)
		if err != nil {
			return err
		}
		out[owner] = true
	}
	if v.VID == 1 {
		return nil
	}
	before, err := p.source.Store.ReadVersion(ctx, v.Key, v.VID-1)
	switch {
	case fhir.HasCode(err, fhir.Deleted):
		return nil // the version before that one was looked at too, or is older than the view
	case err != nil:
		return fmt.Errorf("reading %s before it was changed: %w", v.Key, err)
	}
	owner, err := p.ownerOf(before)
	out[owner] = true
	return err
}

// read reports whether courses are read from a type.
func read(typ string) bool {
	return typ == productType || typ == medicationType || slices.ContainsFunc(Types(), func(t [2]string) bool { return t[0] == typ })
}

func (p *Projection) ownerOf(v fhir.Version) (string, error) {
	r, err := tree.Parse(v.JSON, tree.Limits{})
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", v.Key, err)
	}
	return strings.Clone(Owner(r, p.source.Engine.Own())), nil
}

// readInfused reads the courses of those who were infused. Of the others, who may be most of what was written, it reads no more.
func (p *Projection) readInfused(ctx context.Context, t fhir.Moment, m *Merges, patients []string) (map[string]*Course, error) {
	infused, err := p.source.Infused(ctx, t, m, patients)
	if err != nil || len(infused) == 0 {
		return nil, err
	}
	return p.source.Read(ctx, t, m, infused, false)
}

// read reads the courses of patients, some batches at a time.
func (p *Projection) read(ctx context.Context, t fhir.Moment, m *Merges, patients map[string]bool) (map[string]*Course, error) {
	ids := make([]string, 0, len(patients))
	for id := range patients {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var (
		mu   sync.Mutex
		errs error
		out  = make(map[string]*Course, len(ids))
		wait sync.WaitGroup
		next = make(chan []string)
	)
	for range min(4, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for some := range next {
				read, err := p.readInfused(ctx, t, m, some)
				mu.Lock()
				errs = errors.Join(errs, err)
				for id, c := range read {
					out[id] = c
				}
				mu.Unlock()
			}
		})
	}
	for some := range slices.Chunk(ids, batch) {
		next <- some
	}
	close(next)
	wait.Wait()
	return out, errs
}
