package mongodb

import (
	"context"
	"errors"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/event"
)

// heartbeats remember why a server was last not reached. The driver's own description of a server does not: where one check of a server
// follows another that failed, the driver may cancel it, and then tells of a canceled context.
type heartbeats struct {
	failure atomic.Pointer[error] // nil while the server answers
}

func (h *heartbeats) monitor() *event.ServerMonitor {
	return &event.ServerMonitor{
		ServerHeartbeatSucceeded: func(*event.ServerHeartbeatSucceededEvent) { h.failure.Store(nil) },
		ServerHeartbeatFailed: func(e *event.ServerHeartbeatFailedEvent) {
			if !errors.Is(e.Failure, context.Canceled) {
				h.failure.Store(&e.Failure)
			}
		},
	}
}

// explained gives an error of a selection that found no server the reason that a heartbeat heard.
func (h *heartbeats) explained(err error) error {
	if p := h.failure.Load(); p != nil && notSent(err) {
		return unheard{err, *p}
	}
	return err
}

// unheard is an error whose reason is known better than by itself.
type unheard struct {
	error
	why error
}

// Unwrap returns the error without the reason.
func (e unheard) Unwrap() error { return e.error }
