package mongodb

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/description"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

func TestWhatAHeartbeatHeardIsToldThoughTheNextWasCanceled(t *testing.T) {
	canceled := fmt.Errorf("reading: %w", context.Canceled)
	unselected := topology.ServerSelectionError{
		Desc: description.Topology{Servers: []description.Server{{LastError: canceled}}}, Wrapped: context.DeadlineExceeded,
	}
	failed := func(err error) func(*event.ServerMonitor) {
		return func(m *event.ServerMonitor) { m.ServerHeartbeatFailed(&event.ServerHeartbeatFailedEvent{Failure: err}) }
	}
	answered := func(m *event.ServerMonitor) { m.ServerHeartbeatSucceeded(&event.ServerHeartbeatSucceededEvent{}) }
	host := x509.HostnameError{Certificate: &x509.Certificate{}, Host: "hunter2"}
	const none, another = "no server of the database can be selected: ", "its certificate is for another host"
	for _, c := range []struct {
		name  string
		heard []func(*event.ServerMonitor)
		err   error
		want  string
	}{
		{"a reason, then a canceled check", []func(*event.ServerMonitor){failed(host), failed(canceled)}, unselected, none + another},
		{"the last reason of two", []func(*event.ServerMonitor){failed(errors.New("hunter2")), failed(host)}, fmt.Errorf("reading: %w", unselected), none + another},
		{"only canceled checks", []func(*event.ServerMonitor){failed(canceled)}, unselected, none + "none answers in time"},
		{"a server that answered since", []func(*event.ServerMonitor){failed(host), answered}, unselected, none + "none answers in time"},
		{"an error that is not of selecting a server", []func(*event.ServerMonitor){failed(host)}, topology.ConnectionError{}, redacted(topology.ConnectionError{}).Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h heartbeats
			for _, hear := range c.heard {
				hear(h.monitor())
			}
			if got := redacted(h.explained(c.err)).Error(); got != c.want {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
}
