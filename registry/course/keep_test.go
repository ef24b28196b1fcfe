package course_test

import (
	"context"
	"testing"
	"time"

	"firewolf/registry/course"
)

// keep keeps a projection until the test ends, and returns what it tells.
func (w *world) keep(p *course.Projection, still time.Duration) chan *course.View {
	told := make(chan *course.View, 100)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Keep(ctx, still, func(v *course.View, _ time.Duration, err error) {
			if err != nil {
				w.t.Error(err)
			}
			told <- v
		})
	}()
	w.t.Cleanup(func() {
		stop()
		<-ended
		p.Close()
	})
	return told
}

func (w *world) next(told chan *course.View) *course.View {
	w.t.Helper()
	select {
	case v := <-told:
		return v
	case <-time.After(20 * time.Second):
		w.t.Fatal("nothing was read")
		return nil
	}
}

func TestCoursesAreReadBeforeAnybodyAsks(t *testing.T) {
	everyWorld(t, false, func(w *world) {
		w.samples()
		p := course.NewProjection(w.source)
		told := w.keep(p, 10*time.Millisecond)
		v := w.next(told)
		if len(v.Courses) != 9 {
			t.Fatalf("%d courses", len(v.Courses))
		}
		w.put("Consent", "SYN-P01-consent", `"status":"inactive","patient":{"reference":"Patient/SYN-P01"}`)
		if after := w.next(told); after.T <= v.T || after.Of("SYN-P01").Analyzed(course.Forever) {
			t.Errorf("the view of moment %d, after %d, does not show what was written", after.T, v.T)
		}
		if w.view(p).Of("SYN-P02") != v.Of("SYN-P02") {
			t.Error("the course of another patient was read again")
		}
	})
}

func TestWhileMuchIsWrittenNothingIsReadUnasked(t *testing.T) {
	eachWorld(t, func(w *world) {
		p := course.NewProjection(w.source)
		told := w.keep(p, time.Hour)
		w.next(told) // at the start
		w.samples()
		select {
		case v := <-told:
			t.Errorf("moment %d was read", v.T)
		case <-time.After(50 * time.Millisecond):
		}
		if got := len(w.view(p).Courses); got != 9 {
			t.Errorf("who asks sees %d courses", got)
		}
	})
}

func TestAClosedProjectionReadsNoMore(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.samples()
		p := course.NewProjection(w.source)
		asked := make(chan error, 1)
		go func() {
			_, err := p.View(context.Background())
			asked <- err
		}()
		p.Close()
		p.Close()
		<-asked // answered or refused: it ends
		if _, err := p.View(context.Background()); err == nil {
			t.Error("a closed projection answers")
		}
	})
}
