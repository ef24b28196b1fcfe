package main

import (
	"context"
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// question is a kind of request. Each request draws arguments of its own.
type question struct {
	name    string
	offered int // requests per second at which latency is measured
	draw    func(r *rand.Rand) request
}

// request is one request with a check of its answer.
type request struct {
	path string
	rows func(body []byte) int
	// check compares the answer with the one that the world gives.
	check func(body []byte) error
}

// checkEvery is how many answers pass for one that is checked.
const checkEvery = 50

// ask measures a question: the rate that the clients reach, which it returns, then the latency at the offered load.
func ask(ctx context.Context, c config, s *server, q question) (rate float64, err error) {
	cpu, own, stole := s.cpu(), ownCPU(), stealing()
	got, err := throughput(ctx, c, q)
	if err != nil {
		return 0, err
	}
	cpu, own = s.cpu()-cpu, ownCPU()-own
	steal := stole()
	offered := max(1, min(q.offered, int(got.requests*7/10)))
	p50, p99, err := latency(ctx, c, s, q, offered)
	if err != nil {
		return 0, err
	}
	fmt.Printf("| %s | %d | %.0f | %.0f | %.1f | %d | %d | %d | %d | %d | %.1f | %.1f |\n", q.name, c.clients, got.requests, got.rows,
		got.bytes/1e6, cpu.Microseconds()/max(1, got.total), own.Microseconds()/max(1, got.total), steal, got.checked, offered, p50, p99)
	return got.requests, nil
}

// rates are per second, but for the numbers of all and of checked answers.
type rates struct {
	requests, rows, bytes float64
	total, checked        int64
}

func throughput(ctx context.Context, c config, q question) (rates, error) {
	var got rates
	r := rand.New(rand.NewSource(time.Now().UnixNano()))
	began := time.Now()
	err := drive(ctx, c, c.clients, c.duration, func(int) call {
		req := q.draw(r)
		return call{method: http.MethodGet, target: "/fhir/" + req.path, answered: func(status int, body []byte) error {
			check := got.total%checkEvery == 0
			rows, err := req.judge(status, body, check)
			got.total++
			got.rows += float64(rows)
			got.bytes += float64(len(body))
			if check {
				got.checked++
			}
			return err
		}}
	})
	took := time.Since(began).Seconds()
	got.requests, got.rows, got.bytes = float64(got.total)/took, got.rows/took, got.bytes/took
	return got, err
}

// judge returns how many rows an answer has, or what is wrong with it.
func (req request) judge(status int, body []byte, check bool) (rows int, err error) {
	if status != 200 {
		return 0, fmt.Errorf("GET %s: status %d: %.300s", req.path, status, body)
	}
	if check {
		if err := req.check(body); err != nil {
			return 0, fmt.Errorf("GET %s: %w", req.path, err)
		}
	}
	return req.rows(body), nil
}

// latency sends requests at fixed moments and measures each from the moment when it was due.
func latency(ctx context.Context, c config, s *server, q question, offered int) (p50, p99 float64, err error) {
	type due struct {
		at  time.Time
		req request
	}
	work := make(chan due, 4*offered)
	var mu sync.Mutex
	var took []float64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for d := range work {
				status, body, err := s.get(ctx, d.req.path)
				if err == nil {
					_, err = d.req.judge(status, body, false)
				}
				if err != nil {
					failed.Store(&err)
					continue
				}
				ms := float64(time.Since(d.at).Microseconds()) / 1000
				mu.Lock()
				took = append(took, ms)
				mu.Unlock()
			}
		})
	}
	r := rand.New(rand.NewSource(time.Now().UnixNano()))
	began, gap := time.Now(), time.Second/time.Duration(offered)
	for n := 0; time.Since(began) < c.duration; n++ {
		at := began.Add(time.Duration(n) * gap)
		time.Sleep(time.Until(at))
		work <- due{at, q.draw(r)}
	}
	close(work)
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, 0, *err
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100], nil
}
