package load

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"firewolf/fhir"
)

// sinkFunc is a sink made of a function.
type sinkFunc func(ctx context.Context, u Unit) (Answer, error)

func (f sinkFunc) Send(ctx context.Context, u Unit) (Answer, error) { return f(ctx, u) }

// script is a sink that says one thing after the other, and the last one for ever.
func script(sent *int, says ...any) Sink {
	return sinkFunc(func(context.Context, Unit) (Answer, error) {
		say := says[min(*sent, len(says)-1)]
		*sent++
		if err, ok := say.(error); ok {
			return Answer{}, err
		}
		return say.(Answer), nil
	})
}

func TestPatient(t *testing.T) {
	away := errors.New("connection refused")
	ok, bad := Answer{Status: 201}, Answer{Status: 422}
	full := Answer{Status: 429, RetryAfter: 7 * time.Second}
	down := Answer{Status: 503, Issues: fhir.Issues{fhir.NewIssue(fhir.Transient, "the store is away")}}
	batch := Unit{batch: true, entries: []entry{{method: http.MethodPost, url: "Patient"}}}
	careful := Unit{batch: true, entries: []entry{{method: http.MethodPost, url: "Patient", ifNoneExist: "identifier=1"}, {method: http.MethodPut}}}
	tests := []struct {
		name       string
		unit       Unit
		says       []any
		wantSent   int
		wantStatus int
		wantErr    string
		wantFault  bool
		wantWait   time.Duration // at least
	}{
		{name: "what is accepted is sent once", says: []any{ok}, wantSent: 1, wantStatus: 201},
		{name: "what is refused is sent once", says: []any{bad, ok}, wantSent: 1, wantStatus: 422},
		{name: "who is turned away waits as long as was said", says: []any{full, full, ok}, wantSent: 3, wantStatus: 201, wantWait: 14 * time.Second},
		{name: "a server that is down is asked again", says: []any{down, ok}, wantSent: 2, wantStatus: 201},
		{name: "a gateway that fails is asked again", says: []any{Answer{Status: 502}, Answer{Status: 504}, ok}, wantSent: 3, wantStatus: 201},
		{name: "a connection that breaks is opened again", says: []any{away, ok}, wantSent: 2, wantStatus: 201},
		{name: "patience ends with a server that stays busy", says: []any{full}, wantSent: 10, wantErr: "the target is busy: status 429 Too Many Requests", wantWait: time.Minute},
		{name: "patience ends with a server that stays down, and its reason is told", says: []any{down}, wantErr: "the target is busy: the store is away", wantWait: time.Minute},
		{name: "patience ends with a server that stays away", says: []any{away}, wantErr: "the target is away: connection refused", wantWait: time.Minute},
		{name: "a batch that creates is not sent again once it may have arrived", unit: batch, says: []any{away}, wantSent: 1, wantErr: "stored in part", wantFault: true},
		{name: "nor if the server may have worked on it", unit: batch, says: []any{down}, wantSent: 1, wantStatus: 503},
		{name: "it is sent again if it was turned away", unit: batch, says: []any{full, ok}, wantSent: 2, wantStatus: 201},
		{name: "a batch that creates under conditions is sent again", unit: careful, says: []any{away, down, ok}, wantSent: 3, wantStatus: 201},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sent := 0
			var waited time.Duration
			p := patient{sink: script(&sent, test.says...), patience: time.Minute, pause: func(_ context.Context, d time.Duration) error {
				waited += d
				return nil
			}}
			a, err := p.Send(t.Context(), test.unit)
			var f *fault
			switch {
			case test.wantErr == "" && err != nil:
				t.Fatal(err)
			case test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)):
				t.Fatalf("error %v, want one with %q", err, test.wantErr)
			case errors.As(err, &f) != test.wantFault:
				t.Errorf("a fault of the unit: %v, want %v", f != nil, test.wantFault)
			case err == nil && a.Status != test.wantStatus:
				t.Errorf("status %d, want %d", a.Status, test.wantStatus)
			}
			if test.wantSent > 0 && sent != test.wantSent {
				t.Errorf("sent %d times, want %d", sent, test.wantSent)
			}
			if waited < test.wantWait || waited > 2*time.Minute {
				t.Errorf("waited %v, want at least %v", waited, test.wantWait)
			}
		})
	}
}

func TestPatientEndsWithItsContext(t *testing.T) {
	sent := 0
	ctx, cancel := context.WithCancel(t.Context())
	p := patient{sink: script(&sent, Answer{Status: 429}), patience: time.Hour, pause: func(ctx context.Context, _ time.Duration) error {
		cancel()
		return sleep(ctx, time.Hour)
	}}
	if _, err := p.Send(ctx, Unit{}); !errors.Is(err, context.Canceled) || sent != 1 {
		t.Errorf("error %v after sending %d times, want the context's after one", err, sent)
	}
}

func TestSleepSleeps(t *testing.T) {
	started := time.Now()
	if err := sleep(t.Context(), 20*time.Millisecond); err != nil || time.Since(started) < 20*time.Millisecond {
		t.Errorf("error %v after %v", err, time.Since(started))
	}
}
