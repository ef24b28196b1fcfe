package main

import (
	"context"
	"fmt"
	"math/rand"
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

// ask measures a question: the rate that the clients reach, then the latency at the offered load.
func ask(ctx context.Context, c config, s *server, q question) error {
	cpu := s.cpu()
	rate, err := throughput(ctx, c, s, q)
	if err != nil {
		return err
	}
	cpu = s.cpu() - cpu
	offered := min(q.offered, int(rate.requests*7/10))
	p50, p99, err := latency(ctx, c, s, q, offered)
	if err != nil {
		return err
	}
	fmt.Printf("| %s | %d | %.0f | %.0f | %.1f | %d | %d | %d | %.1f | %.1f |\n", q.name, c.clients, rate.requests, rate.rows,
		rate.bytes/1e6, cpu.Microseconds()/max(1, rate.total), rate.checked, offered, p50, p99)
	return nil
}

// rates are per second, but for the numbers of all and of checked answers.
type rates struct {
	requests, rows, bytes float64
	total, checked        int64
}

func throughput(ctx context.Context, c config, s *server, q question) (rates, error) {
	var requests, rows, bytes, checked atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	began := time.Now()
	for client := range c.clients {
		wg.Go(func() {
			r := rand.New(rand.NewSource(int64(client) + time.Now().UnixNano()))
			for n := 0; time.Since(began) < c.duration && failed.Load() == nil; n++ {
				got, size, err := one(ctx, s, q.draw(r), n%checkEvery == 0)
				if err != nil {
					failed.Store(&err)
					return
				}
				requests.Add(1)
				rows.Add(int64(got))
				bytes.Add(int64(size))
				if n%checkEvery == 0 {
					checked.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return rates{}, *err
	}
	took := time.Since(began).Seconds()
	return rates{float64(requests.Load()) / took, float64(rows.Load()) / took, float64(bytes.Load()) / took, requests.Load(), checked.Load()}, nil
}

// one sends a request and returns the rows and bytes of its answer.
func one(ctx context.Context, s *server, req request, check bool) (rows, size int, err error) {
	status, body, err := s.get(ctx, req.path)
	if err != nil {
		return 0, 0, err
	}
	if status != 200 {
		return 0, 0, fmt.Errorf("GET %s: status %d: %.300s", req.path, status, body)
	}
	if check {
		if err := req.check(body); err != nil {
			return 0, 0, fmt.Errorf("GET %s: %w", req.path, err)
		}
	}
	return req.rows(body), len(body), nil
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
				if _, _, err := one(ctx, s, d.req, false); err != nil {
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
