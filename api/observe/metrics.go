package observe

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"firewolf/fhir"
)

// maxTypes bounds the label "type": R4 has 148 types, and whatever a client makes up must not become a series.
const maxTypes = 200

// Metrics counts requests. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	read     prometheus.Counter
	written  prometheus.Counter
	panics   prometheus.Counter
	unlogged prometheus.Counter

	mu    sync.RWMutex
	cells map[label]*cell
	types map[string]bool
}

// label is what a request is counted by.
type label struct {
	interaction, typ string
	class            int // 2 for 2xx
}

// cell holds the counters of one label, since looking them up costs more than counting.
type cell struct {
	requests prometheus.Counter
	duration prometheus.Observer
}

// NewMetrics returns metrics in a registry of their own. Head, unless nil, is asked for the newest moment of the store
// at every scrape.
func NewMetrics(head func(context.Context) (fhir.Moment, error)) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firewolf_requests_total", Help: "Requests answered, by interaction, resource type and class of status.",
		}, []string{"interaction", "type", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "firewolf_request_duration_seconds", Help: "Time from the header of a request to the end of its answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"interaction"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "firewolf_requests_in_flight", Help: "Requests being worked on."}),
		read:     newCounter("firewolf_request_bytes_total", "Bytes of request bodies, decompressed."),
		written:  newCounter("firewolf_response_bytes_total", "Bytes of response bodies, as sent."),
		panics:   newCounter("firewolf_panics_total", "Requests that ended in a panic."),
		unlogged: newCounter("firewolf_audit_errors_total", "Requests whose audit line could not be written."),
		cells:    map[label]*cell{},
		types:    map[string]bool{},
	}
	m.registry.MustRegister(m.requests, m.duration, m.inFlight, m.read, m.written, m.panics, m.unlogged,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if head != nil {
		m.registry.MustRegister(headGauge(head))
	}
	return m
}

func newCounter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func headGauge(head func(context.Context) (fhir.Moment, error)) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "firewolf_store_moment", Help: "The newest moment of the store; -1 if it cannot be read.",
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		t, err := head(ctx)
		if err != nil {
			return -1
		}
		return float64(t)
	})
}

// Begin counts a request as being worked on, until End.
func (m *Metrics) Begin() { m.inFlight.Inc() }

// End ends what Begin began.
func (m *Metrics) End() { m.inFlight.Dec() }

// Panicked counts a panic.
func (m *Metrics) Panicked() { m.panics.Inc() }

// Unlogged counts a request without an audit line.
func (m *Metrics) Unlogged() { m.unlogged.Inc() }

// Count counts an answered request.
func (m *Metrics) Count(r *Record) {
	c := m.cell(label{interaction: r.Interaction, typ: r.Type, class: r.Status / 100})
	c.requests.Inc()
	c.duration.Observe(r.Duration.Seconds())
	if r.In > 0 {
		m.read.Add(float64(r.In))
	}
	if r.Out > 0 {
		m.written.Add(float64(r.Out))
	}
}

func (m *Metrics) cell(l label) *cell {
	m.mu.RLock()
	c := m.cells[l]
	m.mu.RUnlock()
	if c == nil {
		c = m.newCell(l)
	}
	return c
}

func (m *Metrics) newCell(l label) *cell {
	m.mu.Lock()
	defer m.mu.Unlock()
	interaction, typ := l.interaction, l.typ
	if interaction == "" {
		interaction = "none"
	}
	known := typ == "" || m.types[typ] || len(m.types) < maxTypes
	if !known {
		typ = "other"
	}
	c := &cell{
		requests: m.requests.WithLabelValues(interaction, typ, strconv.Itoa(l.class)+"xx"),
		duration: m.duration.WithLabelValues(interaction),
	}
	if known {
		m.types[typ] = true
		m.cells[l] = c
	}
	return c
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
